//! A table of devices: CSV with a header line.

use std::io::Cursor;

use bytes::Bytes;
use device_registry::{ImportRow, NewDevice, UnreadableRow};
use http_edge::request::{Text, what_there_is};
use serde::Deserialize;

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
}

/// The columns of a table, in the order of [`Line`].
const COLUMNS: [&str; 18] = [
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
];
/// What to do with a table that another program wrote otherwise.
pub(super) const SAVE_AS: &str = "save the table as \"CSV UTF-8\", separated by commas";

/// The devices of a table in UTF-8, each with its line.
pub(super) fn rows(text: &Bytes) -> impl Iterator<Item = ImportRow> + use<> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(Cursor::new(text.clone()));
    let headers = reader
        .headers()
        .cloned()
        .map_err(|error| fault(error.to_string(), SAVE_AS))
        .and_then(|headers| check_columns(&headers).map(|()| headers));
    let mut lines = Lines::new(text.clone());
    let mut record = csv::StringRecord::new();
    let mut broken = false;
    std::iter::from_fn(move || {
        if broken {
            return None;
        }
        let headers = match &headers {
            Ok(headers) => headers,
            Err(why) => {
                broken = true;
                return Some(ImportRow {
                    line: 1,
                    device: Err(why.clone()),
                });
            }
        };
        match reader.read_record(&mut record) {
            Ok(false) => None,
            Ok(true) => {
                let line = lines.of(record.position());
                let device = record
                    .deserialize::<Line>(Some(headers))
                    .map_err(|error| of_reader(&error, headers))
                    .and_then(Line::read);
                Some(ImportRow { line, device })
            }
            Err(error) => {
                let line = lines.of(error.position());
                // After a row that is too long or too short, others may be sound.
                broken = error.is_io_error();
                Some(ImportRow {
                    line,
                    device: Err(of_reader(&error, headers)),
                })
            }
        }
    })
}

/// Without the reader's own count of lines, which is another.
fn of_reader(error: &csv::Error, headers: &csv::StringRecord) -> UnreadableRow {
    match error.kind() {
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => fault(
            format!("the line has {len} cells, and the header has {expected_len}"),
            "give it as many cells as the header; a cell with a comma stands in quotes",
        ),
        csv::ErrorKind::Deserialize { err, .. } => {
            let column = err.field().and_then(|at| headers.get(at as usize));
            let cure = match column {
                Some("lat" | "lon") => "write degrees as a decimal number, as 37.566412",
                Some("expires") => "write a time with an offset, as 2030-01-01T00:00:00+09:00",
                _ => "correct the cell",
            };
            UnreadableRow {
                column: column.map(Into::into),
                message: err.kind().to_string(),
                cure,
            }
        }
        _ => fault(error.to_string(), SAVE_AS),
    }
}

fn check_columns(headers: &csv::StringRecord) -> Result<(), UnreadableRow> {
    let names: Vec<&str> = headers.iter().collect();
    if let [whole] = names.as_slice()
        && let Some(separator) = [';', '\t', '|']
            .into_iter()
            .find(|one| whole.contains(*one))
    {
        return Err(fault(
            format!("the columns are separated by {separator:?}"),
            SAVE_AS,
        ));
    }
    for (at, name) in names.iter().enumerate() {
        if name.is_empty() {
            return Err(fault(
                format!("column {} has no name: pandas writes its index so", at + 1),
                "leave it out, in pandas with to_csv(..., index=False)",
            ));
        }
        if !COLUMNS.contains(name) {
            let there = what_there_is(name, &COLUMNS, "/docs");
            return Err(UnreadableRow {
                column: Some((*name).into()),
                message: format!("there is no column {name}.{there}"),
                cure: "rename the column, or leave it out",
            });
        }
    }
    Ok(())
}

/// The lines of a text as an editor numbers them. The reader's own count is one
/// too low after `\r\n`, and counts no empty line.
struct Lines {
    text: Bytes,
    /// Up to here lines are counted.
    at: usize,
    line: u64,
}

impl Lines {
    fn new(text: Bytes) -> Self {
        Self {
            text,
            at: 0,
            line: 1,
        }
    }

    /// Of a record that begins there, or after line ends there. Records come in
    /// their order.
    fn of(&mut self, position: Option<&csv::Position>) -> u64 {
        let told = position.and_then(|position| usize::try_from(position.byte()).ok());
        let mut begins = told.unwrap_or(self.at).clamp(self.at, self.text.len());
        while matches!(self.text.get(begins), Some(b'\r' | b'\n')) {
            begins += 1;
        }
        let passed = &self.text[self.at..begins];
        self.line += passed.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.at = begins;
        self.line
    }
}

fn fault(message: String, cure: &'static str) -> UnreadableRow {
    UnreadableRow {
        column: None,
        message,
        cure,
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
