//! How other threads reach a worker: what to do, and one wake-up for all of it.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::endpoint::Endpoint;

/// What other threads have for one worker. Its lists are bounded by the worker's connections:
/// an endpoint announces itself once until it is served.
#[derive(Default)]
pub(crate) struct Inbox {
    ready: Mutex<Vec<Arc<Endpoint>>>,
    taken_over: Mutex<Vec<Arc<Endpoint>>>,
    pub(crate) work: Notify,
    pub(crate) rights: Notify,
    pub(crate) stop: Notify,
}

impl Inbox {
    /// Messages wait for these connections; takes them out of the list.
    pub(super) fn deliver(&self, endpoints: &mut Vec<Arc<Endpoint>>) {
        if endpoints.is_empty() {
            return;
        }
        self.ready.lock().append(endpoints);
        self.work.notify_one();
    }

    /// Another connection has this one's session now.
    pub(crate) fn take_over(&self, endpoint: Arc<Endpoint>) {
        self.taken_over.lock().push(endpoint);
        self.work.notify_one();
    }

    /// Rights have changed.
    pub(crate) fn revalidate(&self) {
        self.rights.notify_one();
    }

    pub(crate) fn stop(&self) {
        self.stop.notify_one();
    }

    /// Swaps the waiting connections into `into`, which is empty.
    pub(crate) fn take_ready(&self, into: &mut Vec<Arc<Endpoint>>) {
        std::mem::swap(&mut *self.ready.lock(), into);
    }

    pub(crate) fn take_taken_over(&self) -> Vec<Arc<Endpoint>> {
        std::mem::take(&mut *self.taken_over.lock())
    }
}
