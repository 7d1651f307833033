//! A row, and the order of rows.

use domain::{Offset, Quality};

use crate::observation::StoredObservation;

/// The order of rows, in files and in answers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct RowKey {
    pub(crate) series: u32,
    pub(crate) time: i64,
    offset: Offset,
    index: u16,
}

impl RowKey {
    pub(crate) fn of(row: &StoredObservation) -> Self {
        Self {
            series: row.datastream.get(),
            time: row.time.as_micros(),
            offset: row.offset,
            index: row.index,
        }
    }
}

/// One row on its way into a file.
pub(crate) struct FileRow<'a> {
    pub(crate) series: u32,
    pub(crate) time: i64,
    pub(crate) received: i64,
    pub(crate) offset: u64,
    pub(crate) value: FileValue<'a>,
    pub(crate) quality: Quality,
    pub(crate) flags: u8,
    pub(crate) revision: u16,
    pub(crate) index: u16,
    pub(crate) location: Option<(i32, i32)>,
}

#[derive(Clone, Copy)]
pub(crate) enum FileValue<'a> {
    Missing,
    Number(f64),
    Boolean(bool),
    Text(&'a str),
}
