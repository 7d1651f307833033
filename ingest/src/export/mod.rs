//! Exports: a day of one domain and agency as one file, made once and kept.
//!
//! Constraints: a file has all of an agency or what is public of it, and is
//! shown to nobody whose [`Scope`] is the other;
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
//! In reading order: `day`, `selection`, `table`, `csv`, `parquet`, `sink`,
//! `make`, `state`, `cache`, `expiry`, `room`, `exports`.

mod cache;
mod csv;
mod day;
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
use domain::{AgencyId, Scope, Timestamp};

pub use cache::ExportFile;
pub use day::{Day, DayError};
pub use exports::{ExportAnswer, Exports, Making};
pub use sink::Checksum;

use observation_store::QueryError;

/// One file: what it is about, for whom and how written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DayExport {
    pub day: Day,
    /// As `traffic`.
    pub domain: String,
    pub agency: AgencyId,
    /// Whose who asks may read.
    pub scope: Scope,
    pub format: ExportFormat,
}

impl DayExport {
    /// Whether it has all of its agency, and exactly; otherwise what is public.
    pub fn has_all(&self) -> bool {
        self.scope.covers(&self.agency)
    }
}

/// What of a day there is to export: files of each format.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DayPart {
    pub domain: String,
    pub agency: AgencyId,
    /// Those of its datastreams, each once.
    pub licences: Vec<String>,
    /// Datastreams with observations.
    pub datastreams: usize,
}

/// How a file is written.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum ExportFormat {
    Csv,
    Parquet,
}

impl ExportFormat {
    pub const ALL: [Self; 2] = [Self::Csv, Self::Parquet];

    /// The end of a file's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Parquet => "parquet",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == text)
    }
}

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
