//! The commit queue of a worker: messages of many connections, one commit.

use std::cell::RefCell;
use std::rc::Rc;

use tokio::sync::Notify;

/// Staged messages `M`, and whose they are.
pub(crate) struct Commits<M, O> {
    staged: RefCell<Vec<M>>,
    owners: RefCell<Vec<Owner<O>>>,
    work: Notify,
}

/// How many messages, one after another, are whose. `None`: nobody waits, as
/// for a will.
pub(crate) type Owner<O> = (Option<Rc<O>>, usize);

/// What one commit takes; the owners are in the order of the messages.
pub(crate) struct Group<M, O> {
    pub(crate) staged: Vec<M>,
    pub(crate) owners: Vec<Owner<O>>,
}

impl<M, O> Commits<M, O> {
    pub(super) fn new() -> Self {
        Self {
            staged: RefCell::default(),
            owners: RefCell::default(),
            work: Notify::new(),
        }
    }

    /// Joins the next group. The owner is named once its batch is complete.
    pub(crate) fn stage(&self, staged: M) {
        self.staged.borrow_mut().push(staged);
    }

    pub(crate) fn owned_by(&self, owner: &Rc<O>, count: usize) {
        self.own(Some(owner.clone()), count);
    }

    pub(crate) fn owned_by_nobody(&self, count: usize) {
        self.own(None, count);
    }

    fn own(&self, owner: Option<Rc<O>>, count: usize) {
        let mut owners = self.owners.borrow_mut();
        owners.push((owner, count));
        if owners.len() == 1 {
            self.work.notify_one();
        }
    }

    /// All that has come together, as soon as that is something.
    pub(crate) async fn next_group(&self) -> Group<M, O> {
        loop {
            let group = Group {
                staged: self.staged.take(),
                owners: self.owners.take(),
            };
            if !group.staged.is_empty() {
                return group;
            }
            self.work.notified().await;
        }
    }
}
