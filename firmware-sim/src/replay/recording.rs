//! A recording: `device,time_rfc3339,metric,value,unit`, one value a row, as a
//! CSV file or one in gzip; rows of one device and time become one message.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use domain::{DeviceId, ModelId, Timestamp};
use flate2::read::MultiGzDecoder;

use super::map::Map;

/// Rows that are held in memory at most: about 24 bytes each.
pub const MAX_ROWS: usize = 20_000_000;

/// One device's messages, in the order of the file.
#[derive(Clone, Debug)]
pub struct DeviceRecording {
    pub id: DeviceId,
    pub model: ModelId,
    pub messages: Vec<Message>,
    /// The values of all messages, one after another.
    values: Vec<(u16, f64)>,
}

/// Rows of one device at one time.
#[derive(Clone, Copy, Debug)]
pub struct Message {
    pub time: Timestamp,
    start: u32,
    len: u16,
}

/// A whole file.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    pub devices: Vec<DeviceRecording>,
    pub rows: u64,
    /// Rows whose metric and unit have no rule, by these.
    pub unmapped: BTreeMap<String, u64>,
    /// Rows of metrics that the map leaves out.
    pub ignored: u64,
    /// Rows whose time or value cannot be read.
    pub unreadable: u64,
}

impl DeviceRecording {
    /// Rule and number of each value of a message.
    pub fn values(&self, message: &Message) -> &[(u16, f64)] {
        let start = message.start as usize;
        &self.values[start..start + usize::from(message.len)]
    }

    /// A row joins the last message of its time, unless that has the field.
    fn push(&mut self, time: Timestamp, rule: u16, value: f64) {
        let joins = self.messages.last().is_some_and(|last| {
            last.time == time && self.values(last).iter().all(|(known, _)| *known != rule)
        });
        if !joins {
            self.messages.push(Message {
                time,
                start: self.values.len() as u32,
                len: 0,
            });
        }
        self.values.push((rule, value));
        if let Some(last) = self.messages.last_mut() {
            last.len += 1;
        }
    }
}

/// The part of a recording that is sent.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// Inclusive.
    pub from: Timestamp,
    /// Exclusive.
    pub to: Timestamp,
}

impl Span {
    pub const ALL: Self = Self {
        from: Timestamp::MIN,
        to: Timestamp::MAX,
    };

    fn contains(self, time: Timestamp) -> bool {
        self.from <= time && time < self.to
    }
}

impl Recording {
    pub fn open(path: &Path, map: &Map, span: Span) -> anyhow::Result<Self> {
        let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
        let bytes: Box<dyn Read> = if path.extension().is_some_and(|end| end == "gz") {
            Box::new(MultiGzDecoder::new(file))
        } else {
            Box::new(file)
        };
        Self::read(bytes, map, span).with_context(|| format!("{}", path.display()))
    }

    pub fn read(bytes: impl Read, map: &Map, span: Span) -> anyhow::Result<Self> {
        const COLUMNS: [&str; 5] = ["device", "time_rfc3339", "metric", "value", "unit"];
        let mut reader = csv::ReaderBuilder::new().from_reader(bytes);
        ensure!(
            reader.headers()?.iter().eq(COLUMNS),
            "the columns are not {}",
            COLUMNS.join(",")
        );
        let mut recording = Self::default();
        let mut places = HashMap::new();
        let mut row = csv::StringRecord::new();
        while reader.read_record(&mut row)? {
            ensure!(
                recording.rows as usize <= MAX_ROWS,
                "more than {MAX_ROWS} rows"
            );
            recording.take(&row, map, span, &mut places)?;
        }
        Ok(recording)
    }

    fn take(
        &mut self,
        row: &csv::StringRecord,
        map: &Map,
        span: Span,
        places: &mut HashMap<String, usize>,
    ) -> anyhow::Result<()> {
        let time = Timestamp::parse(&row[1]).ok();
        if time.is_some_and(|time| !span.contains(time)) {
            return Ok(());
        }
        self.rows += 1;
        let (device, metric, unit) = (&row[0], &row[2], &row[4]);
        let Some(rule) = map.rule(metric, unit) else {
            if map.ignore.iter().any(|left_out| left_out == metric) {
                self.ignored += 1;
                return Ok(());
            }
            *self
                .unmapped
                .entry(format!("{metric} [{unit}]"))
                .or_default() += 1;
            return Ok(());
        };
        let value = row[3].parse::<f64>().ok().filter(|value| value.is_finite());
        let (Some(time), Some(value)) = (time, value) else {
            self.unreadable += 1;
            return Ok(());
        };
        let at = match places.get(device) {
            Some(at) => *at,
            None => {
                self.devices.push(DeviceRecording {
                    id: DeviceId::new(device)?,
                    model: map.rules[rule].model.clone(),
                    messages: Vec::new(),
                    values: Vec::new(),
                });
                places.insert(device.to_owned(), self.devices.len() - 1);
                self.devices.len() - 1
            }
        };
        let known = &mut self.devices[at];
        if known.model != map.rules[rule].model {
            bail!(
                "{device} is a {} and a {} in the map",
                known.model,
                map.rules[rule].model
            );
        }
        known.push(time, rule as u16, value);
        Ok(())
    }

    pub fn messages(&self) -> u64 {
        self.devices
            .iter()
            .map(|device| device.messages.len() as u64)
            .sum()
    }

    /// The time of the first message.
    pub fn start(&self) -> Option<Timestamp> {
        let firsts = self
            .devices
            .iter()
            .filter_map(|device| device.messages.first());
        firsts.map(|message| message.time).min()
    }
}

/// What `devices.csv` beside a recording tells of a device.
#[derive(Clone, Default, Debug)]
pub struct DeviceNote {
    pub name: Option<String>,
    pub position: Option<(f64, f64)>,
}

/// Columns `device,name,lat,lon,...`; a file that is not there tells nothing.
pub fn notes(path: &Path) -> anyhow::Result<HashMap<String, DeviceNote>> {
    if !path.exists() {
        return Ok(HashMap::new());
    }
    let mut reader =
        csv::Reader::from_path(path).with_context(|| format!("cannot read {}", path.display()))?;
    let headers = reader.headers()?.clone();
    let column = |name: &str| headers.iter().position(|header| header == name);
    let (device, name) = (column("device"), column("name"));
    let (lat, lon) = (column("lat"), column("lon"));
    let mut notes = HashMap::new();
    for row in reader.records() {
        let row = row?;
        let cell = |at: Option<usize>| {
            at.and_then(|at| row.get(at))
                .filter(|cell| !cell.is_empty())
        };
        let degrees = |at| cell(at).and_then(|text| text.parse::<f64>().ok());
        let Some(device) = cell(device) else { continue };
        let note = DeviceNote {
            name: cell(name).map(str::to_owned),
            position: degrees(lat).zip(degrees(lon)),
        };
        notes.insert(device.to_owned(), note);
    }
    Ok(notes)
}

#[cfg(test)]
mod tests;
