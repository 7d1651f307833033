//! A frozen head's rows in the order of a file.

use std::ops::Range;

use super::rows::Rows;
use crate::file::row::FileRow;
use crate::file::times::Unit;

/// Rows that a flush copies at once: they fit a core's own cache.
const ROWS_GATHERED: usize = 1_024;

/// The rows by (series, time, offset, index).
pub(crate) struct SortedRows<'a> {
    rows: &'a Rows,
    order: Vec<u32>,
    /// That fits all times.
    pub(crate) unit: Unit,
}

impl Rows {
    /// All rows by (series, time, offset, index).
    ///
    /// A counting sort by series keeps the order of arrival, which is that of
    /// offset; only series whose times came out of order are sorted again.
    pub(crate) fn sorted(&self) -> SortedRows<'_> {
        let mut next: Vec<u32> = Vec::with_capacity(self.series.len());
        let mut total = 0;
        for tail in &self.series {
            next.push(total);
            total += tail.rows;
        }
        let mut order = vec![0u32; self.rows.len()];
        for (number, row) in self.rows.iter().enumerate() {
            let place = &mut next[row.series as usize];
            order[*place as usize] = number as u32;
            *place += 1;
        }
        let mut first = 0;
        for tail in &self.series {
            let end = first + tail.rows as usize;
            if !tail.sorted {
                // Stable: rows of one time stay in order of arrival.
                order[first..end].sort_by_key(|number| self.rows[*number as usize].time);
            }
            first = end;
        }
        SortedRows {
            rows: self,
            order,
            unit: Unit::of_all(self.rows.iter().map(|row| row.time)),
        }
    }
}

impl SortedRows<'_> {
    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    /// Shows the rows at `places`, in their order.
    ///
    /// They lie anywhere in memory, so they are first copied some at once: a loop
    /// that does nothing else waits for many of them together, and takes a fifth
    /// of the time.
    pub(crate) fn show(&self, places: Range<usize>, mut take: impl FnMut(&FileRow<'_>)) {
        let mut gathered = Vec::with_capacity(ROWS_GATHERED);
        for numbers in self.order[places].chunks(ROWS_GATHERED) {
            let rows = numbers
                .iter()
                .map(|number| self.rows.rows[*number as usize]);
            gathered.clear();
            gathered.extend(rows);
            for row in &gathered {
                take(&row.for_file(&self.rows.texts));
            }
        }
    }
}
