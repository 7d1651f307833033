//! What the store consists of: the manifest on disk, and the view that queries
//! work on. Nobody else publishes either.
//!
//! Two locks, taken in this order: the manifest's, for as long as files change,
//! however long the disk takes; within it the view's, for a moment. Queries and
//! the writer take the view's alone, so nothing that changes files holds them
//! up. A file is in the view only while a manifest on disk names it.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::{fs, io};

use domain::Offset;
use frame_log::TelemetryFrame;
use parking_lot::{Mutex, RwLock};
use parquet::errors::ParquetError;

use crate::file::replace::sync_folder;
use crate::file::{DataFile, ReadError};
use crate::head::{Fill, Head};
use crate::manifest::{FileEntry, Manifest};
use crate::view::View;

/// Manifest and view of one folder.
pub(crate) struct Catalog {
    folder: PathBuf,
    manifest: Mutex<Manifest>,
    view: RwLock<View>,
    /// Damaged files set aside, and files that retention set aside, of the
    /// manifest: who asks for figures does not wait for its lock.
    set_aside: AtomicUsize,
    expired: AtomicUsize,
}

/// What becomes of the store in one step.
pub(crate) struct Change {
    /// As it will be on disk, with `added` and without `removed`.
    pub(crate) manifest: Manifest,
    pub(crate) added: Vec<Arc<DataFile>>,
    pub(crate) removed: HashSet<u64>,
    /// The rows of the frozen head are in files now.
    pub(crate) flushed: bool,
}

/// A change that is not on disk, or not for certain.
#[derive(Debug)]
pub(crate) enum PublishError {
    /// The disk has the old manifest.
    Unchanged(io::Error),
    /// Whether the disk has the old manifest or the new one, nobody knows.
    Doubtful(io::Error),
}

impl From<PublishError> for io::Error {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::Unchanged(cause) | PublishError::Doubtful(cause) => cause,
        }
    }
}

impl From<PublishError> for ParquetError {
    fn from(error: PublishError) -> Self {
        io::Error::from(error).into()
    }
}

impl From<io::Error> for PublishError {
    fn from(cause: io::Error) -> Self {
        Self::Unchanged(cause)
    }
}

impl Catalog {
    /// `files` are those of `manifest` that could be opened; `head` takes what
    /// comes after them.
    pub(crate) fn new(
        folder: &Path,
        manifest: Manifest,
        files: Vec<Arc<DataFile>>,
        head: Head,
    ) -> Self {
        Self {
            folder: folder.to_owned(),
            set_aside: AtomicUsize::new(manifest.set_aside.len()),
            expired: AtomicUsize::new(manifest.expired.len()),
            manifest: Mutex::new(manifest),
            view: RwLock::new(View {
                files: files.into(),
                frozen: None,
                head: Arc::new(head),
            }),
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// What there is now.
    pub(crate) fn view(&self) -> View {
        self.view.read().clone()
    }

    /// Takes frames into the head until there is none or it is full, but at
    /// least one; whether it is full then.
    pub(crate) fn append<'f, D: 'f>(
        &self,
        frames: &mut (impl Iterator<Item = &'f TelemetryFrame<D>> + Clone),
    ) -> Fill {
        self.view.read().head.append(frames)
    }

    /// Every frame up to it is in the files.
    pub(crate) fn flushed_offset(&self) -> Offset {
        self.hold(|manifest| Offset::new(manifest.flushed_offset))
    }

    /// How many damaged files are set aside, and how many that are over.
    pub(crate) fn aside(&self) -> (usize, usize) {
        (self.set_aside.load(Relaxed), self.expired.load(Relaxed))
    }

    /// Shows the manifest to `work`; no file changes meanwhile.
    pub(crate) fn hold<R>(&self, work: impl FnOnce(&Manifest) -> R) -> R {
        work(&self.manifest.lock())
    }

    /// The number of a new file. Numbers that no manifest came to name may be
    /// given again after the next start, which removes their files or gives them
    /// other names.
    pub(crate) fn take_number(&self) -> u64 {
        let mut manifest = self.manifest.lock();
        let number = manifest.next_file;
        manifest.next_file += 1;
        number
    }

    /// Puts the head aside to be flushed, and a new one of `rows` rows in its
    /// place; nothing where the head is empty or one is being flushed. `ask` is
    /// called before anybody sees it: it must not be flushed before it is asked
    /// for.
    pub(crate) fn freeze(&self, rows: usize, ask: impl FnOnce()) {
        let mut view = self.view.write();
        if view.frozen.is_some() || view.head.is_untouched() {
            return;
        }
        let next = view.head.last().next();
        let full = std::mem::replace(&mut view.head, Arc::new(Head::new(rows, next)));
        view.frozen = Some(full);
        ask();
    }

    /// Makes what `change` wants of the manifest durable, then shows it; false
    /// where it wants nothing. Everything that `change` does happens under the
    /// manifest's lock.
    pub(crate) fn publish<E: From<PublishError>>(
        &self,
        change: impl FnOnce(&Manifest) -> Result<Option<Change>, E>,
    ) -> Result<bool, E> {
        let mut manifest = self.manifest.lock();
        let Some(change) = change(&manifest)? else {
            return Ok(false);
        };
        let mut next = change.manifest;
        next.sort();
        self.write(&manifest, &next)?;
        self.set_aside.store(next.set_aside.len(), Relaxed);
        self.expired.store(next.expired.len(), Relaxed);
        *manifest = next;
        let mut view = self.view.write();
        let kept = view.files.iter();
        let kept = kept.filter(|file| !change.removed.contains(&file.entry.number));
        let mut files: Vec<_> = kept.chain(&change.added).map(Arc::clone).collect();
        files.sort_by_key(|file| file.entry.order());
        view.files = files.into();
        if change.flushed {
            view.frozen = None;
        }
        Ok(true)
    }

    fn write(&self, old: &Manifest, next: &Manifest) -> Result<(), PublishError> {
        let Err(cause) = next.write(&self.folder) else {
            return Ok(());
        };
        // The name may have been exchanged before the failure.
        match Manifest::read(&self.folder) {
            Ok(found) if found.names_the_same(old) => Err(PublishError::Unchanged(cause)),
            _ => Err(PublishError::Doubtful(cause)),
        }
    }

    /// Renames a damaged file and takes it out of manifest and view. Its rows
    /// are missing from then on; the operator is told.
    pub(crate) fn set_aside(&self, number: u64, error: &ReadError) -> io::Result<()> {
        let aside = |manifest: &Manifest| -> Result<_, PublishError> {
            let named = manifest.files.iter().find(|entry| entry.number == number);
            // Where it is gone already, somebody else has been here.
            let Some(entry) = named else {
                return Ok(None);
            };
            self.rename_damaged(entry, error)?;
            let mut next = manifest.clone();
            next.files.retain(|file| file.number != number);
            next.set_aside.push(entry.clone());
            Ok(Some(Change {
                manifest: next,
                added: Vec::new(),
                removed: HashSet::from([number]),
                flushed: false,
            }))
        };
        self.publish(aside)?;
        Ok(())
    }

    fn rename_damaged(&self, entry: &FileEntry, error: &ReadError) -> io::Result<()> {
        tracing::error!(
            %error,
            rows = entry.rows,
            kept_as = entry.damaged_name(),
            "a damaged file is set aside: the rest is served"
        );
        let (from, to) = (entry.file_name(), entry.damaged_name());
        match fs::rename(self.folder.join(from), self.folder.join(to)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => sync_folder(&self.folder),
        }
    }
}
