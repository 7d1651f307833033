//! Backups of the running platform, asked for over HTTP: one at a time, on a
//! thread of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ingest::Clock;
use ingest::backup::CopyFolder;
use open_api::{BackupProgress, BackupRefused, BackupState, Backups, MadeBackup};
use parking_lot::Mutex;

use super::document::Document;
use super::staging::Staging;
use super::take::{self, Sources};

/// Makes them of one data folder.
pub struct LiveBackups {
    shared: Arc<Shared>,
}

struct Shared {
    data: PathBuf,
    sources: Sources,
    clock: Arc<dyn Clock>,
    /// One is being made, or about to be.
    busy: AtomicBool,
    last: Mutex<Option<BackupState>>,
}

impl LiveBackups {
    pub(crate) fn new(data: &Path, sources: Sources, clock: Arc<dyn Clock>) -> Self {
        if let Err(error) = Staging::remove_leftover(data) {
            tracing::warn!(%error, "what an interrupted backup left could not be removed");
        }
        Self {
            shared: Arc::new(Shared {
                data: data.to_owned(),
                sources,
                clock,
                busy: AtomicBool::new(false),
                last: Mutex::new(None),
            }),
        }
    }
}

impl Backups for LiveBackups {
    fn start(&self, folder: &Path) -> Result<BackupState, BackupRefused> {
        if self.shared.busy.swap(true, Ordering::AcqRel) {
            return Err(BackupRefused::Busy);
        }
        let begun = self.shared.begin(folder);
        if begun.is_err() {
            self.shared.busy.store(false, Ordering::Release);
        }
        begun
    }

    fn last(&self) -> Option<BackupState> {
        self.shared.last.lock().clone()
    }
}

impl Shared {
    /// The caller has made it busy; once it has begun, the thread ends that.
    fn begin(self: &Arc<Self>, folder: &Path) -> Result<BackupState, BackupRefused> {
        let into = take::prepare(&self.data, &self.sources, folder)
            .map_err(|error| BackupRefused::Folder(words(error)))?;
        let state = BackupState {
            folder: folder.to_owned(),
            started: self.clock.now(),
            progress: BackupProgress::Running,
        };
        // Before the thread, which ends it.
        let before = self.last.lock().replace(state.clone());
        let begun = std::thread::Builder::new().name("backup".into()).spawn({
            let shared = Arc::clone(self);
            move || shared.make(into)
        });
        if let Err(error) = begun {
            *self.last.lock() = before;
            return Err(BackupRefused::Folder(words(error)));
        }
        tracing::info!(folder = %folder.display(), "a backup has begun");
        Ok(state)
    }

    fn make(&self, into: CopyFolder) {
        // A panic there was logged by the panic hook; the state must not stay at
        // running.
        let made = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            take::take_running(&self.data, &self.sources, into)
        }));
        let ended = self.clock.now();
        let progress = match made {
            Ok(Ok(document)) => {
                tracing::info!(offset = document.offset, "a backup was made");
                BackupProgress::Made {
                    ended,
                    backup: facts(&document),
                }
            }
            Ok(Err(error)) => self.failed(words(error)),
            Err(_) => self.failed("the backup has panicked".to_owned()),
        };
        if let Some(last) = self.last.lock().as_mut() {
            last.progress = progress;
        }
        self.busy.store(false, Ordering::Release);
    }

    fn failed(&self, why: String) -> BackupProgress {
        tracing::error!(%why, "a backup was not made");
        BackupProgress::Failed {
            ended: self.clock.now(),
            why,
        }
    }
}

fn facts(document: &Document) -> MadeBackup {
    MadeBackup {
        offset: domain::Offset::new(document.offset),
        rows: document.rows,
        devices: document.devices,
        files: document.copied().len() as u64,
        bytes: document.bytes(),
        damaged: document.damaged.clone(),
    }
}

/// An error and its causes in one line.
fn words(error: impl std::error::Error + Send + Sync + 'static) -> String {
    format!("{:#}", anyhow::Error::new(error))
}
