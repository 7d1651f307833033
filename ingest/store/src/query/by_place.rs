//! One observation, by its message and its place in it.
//!
//! Nothing is sorted by offset but the head, so that a file is searched: its
//! column of offsets from the first row to the last, some nanoseconds a row. The
//! column has no statistics of pages, which would be of no use: the rows of each
//! datastream have offsets of the whole day. Only files whose offsets may hold
//! the message are searched; mostly these are the flushed file, or the day files
//! of one day.

use domain::{DatastreamId, Offset, Timestamp};
use parquet::data_type::{Int32Type, Int64Type};
use parquet::errors::ParquetError;

use crate::file::paged::Paged;
use crate::file::schema::{self, PAGE_ROWS};
use crate::file::{DataFile, ReadError};
use crate::observation::StoredObservation;
use crate::query::range::range;
use crate::query::{QueryError, RangeQuery};
use crate::view::View;

/// What the observation at a place of a message is about.
type About = (DatastreamId, Timestamp);

/// The observation, if it is the newest revision of its time. One that was
/// corrected, or that repeated another, is in no other answer, and so not in
/// this.
pub(crate) fn by_place(
    view: &View,
    offset: Offset,
    index: u16,
) -> Result<Option<StoredObservation>, QueryError> {
    let mut about = view.heads().find_map(|head| head.find(offset, index));
    if about.is_none() {
        let may_hold = |file: &&std::sync::Arc<DataFile>| {
            (file.entry.first_offset..=file.entry.last_offset).contains(&offset.get())
        };
        for file in view.files.iter().filter(may_hold) {
            about = find(file, offset, index)?;
            if about.is_some() {
                break;
            }
        }
    }
    match about {
        Some(about) => standing(view, about, offset, index),
        None => Ok(None),
    }
}

/// The newest revision of a time, where it came with that message.
pub(crate) fn standing(
    view: &View,
    (datastream, time): About,
    offset: Offset,
    index: u16,
) -> Result<Option<StoredObservation>, QueryError> {
    let next = Timestamp::from_micros(time.as_micros().saturating_add(1));
    let page = range(view, &RangeQuery::new(datastream, time, next))?;
    let mut found = page.observations.into_iter();
    Ok(found.find(|row| (row.offset, row.index) == (offset, index)))
}

fn find(file: &DataFile, offset: Offset, index: u16) -> Result<Option<About>, ReadError> {
    let unreadable = |cause: ParquetError| file.unreadable(&cause);
    let footer = file.footer()?;
    let source = std::sync::Arc::new(file.source.clone());
    let metadata = footer.metadata.metadata();
    let rows = file.entry.rows as usize;
    let column = |column| Paged::<Int64Type>::new(&source, metadata, column, rows, |_| None);
    let (mut offsets, mut times) = (column(schema::OFFSET), column(schema::TIME));
    let mut indexes = Paged::<Int32Type>::new(&source, metadata, schema::INDEX, rows, Some);
    for first in (0..rows).step_by(PAGE_ROWS) {
        let end = rows.min(first + PAGE_ROWS);
        offsets.read(first..end).map_err(unreadable)?;
        let read = offsets.all().unwrap_or_default();
        let found = read.iter().enumerate();
        let found = found.filter(|(_, at)| **at as u64 == offset.get());
        for row in found.map(|(at, _)| first + at) {
            indexes.read(row..row + 1).map_err(unreadable)?;
            if indexes.get(0) != Some(&i32::from(index)) {
                continue;
            }
            times.read(row..row + 1).map_err(unreadable)?;
            let time = times.get(0).map(|stored| footer.times.micros(*stored));
            let series = file.index.series_of(row);
            return Ok(time.zip(series).map(|(time, series)| {
                let time = Timestamp::from_micros(time);
                (DatastreamId::new(series), time)
            }));
        }
    }
    Ok(None)
}
