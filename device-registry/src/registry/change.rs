//! One change of the registry: a transaction and a draft of the next snapshot.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use domain::Timestamp;
use parking_lot::MutexGuard;
use rusqlite::{ErrorCode, Transaction, TransactionBehavior};

use super::{Actor, Registry, Writer};
use crate::snapshot::Snapshot;
use crate::store::{self, RegistryMark, StoreError, fault};

/// A change that is durable and visible.
#[derive(Clone, Copy, Debug)]
pub struct Changed<'a> {
    pub actor: &'a Actor,
    /// How far the registry has got with it.
    pub mark: RegistryMark,
}

/// What an operation works on: the rows and the draft of the next snapshot.
pub(crate) struct Change<'a> {
    pub(crate) transaction: Transaction<'a>,
    pub(crate) draft: Snapshot,
    pub(crate) now: Timestamp,
    rights: Rights,
    outcome: Outcome,
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

impl Change<'_> {
    /// Somebody who is connected may have lost or gained a right.
    pub(crate) fn alters_rights(&mut self) {
        self.rights = Rights::Altered;
    }

    /// Nothing is to be kept of it: a dry run, or nothing to do.
    pub(crate) fn discard(&mut self) {
        self.outcome = Outcome::Discard;
    }
}

impl Registry {
    /// Runs one change of `actor`: everything that `body` does becomes durable
    /// and then visible together, or none of it.
    pub(crate) fn change<T, E: From<StoreError> + Error + 'static>(
        &self,
        actor: &Actor,
        body: impl FnOnce(&mut Change<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut writer = self.writer.lock();
        let committed = self.commit(&mut writer, body);
        // To who waits, and not to who comes back at once with the next piece of
        // something long.
        MutexGuard::unlock_fair(writer);
        if let Err(error) = &committed
            && let Some(said) = fault::of_the_disk(error)
        {
            self.faults.set(said);
        }
        let (answer, rights, mark) = committed?;
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
        Ok(answer)
    }

    fn commit<T, E: From<StoreError>>(
        &self,
        writer: &mut Writer,
        body: impl FnOnce(&mut Change<'_>) -> Result<T, E>,
    ) -> Result<(T, Rights, Option<RegistryMark>), E> {
        if writer.poisoned {
            return Err(StoreError::Poisoned.into());
        }
        let transaction = writer
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(StoreError::on("begin a change"))?;
        let mut change = Change {
            transaction,
            draft: Snapshot::clone(&self.snapshot.load()),
            now: self.now(),
            rights: Rights::Kept,
            outcome: Outcome::Commit,
        };
        let before = change.transaction.total_changes();
        let answer = body(&mut change)?;
        if change.outcome == Outcome::Discard {
            return Ok((answer, Rights::Kept, None));
        }
        let mark = if change.transaction.total_changes() == before {
            None
        } else {
            store::folder::count_change(&change.transaction)?;
            Some(store::folder::mark(&change.transaction)?)
        };
        if let Err(source) = change.transaction.commit() {
            // A full disk leaves the transaction undone, and that is known.
            writer.poisoned = source.sqlite_error_code() != Some(ErrorCode::DiskFull);
            if writer.poisoned {
                self.faults.set(fault::said_by(&source));
            }
            return Err(StoreError::on("commit a change")(source).into());
        }
        // Rights and their generation become visible together; the number beside
        // the snapshot is never ahead of it.
        if change.rights == Rights::Altered {
            change.draft.generation.grow();
        }
        let generation = change.draft.generation();
        self.snapshot.store(Arc::new(change.draft));
        self.generation.store(generation, Ordering::Release);
        Ok((answer, change.rights, mark))
    }

    /// Runs `body` as a change of which nothing is kept, beside the registry:
    /// nobody waits for it, however long it takes.
    pub(crate) fn rehearse<T>(
        &self,
        body: impl FnOnce(&mut Change<'_>) -> T,
    ) -> Result<T, StoreError> {
        let failed = || StoreError::on("rehearse a change");
        let draft = Snapshot::clone(&self.snapshot.load());
        let mut scratch = store::scratch(draft.datastream_bound()).map_err(failed())?;
        let mut change = Change {
            transaction: scratch.transaction().map_err(failed())?,
            draft,
            now: self.now(),
            rights: Rights::Kept,
            outcome: Outcome::Discard,
        };
        Ok(body(&mut change))
    }

    fn tell(&self, generation: u64) {
        let listeners = self.listeners.read().clone();
        for listener in listeners {
            listener(generation);
        }
    }
}
