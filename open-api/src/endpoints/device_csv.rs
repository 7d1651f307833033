//! A table of devices: CSV with a header line.

use bytes::Bytes;
use device_registry::{ImportRow, NewDevice};
use serde::Deserialize;

use super::devices::NewDeviceBody;
use crate::params::{Text, Time};
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
}

/// The devices of a table, each with its line.
pub(super) fn rows(bytes: &Bytes) -> impl Iterator<Item = ImportRow> + '_ {
    // Spreadsheets put a byte order mark before UTF-8.
    let text = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(text);
    let headers = reader.headers().cloned();
    let mut record = csv::StringRecord::new();
    let mut broken = false;
    std::iter::from_fn(move || {
        if broken {
            return None;
        }
        let headers = match &headers {
            Ok(headers) => headers,
            Err(error) => {
                broken = true;
                return Some(fault(1, error.to_string()));
            }
        };
        match reader.read_record(&mut record) {
            Ok(false) => None,
            Ok(true) => {
                let line = record.position().map_or(0, csv::Position::line);
                let device = record
                    .deserialize::<Line>(Some(headers))
                    .map_err(|error| error.to_string())
                    .and_then(Line::read);
                Some(ImportRow { line, device })
            }
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                // Behind bytes that are no UTF-8, lines may still be sound.
                broken = error.is_io_error();
                Some(fault(line, error.to_string()))
            }
        }
    })
}

fn fault(line: u64, why: String) -> ImportRow {
    ImportRow {
        line,
        device: Err(why),
    }
}

impl Line {
    fn read(self) -> Result<NewDevice, String> {
        let location = match (self.lat, self.lon) {
            (Some(lat), Some(lon)) => Some(PlaceView { lat, lon }),
            (None, None) => None,
            _ => return Err("lat and lon come together".to_owned()),
        };
        let keys = match (self.alg, self.public_key) {
            (alg, Some(public_key)) => vec![NewKeyView {
                alg: alg.unwrap_or_default(),
                public_key,
            }],
            (None, None) => Vec::new(),
            (Some(_), None) => return Err("alg stands beside a public_key only".to_owned()),
        };
        NewDeviceBody {
            id: text(&self.id)?,
            agency: text(&self.agency)?,
            model: text(&self.model)?,
            alias: self.alias,
            name: self.name,
            location,
            keys,
            visibility: self.visibility,
            licence: self.licence,
            attribution: self.attribution,
            expires: self.expires,
            gateway: self.gateway.as_deref().map(text).transpose()?,
            thing: self.thing.as_deref().map(text).transpose()?,
        }
        .read()
    }
}

fn text<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<Text<T>, String> {
    text.parse()
        .map(Text)
        .map_err(|error: T::Err| error.to_string())
}
