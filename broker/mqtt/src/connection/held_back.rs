//! A message that the sink has no room for: its sender waits, as for a slow
//! peer, and whoever sends none is served. The worker knows who waits, and lets
//! them go on.

use std::rc::Rc;
use std::time::Instant;

use transport::{MessageSink, Realm};

use super::state::{Served, State};
use super::{Connection, WorkerContext};
use crate::context::Services;

impl<S: Services> Connection<S> {
    /// Before a message is handled. Whether it has to wait: then the connection
    /// is not read until the worker lets it go on.
    #[inline]
    pub(super) fn hold_back_if_full(
        self: &Rc<Self>,
        state: &mut State<S>,
        worker: &WorkerContext<S>,
    ) -> bool {
        let stores = |served: &Served<S>| served.endpoint.realm == Realm::Platform;
        let has_to_wait =
            worker.services.sink().is_full() && state.served.as_deref().is_some_and(stores);
        if has_to_wait {
            state.held_back = Some(worker.held_back.enter(self));
        }
        has_to_wait
    }

    /// The sink has room again.
    pub(crate) fn go_on(&self) {
        let state = &mut *self.state.borrow_mut();
        state.held_back = None;
        if let Some(served) = &mut state.served {
            served.session.is_not_read(Instant::now());
        }
        // The message that it waited with.
        state.has_unhandled = true;
        state.wake();
    }

    /// It ends.
    pub(super) fn leave_held_back(state: &mut State<S>, worker: &WorkerContext<S>) {
        if let Some(place) = state.held_back.take() {
            worker.held_back.leave(place);
        }
    }
}
