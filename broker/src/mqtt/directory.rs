//! Who is connected: one connection for each session owner and client id.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use smallvec::SmallVec;

use super::router::Endpoint;

#[derive(Default)]
pub(crate) struct Directory {
    by_owner: Mutex<HashMap<Box<str>, Connections>>,
}

/// Those of one owner, newest last. Most have one.
type Connections = SmallVec<[Arc<Endpoint>; 1]>;

impl Directory {
    /// Enters a connection; returns the one whose session it takes.
    pub(crate) fn enter(&self, endpoint: &Arc<Endpoint>) -> Option<Arc<Endpoint>> {
        let mut by_owner = self.by_owner.lock();
        let list = by_owner
            .entry(endpoint.identity.session_owner.clone())
            .or_default();
        let previous = list
            .iter()
            .position(|it| it.identity.client_id == endpoint.identity.client_id)
            .map(|index| list.remove(index));
        list.push(endpoint.clone());
        previous
    }

    /// Removes a connection, unless another has its place by now.
    pub(crate) fn leave(&self, endpoint: &Arc<Endpoint>) {
        let mut by_owner = self.by_owner.lock();
        let owner = &endpoint.identity.session_owner;
        if let Some(list) = by_owner.get_mut(owner) {
            list.retain(|it| !Arc::ptr_eq(it, endpoint));
            if list.is_empty() {
                by_owner.remove(owner);
            }
        }
    }

    pub(crate) fn newest(&self, session_owner: &str) -> Option<Arc<Endpoint>> {
        self.by_owner.lock().get(session_owner)?.last().cloned()
    }
}
