//! Waiting that ends early when the feed is to end.

use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

#[derive(Default)]
pub(crate) struct Stop {
    stopping: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    pub(crate) fn stop(&self) {
        *self.stopping.lock() = true;
        self.changed.notify_all();
    }

    pub(crate) fn is_stopping(&self) -> bool {
        *self.stopping.lock()
    }

    pub(crate) fn wait(&self, time: Duration) {
        let deadline = Instant::now() + time;
        let mut stopping = self.stopping.lock();
        while !*stopping && !self.changed.wait_until(&mut stopping, deadline).timed_out() {}
    }
}
