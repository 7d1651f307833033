//! The commit queue of a worker: messages of many connections, one commit.
//!
//! Connections stage while they read; this task commits what has come together
//! when all that were ready have had their turn, and writes each connection's
//! acknowledgements. One commit is under way at a time: what arrives meanwhile
//! shares the next one.

use std::cell::RefCell;
use std::rc::Rc;

use tokio::sync::Notify;

use super::worker::{Seams, Worker};
use crate::mqtt::connection::{Connection, End};
use crate::sink::{MessageSink, with_causes};

type Staged<C> = <<C as Seams>::Sink as MessageSink<<C as Seams>::Principal>>::Staged;

pub(crate) struct Commits<C: Seams> {
    staged: RefCell<Vec<Staged<C>>>,
    /// Whose messages they are, in the same order: how many, one after another.
    owners: RefCell<Vec<Owner<C>>>,
    work: Notify,
}

/// `None`: nobody waits, as for a will.
type Owner<C> = (Option<Rc<Connection<C>>>, usize);

impl<C: Seams> Commits<C> {
    pub(super) fn new() -> Self {
        Self {
            staged: RefCell::default(),
            owners: RefCell::default(),
            work: Notify::new(),
        }
    }

    /// Joins the next group. The owner is named once its batch is complete.
    pub(crate) fn stage(&self, staged: Staged<C>) {
        self.staged.borrow_mut().push(staged);
    }

    pub(crate) fn owned_by(&self, connection: &Rc<Connection<C>>, count: usize) {
        self.own(Some(connection.clone()), count);
    }

    pub(crate) fn owned_by_nobody(&self, count: usize) {
        self.own(None, count);
    }

    fn own(&self, owner: Option<Rc<Connection<C>>>, count: usize) {
        let mut owners = self.owners.borrow_mut();
        owners.push((owner, count));
        if owners.len() == 1 {
            self.work.notify_one();
        }
    }

    /// Commits group after group, for as long as the worker lives.
    pub(super) async fn run(&self, worker: &Worker<C>) {
        loop {
            self.work.notified().await;
            loop {
                let staged = self.staged.take();
                let owners = self.owners.take();
                if staged.is_empty() {
                    break;
                }
                match worker.services.sink.commit(staged).await {
                    Ok(receipts) => {
                        let mut receipts = receipts.into_iter();
                        for (owner, count) in owners {
                            let own = receipts.by_ref().take(count);
                            match owner {
                                Some(connection) => connection.committed(worker, own),
                                None => own.for_each(drop),
                            }
                        }
                    }
                    Err(fault) => {
                        tracing::error!("messages were not stored: {}", with_causes(&fault));
                        for connection in owners.into_iter().filter_map(|(owner, _)| owner) {
                            connection.close(worker, End::sink_fault(&fault));
                        }
                    }
                }
            }
        }
    }
}
