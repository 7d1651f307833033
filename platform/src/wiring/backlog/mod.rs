//! The messages of the log for sessions that have missed some.
//!
//! - `page`: what a page is made of, and what damage does to it
//! - `open`: for applications, a walk over the frames
//! - `rejected`: for devices, the few frames of theirs with something refused
//!
//! Reading the log waits for the disk, and the broker's workers have many
//! connections on one thread: it is done on the platform's threads, by a few
//! sessions at a time ([`READERS`]), each page in its turn.

mod open;
mod page;
mod rejected;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use device_registry::Registry;
use ingest::Ingest;
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use transport::{Backlog, BacklogPage, LogPosition, Missed, SinkFault};

use self::page::Page;
use super::downlink::Downlink;
use super::messages::{OpenDatastreams, Wanted};
use super::principal::Principal;
use crate::components::Components;

/// Pages that are read at once. Each keeps a thread busy and half a megabyte
/// of the log in memory; when all come back after a restart, the others wait
/// and the machine goes on receiving.
const READERS: usize = 2;

pub(crate) struct MissedMessages {
    source: Arc<Source>,
    downlink: Arc<Downlink>,
    runtime: Handle,
    readers: Arc<Semaphore>,
}

/// What the reading threads share.
struct Source {
    ingest: Ingest,
    registry: Arc<Registry>,
    /// What readers have met, for the next ones: at most [`READERS`].
    met: Mutex<Vec<OpenDatastreams>>,
}

impl MissedMessages {
    /// Reads on the runtime in which it is called.
    pub(crate) fn of(components: &Components) -> Self {
        Self::new(
            components.ingest.clone(),
            Arc::clone(&components.registry),
            Arc::clone(&components.downlink),
        )
    }

    fn new(ingest: Ingest, registry: Arc<Registry>, downlink: Arc<Downlink>) -> Self {
        Self {
            source: Arc::new(Source {
                ingest,
                registry,
                met: Mutex::default(),
            }),
            downlink,
            runtime: Handle::current(),
            readers: Arc::new(Semaphore::new(READERS)),
        }
    }

    async fn in_turn(
        &self,
        read: impl FnOnce(&Source) -> Result<BacklogPage, SinkFault> + Send + 'static,
    ) -> Result<BacklogPage, SinkFault> {
        let readers = Arc::clone(&self.readers);
        let turn = readers
            .acquire_owned()
            .await
            .map_err(|_| SinkFault::Stopping)?;
        let source = Arc::clone(&self.source);
        let reading = self.runtime.spawn_blocking(move || {
            let page = read(&source);
            // Held by the thread: who no longer waits for a page still has it read.
            drop(turn);
            page
        });
        reading.await.map_err(|error| {
            if error.is_panic() {
                SinkFault::failed(error)
            } else {
                SinkFault::Stopping
            }
        })?
    }
}

impl Backlog<Principal> for MissedMessages {
    fn end(&self) -> LogPosition {
        self.source.end()
    }

    async fn read(
        &self,
        principal: &Principal,
        wanted: &[Missed],
        from: LogPosition,
    ) -> Result<BacklogPage, SinkFault> {
        // Who catches up goes on live: the fan-out must not end meanwhile.
        self.downlink.wanted();
        let end = self.source.end();
        let nothing = Ok(Page::default().ends(from.max(end)));
        if from >= end || wanted.is_empty() {
            return nothing;
        }
        match principal {
            Principal::Application(_) => {
                let filters = Filters(wanted.into());
                self.in_turn(move |source| open::read(source, &filters, from))
                    .await
            }
            Principal::Device(login) => {
                let filters = Filters(wanted.into());
                if !rejected::is_quickly_known(&self.source, login.id()) {
                    let id = login.id().clone();
                    return self
                        .in_turn(move |source| {
                            let frames = rejected::frames(source, &id, &filters, from..end);
                            rejected::read(source, &filters, from..end, &frames)
                        })
                        .await;
                }
                let frames = rejected::frames(&self.source, login.id(), &filters, from..end);
                if frames.is_empty() {
                    return nothing;
                }
                self.in_turn(move |source| rejected::read(source, &filters, from..end, &frames))
                    .await
            }
            // What is routed on the unprotected listener is in no log, nor is an
            // enrolment's answer.
            Principal::Anybody | Principal::Batch(_) => nothing,
        }
    }
}

impl Source {
    fn end(&self) -> LogPosition {
        LogPosition::at(self.ingest.applied_offset().next())
    }
}

/// What a session's subscriptions let through.
struct Filters(Box<[Missed]>);

impl Filters {
    /// From a position on; a frame may have been read in part before.
    fn from(&self, from: LogPosition) -> FiltersFrom<'_> {
        FiltersFrom {
            filters: self,
            from,
        }
    }

    fn count(&self) -> usize {
        self.0.len()
    }

    fn reach(&self, topic: &str) -> bool {
        self.0.iter().any(|missed| missed.filter.matches(topic))
    }
}

struct FiltersFrom<'a> {
    filters: &'a Filters,
    from: LogPosition,
}

impl Wanted for FiltersFrom<'_> {
    fn wants(&self, topic: &str, position: LogPosition) -> bool {
        let reaches = |it: &Missed| it.since <= position && it.filter.matches(topic);
        self.from <= position && self.filters.0.iter().any(reaches)
    }
}
