//! How many files are sent at once.

use std::sync::Arc;

use http_edge::{Problem, ProblemKind};
use ingest::Exports;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Files that are sent at once.
const MAX_DOWNLOADS: usize = 256;

/// The exports, and who reads them.
pub(crate) struct Downloads {
    exports: Exports,
    places: Arc<Semaphore>,
}

impl Downloads {
    pub(crate) fn new(exports: Exports) -> Self {
        Self {
            exports,
            places: Arc::new(Semaphore::new(MAX_DOWNLOADS)),
        }
    }

    pub(super) fn exports(&self) -> &Exports {
        &self.exports
    }

    /// A place among those who read.
    pub(crate) fn place(&self) -> Result<OwnedSemaphorePermit, Problem> {
        Arc::clone(&self.places).try_acquire_owned().map_err(|_| {
            Problem::new(ProblemKind::UNAVAILABLE, "Too many downloads at once.").retry_after(10)
        })
    }
}
