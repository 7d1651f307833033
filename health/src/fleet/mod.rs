//! The scores of all devices, kept: a pass over them goes on in the background,
//! so that a list of them costs no look at their data.

mod kept;
mod pass;
mod watch;

pub use kept::{Band, Bands, Fleet, KeptHealth, PassReport, Scores};
pub use pass::Pass;
pub use watch::{FleetWatch, Watched};
