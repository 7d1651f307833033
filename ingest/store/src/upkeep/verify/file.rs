//! One data file: every row, against all that is told of them.

use std::path::{Path, PathBuf};
use std::{fs, io};

use domain::Value;
use rustc_hash::FxHashMap;

use super::rollup::Rollup;
use crate::file::cursor::FileRows;
use crate::file::index::{Entry, Index, counts};
use crate::file::rollup::is_older;
use crate::file::{DataFile, ReadError};
use crate::manifest::{FileEntry, day_of};
use crate::observation::StoredObservation;
use crate::upkeep::verify::finding::{Finding, REMADE, RESTORE, RESTORE_FILE, RowCounts};

/// Why a file's rows were not all looked at.
pub(super) enum Stop {
    Gone,
    Io(io::Error),
    Damaged(String),
    Newer(u32),
}

impl From<ReadError> for Stop {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Io { cause, .. } => cause.into(),
            ReadError::Damaged { what, .. } => Self::Damaged(what),
            ReadError::Newer { found, .. } => Self::Newer(found),
        }
    }
}

impl From<io::Error> for Stop {
    fn from(cause: io::Error) -> Self {
        match cause.kind() {
            io::ErrorKind::NotFound => Self::Gone,
            _ => Self::Io(cause),
        }
    }
}

/// One file on its way.
pub(super) struct Walk<'a> {
    folder: &'a Path,
    entry: &'a FileEntry,
    path: PathBuf,
    pub(super) rows: u64,
    index: Vec<Entry>,
    pub(super) findings: Vec<Finding>,
    /// Said once a file, however many rows it is true of.
    said: [bool; 3],
}

/// Places in [`Walk::said`].
const ORDER: usize = 0;
const RANGE: usize = 1;
const DAY: usize = 2;

impl<'a> Walk<'a> {
    pub(super) fn new(folder: &'a Path, entry: &'a FileEntry) -> Self {
        Self {
            folder,
            entry,
            path: folder.join(entry.file_name()),
            rows: 0,
            index: Vec::new(),
            findings: Vec::new(),
            said: [false; 3],
        }
    }

    pub(super) fn say(&mut self, what: String, cure: &'static str) {
        self.findings
            .push(Finding::new(self.path.clone(), what, cure));
    }

    fn say_once(&mut self, kind: usize, what: impl FnOnce() -> String) {
        if !std::mem::replace(&mut self.said[kind], true) {
            self.say(what(), RESTORE);
        }
    }

    /// Every row, then what was told of them.
    pub(super) fn file(
        &mut self,
        newest: &mut FxHashMap<u32, i64>,
        series: &mut RowCounts,
    ) -> Result<(), Stop> {
        let bytes = fs::metadata(&self.path).map_err(Stop::from)?.len();
        if bytes != self.entry.bytes {
            let what = format!("it has {bytes} bytes, and should have {}", self.entry.bytes);
            self.say(what, RESTORE_FILE);
            return Ok(());
        }
        let data = DataFile::new(self.folder, self.entry.clone(), Index::default());
        let mut rows = FileRows::all(&data)?;
        let mut rollup = Rollup::of(&data);
        let mut before: Option<Place> = None;
        while let Some(row) = rows.next()? {
            let place = Place::of(&row);
            if before.is_some_and(|before| before >= place) {
                let number = self.rows;
                self.say_once(ORDER, || format!("row {number} is out of order"));
            }
            before = Some(place);
            self.look_at(&row);
            self.add(&row);
            if let Some(rollup) = &mut rollup {
                rollup.add(&row);
            }
            series.count(row.datastream);
            let time = newest.entry(row.datastream.get()).or_insert(i64::MIN);
            *time = row.time.as_micros().max(*time);
            self.rows += 1;
        }
        if self.rows != self.entry.rows {
            let (found, told) = (self.rows, self.entry.rows);
            self.say(
                format!("it has {found} rows, and the manifest says {told}"),
                RESTORE,
            );
        }
        self.compare_index();
        // One of an older version is made again by the platform itself.
        if self.entry.rollup && !is_older(&self.folder.join(self.entry.rollup_name())) {
            self.compare_rollup(rollup);
        }
        Ok(())
    }

    /// A row against what the manifest says of the file.
    fn look_at(&mut self, row: &StoredObservation) {
        let (entry, time, offset) = (self.entry, row.time.as_micros(), row.offset.get());
        let within = (entry.min_time..=entry.max_time).contains(&time)
            && (entry.first_offset..=entry.last_offset).contains(&offset);
        if !within {
            let number = self.rows;
            self.say_once(RANGE, || {
                format!("row {number} lies outside the times or offsets that the manifest tells")
            });
        }
        if let Some(day) = &entry.day
            && day.day != day_of(time)
        {
            let number = self.rows;
            self.say_once(DAY, || {
                format!("row {number} is of another day than the file")
            });
        }
    }

    fn add(&mut self, row: &StoredObservation) {
        let number = match row.value {
            Some(Value::Number(number)) if counts(row.quality) => Some(number),
            _ => None,
        };
        let (series, time) = (row.datastream.get(), row.time.as_micros());
        match self.index.last_mut().filter(|entry| entry.series == series) {
            None => self.index.push(Entry {
                series,
                // A file has at most a few million rows.
                first_row: self.rows as u32,
                rows: 1,
                numbers: u32::from(number.is_some()),
                min_time: time,
                max_time: time,
                min: number.unwrap_or(f64::INFINITY),
                max: number.unwrap_or(f64::NEG_INFINITY),
                sum: number.unwrap_or_default(),
                unique_times: true,
                whole_millis: time % 1_000 == 0,
                times: 1,
            }),
            Some(entry) => {
                entry.rows += 1;
                entry.unique_times &= time != entry.max_time;
                entry.times += u32::from(time != entry.max_time);
                entry.whole_millis &= time % 1_000 == 0;
                entry.max_time = entry.max_time.max(time);
                if let Some(number) = number {
                    entry.numbers += 1;
                    entry.min = entry.min.min(number);
                    entry.max = entry.max.max(number);
                    entry.sum += number;
                }
            }
        }
    }

    fn compare_index(&mut self) {
        let path = self.folder.join(self.entry.index_name());
        let read = fs::read(&path);
        let index = read
            .as_ref()
            .ok()
            .and_then(|bytes| Index::from_bytes(bytes, self.entry.crc));
        let what = match (read.is_ok(), index) {
            (false, _) => "the index is missing or cannot be read".to_owned(),
            (true, None) => "the index is damaged, or belongs to another file".to_owned(),
            (true, Some(index)) => {
                let mut pairs = index.entries().iter().zip(&self.index);
                if index.entries().len() != self.index.len() {
                    let (found, told) = (self.index.len(), index.entries().len());
                    format!("the file has {found} datastreams, and the index says {told}")
                } else if let Some((told, _)) = pairs.find(|(told, found)| !same(told, found)) {
                    format!(
                        "the index says of datastream {} what its rows do not",
                        told.series
                    )
                } else {
                    return;
                }
            }
        };
        self.findings.push(Finding::new(path, what, REMADE));
    }

    /// `None` where it could not be opened.
    fn compare_rollup(&mut self, rollup: Option<Rollup<'_>>) {
        let what = match rollup.map(Rollup::finish) {
            None => "the rollup is missing or damaged".to_owned(),
            Some(Some(what)) => what,
            Some(None) => return,
        };
        let path = self.folder.join(self.entry.rollup_name());
        let cure = "no row is lost: restore it from a backup, or remove the file while the platform is stopped, and rows are read instead";
        self.findings.push(Finding::new(path, what, cure));
    }
}

/// Sums are the same to the last bit only where they were added up in the same
/// order, which another version need not do; nor did one look for whole
/// milliseconds, or count times.
fn same(told: &Entry, found: &Entry) -> bool {
    let sum = told.sum.to_bits() == found.sum.to_bits()
        || (told.sum - found.sum).abs() <= 1e-9 * told.sum.abs().max(found.sum.abs());
    let millis = found.whole_millis || !told.whole_millis;
    let times = found.times == told.times || told.times == 0;
    sum && millis
        && times
        && Entry {
            sum: found.sum,
            whole_millis: found.whole_millis,
            times: found.times,
            ..*told
        } == *found
}

/// The order of a file's rows.
#[derive(PartialEq, PartialOrd, Clone, Copy)]
struct Place(u32, i64, u64, u16);

impl Place {
    fn of(row: &StoredObservation) -> Self {
        Self(
            row.datastream.get(),
            row.time.as_micros(),
            row.offset.get(),
            row.index,
        )
    }
}
