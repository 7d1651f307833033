//! What one request may ask of the store.

use super::QueryError;

/// Rows one request may read, files and head together: about a second of work.
/// Four cells of a rollup count as one row.
pub const MAX_ROWS_READ: u64 = 10_000_000;
/// Values one aggregate may answer: buckets x functions x groups.
pub(crate) const MAX_AGGREGATE_VALUES: usize = 1_000_000;

/// The limit on a request's work.
pub(crate) struct TooMuch;

impl TooMuch {
    pub(crate) fn rows(rows: u64) -> QueryError {
        QueryError::TooMuch {
            rows,
            limit: MAX_ROWS_READ,
        }
    }

    pub(crate) fn check(rows: u64) -> Result<(), QueryError> {
        if rows > MAX_ROWS_READ {
            Err(Self::rows(rows))
        } else {
            Ok(())
        }
    }
}
