//! One change of the registry: the rows that it writes and a draft of the next
//! snapshot, which an operation makes together.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use domain::{CredentialId, DatastreamId, ThingId, Timestamp};
use parking_lot::MutexGuard;

use super::{Actor, Registry, RowChange};
use crate::audit::{self, AuditEntry, AuditHead};
use crate::snapshot::Snapshot;
use crate::store::{Numbers, RegistryMark, Store, StoreError};

/// The greatest number that the store can keep.
const MAX_NUMBER: u64 = i64::MAX as u64;

/// A change that is durable and visible.
#[derive(Clone, Copy, Debug)]
pub struct Changed<'a> {
    pub actor: &'a Actor,
    /// How far the registry has got with it.
    pub mark: RegistryMark,
}

/// What an operation works on.
pub(crate) struct Change {
    pub(crate) draft: Snapshot,
    pub(crate) now: Timestamp,
    rows: Vec<RowChange>,
    /// The greatest that were given, by this change too.
    numbers: Numbers,
    rights: Rights,
    /// The draft shows more than the rows of this change tell.
    shows_more: bool,
    outcome: Outcome,
    purpose: Purpose,
}

#[derive(Clone, Copy, PartialEq)]
enum Purpose {
    Commit,
    Rehearsal,
}

#[derive(Clone, Copy, PartialEq)]
enum Rights {
    Kept,
    Altered,
}

#[derive(Clone, Copy, PartialEq)]
enum Outcome {
    Commit,
    Discard,
}

impl Change {
    fn new(draft: Snapshot, mark: RegistryMark, now: Timestamp) -> Self {
        Self {
            draft,
            now,
            rows: Vec::new(),
            numbers: mark.numbers,
            rights: Rights::Kept,
            shows_more: false,
            outcome: Outcome::Commit,
            purpose: Purpose::Commit,
        }
    }

    /// One that is made to find what is wrong, on what `draft` shows.
    fn rehearsal(draft: Snapshot, now: Timestamp) -> Self {
        let numbers = Numbers {
            datastream: draft.datastream_bound() as u64,
            ..Numbers::default()
        };
        let mark = RegistryMark {
            changes: 0,
            numbers,
        };
        Self {
            purpose: Purpose::Rehearsal,
            ..Self::new(draft, mark, now)
        }
    }

    /// Runs `body` on what this change has so far; nothing of it stays.
    pub(crate) fn rehearse<T>(&self, body: impl FnOnce(&mut Self) -> T) -> T {
        body(&mut Self::rehearsal(self.draft.clone(), self.now))
    }

    /// Whether nothing will be kept of it: it is made to find what is wrong.
    pub(crate) fn is_rehearsal(&self) -> bool {
        self.purpose == Purpose::Rehearsal
    }

    /// Makes a thing's datastreams and devices anew after the thing has changed.
    pub(crate) fn refresh_thing(&mut self, id: &ThingId) {
        // Of many things it takes long, and nothing looks at what it makes.
        if !self.is_rehearsal() {
            self.draft.refresh_thing(id);
        }
    }

    /// Does a part of the change; of one that fails nothing stays in it.
    pub(crate) fn attempt<T, E>(
        &mut self,
        part: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let (draft, rows) = (self.draft.clone(), self.rows.len());
        let (numbers, rights) = (self.numbers, self.rights);
        let done = part(self);
        if done.is_err() {
            self.draft = draft;
            self.rows.truncate(rows);
            (self.numbers, self.rights) = (numbers, rights);
        }
        done
    }

    /// The row's part of what the draft shows.
    pub(crate) fn write(&mut self, row: RowChange) {
        self.rows.push(row);
    }

    pub(crate) fn write_all(&mut self, rows: impl IntoIterator<Item = RowChange>) {
        self.rows.extend(rows);
    }

    /// Drops the rows of a change that is rehearsed, however long it gets.
    pub(crate) fn forget_rows(&mut self) {
        self.rows.clear();
    }

    /// Somebody who is connected may have lost or gained a right.
    pub(crate) fn alters_rights(&mut self) {
        self.rights = Rights::Altered;
    }

    /// The draft follows from rows that were written before: it becomes visible
    /// also where this change writes none.
    pub(crate) fn shows_more(&mut self) {
        self.shows_more = true;
    }

    /// Nothing is to be kept of it: there is nothing to do.
    pub(crate) fn discard(&mut self) {
        self.outcome = Outcome::Discard;
    }

    /// The entries of the audit that the change makes, after `head`.
    fn audit(&self, before: &Snapshot, actor: &Actor, mut head: AuditHead) -> Vec<AuditEntry> {
        let drafts = audit::describe(before, &self.draft, &self.rows).into_iter();
        let chained = drafts.map(|draft| {
            let entry = AuditEntry::new(head, self.now, actor, draft);
            head = entry.head();
            entry
        });
        chained.collect()
    }

    pub(crate) fn next_device(&mut self) -> Result<u64, StoreError> {
        next(&mut self.numbers.device, MAX_NUMBER, "devices")
    }

    pub(crate) fn next_credential(&mut self) -> Result<CredentialId, StoreError> {
        next(&mut self.numbers.credential, MAX_NUMBER, "credentials").map(CredentialId::new)
    }

    pub(crate) fn next_datastream(&mut self) -> Result<DatastreamId, StoreError> {
        let most = u32::MAX.into();
        let number = next(&mut self.numbers.datastream, most, "datastreams")?;
        Ok(DatastreamId::new(number as u32))
    }

    pub(crate) fn next_api_key(&mut self) -> Result<u64, StoreError> {
        next(&mut self.numbers.api_key, MAX_NUMBER, "API keys")
    }
}

fn next(given: &mut u64, most: u64, what: &'static str) -> Result<u64, StoreError> {
    if *given >= most {
        return Err(StoreError::NumbersUsedUp(what));
    }
    *given += 1;
    Ok(*given)
}

/// A change that is being made: nobody else makes one meanwhile.
struct Making<'a> {
    store: MutexGuard<'a, Store>,
    standing: Arc<Snapshot>,
    change: Change,
}

impl Registry {
    /// Runs one change of `actor`: everything that `body` does becomes durable
    /// and then visible together, or none of it.
    ///
    /// There is a copy of it for each operation, so what is the same for all is
    /// in `begin` and `end`.
    pub(crate) fn change<T, E: From<StoreError>>(
        &self,
        actor: &Actor,
        body: impl FnOnce(&mut Change) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut making = self.begin()?;
        let answer = body(&mut making.change);
        if answer.is_err() {
            making.change.discard();
        }
        self.end(making, actor)?;
        answer
    }

    fn begin(&self) -> Result<Making<'_>, StoreError> {
        let store = self.store.lock();
        if let Err(error) = store.check() {
            self.give_back(store);
            return Err(error);
        }
        let standing = self.snapshot.load_full();
        let draft = Snapshot::clone(&standing);
        let change = Change::new(draft, store.mark(), self.now());
        Ok(Making {
            store,
            standing,
            change,
        })
    }

    fn end(&self, making: Making<'_>, actor: &Actor) -> Result<(), StoreError> {
        let Making {
            mut store,
            standing,
            change,
        } = making;
        let rights = change.rights;
        let committed = match change.outcome {
            Outcome::Commit => self.commit(&mut store, actor, &standing, change).map(Some),
            Outcome::Discard => Ok(None),
        };
        self.give_back(store);
        let Some(mark) = committed? else {
            return Ok(());
        };
        // Without the lock, so that a listener may take its time; rights first,
        // since the other one writes to the disk.
        if rights == Rights::Altered {
            self.tell(self.generation());
        }
        if let Some(mark) = mark {
            tracing::debug!(%actor, changes = mark.changes, "the registry has changed");
            if let Some(listener) = self.on_durable.get() {
                listener(Changed { actor, mark });
            }
        }
        Ok(())
    }

    /// To who waits, and not to who comes back at once with the next piece of
    /// something long.
    fn give_back(&self, mut store: MutexGuard<'_, Store>) {
        let cause = store.take_fault();
        MutexGuard::unlock_fair(store);
        if let Some(cause) = cause {
            self.faults.set(cause);
        }
    }

    /// Where the registry stands after it, if rows were written.
    fn commit(
        &self,
        store: &mut Store,
        actor: &Actor,
        standing: &Snapshot,
        mut change: Change,
    ) -> Result<Option<RegistryMark>, StoreError> {
        let mark = if change.rows.is_empty() {
            None
        } else {
            let audit = change.audit(standing, actor, store.audit_head());
            Some(store.apply(&change.rows, &audit, change.numbers)?)
        };
        // Rights and their generation become visible together; the number beside
        // the snapshot is never ahead of it.
        if change.rights == Rights::Altered {
            change.draft.generation.grow();
        }
        // What is kept of a snapshot elsewhere holds for as long as it stands.
        if mark.is_some() || change.shows_more || change.rights == Rights::Altered {
            change.draft.index_changes();
            let generation = change.draft.generation();
            self.snapshot.store(Arc::new(change.draft));
            self.generation.store(generation, Ordering::Release);
        }
        Ok(mark)
    }

    /// Runs `body` as a change of which nothing is kept, beside the registry:
    /// nobody waits for it, however long it takes.
    pub(crate) fn rehearse<T>(&self, body: impl FnOnce(&mut Change) -> T) -> T {
        let draft = Snapshot::clone(&self.snapshot.load());
        body(&mut Change::rehearsal(draft, self.now()))
    }

    fn tell(&self, generation: u64) {
        let listeners = self.listeners.read().clone();
        for listener in listeners {
            listener(generation);
        }
    }
}
