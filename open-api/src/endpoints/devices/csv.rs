//! A table of devices: CSV with a header line.

use bytes::Bytes;
use device_registry::{ImportRow, NewDevice};
use http_edge::request::{Text, what_there_is};
use serde::Deserialize;

use super::bodies::NewDeviceBody;
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
const SAVE_AS: &str = "save the table as \"CSV UTF-8\", separated by commas";

/// Spreadsheets put a byte order mark before UTF-8.
pub(super) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes)
}

/// The devices of a table, each with its line.
pub(super) fn rows(bytes: &Bytes) -> impl Iterator<Item = ImportRow> + '_ {
    let text = without_mark(bytes);
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(text);
    let headers = check(text)
        .and_then(|()| reader.headers().cloned().map_err(|error| error.to_string()))
        .and_then(|headers| check_columns(&headers).map(|()| headers));
    let mut lines = Lines::new(text);
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
                return Some(fault(1, why.clone()));
            }
        };
        match reader.read_record(&mut record) {
            Ok(false) => None,
            Ok(true) => {
                let line = lines.of(record.position());
                let device = record
                    .deserialize::<Line>(Some(headers))
                    .map_err(|error| words(&error, headers))
                    .and_then(Line::read);
                Some(ImportRow { line, device })
            }
            Err(error) => {
                let line = lines.of(error.position());
                // After bytes that are no UTF-8, lines may still be sound.
                broken = error.is_io_error();
                Some(fault(line, words(&error, headers)))
            }
        }
    })
}

/// Without the reader's own count of lines, which is another.
fn words(error: &csv::Error, headers: &csv::StringRecord) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => format!("the line has {len} cells, and the header has {expected_len}"),
        csv::ErrorKind::Deserialize { err, .. } => {
            let column = err.field().and_then(|at| headers.get(at as usize));
            match column {
                Some(column) => format!("{column}: {}", err.kind()),
                None => err.kind().to_string(),
            }
        }
        _ => error.to_string(),
    }
}

/// Refuses what is no table in UTF-8 as a whole: a fault in each line would not
/// tell why.
fn check(text: &[u8]) -> Result<(), String> {
    if text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff") {
        return Err(format!("the table is UTF-16: {SAVE_AS}"));
    }
    let Err(error) = std::str::from_utf8(text) else {
        return Ok(());
    };
    let line = text[..error.valid_up_to()]
        .split(|byte| *byte == b'\n')
        .count();
    Err(format!(
        "the table is no UTF-8 (line {line}; Korean spreadsheets write CP949 by default): {SAVE_AS}"
    ))
}

fn check_columns(headers: &csv::StringRecord) -> Result<(), String> {
    let names: Vec<&str> = headers.iter().collect();
    if let [whole] = names.as_slice()
        && let Some(separator) = [';', '\t', '|']
            .into_iter()
            .find(|one| whole.contains(*one))
    {
        return Err(format!(
            "the columns are separated by {separator:?}: {SAVE_AS}"
        ));
    }
    for (at, name) in names.iter().enumerate() {
        if name.is_empty() {
            return Err(format!(
                "column {} has no name: pandas writes its index so, and leaves it out with to_csv(..., index=False)",
                at + 1
            ));
        }
        if !COLUMNS.contains(name) {
            let there = what_there_is(name, &COLUMNS, "/docs");
            return Err(format!("there is no column {name}.{there}"));
        }
    }
    Ok(())
}

/// The lines of a text as an editor numbers them. The reader's own count is one
/// too low after `\r\n`, and counts no empty line.
struct Lines<'a> {
    text: &'a [u8],
    /// Up to here lines are counted.
    at: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    fn new(text: &'a [u8]) -> Self {
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
            address: self.address,
            note: self.note,
            tags: self.tags.as_deref().map(tags),
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

fn tags(cell: &str) -> Vec<String> {
    let between = |c: char| c.is_whitespace() || c == ',';
    let words = cell.split(between).filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}
