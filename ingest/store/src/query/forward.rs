//! The rows of one file, read forward by column: the fast way, for series that
//! no other file or head has rows of in the same times. What tells whether a row
//! is wanted is read first, the rest of it only where it is.

use std::ops::Range;
use std::sync::Arc;

use domain::{DatastreamId, Flags, Location, Offset, Quality, Timestamp, Value};
use parquet::data_type::{BoolType, ByteArrayType, DoubleType, Int32Type, Int64Type};
use parquet::errors::ParquetError;

use crate::file::cursor::row_ranges;
use crate::file::index::Entry;
use crate::file::paged::Paged;
use crate::file::schema::{self, PAGE_ROWS};
use crate::file::{DataFile, Footer, ReadError};
use crate::observation::StoredObservation;
use crate::query::values::{Sieve, ValueFilter};

/// Times of a file's rows, and what was asked for with them.
pub(crate) struct Forward<'a, C> {
    file: &'a DataFile,
    footer: Footer,
    time: Paged<Int64Type>,
    pub(crate) columns: C,
    /// The rows that were read last, of those whose times were read.
    shown: Range<usize>,
    /// The row of the file that the times begin at.
    first: usize,
}

/// Columns that are read for the rows whose times are wanted.
pub(crate) trait OtherColumns: Sized {
    /// Opens them for rows before `end`.
    fn open(open: &Open<'_>) -> Self;
    fn read(&mut self, rows: Range<usize>) -> Result<(), ParquetError>;
}

/// What a column is opened with.
pub(crate) struct Open<'a> {
    source: Arc<crate::file::Source>,
    metadata: &'a Arc<parquet::file::metadata::ParquetMetaData>,
    end: usize,
}

impl Open<'_> {
    fn column<T: parquet::data_type::DataType>(&self, column: usize) -> Paged<T> {
        Paged::new(&self.source, self.metadata, column, self.end, |_| None)
    }

    fn small(&self, column: usize) -> Paged<Int32Type> {
        Paged::new(&self.source, self.metadata, column, self.end, Some)
    }
}

impl<'a, C: OtherColumns> Forward<'a, C> {
    /// Reads series of `file` that end before row `end`.
    pub(crate) fn open(file: &'a DataFile, end: usize) -> Result<Self, ReadError> {
        let footer = file.footer()?;
        let open = Open {
            source: Arc::new(file.source.clone()),
            metadata: footer.metadata.metadata(),
            end,
        };
        Ok(Self {
            file,
            time: open.column(schema::TIME),
            columns: C::open(&open),
            footer,
            shown: 0..0,
            first: 0,
        })
    }

    /// Shows the rows of `entry` from `from` to before `to`, at most `at_once` of
    /// them at once, until `show` says that it is enough. Series must come in
    /// ascending order.
    pub(crate) fn each<E: From<ReadError>>(
        &mut self,
        entry: &Entry,
        from: Timestamp,
        to: Timestamp,
        at_once: usize,
        mut show: impl FnMut(&mut Self) -> Result<More, E>,
    ) -> Result<(), E> {
        for range in row_ranges(&self.footer, entry, from, to) {
            for start in range.clone().step_by(PAGE_ROWS) {
                self.read_times(start..range.end.min(start + PAGE_ROWS))?;
                let times = self.time.all().unwrap_or_default();
                let first = times.partition_point(|time| *time < from.as_micros());
                let end = times.partition_point(|time| *time < to.as_micros());
                for first in (first..end).step_by(at_once.max(1)) {
                    self.shown = first..end.min(first.saturating_add(at_once));
                    self.first = start;
                    self.columns
                        .read(self.rows())
                        .map_err(|cause| self.file.unreadable(&cause))?;
                    if show(self)? == More::Enough {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }

    fn read_times(&mut self, rows: Range<usize>) -> Result<(), ReadError> {
        self.time
            .read(rows)
            .map_err(|cause| self.file.unreadable(&cause))?;
        self.footer.times.make_micros(self.time.all_mut());
        Ok(())
    }

    /// The rows that are shown, by their numbers in the file.
    fn rows(&self) -> Range<usize> {
        self.first + self.shown.start..self.first + self.shown.end
    }

    /// Of the rows that are shown, in microseconds.
    pub(crate) fn times(&self) -> &[i64] {
        &self.time.all().unwrap_or_default()[self.shown.clone()]
    }
}

/// Whether more rows are wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum More {
    Yes,
    Enough,
}

/// Only times.
pub(crate) struct Nothing;

impl OtherColumns for Nothing {
    fn open(_: &Open<'_>) -> Self {
        Self
    }

    fn read(&mut self, _: Range<usize>) -> Result<(), ParquetError> {
        Ok(())
    }
}

/// Numbers and their quality.
pub(crate) struct Numbers {
    value: Paged<DoubleType>,
    quality: Paged<Int32Type>,
}

impl OtherColumns for Numbers {
    fn open(open: &Open<'_>) -> Self {
        Self {
            value: open.column(schema::VALUE),
            quality: open.small(schema::QUALITY),
        }
    }

    fn read(&mut self, rows: Range<usize>) -> Result<(), ParquetError> {
        self.value.read(rows.clone())?;
        self.quality.read(rows)
    }
}

impl Numbers {
    /// The number at a place, and its quality.
    pub(crate) fn number(&self, at: usize) -> Option<(f64, Quality)> {
        Some((*self.value.get(at)?, quality(&self.quality, at)?))
    }
}

/// Everything but the revision, which the place among rows of one time tells.
/// [`Forward::read_rest`] has to be called before a row is asked for.
pub(crate) struct Whole {
    pub(crate) early: Early,
    numbers: Numbers,
    boolean: Paged<BoolType>,
    text: Paged<ByteArrayType>,
    flags: Paged<Int32Type>,
    offset: Paged<Int64Type>,
    index: Paged<Int32Type>,
    receipt: Paged<Int64Type>,
    lat_e7: Paged<Int32Type>,
    lon_e7: Paged<Int32Type>,
}

/// What is read of each row that is shown, beside its number and quality.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Early {
    /// Booleans and texts.
    pub(crate) texts: bool,
    pub(crate) receipts: bool,
}

impl OtherColumns for Whole {
    fn open(open: &Open<'_>) -> Self {
        Self {
            early: Early::default(),
            numbers: Numbers::open(open),
            boolean: open.column(schema::BOOLEAN),
            text: open.column(schema::TEXT),
            flags: open.small(schema::FLAGS),
            offset: open.column(schema::OFFSET),
            index: open.small(schema::INDEX),
            receipt: open.column(schema::RECEIPT),
            lat_e7: open.small(schema::LAT),
            lon_e7: open.small(schema::LON),
        }
    }

    fn read(&mut self, rows: Range<usize>) -> Result<(), ParquetError> {
        self.numbers.read(rows.clone())?;
        if self.early.texts {
            self.read_texts(rows.clone())?;
        }
        if self.early.receipts {
            self.receipt.read(rows)?;
        }
        Ok(())
    }
}

impl Forward<'_, Whole> {
    /// Reads the rest of the rows that are shown.
    pub(crate) fn read_rest(&mut self) -> Result<(), ReadError> {
        let rows = self.rows();
        self.columns
            .read_rest(rows)
            .map_err(|cause| self.file.unreadable(&cause))
    }

    /// When the row at a place was received, where receipts are read early.
    pub(crate) fn received(&self, at: usize) -> Option<Timestamp> {
        let stored = *self.columns.receipt.get(at)?;
        let micros = self.footer.times.received(self.times()[at], stored);
        Some(Timestamp::from_micros(micros))
    }

    /// The row at a place of those that are shown, as the first of its time;
    /// `None` where a code is unknown.
    pub(crate) fn observation(&self, series: u32, at: usize) -> Option<StoredObservation> {
        let (columns, time) = (&self.columns, self.times()[at]);
        Some(StoredObservation {
            datastream: DatastreamId::new(series),
            time: Timestamp::from_micros(time),
            received: self.received(at)?,
            value: columns.value(at)?,
            quality: quality(&columns.numbers.quality, at)?,
            flags: Flags::from_bits(u8::try_from(*columns.flags.get(at)?).ok()?),
            revision: 0,
            offset: Offset::new(*columns.offset.get(at)? as u64),
            index: u16::try_from(*columns.index.get(at)?).ok()?,
            location: columns.location(at),
        })
    }

    /// An error for a row that cannot be understood.
    pub(crate) fn unknown_code(&self) -> ReadError {
        ReadError::Damaged {
            path: self.file.path.clone(),
            number: self.file.entry.number,
            what: "it has a code that no version writes".into(),
        }
    }
}

impl Whole {
    fn read_texts(&mut self, rows: Range<usize>) -> Result<(), ParquetError> {
        self.boolean.read(rows.clone())?;
        self.text.read(rows)
    }

    fn read_rest(&mut self, rows: Range<usize>) -> Result<(), ParquetError> {
        if !self.early.texts {
            self.read_texts(rows.clone())?;
        }
        if !self.early.receipts {
            self.receipt.read(rows.clone())?;
        }
        self.flags.read(rows.clone())?;
        self.offset.read(rows.clone())?;
        self.index.read(rows.clone())?;
        self.lat_e7.read(rows.clone())?;
        self.lon_e7.read(rows)
    }

    /// Whether the row at a place passes, where what `sieve` looks at is read
    /// early; `None` where a code is unknown.
    pub(crate) fn passes(&self, at: usize, sieve: Sieve<'_>) -> Option<bool> {
        let has_quality = sieve
            .qualities
            .contains(quality(&self.numbers.quality, at)?);
        let has_value = match sieve.values {
            ValueFilter::All => true,
            ValueFilter::Numbers(interval) => {
                let number = self.numbers.value.get(at);
                number.is_some_and(|number| interval.contains(*number))
            }
            ValueFilter::Boolean(wanted) => self.boolean.get(at) == Some(wanted),
            ValueFilter::Text(wanted) => {
                let text = self.text.get(at);
                text.is_some_and(|text| text.data() == wanted.as_bytes())
            }
        };
        Some(has_quality && has_value)
    }

    /// `None` where a text is none.
    fn value(&self, at: usize) -> Option<Option<Value>> {
        if let Some(number) = self.numbers.value.get(at) {
            return Some(Some(Value::Number(*number)));
        }
        if let Some(boolean) = self.boolean.get(at) {
            return Some(Some(Value::Boolean(*boolean)));
        }
        let Some(text) = self.text.get(at) else {
            return Some(None);
        };
        let text = std::str::from_utf8(text.data()).ok()?;
        Some(Some(Value::Text(text.into())))
    }

    fn location(&self, at: usize) -> Option<Location> {
        let (lat, lon) = (self.lat_e7.get(at)?, self.lon_e7.get(at)?);
        Some(Location::from_e7(*lat, *lon))
    }
}

fn quality(column: &Paged<Int32Type>, at: usize) -> Option<Quality> {
    Quality::from_code(u8::try_from(*column.get(at)?).ok()?)
}
