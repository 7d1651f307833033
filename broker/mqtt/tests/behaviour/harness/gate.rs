//! Holds a worker where it asks whether somebody may stay connected, so that a
//! test decides which of two threads comes first.

use std::thread::{self, ThreadId};

use parking_lot::{Condvar, Mutex};

use crate::harness::until;

#[derive(Default)]
pub(crate) struct Gate {
    held: Mutex<Option<Held>>,
    changed: Condvar,
}

struct Held {
    worker: ThreadId,
    stands: bool,
    passes: usize,
}

impl Gate {
    pub(crate) fn hold(&self, worker: ThreadId) {
        *self.held.lock() = Some(Held {
            worker,
            stands: false,
            passes: 0,
        });
    }

    pub(crate) fn until_it_stands(&self) {
        until("the worker is held", || {
            self.held.lock().as_ref().is_some_and(|it| it.stands)
        });
    }

    /// Until it asks again.
    pub(crate) fn let_pass_once(&self) {
        if let Some(held) = &mut *self.held.lock() {
            (held.stands, held.passes) = (false, 1);
        }
        self.changed.notify_all();
    }

    pub(crate) fn open(&self) {
        *self.held.lock() = None;
        self.changed.notify_all();
    }

    pub(crate) fn pass(&self) {
        let mut held = self.held.lock();
        while let Some(it) = &mut *held {
            if it.worker != thread::current().id() {
                return;
            }
            if it.passes > 0 {
                it.passes -= 1;
                return;
            }
            it.stands = true;
            self.changed.wait(&mut held);
        }
    }
}
