//! What the store consists of at one moment: each row once.

use std::sync::Arc;

use super::file::DataFile;
use super::head::Head;

/// A query works on one view to its end; a flush replaces the view as a whole.
#[derive(Clone)]
pub(super) struct View {
    /// Oldest offsets first.
    pub(super) files: Arc<[Arc<DataFile>]>,
    /// Full, on its way into a file.
    pub(super) frozen: Option<Arc<Head>>,
    /// Takes rows.
    pub(super) head: Arc<Head>,
}

impl View {
    pub(super) fn heads(&self) -> impl Iterator<Item = &Arc<Head>> {
        self.frozen.iter().chain([&self.head])
    }

    pub(super) fn head_rows(&self) -> usize {
        self.heads().map(|head| head.rows()).sum()
    }
}
