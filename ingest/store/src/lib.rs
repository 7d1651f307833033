//! The time-series store: a head in memory, Parquet files on disk, and the
//! queries over both.
//!
//! Constraints: rows come in order of offset, by one writer; a row is in the
//! head or in one file, never in both or neither, in any view; memory is
//! bounded by one filling and one frozen head; a query works on one view and
//! never holds up the writer for more than a moment. Of the log it takes the
//! frames of telemetry, and nothing else.
//!
//! `DIR/store/` holds `manifest`, `latest`, `quarantine`, and for each file
//! `{number}.parquet` with its `{number}.idx`. Flushed files hold the rows as
//! they came; compaction makes day files of them.
//!
//! | Folder | What is there |
//! |---|---|
//! | `catalog`, `manifest`, `view` | which files there are, on disk and for queries; only the catalog publishes |
//! | `head/` | rows that are in no file yet |
//! | `file/` | one file: its format, writing and reading it |
//! | `query/` | what can be asked, and how it is answered |
//! | `upkeep/` | flush, compaction, retention; copies, checks and repair |
//! | `tables/` | the latest values and the quarantine |

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod catalog;
mod file;
mod head;
mod manifest;
mod observation;
mod open;
mod query;
mod stats;
mod store;
mod tables;
#[cfg(test)]
mod tests;
mod upkeep;
mod view;

pub use file::ReadError;
pub use manifest::ManifestError;
pub use observation::StoredObservation;
pub use open::StoreOpenError;
pub use query::export::{Footprint, Observations, ObservationsQuery};
pub use query::limit::MAX_ROWS_READ;
pub use query::values::{Interval, ValueFilter};
pub use query::{
    AggregateFunction, AggregateQuery, Bucket, Grouping, Order, QueryError, RangePage, RangeQuery,
};
pub use stats::StoreStats;
pub use store::Store;
pub use tables::latest::{KnownDatastreams, Latest};
pub use tables::quarantine::{Quarantine, QuarantinedMessage};
pub use tables::quarantine_file::QuarantineError;
pub use upkeep::closed::ClosedStore;
pub use upkeep::compact::CompactError;
pub use upkeep::flush::FlushError;
pub use upkeep::pinned::{PinnedFile, PinnedStore};
pub use upkeep::rebuild::{Rebuild, Repaired};
pub use upkeep::retention::ExpireError;
pub use upkeep::verify::finding::{Finding, LOOK_AT_DISK, REMADE, RowCounts, UPDATE};
pub use upkeep::verify::verify as verify_store;
pub use upkeep::{Group, Pace, Upkeep};
