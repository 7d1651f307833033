//! What the store consists of at one moment: each row once.

use std::sync::Arc;

use crate::file::DataFile;
use crate::head::Head;

/// A query works on one view to its end; a flush replaces the view as a whole.
#[derive(Clone)]
pub(crate) struct View {
    /// Oldest offsets first.
    pub(crate) files: Arc<[Arc<DataFile>]>,
    /// Full, on its way into a file.
    pub(crate) frozen: Option<Arc<Head>>,
    /// Takes rows.
    pub(crate) head: Arc<Head>,
}

impl View {
    pub(crate) fn heads(&self) -> impl Iterator<Item = &Arc<Head>> {
        self.frozen.iter().chain([&self.head])
    }

    pub(crate) fn head_rows(&self) -> usize {
        self.heads().map(|head| head.rows()).sum()
    }
}
