//! One file that is merged, read from its beginning to its end.

use std::ops::Range;
use std::sync::Arc;

use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use super::batch::{Batch, Place, Plan};
use crate::file::index::Entry;
use crate::file::schema::PAGE_ROWS;
use crate::file::{DataFile, ReadError};

/// Where a file stands: before a row of one series.
pub(super) struct Input {
    file: Arc<DataFile>,
    plan: Plan,
    reader: ParquetRecordBatchReader,
    batch: Arc<Batch>,
    /// The next row of the batch.
    at: usize,
    /// The series of the next row, by its place in the index.
    entry: usize,
    /// Rows that are left of it.
    left: usize,
}

impl Input {
    pub(super) fn open(file: &Arc<DataFile>) -> Result<Self, ReadError> {
        let footer = file.footer()?;
        let plan = Plan::of(footer.metadata.metadata(), footer.times);
        let mask = plan.mask(footer.metadata.metadata());
        let mut reader = ParquetRecordBatchReaderBuilder::new_with_metadata(
            file.source.clone(),
            footer.metadata,
        )
        .with_projection(mask)
        .with_batch_size(PAGE_ROWS)
        .build()
        .map_err(|cause| file.unreadable(&cause))?;
        let batch = next_batch(file, &plan, &mut reader)?;
        let left = file.index.entries().first().map_or(0, |entry| entry.rows);
        Ok(Self {
            file: Arc::clone(file),
            plan,
            reader,
            batch,
            at: 0,
            entry: 0,
            left: left as usize,
        })
    }

    fn entry(&self) -> Option<&Entry> {
        self.file.index.entries().get(self.entry)
    }

    /// The series of the next row; `None` at the end.
    pub(super) fn series(&self) -> Option<u32> {
        self.entry().map(|entry| entry.series)
    }

    /// Where no two rows of the series have one time, in this file.
    pub(super) fn has_unique_times(&self) -> bool {
        self.entry().is_some_and(|entry| entry.unique_times)
    }

    /// The next row's place; not to be asked for at the end.
    pub(super) fn place(&self) -> Place {
        self.batch.place(self.at)
    }

    /// The next rows of the same series that come before `bound` and lie in one
    /// batch: at least the first.
    pub(super) fn run(&self, bound: Option<Place>) -> (Arc<Batch>, Range<usize>) {
        let end = self.batch.rows().min(self.at + self.left);
        let all = self.at..end;
        let rows = match bound {
            Some(bound) if self.batch.place(end - 1) > bound => {
                self.at..self.first_from(bound, all)
            }
            _ => all,
        };
        (Arc::clone(&self.batch), rows)
    }

    fn first_from(&self, bound: Place, rows: Range<usize>) -> usize {
        let (mut low, mut high) = (rows.start + 1, rows.end);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.batch.place(middle) < bound {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Moves past `rows` rows of a run; whether the series goes on.
    pub(super) fn advance(&mut self, rows: usize) -> Result<bool, ReadError> {
        self.at += rows;
        self.left -= rows;
        let goes_on = self.left > 0;
        if !goes_on {
            self.entry += 1;
            self.left = self.entry().map_or(0, |entry| entry.rows as usize);
        }
        if self.left > 0 && self.at == self.batch.rows() {
            self.batch = next_batch(&self.file, &self.plan, &mut self.reader)?;
            self.at = 0;
        }
        Ok(goes_on)
    }
}

fn next_batch(
    file: &DataFile,
    plan: &Plan,
    reader: &mut ParquetRecordBatchReader,
) -> Result<Arc<Batch>, ReadError> {
    let batch = match reader.next() {
        Some(Ok(batch)) if batch.num_rows() > 0 => batch,
        Some(Err(cause)) => return Err(file.unreadable(&cause.into())),
        _ => return Err(file.damaged("it has fewer rows than its index")),
    };
    let columns = Batch::of(&batch, plan);
    columns
        .map(Arc::new)
        .ok_or_else(|| file.damaged("a column is not of its format"))
}
