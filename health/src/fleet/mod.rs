//! The scores of all devices, kept: a pass over them goes on in the background,
//! so that a list of them costs no look at their data.

mod kept;
mod pass;
mod silence;
mod table;
mod watch;

pub use kept::{Band, Bands, KeptHealth, KeptSeries};
pub use pass::Pass;
pub use table::{Fleet, PassReport, Place, Scores};
pub use watch::{FleetWatch, Watched};
