//! A rollup against the rows of its file.
//!
//! Its cells of an hour are computed again; those of 5 minutes and the sketches
//! are known by their CRCs.

use domain::{Quality, Value};

use crate::file::DataFile;
use crate::file::rollup::{Cells, Reader, Rollups, Width};
use crate::observation::StoredObservation;

/// One rollup, while the rows of its file go by.
pub(super) struct Rollup<'a> {
    rollups: &'a Rollups,
    reader: Reader<'a>,
    series: Option<Series>,
    /// The first series whose cells are wrong.
    wrong: Option<u32>,
}

/// The series that goes by.
struct Series {
    number: u32,
    hours: Vec<Hour>,
    /// The newest row, which the next may correct.
    time: i64,
    newest: Option<(f64, Quality)>,
}

#[derive(Clone, Copy, PartialEq)]
struct Hour {
    bucket: i32,
    count: u32,
    uncertain: u32,
    bad: u32,
    min: f64,
    max: f64,
    sum: f64,
}

impl<'a> Rollup<'a> {
    /// `None` where there is none, or it cannot be read.
    pub(super) fn of(file: &'a DataFile) -> Option<Self> {
        let rollups = file.rollups.get()?;
        Some(Self {
            rollups,
            reader: rollups.reader()?,
            series: None,
            wrong: None,
        })
    }

    pub(super) fn add(&mut self, row: &StoredObservation) {
        let number = row.datastream.get();
        if self.series.as_ref().is_none_or(|now| now.number != number) {
            self.end_series();
        }
        let series = self.series.get_or_insert_with(|| Series::new(number));
        let value = match row.value {
            Some(Value::Number(value)) => Some((value, row.quality)),
            _ => None,
        };
        series.add(row.time.as_micros(), value);
    }

    /// What is wrong with it, if anything is.
    pub(super) fn finish(mut self) -> Option<String> {
        self.end_series();
        if !self.rollups.is_sound() {
            return Some("the rollup is damaged".to_owned());
        }
        let series = self.wrong?;
        Some(format!(
            "the rollup says of datastream {series} what its rows do not"
        ))
    }

    fn end_series(&mut self) {
        let Some(mut series) = self.series.take() else {
            return;
        };
        series.settle();
        // A series of few rows has none.
        let told = self.reader.cells(series.number, Width::Hour);
        let wrong = told.is_some_and(|cells| !same(cells, &series));
        if wrong && self.wrong.is_none() {
            self.wrong = Some(series.number);
        }
    }
}

impl Series {
    fn new(number: u32) -> Self {
        Self {
            number,
            hours: Vec::new(),
            time: i64::MIN,
            newest: None,
        }
    }

    fn add(&mut self, time: i64, value: Option<(f64, Quality)>) {
        if time != self.time {
            self.settle();
            // Of all accepted times, which begin in 1900, it fits for long.
            let bucket = time.div_euclid(Width::Hour.micros()) as i32;
            if self.hours.last().is_none_or(|hour| hour.bucket != bucket) {
                self.hours.push(Hour {
                    bucket,
                    count: 0,
                    uncertain: 0,
                    bad: 0,
                    min: 0.0,
                    max: 0.0,
                    sum: 0.0,
                });
            }
            self.time = time;
        }
        self.newest = value;
    }

    /// Nothing corrects the newest row any more.
    fn settle(&mut self) {
        let (Some((value, quality)), Some(hour)) = (self.newest.take(), self.hours.last_mut())
        else {
            return;
        };
        match quality {
            Quality::Good => {}
            Quality::Uncertain => {
                hour.uncertain += 1;
                return;
            }
            Quality::Bad | Quality::Missing => {
                hour.bad += 1;
                return;
            }
        }
        if hour.count == 0 {
            (hour.min, hour.max) = (value, value);
        }
        hour.count += 1;
        hour.min = hour.min.min(value);
        hour.max = hour.max.max(value);
        hour.sum += value;
    }
}

fn same(told: &Cells, found: &Series) -> bool {
    let Some(cells) = told.of(found.number) else {
        // The block does not have it: too few rows.
        return true;
    };
    cells.len() == found.hours.len()
        && cells.zip(&found.hours).all(|(cell, hour)| {
            // A sum that takes more than two doubles is read from rows.
            let sum = told.sum(cell).map_or(hour.sum, |sum| sum.value());
            told.bucket[cell] == hour.bucket
                && told.count[cell] == hour.count
                && told.uncertain[cell] == hour.uncertain
                && told.bad[cell] == hour.bad
                && told.min[cell] == hour.min
                && told.max[cell] == hour.max
                && close(sum, hour.sum, hour)
        })
}

/// The rollup's sum is exact, and the one here was rounded at each step.
fn close(told: f64, found: f64, hour: &Hour) -> bool {
    let greatest = hour.min.abs().max(hour.max.abs());
    (told - found).abs() <= 1e-9 * greatest * f64::from(hour.count)
}
