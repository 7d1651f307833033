//! Durable groups on their way from the leader to the applier.
//!
//! Bounded by [`FEED_BYTES`]: who wants to lead waits while the applier lags by
//! so much. The leader wakes the applier only if it sleeps.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use super::frame::decode::{decode_written, unchecked};
use super::frame::{Frame, WrittenDevice};
use super::staging::{Buffers, Group};

/// Bytes that may wait for the applier.
const FEED_BYTES: usize = 64 << 20;

/// The queue between leader and applier.
pub(crate) struct Feed {
    state: Mutex<State>,
    filled: Condvar,
    drained: Condvar,
    buffers: Arc<Buffers>,
}

#[derive(Default)]
struct State {
    groups: VecDeque<DurableGroup>,
    bytes: usize,
    /// The applier waits on `filled`.
    asleep: bool,
    /// The applier has ended: nothing is kept for it any more.
    closed: bool,
    /// Nobody waits for room any more.
    unbounded: bool,
}

impl State {
    fn has_room(&self) -> bool {
        self.bytes < FEED_BYTES || self.unbounded
    }
}

impl Feed {
    pub(crate) fn new(buffers: Arc<Buffers>) -> Self {
        Self {
            state: Mutex::default(),
            filled: Condvar::new(),
            drained: Condvar::new(),
            buffers,
        }
    }

    pub(crate) fn push(&self, group: Group) {
        let mut state = self.state.lock();
        if state.closed {
            return;
        }
        state.bytes += group.bytes.len();
        state.groups.push_back(DurableGroup {
            group,
            buffers: Arc::clone(&self.buffers),
        });
        if state.asleep {
            self.filled.notify_one();
        }
    }

    /// Everything there is; sleeps up to `timeout` where there is nothing.
    pub(crate) fn take(&self, timeout: Duration) -> Vec<DurableGroup> {
        let mut state = self.state.lock();
        if state.groups.is_empty() && !timeout.is_zero() && !state.closed {
            state.asleep = true;
            self.filled.wait_for(&mut state, timeout);
            state.asleep = false;
        }
        let full = state.bytes >= FEED_BYTES;
        state.bytes = 0;
        let groups = state.groups.drain(..).collect();
        if full {
            self.drained.notify_all();
        }
        groups
    }

    /// Whether [`Self::wait_for_room`] would not wait.
    #[inline]
    pub(crate) fn has_room(&self) -> bool {
        self.state.lock().has_room()
    }

    /// Waits while the applier lags too far. Called before the writer is
    /// locked, so that the applier itself may always commit.
    pub(crate) fn wait_for_room(&self) {
        let mut state = self.state.lock();
        while !state.has_room() {
            self.drained.wait(&mut state);
        }
    }

    /// Lets go of everybody who waits for room. What is queued stays for the
    /// applier.
    pub(crate) fn unbind(&self) {
        self.state.lock().unbounded = true;
        self.drained.notify_all();
    }

    /// The applier is gone: nothing is kept for it and nobody waits.
    pub(crate) fn close(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        state.unbounded = true;
        state.groups.clear();
        state.bytes = 0;
        self.drained.notify_all();
        self.filled.notify_all();
    }

    /// Wakes the applier early.
    pub(crate) fn nudge(&self) {
        self.filled.notify_all();
    }
}

/// A group whose sync is done.
pub struct DurableGroup {
    group: Group,
    buffers: Arc<Buffers>,
}

impl DurableGroup {
    /// Its frames, in order of offset.
    pub fn frames(&self) -> impl Iterator<Item = Frame<WrittenDevice<'_>>> {
        let mut rest = self.group.bytes.as_slice();
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let checked = unchecked(rest);
            rest = &rest[checked.bytes()..];
            Some(decode_written(&checked))
        })
    }
}

impl Drop for DurableGroup {
    fn drop(&mut self) {
        self.buffers
            .give_back(std::mem::take(&mut self.group.bytes));
    }
}
