//! A Datastream on its way out.

use http_edge::reply::csv::Row;
use serde::Serialize;
use utoipa::ToSchema;

use crate::params::Selected;
use crate::views::{PlaceView, SensorView, TitleView, kind_name};

/// Thing x sensor x field, with one unit.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = Datastream)]
pub(crate) struct DatastreamView<'a> {
    /// Never used again.
    #[schema(example = 5)]
    id: u32,
    #[schema(example = "dev-1")]
    device: &'a str,
    #[schema(example = "dev-1")]
    thing: &'a str,
    #[schema(example = "seoul")]
    agency: &'a str,
    #[schema(example = "traffic")]
    domain: &'a str,
    #[schema(example = "traffic.flow")]
    model: &'a str,
    #[schema(example = "speed")]
    field: &'a str,
    /// UCUM code.
    #[schema(example = "km/h")]
    unit: Option<&'a str>,
    /// `number`, `boolean` or `text`; null where the model does not know the field.
    #[schema(example = "number")]
    kind: Option<&'static str>,
    title: Option<TitleView>,
    /// The model does not know the field.
    extra: bool,
    /// The agency that owns the data.
    #[schema(example = "seoul")]
    owner: &'a str,
    /// KOGL-1 to KOGL-4, or an SPDX identifier.
    #[schema(example = "KOGL-1")]
    licence: &'a str,
    attribution: &'a str,
    /// `public` or `restricted`.
    visibility: &'static str,
    /// For the public, the centre of a 0.001 degree cell.
    location: Option<PlaceView>,
    /// What measures it now; left out of lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<SensorView>)]
    sensor: Option<Option<SensorView>>,
    /// The ids of the features that it observes; left out of lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    features: Option<Vec<&'a str>>,
}

impl<'a> DatastreamView<'a> {
    /// Null where no sensor is known.
    pub(crate) fn measured_by(mut self, sensor: Option<SensorView>) -> Self {
        self.sensor = Some(sensor);
        self
    }

    pub(crate) fn observing(mut self, features: Vec<&'a str>) -> Self {
        self.features = Some(features);
        self
    }
}

impl<'a> From<Selected<'a>> for DatastreamView<'a> {
    fn from(selected: Selected<'a>) -> Self {
        let datastream = selected.datastream;
        let definition = datastream.definition;
        Self {
            id: datastream.id.get(),
            device: datastream.device.as_str(),
            thing: datastream.thing.as_str(),
            agency: datastream.agency.as_str(),
            domain: datastream.model.domain(),
            model: datastream.model.as_str(),
            field: datastream.field.as_str(),
            unit: datastream.unit,
            kind: definition.map(|field| kind_name(&field.kind)),
            title: definition.map(|field| TitleView {
                en: field.title_en.clone(),
                ko: field.title_ko.clone(),
            }),
            extra: definition.is_none(),
            owner: datastream.agency.as_str(),
            licence: &datastream.licence.0,
            attribution: datastream.attribution,
            visibility: datastream.visibility.as_str(),
            location: selected.location.map(PlaceView::from),
            sensor: None,
            features: None,
        }
    }
}

impl Row for DatastreamView<'_> {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "device",
        "thing",
        "agency",
        "domain",
        "model",
        "field",
        "unit",
        "kind",
        "extra",
        "owner",
        "licence",
        "attribution",
        "visibility",
        "location.lat",
        "location.lon",
    ];
}
