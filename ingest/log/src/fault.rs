//! What ends the log: a failed write or sync. Nothing is tried again, since
//! after a failed sync nobody knows what is on the disk.

use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use tokio::sync::watch;

/// Why the log is closed for good. Its text is one line for the operator.
#[derive(Clone, Debug, thiserror::Error)]
#[error("cannot {action} {}: nothing more is acknowledged; {}", path.display(), cure(cause))]
pub struct Fault {
    action: &'static str,
    path: Arc<Path>,
    #[source]
    cause: Arc<io::Error>,
}

impl Fault {
    pub fn new(action: &'static str, path: &Path, cause: io::Error) -> Self {
        Self {
            action,
            path: Arc::from(path),
            cause: Arc::new(cause),
        }
    }
}

fn cure(cause: &io::Error) -> &'static str {
    match cause.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "the disk is full: free some space and start again"
        }
        io::ErrorKind::FileTooLarge => {
            "a limit on file sizes is below the size of a segment: raise it and start again"
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            "the file system is read-only: mount it for writing and start again"
        }
        _ => "check the disk, then start again",
    }
}

/// Set once; then nobody is acknowledged any more.
pub(crate) struct Poison {
    fault: OnceLock<Fault>,
    failed: watch::Sender<bool>,
}

impl Poison {
    pub(crate) fn new() -> Self {
        Self {
            fault: OnceLock::new(),
            failed: watch::Sender::new(false),
        }
    }

    /// The first fault stays.
    pub(crate) fn set(&self, fault: Fault) {
        tracing::error!(fault = %fault, cause = %fault.cause, "nothing more is acknowledged");
        // The first fault is the one to tell.
        let _ = self.fault.set(fault);
        self.failed.send_replace(true);
    }

    #[inline]
    pub(crate) fn check(&self) -> Result<(), Fault> {
        match self.fault.get() {
            None => Ok(()),
            Some(fault) => Err(fault.clone()),
        }
    }

    /// Resolves once there is a fault.
    pub(crate) fn failed(self: &Arc<Self>) -> impl Future<Output = Fault> + Send + 'static + use<> {
        let poison = Arc::clone(self);
        let mut failed = self.failed.subscribe();
        async move {
            loop {
                if let Some(fault) = poison.fault.get() {
                    return fault.clone();
                }
                // The sender lives in `poison`, so this ends only by a change.
                let _ = failed.changed().await;
            }
        }
    }
}
