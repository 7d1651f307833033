//! Which files are taken together next.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use domain::Timestamp;

use super::Job;
use crate::file::DataFile;
use crate::manifest::{DAY, DayFile};

/// Flushed files that are taken into day files as soon as there are so many: a
/// query looks into each of them.
const FLUSHED_FILES: usize = 8;
/// A flushed file does not wait longer for others.
const MAX_FLUSHED_AGE: Duration = Duration::from_secs(24 * 3600);
/// Files of one day, agency and model that are made one.
const RUNS: usize = 4;
/// How long a day's file still waits for late rows, in microseconds after the
/// day's end.
const DAY_IS_OVER: i64 = DAY;
/// Nor is it written again while further rows of it come in: as long must the
/// newest of its files have been there.
const SETTLED: Duration = Duration::from_secs(3600);
/// Files that are read at once: about 2 MB each.
const MAX_FILES: usize = 32;
/// Rows of one file of a day, and of what is written in one go: the writer keeps
/// them in memory, compressed, about 100 MB.
const MAX_ROWS: u64 = 16_000_000;

/// Whether it is time.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Due {
    /// What waits long enough, or what is enough.
    At { now: Timestamp, clock: SystemTime },
    /// Whatever can be done.
    Now,
}

/// The next thing to do with `files`, which come by offset.
pub(super) fn next(files: &[Arc<DataFile>], due: Due) -> Option<Job> {
    flushed(files, due).or_else(|| runs(files, due))
}

fn flushed(files: &[Arc<DataFile>], due: Due) -> Option<Job> {
    let waiting: Vec<_> = files
        .iter()
        .filter(|file| file.entry.day.is_none())
        .collect();
    let oldest = waiting.first()?;
    let is_due = match due {
        Due::Now => true,
        Due::At { clock, .. } => {
            waiting.len() >= FLUSHED_FILES || age(oldest, clock) > MAX_FLUSHED_AGE
        }
    };
    is_due.then(|| Job {
        inputs: fitting(&waiting),
        day: None,
    })
}

fn runs(files: &[Arc<DataFile>], due: Due) -> Option<Job> {
    let mut days: BTreeMap<&DayFile, Vec<&Arc<DataFile>>> = BTreeMap::new();
    for file in files {
        if let Some(day) = &file.entry.day {
            days.entry(day).or_default().push(file);
        }
    }
    days.into_iter()
        .filter(|(day, runs)| runs.len() > 1 && is_due(day, runs, due))
        .find_map(|(day, runs)| {
            // Neighbours by offset: full ones are passed over.
            let inputs = (0..runs.len() - 1)
                .map(|first| fitting(&runs[first..]))
                .find(|inputs| inputs.len() > 1)?;
            Some(Job {
                inputs,
                day: Some(day.clone()),
            })
        })
}

fn is_due(day: &DayFile, runs: &[&Arc<DataFile>], due: Due) -> bool {
    let Due::At { now, clock } = due else {
        return true;
    };
    let is_over = now.as_micros() > day.end().saturating_add(DAY_IS_OVER);
    runs.len() >= RUNS || (is_over && runs.iter().all(|run| age(run, clock) > SETTLED))
}

fn age(file: &DataFile, clock: SystemTime) -> Duration {
    // A clock that was set back makes it young.
    clock.duration_since(file.written).unwrap_or_default()
}

/// The first of `files` that can be taken together: at least one.
fn fitting(files: &[&Arc<DataFile>]) -> Vec<Arc<DataFile>> {
    let mut rows = 0;
    let mut taken = Vec::new();
    for file in files.iter().take(MAX_FILES) {
        rows += file.entry.rows;
        if rows > MAX_ROWS && !taken.is_empty() {
            break;
        }
        taken.push(Arc::clone(file));
    }
    taken
}
