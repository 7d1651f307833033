//! A flipped bit at every byte of every kind of file that the store has.
//!
//! | File | What follows |
//! |---|---|
//! | `.parquet`, flushed or of a day | set aside under another name, the rest is served |
//! | `.idx` | made again from its Parquet file |
//! | `.rollup` | rows are read in its place |
//! | `latest` | made again from the files |
//! | `quarantine` | the store is refused: what it held is nowhere else |
//! | `manifest` | the store is refused (`manifest::tests`) |
//!
//! A damaged file is never read as something else than it was.

use std::fs;
use std::path::{Path, PathBuf};

use domain::{DeviceId, RejectReason, Rejection, Timestamp};

use super::{Opened, files, frame, number};
use crate::StoreOpenError;
use crate::observation::StoredObservation;
use crate::query::{AggregateFunction, AggregateQuery, Bucket, Grouping};

/// Datastreams; 1 and 2 have two runs of a day each, 3 one flushed file.
const SERIES: std::ops::Range<u32> = 1..4;
/// Enough for a rollup of an hour.
const ROWS: i64 = 60;
const SECOND: i64 = 1_000_000;

/// A store with one file of each kind.
struct Sound {
    folder: tempfile::TempDir,
    content: Vec<(PathBuf, Vec<u8>)>,
    rows: Vec<Vec<StoredObservation>>,
    buckets: Vec<Bucket>,
}

fn hours(opened: &Opened) -> Vec<Bucket> {
    let query = AggregateQuery {
        datastreams: SERIES.map(domain::DatastreamId::new).collect(),
        boundaries: [0, 3600]
            .map(|at| Timestamp::from_micros(at * SECOND))
            .to_vec(),
        functions: vec![
            AggregateFunction::Avg,
            AggregateFunction::Min,
            AggregateFunction::Max,
            AggregateFunction::Count,
        ],
        per_datastream: Grouping::Each,
        qualities: domain::Qualities::GOOD,
    };
    opened.store.aggregate(&query).unwrap()
}

fn rows(opened: &Opened) -> Vec<Vec<StoredObservation>> {
    SERIES.map(|series| opened.all(series)).collect()
}

fn latest(opened: &Opened) -> Vec<Option<StoredObservation>> {
    SERIES
        .map(|series| opened.latest.get(domain::DatastreamId::new(series)))
        .collect()
}

fn device() -> DeviceId {
    DeviceId::new("dev-1").unwrap()
}

impl Sound {
    fn build() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut opened = Opened::at(folder.path(), 10_000);
        let mut offset = 0;
        for row in 0..ROWS {
            for series in 1..3u32 {
                offset += 1;
                let value = number(series, row * 5 * SECOND, row as f64 / 4.0);
                opened.apply(&frame(offset, vec![value]));
            }
        }
        opened.store.flush().unwrap();
        opened.store.compact().unwrap();
        let mut refused = frame(offset + 1, vec![number(3, 7, 0.5)]);
        refused.original = Some(vec![b'x'; 100].into());
        refused.rejections = vec![Rejection {
            index: 1,
            field: "pm25".into(),
            reason: RejectReason::WrongType,
        }];
        opened.apply(&refused);
        opened.store.flush().unwrap();
        let sound = Self {
            rows: rows(&opened),
            buckets: hours(&opened),
            content: Vec::new(),
            folder,
        };
        assert_eq!(opened.stats().files, 3);
        assert_eq!(opened.quarantine.of(&device()).len(), 1);
        drop(opened);
        sound.read_content()
    }

    fn read_content(mut self) -> Self {
        self.content = files(self.folder.path(), "")
            .into_iter()
            .map(|path| (path.clone(), fs::read(path).unwrap()))
            .collect();
        self
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Every file as it was, and no other.
    fn restore(&self) {
        for path in files(self.path(), "") {
            fs::remove_file(path).unwrap();
        }
        for (path, bytes) in &self.content {
            fs::write(path, bytes).unwrap();
        }
    }

    /// Opens the store with a bit flipped at each `step`-th byte of each file
    /// whose name ends so, and has `check` look at it; gives how often it did.
    fn flip(&self, end: &str, step: usize, check: impl Fn(&Opened, &str)) -> usize {
        let mut count = 0;
        for (path, bytes) in &self.content {
            let name = path.file_name().unwrap().to_str().unwrap();
            if !name.ends_with(end) {
                continue;
            }
            for at in (0..bytes.len()).step_by(step) {
                self.restore();
                let mut damaged = bytes.clone();
                damaged[at] ^= 1 << (at % 8);
                fs::write(path, damaged).unwrap();
                let opened = Opened::at(self.path(), 10_000);
                check(&opened, &format!("{name}, byte {at}"));
                count += 1;
            }
        }
        count
    }
}

#[test]
fn a_damaged_parquet_file_is_set_aside_and_the_rest_is_served() {
    let sound = Sound::build();
    let count = sound.flip(".parquet", 5, |opened, what| {
        let found = rows(opened);
        let gone: Vec<_> = found
            .iter()
            .zip(&sound.rows)
            .filter(|(found, whole)| found != whole)
            .collect();
        assert_eq!(gone.len(), 1, "{what}");
        assert!(gone[0].0.is_empty(), "{what}: {:?}", gone[0]);
        assert_eq!(opened.stats().files_set_aside, 1, "{what}");
        assert_eq!(files(sound.path(), ".damaged").len(), 1, "{what}");
        // What needed no reading of it is there still.
        assert_eq!(latest(opened).iter().flatten().count(), 3, "{what}");
        let hours = hours(opened);
        assert!(
            hours.iter().all(|hour| sound.buckets.contains(hour)),
            "{what}"
        );
    });
    assert!(count > 500, "{count}");
}

#[test]
fn a_damaged_index_is_made_again() {
    let sound = Sound::build();
    let count = sound.flip(".idx", 1, |opened, what| {
        assert_eq!(rows(opened), sound.rows, "{what}");
        assert_eq!(hours(opened), sound.buckets, "{what}");
        assert_eq!(opened.stats().files_set_aside, 0, "{what}");
        for (path, bytes) in &sound.content {
            if path.extension().is_some_and(|end| end == "idx") {
                assert!(fs::read(path).unwrap() == *bytes, "{what}");
            }
        }
    });
    assert!(count > 100, "{count}");
}

#[test]
fn a_damaged_rollup_costs_time_and_nothing_else() {
    let sound = Sound::build();
    let count = sound.flip(".rollup", 1, |opened, what| {
        assert_eq!(hours(opened), sound.buckets, "{what}");
        assert_eq!(rows(opened), sound.rows, "{what}");
        assert_eq!(opened.stats().files_set_aside, 0, "{what}");
    });
    assert!(count > 100, "{count}");
}

#[test]
fn a_damaged_latest_table_is_made_again() {
    let sound = Sound::build();
    let whole = latest(&Opened::at(sound.path(), 10_000));
    let count = sound.flip("latest", 1, |opened, what| {
        assert_eq!(latest(opened), whole, "{what}");
        assert_eq!(rows(opened), sound.rows, "{what}");
    });
    assert!(count > 100, "{count}");
}

#[test]
fn a_damaged_quarantine_is_refused() {
    let sound = Sound::build();
    let opened = Opened::at(sound.path(), 10_000);
    let whole = opened.quarantine.of(&device());
    assert_eq!(whole.len(), 1);
    drop(opened);
    let path = sound.path().join("quarantine");
    let bytes = fs::read(&path).unwrap();
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        fs::write(&path, damaged).unwrap();
        let refused = Opened::try_at(sound.path(), 10_000).err();
        assert!(
            matches!(refused, Some(StoreOpenError::Quarantine { .. })),
            "byte {at}: {refused:?}"
        );
    }
    fs::write(&path, bytes).unwrap();
    let opened = Opened::at(sound.path(), 10_000);
    assert_eq!(opened.quarantine.of(&device()), whole);
}
