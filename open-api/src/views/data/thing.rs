//! A Thing on its way out.

use http_edge::reply::csv::Row;
use serde::Serialize;
use utoipa::ToSchema;

use crate::views::PlaceView;

/// A monitored real-world object.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = Thing)]
pub(crate) struct ThingView<'a> {
    #[schema(example = "dev-1")]
    pub(crate) id: &'a str,
    /// Its newest device's name.
    pub(crate) name: &'a str,
    #[schema(example = "seoul")]
    pub(crate) agency: &'a str,
    /// Of its first datastream that the caller may read.
    #[schema(example = "traffic")]
    pub(crate) domain: &'a str,
    /// Of its first datastream that the caller may read: a thing that several
    /// devices serve has others too.
    #[schema(example = "traffic.flow")]
    pub(crate) model: &'a str,
    /// For the public, the centre of a 0.001 degree cell.
    pub(crate) location: Option<PlaceView>,
    /// The devices that serve or served it, oldest first.
    pub(crate) devices: Vec<&'a str>,
    /// Those that the caller may read.
    pub(crate) datastreams: Vec<ThingDatastreamView<'a>>,
}

/// One of a thing's datastreams.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = ThingDatastream)]
pub(crate) struct ThingDatastreamView<'a> {
    pub(crate) id: u32,
    /// The device that sends it; where several of one model do, the one that was
    /// registered last.
    #[schema(example = "dev-1")]
    pub(crate) device: &'a str,
    /// That device's.
    #[schema(example = "traffic.flow")]
    pub(crate) model: &'a str,
    pub(crate) field: &'a str,
    pub(crate) unit: Option<&'a str>,
}

impl Row for ThingView<'_> {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "name",
        "agency",
        "domain",
        "model",
        "location.lat",
        "location.lon",
        "devices",
    ];
}
