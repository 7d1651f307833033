//! How well a device and each of its datastreams do, from what the platform sees
//! of them: one score from 0 to 100, its parts, and the reasons in words.
//!
//! In reading order: `part` (what there is to lose points for), `facts` (what is
//! known of one series), `summary` (facts of a series' data), `score` (parts of
//! facts), `gather` (the data, from the store and the registry), `fleet` (the
//! scores of all devices, worked out in the background). Only `gather` and what it
//! uses read anything; the rest is arithmetic. `docs/health.md` tells the formula.

mod facts;
mod fleet;
mod gather;
mod medians;
mod neighbours;
mod part;
mod score;
mod summary;
mod words;

pub use facts::{LeftOut, SeriesFacts, Stuck, Why};
pub use fleet::{
    Band, Bands, Fleet, FleetWatch, KeptHealth, KeptSeries, Pass, PassReport, Place, Scores,
    Watched,
};
pub use gather::{DeviceHealth, Observer};
pub use part::{Part, PartKind};
pub use score::Health;
pub use summary::{Hour, Reading, SeriesData, WINDOW_SECONDS};
pub use words::{NEVER, REASONS};
