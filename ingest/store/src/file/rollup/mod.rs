//! Rollups: the statistics of a day file's series by hour and by 5 minutes, so
//! that long aggregates do not read rows.
//!
//! A cell is one series' good numbers in one bucket of UTC: how many, the least,
//! the greatest, and their sum without any loss (see `sum`), so that an answer
//! from cells is bit for bit the answer from rows; and how many numbers are of a
//! quality that does not count by default. Who wants those in the statistics too
//! is answered from rows where the cell has any. It counts the newest
//! revision of each time of its own file; a query uses it only where no other
//! file and no head has rows of the series in those times.
//!
//! Constraints: at most about one byte for each row of the file, so a series
//! has cells of an hour only where it has [`MIN_ROWS_PER_HOUR`] rows in each on
//! average, and cells of 5 minutes from [`MIN_ROWS_PER_FIVE_MINUTES`] on; a cell
//! takes 13 to 17 bytes. Hours of [`SKETCH_NUMBERS`] numbers and more have a
//! sketch of percentiles as well. A query holds one block of a file in memory.
//! A rollup that is damaged or missing costs time, and no data: rows are read.
//! One of version 1, whose statistics are of good and uncertain numbers without
//! telling which, counts as missing until the compacting thread has made it
//! again (`compact::renew`).
//!
//! `{number}.rollup`, version 2, little-endian:
//!
//! ```text
//! "MADANGRU", u32 version (2), u32 CRC-32C of the Parquet file,
//! blocks of some series, ascending, each of three parts, of which the latter
//!     two may be empty: hours, 5 minutes, sketches; each part one zstd frame,
//! the directory, by block: u32 first series, u32 last series,
//!     u64 where its parts begin, by part: u32 bytes, u32 CRC-32C,
//! u64 where the directory begins, u32 blocks,
//! u32 CRC-32C of header, directory and the two numbers before
//! ```
//!
//! Hours and 5 minutes: u32 series n, u32 cells m, n x u32 series, n x u32 cells
//! of it, then by column, m x each: i32 bucket (hours or 5 minutes since 1970),
//! u32 good numbers, u32 uncertain ones, u32 bad ones, then of the good ones f64
//! least, f64 greatest, f64 sum, f64 what the sum lost in rounding (not a number:
//! the sum takes more than two doubles, so rows have to be read for it). A cell
//! with rows and no number has zeros.
//! Sketches: for each cell of an hour with enough numbers, in their order, what
//! `sketch` writes.

mod build;
mod format;
mod read;
mod sketch;
pub(crate) mod sum;

pub(crate) use build::RollupBuilder;
pub(crate) use format::Cells;
pub(crate) use read::{Reader, Rollups, is_older};
#[cfg(test)]
pub(crate) use sketch::RELATIVE_ERROR;
pub(crate) use sketch::Sketch;

/// Rows of a series for each of its hours that has any, on average, from which
/// on it has a rollup.
const MIN_ROWS_PER_HOUR: usize = 16;
/// The same for 5 minutes.
const MIN_ROWS_PER_FIVE_MINUTES: usize = 20;
/// Numbers of an hour from which on it has a sketch; below, percentiles are
/// read from rows, exactly.
pub(crate) const SKETCH_NUMBERS: u32 = 256;

/// The widths of cells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Width {
    FiveMinutes,
    Hour,
}

impl Width {
    pub(crate) const fn micros(self) -> i64 {
        match self {
            Self::FiveMinutes => 300_000_000,
            Self::Hour => 3_600_000_000,
        }
    }
}
