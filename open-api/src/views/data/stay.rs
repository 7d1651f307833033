//! Where a thing stood for a time, on its way out.

use domain::{Location, Timestamp};
use http_edge::reply::csv::Row;
use serde::Serialize;
use utoipa::ToSchema;

use crate::views::{PlaceView, Rfc3339};

/// One place in a thing's history, as its reader may see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stay {
    /// `Timestamp::MIN`: from the beginning.
    pub(crate) since: Timestamp,
    pub(crate) until: Option<Timestamp>,
    pub(crate) location: Option<Location>,
}

/// Where a thing stood for a time.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = Stay)]
pub(crate) struct StayView {
    /// Null: from the beginning, as far as is known.
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<Rfc3339>,
    /// Exclusive. Null: it stands there now.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Rfc3339>,
    /// For the public, the centre of a 0.001 degree cell. Null where it is not
    /// known.
    location: Option<PlaceView>,
}

impl From<Stay> for StayView {
    fn from(stay: Stay) -> Self {
        let since = Some(stay.since).filter(|since| *since != Timestamp::MIN);
        Self {
            since: since.map(Rfc3339),
            until: stay.until.map(Rfc3339),
            location: stay.location.map(PlaceView::from),
        }
    }
}

impl Row for StayView {
    const COLUMNS: &'static [&'static str] = &["since", "until", "location.lat", "location.lon"];
}
