use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use crate::{Ended, How, Supervisor, panics};

/// Starts the tasks of one room. Clones are the same room.
#[derive(Clone, Debug)]
pub struct Scope {
    supervisor: Supervisor,
    room: &'static str,
    closing: Arc<AtomicBool>,
}

impl Default for Scope {
    /// Of a supervisor that nobody asks: for tests and benches of one room.
    fn default() -> Self {
        Supervisor::default().scope("alone")
    }
}

impl Scope {
    pub(crate) fn new(supervisor: Supervisor, room: &'static str) -> Self {
        Self {
            supervisor,
            room,
            closing: Arc::default(),
        }
    }

    /// From here on an end is as planned. Called before the tasks are told to
    /// end.
    pub fn close(&self) {
        self.closing.store(true, Ordering::Release);
    }

    /// A thread of that name.
    pub fn thread(
        &self,
        name: &str,
        body: impl FnOnce() + Send + 'static,
    ) -> io::Result<JoinHandle<()>> {
        self.thread_that_beats(name, move |_| body())
    }

    /// A thread that tells by [`Watched::beat`] that it is alive.
    pub fn thread_that_beats(
        &self,
        name: &str,
        body: impl FnOnce(&Watched) + Send + 'static,
    ) -> io::Result<JoinHandle<()>> {
        let (scope, title) = (self.clone(), name.to_owned());
        // Entered on the thread: one that could not be started has not ended.
        thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || body(&scope.watch(&title)))
    }

    /// The same future, watched from now until it is over or dropped. The
    /// caller spawns it, on whichever runtime.
    pub fn task<F: Future>(
        &self,
        name: &str,
        future: F,
    ) -> impl Future<Output = F::Output> + use<F> {
        let watched = self.watch(name);
        async move {
            let outcome = future.await;
            drop(watched);
            outcome
        }
    }

    /// For what is neither: it runs until the value is dropped.
    pub fn watch(&self, name: &str) -> Watched {
        let name: Arc<str> = format!("{}: {name}", self.room).into();
        let number = self.supervisor.enter(Arc::clone(&name));
        Watched {
            scope: self.clone(),
            name,
            number,
        }
    }
}

/// One that runs. Dropping it says that it does no longer, also while a panic
/// unwinds.
#[derive(Debug)]
pub struct Watched {
    scope: Scope,
    name: Arc<str>,
    number: u64,
}

impl Watched {
    /// It is alive. One that has called this once is expected to go on doing
    /// so; see [`Supervisor::silent`].
    pub fn beat(&self) {
        self.scope.supervisor.beat(self.number);
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.scope.supervisor.leave(self.number);
        if self.scope.closing.load(Ordering::Acquire) && !thread::panicking() {
            return;
        }
        let how = if thread::panicking() {
            How::Panicked(panics::last_of_this_thread())
        } else {
            How::Returned
        };
        self.scope.supervisor.tell(&Ended {
            task: Arc::clone(&self.name),
            how,
        });
    }
}
