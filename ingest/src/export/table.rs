//! The columns of an export: the same in every format.

use domain::Location;
use observation_store::StoredObservation;

use super::selection::Series;

/// In order. `docs/export.md` tells their meaning.
pub(super) const COLUMNS: [&str; 17] = [
    "datastream",
    "thing",
    "agency",
    "domain",
    "model",
    "field",
    "unit",
    "phenomenon_time",
    "result_time",
    "value",
    "boolean",
    "text",
    "quality",
    "revision",
    "offset",
    "lat",
    "lon",
];

/// One line of the table.
pub(super) struct Line<'a> {
    pub(super) series: &'a Series,
    pub(super) observation: &'a StoredObservation,
    /// As its reader may see it.
    pub(super) place: Option<Location>,
}

impl<'a> Line<'a> {
    /// The place is where the device said, or else where the thing was at that
    /// time.
    pub(super) fn new(series: &'a Series, observation: &'a StoredObservation) -> Self {
        let of_thing = || series.thing.location_at(observation.time);
        let place = observation.location.or_else(of_thing);
        Self {
            series,
            observation,
            place: series.seen(place),
        }
    }
}
