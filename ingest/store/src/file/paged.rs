//! One column of a file, read forward.
//!
//! Constraints: a page is read only where a row of it is asked for, and only
//! where its statistics do not say already what is in it: most columns of most
//! pages hold one value, or nothing. Rows are asked for in ascending order.

use std::ops::Range;
use std::sync::Arc;

use parquet::column::reader::ColumnReaderImpl;
use parquet::data_type::DataType;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::page_index::offset_index::PageLocation;
use parquet::file::statistics::Statistics;

use crate::file::{Source, pages};

/// A column, and the rows of it that were read last.
pub(crate) struct Paged<T: DataType> {
    file: Arc<Source>,
    metadata: Arc<ParquetMetaData>,
    column: usize,
    /// A value of the type from what statistics tell.
    from_statistics: fn(i32) -> Option<T::T>,
    /// All rows that will be asked for lie before it.
    end: usize,
    /// Opened for the first page that has to be read.
    reader: Option<ColumnReaderImpl<T>>,
    /// The row that the reader gives next.
    at: usize,
    levels: Vec<i16>,
    values: Vec<T::T>,
    present: Present,
}

/// Which rows have a value.
#[derive(Clone, PartialEq, Debug)]
enum Present {
    All,
    None,
    Some(Vec<bool>),
}

/// What statistics tell of a page or of a whole column.
enum Told {
    Nothing,
    /// No row has a value.
    Empty,
    /// Each row has this one.
    Same(i32),
}

impl<T: DataType> Paged<T> {
    /// Of the rows that will be asked for, none lies after `end`.
    pub(crate) fn new(
        file: &Arc<Source>,
        metadata: &Arc<ParquetMetaData>,
        column: usize,
        end: usize,
        from_statistics: fn(i32) -> Option<T::T>,
    ) -> Self {
        Self {
            file: Arc::clone(file),
            metadata: Arc::clone(metadata),
            column,
            from_statistics,
            end,
            reader: None,
            at: 0,
            levels: Vec::new(),
            values: Vec::new(),
            present: Present::All,
        }
    }

    /// The value of the row at a place of those that were read last.
    pub(crate) fn get(&self, at: usize) -> Option<&T::T> {
        match &self.present {
            Present::All => Some(&self.values[at]),
            Present::None => None,
            Present::Some(present) => present[at].then(|| &self.values[at]),
        }
    }

    /// The values of the rows that were read last, where each has one.
    pub(crate) fn all(&self) -> Option<&[T::T]> {
        (self.present == Present::All).then_some(&self.values)
    }

    /// The same values, to be changed; none where a row has none.
    pub(crate) fn all_mut(&mut self) -> &mut [T::T] {
        match self.present {
            Present::All => &mut self.values,
            Present::None | Present::Some(_) => &mut [],
        }
    }

    /// Reads rows that lie after those of the last call.
    pub(crate) fn read(&mut self, rows: Range<usize>) -> Result<()> {
        self.values.clear();
        self.present = Present::All;
        let metadata = Arc::clone(&self.metadata);
        let chunk = metadata.row_group(0).column(self.column);
        match self.told_of_all(chunk) {
            Told::Nothing => {}
            told => return self.fill(&told, rows.len()),
        }
        let index = metadata.page_index_for_row_group(0);
        let (Some(told), Some(pages)) = (
            index.column_index(self.column),
            index.page_locations(self.column),
        ) else {
            return self.read_on(rows);
        };
        let mut page = page_of(pages, rows.start);
        let mut at = rows.start;
        while at < rows.end {
            let end = first_row(pages, page + 1).unwrap_or(rows.end);
            let part = at..end.min(rows.end);
            at = part.end;
            match self.told_of_page(told, page) {
                Told::Nothing => self.read_on(part)?,
                told => self.fill(&told, part.len())?,
            }
            page += 1;
        }
        Ok(())
    }

    fn told_of_all(&self, chunk: &ColumnChunkMetaData) -> Told {
        let Some(statistics) = chunk.statistics() else {
            return Told::Nothing;
        };
        match statistics.null_count_opt() {
            Some(nulls) if nulls == chunk.num_values() as u64 => return Told::Empty,
            Some(0) => {}
            _ => return Told::Nothing,
        }
        match statistics {
            Statistics::Int32(values) => self.same(values.min_opt(), values.max_opt()),
            _ => Told::Nothing,
        }
    }

    fn told_of_page(&self, index: &ColumnIndexMetaData, page: usize) -> Told {
        if index.is_null_page(page) {
            return Told::Empty;
        }
        match index {
            ColumnIndexMetaData::INT32(values) if index.null_count(page) == Some(0) => {
                self.same(values.min_value(page), values.max_value(page))
            }
            _ => Told::Nothing,
        }
    }

    fn same(&self, min: Option<&i32>, max: Option<&i32>) -> Told {
        match (min, max) {
            (Some(min), Some(max)) if min == max && (self.from_statistics)(*min).is_some() => {
                Told::Same(*min)
            }
            _ => Told::Nothing,
        }
    }

    fn fill(&mut self, told: &Told, rows: usize) -> Result<()> {
        let before = self.values.len();
        let (value, is_present) = match told {
            Told::Same(value) => ((self.from_statistics)(*value).unwrap_or_default(), true),
            Told::Empty | Told::Nothing => (T::T::default(), false),
        };
        self.values.resize(before + rows, value);
        self.mark(before, rows, is_present);
        Ok(())
    }

    /// Notes whether the last `rows` values, after `before` others, are there.
    fn mark(&mut self, before: usize, rows: usize, is_present: bool) {
        let uniform = if is_present {
            Present::All
        } else {
            Present::None
        };
        if before == 0 {
            self.present = uniform;
        } else if self.present != uniform {
            self.marks(before).resize(before + rows, is_present);
        }
    }

    fn marks(&mut self, before: usize) -> &mut Vec<bool> {
        let marks = match std::mem::replace(&mut self.present, Present::All) {
            Present::All => vec![true; before],
            Present::None => vec![false; before],
            Present::Some(marks) => marks,
        };
        self.present = Present::Some(marks);
        match &mut self.present {
            Present::Some(marks) => marks,
            Present::All | Present::None => unreachable!("it was just set"),
        }
    }

    /// Reads rows from their pages.
    fn read_on(&mut self, rows: Range<usize>) -> Result<()> {
        if self.reader.is_none() {
            self.open(rows.start)?;
        }
        let Some(reader) = &mut self.reader else {
            return Err(ParquetError::General("a column has no reader".into()));
        };
        let skipped = reader.skip_records(rows.start - self.at)?;
        let before = self.values.len();
        self.levels.clear();
        let (read, found, _) =
            reader.read_records(rows.len(), Some(&mut self.levels), None, &mut self.values)?;
        if skipped != rows.start - self.at || read != rows.len() {
            return Err(ParquetError::General("a column ends too early".into()));
        }
        self.at = rows.end;
        if found == read {
            self.mark(before, read, true);
        } else {
            self.spread(before, read, found);
        }
        Ok(())
    }

    /// Moves the `found` values that follow `before` others to their rows.
    fn spread(&mut self, before: usize, rows: usize, found: usize) {
        self.values.resize(before + rows, T::T::default());
        let mut from = before + found;
        for row in (0..rows).rev() {
            if self.levels[row] > 0 {
                from -= 1;
                self.values.swap(from, before + row);
            }
        }
        let levels = std::mem::take(&mut self.levels);
        self.marks(before)
            .extend(levels.iter().map(|level| *level > 0));
        self.levels = levels;
    }

    /// Opens the reader at the page of `row`.
    fn open(&mut self, row: usize) -> Result<()> {
        let group = self.metadata.row_group(0);
        let chunk = group.column(self.column);
        let index = self.metadata.page_index_for_row_group(0);
        let mut total = group.num_rows() as usize;
        let locations = index.page_locations(self.column).map(|pages| {
            let first = page_of(pages, row);
            let last = page_of(pages, self.end.saturating_sub(1)).max(first);
            total = first_row(pages, last + 1).unwrap_or(total);
            let mut wanted = Vec::with_capacity(last + 2 - first);
            // The reader takes what lies before the first page that it knows for
            // a dictionary; the rows between are skipped without being read.
            if first > 0 {
                wanted.push(pages[0].clone());
            }
            wanted.extend_from_slice(&pages[first..=last]);
            wanted
        });
        let pages = pages::open(&self.file, chunk, total, locations)?;
        self.reader = Some(ColumnReaderImpl::new(chunk.column_descr_ptr(), pages));
        Ok(())
    }
}

fn page_of(pages: &[PageLocation], row: usize) -> usize {
    let next = pages.partition_point(|page| page.first_row_index as usize <= row);
    next.saturating_sub(1)
}

fn first_row(pages: &[PageLocation], page: usize) -> Option<usize> {
    pages.get(page).map(|page| page.first_row_index as usize)
}
