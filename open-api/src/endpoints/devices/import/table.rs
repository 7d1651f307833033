//! A table of devices: CSV with a header line.

use bytes::Bytes;
use device_registry::{ImportRow, NewDevice, UnreadableRow};
use http_edge::request::{Text, what_there_is};
use serde::Deserialize;
use text_formats::table::{Columns, TableFault, records};

use crate::endpoints::devices::bodies::NewDeviceBody;
use crate::params::Time;
use crate::views::{NewKeyView, PlaceView};

/// One line. A cell that is empty counts as absent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    id: String,
    agency: String,
    model: String,
    #[serde(default)]
    alias: Option<String>,
    #[serde(default)]
    name: String,
    #[serde(default)]
    lat: Option<f64>,
    #[serde(default)]
    lon: Option<f64>,
    #[serde(default)]
    alg: Option<String>,
    #[serde(default)]
    public_key: Option<String>,
    #[serde(default)]
    visibility: Option<String>,
    #[serde(default)]
    licence: Option<String>,
    #[serde(default)]
    attribution: Option<String>,
    #[serde(default)]
    expires: Option<Time>,
    #[serde(default)]
    gateway: Option<String>,
    #[serde(default)]
    thing: Option<String>,
    #[serde(default)]
    address: Option<String>,
    #[serde(default)]
    note: Option<String>,
    /// With spaces or commas between.
    #[serde(default)]
    tags: Option<String>,
    #[serde(default)]
    sensor_serial: Option<String>,
}

/// The columns of a table, in the order of [`Line`].
const COLUMNS: [&str; 19] = [
    "id",
    "agency",
    "model",
    "alias",
    "name",
    "lat",
    "lon",
    "alg",
    "public_key",
    "visibility",
    "licence",
    "attribution",
    "expires",
    "gateway",
    "thing",
    "address",
    "note",
    "tags",
    "sensor_serial",
];
/// As `text_formats` reads them.
const TABLE: Columns = Columns {
    names: &COLUMNS,
    suggest: |name| what_there_is(name, &COLUMNS, "/docs"),
    cure: |column| match column {
        "lat" | "lon" => "write degrees as a decimal number, as 37.566412",
        "expires" => "write a time with an offset, as 2030-01-01T00:00:00+09:00",
        _ => "correct the cell",
    },
};

/// The devices of a table in UTF-8, each with its line.
pub(super) fn rows(text: &Bytes) -> impl Iterator<Item = ImportRow> + use<> {
    records::<Line>(text, TABLE).map(|(line, row)| ImportRow {
        line,
        device: row.map_err(unreadable).and_then(Line::read),
    })
}

/// What a table cannot be read for, as an import tells it.
pub(super) fn unreadable(fault: TableFault) -> UnreadableRow {
    UnreadableRow {
        column: fault.column,
        message: fault.message,
        cure: fault.cure,
    }
}

impl Line {
    fn read(self) -> Result<NewDevice, UnreadableRow> {
        let location = match (self.lat, self.lon) {
            (Some(lat), Some(lon)) => Some(PlaceView { lat, lon }),
            (None, None) => None,
            (lat, _) => {
                return Err(in_column(
                    if lat.is_none() { "lat" } else { "lon" },
                    "lat and lon come together".to_owned(),
                    "fill both cells, or neither",
                ));
            }
        };
        let keys = match (self.alg, self.public_key) {
            (alg, Some(public_key)) => vec![NewKeyView {
                alg: alg.unwrap_or_default(),
                public_key,
            }],
            (None, None) => Vec::new(),
            (Some(_), None) => {
                return Err(in_column(
                    "public_key",
                    "alg stands beside a public_key only".to_owned(),
                    "fill both cells, or leave alg empty",
                ));
            }
        };
        let body = NewDeviceBody {
            id: text("id", &self.id)?,
            agency: text("agency", &self.agency)?,
            model: text("model", &self.model)?,
            alias: self.alias,
            name: self.name,
            location,
            keys,
            visibility: self.visibility,
            licence: self.licence,
            attribution: self.attribution,
            address: self.address,
            note: self.note,
            tags: self.tags.as_deref().map(tags),
            sensor_serial: self.sensor_serial,
            expires: self.expires,
            gateway: self
                .gateway
                .as_deref()
                .map(|id| text("gateway", id))
                .transpose()?,
            thing: self
                .thing
                .as_deref()
                .map(|id| text("thing", id))
                .transpose()?,
        };
        body.read().map_err(Into::into)
    }
}

fn in_column(column: &str, message: String, cure: &'static str) -> UnreadableRow {
    UnreadableRow {
        column: Some(column.into()),
        message,
        cure,
    }
}

fn text<T: std::str::FromStr<Err: std::fmt::Display>>(
    column: &'static str,
    text: &str,
) -> Result<Text<T>, UnreadableRow> {
    text.parse().map(Text).map_err(|error: T::Err| {
        in_column(
            column,
            error.to_string(),
            "write it as the platform spells it",
        )
    })
}

fn tags(cell: &str) -> Vec<String> {
    let between = |c: char| c.is_whitespace() || c == ',';
    let words = cell.split(between).filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}
