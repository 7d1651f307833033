//! Tells those who wait that callers may have lost rights.

use tokio::sync::watch;

/// Grows when a right may have gone: a key was revoked, a session has ended.
pub(crate) struct RightsChanges {
    changes: watch::Sender<u64>,
}

impl Default for RightsChanges {
    fn default() -> Self {
        Self {
            changes: watch::Sender::new(0),
        }
    }
}

impl RightsChanges {
    pub(super) fn watch(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Tells of a change, from whatever thread.
    pub(crate) fn notifier(&self) -> impl Fn() + Send + Sync + 'static {
        let changes = self.changes.clone();
        move || changes.send_modify(|count| *count += 1)
    }
}
