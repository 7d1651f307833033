//! Who runs, and why it no longer does.
//!
//! Every thread and every task that is meant to run as long as its room does is
//! started through a [`Scope`]. One that ends before its room closes, by
//! returning or by a panic, is told to whoever waits for [`Supervisor::failed`]:
//! the process then ends with that reason, instead of going on without it.
//!
//! What ends by design (a connection, a request, an export) is not started
//! here: a panic there ends it alone, and [`panics`] tells and counts it.
//!
//! ```
//! # fn main() -> std::io::Result<()> {
//! let supervisor = supervisor::Supervisor::default();
//! let scope = supervisor.scope("log");
//! let thread = scope.thread("commit", || { /* until it is told to end */ })?;
//! scope.close(); // from here on an end is as planned
//! thread.join().expect("it has not panicked");
//! # Ok(())
//! # }
//! ```

pub mod panics;

mod ended;
mod scope;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::watch;

pub use ended::{Ended, How};
pub use scope::{Scope, Watched};

/// The one of a process; clones are the same one.
#[derive(Clone, Debug, Default)]
pub struct Supervisor {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    running: Mutex<Running>,
    /// The first that ended by itself.
    ended: watch::Sender<Option<Ended>>,
}

#[derive(Debug, Default)]
struct Running {
    next: u64,
    tasks: BTreeMap<u64, Task>,
}

#[derive(Debug)]
struct Task {
    name: Arc<str>,
    /// When it was last seen, of one that tells that it is alive.
    seen: Option<Instant>,
}

impl Supervisor {
    /// A part of the process that opens and closes as one: its tasks are named
    /// `room: task`.
    pub fn scope(&self, room: &'static str) -> Scope {
        Scope::new(self.clone(), room)
    }

    /// Resolves once a task has ended by itself, at once where one has already.
    pub fn failed(&self) -> impl Future<Output = Ended> + Send + 'static + use<> {
        // The clone keeps the sender, so that only a change ends the wait.
        let (supervisor, mut ended) = (self.clone(), self.inner.ended.subscribe());
        async move {
            loop {
                if let Some(ended) = supervisor.ended() {
                    return ended;
                }
                if ended.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        }
    }

    /// The first task that ended by itself.
    pub fn ended(&self) -> Option<Ended> {
        self.inner.ended.borrow().clone()
    }

    /// The names of those that run.
    pub fn running(&self) -> Vec<Arc<str>> {
        let running = self.inner.running.lock();
        running.tasks.values().map(|it| it.name.clone()).collect()
    }

    /// Those that tell that they are alive, and have not for `longest`.
    pub fn silent(&self, longest: Duration) -> Vec<Arc<str>> {
        let running = self.inner.running.lock();
        let silent = |task: &&Task| task.seen.is_some_and(|seen| seen.elapsed() > longest);
        let tasks = running.tasks.values().filter(silent);
        tasks.map(|it| it.name.clone()).collect()
    }

    fn enter(&self, name: Arc<str>) -> u64 {
        let mut running = self.inner.running.lock();
        let number = running.next;
        running.next += 1;
        running.tasks.insert(number, Task { name, seen: None });
        number
    }

    fn leave(&self, number: u64) {
        self.inner.running.lock().tasks.remove(&number);
    }

    fn beat(&self, number: u64) {
        if let Some(task) = self.inner.running.lock().tasks.get_mut(&number) {
            task.seen = Some(Instant::now());
        }
    }

    /// The first one stays: others end because of it.
    fn tell(&self, ended: &Ended) {
        // Set before it is logged: whatever the log does, the process ends.
        self.inner.ended.send_if_modified(|first| {
            let is_first = first.is_none();
            if is_first {
                *first = Some(ended.clone());
            }
            is_first
        });
        tracing::error!("{ended}");
    }
}
