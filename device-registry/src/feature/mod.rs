//! Features of interest: what datastreams are about, as a river's section, a link
//! of road or an air quality zone.

mod change;
mod geometry;
mod observers;

use domain::{AgencyId, DatastreamId, FeatureId, ThingId, Timestamp};

pub use change::{FeatureRoomTaken, NewFeature, PutFeature, PutFeatureError};
pub use geometry::{FeatureGeoJson, FeatureGeometry, FeatureGeometryError, MAX_POSITIONS};
pub(crate) use observers::Observer;

/// Features of one platform.
pub const MAX_FEATURES: usize = 10_000;
/// Positions of all of them: some 8 MB in memory.
pub const MAX_POSITIONS_IN_ALL: usize = 1_000_000;
/// Features of one agency, so that none takes the room of the others.
pub const MAX_FEATURES_OF_AGENCY: usize = 1_000;
/// Positions of those.
pub const MAX_POSITIONS_OF_AGENCY: usize = 100_000;
/// Things and datastreams that name those together.
pub const MAX_OBSERVERS_OF_AGENCY: usize = 10_000;
/// Things and datastreams that name one feature.
pub const MAX_OBSERVERS: usize = 1_000;
/// Those that name all of them together.
pub const MAX_OBSERVERS_IN_ALL: usize = 100_000;

/// What somebody wants to know about.
#[derive(Clone, PartialEq, Debug)]
pub struct Feature {
    pub id: FeatureId,
    pub agency: AgencyId,
    pub title_en: String,
    pub title_ko: String,
    /// What kind of object it is, as `river-section`; may be empty.
    pub kind: String,
    pub description: String,
    pub geometry: FeatureGeometry,
    /// Things that observe it with all that they send, in order, each once.
    pub things: Vec<ThingId>,
    /// Further datastreams that observe it, in order, each once.
    pub datastreams: Vec<DatastreamId>,
    /// When it was put last.
    pub changed: Timestamp,
}
