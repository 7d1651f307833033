//! Exports: a day of one domain and agency as one file, made once and kept.
//!
//! Constraints: a file has all of an agency, what is public of it, or beside that
//! what it shares with others, and is shown to nobody whose
//! [`ReadScope`](device_registry::ReadScope) is another;
//! it holds the newest revisions of one state of the store, sorted by
//! datastream and time, so that the same observations make the same bytes; what
//! was made is shown only while nothing came in late, was corrected, expired
//! or changed in the registry; a day that is not over is not made at all.
//! Making runs on a thread of its own, at low priority, and takes no lock that
//! ingest waits for.
//!
//! `DIR/export/{date}/{audience}/{domain}/` holds for each file
//! `{agency}.{format}.state`, which names the content by its SHA-256, and
//! `{agency}.{sha256}.{format}`. All of it can be made again: it is no part of
//! a backup, and may be removed while the platform is stopped.
//!
//! In reading order: `day`, `day_export`, `selection`, `table`, `csv`, `parquet`,
//! `sink`, `make`, `state`, `cache`, `expiry`, `room`, `exports`.

mod cache;
mod csv;
mod day;
mod day_export;
mod expiry;
mod exports;
mod make;
mod parquet;
mod room;
mod selection;
mod sink;
mod state;
mod table;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::parquet::errors::ParquetError;
use domain::Timestamp;

pub use cache::ExportFile;
pub use day::{Day, DayError};
pub use day_export::{DayExport, DayPart, ExportFormat};
pub use exports::{ExportAnswer, Exports, Making};
pub use room::has_room;
pub use sink::Checksum;

use observation_store::QueryError;

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("the day is over at {until}, and its exports are there from then on")]
    NotOver { until: Timestamp },
    #[error("there is nothing of this day, domain and agency")]
    Absent,
    #[error("as many exports as may be made at once are in the making")]
    Busy,
    #[error("the disk has too little room for another export")]
    NoRoom,
    #[error("the platform is stopping")]
    Stopping,
    #[error("cannot {action} {}", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("cannot write the Parquet file")]
    Parquet(#[source] ParquetError),
    #[error("cannot read what is to be exported")]
    Query(#[source] QueryError),
    #[error("making the export has panicked")]
    Panicked,
    /// What another request, which waited for the same file, was told too.
    #[error(transparent)]
    Shared(Arc<Self>),
}

impl ExportError {
    fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |cause| Self::Io {
            action,
            path: path.to_owned(),
            cause,
        }
    }

    /// Without what it is wrapped in.
    pub fn root(&self) -> &Self {
        match self {
            Self::Shared(error) => error.root(),
            error => error,
        }
    }
}
