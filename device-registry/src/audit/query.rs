//! Which entries somebody wants to see.

use domain::{AgencyId, Timestamp};
use parking_lot::MutexGuard;

use super::{AuditEntry, AuditHead};
use crate::registry::Registry;
use crate::store::StoreError;

/// Entries that are looked at before changes get their turn: milliseconds.
const AUDIT_STEP: u64 = 2_000;

#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum AuditOrder {
    #[default]
    OldestFirst,
    NewestFirst,
}

/// Entries that pass all of it.
#[derive(Clone, Default, Debug)]
pub struct AuditQuery {
    pub from: Option<Timestamp>,
    /// This time and what is later is left out.
    pub to: Option<Timestamp>,
    pub actor: Option<String>,
    pub kind: Option<String>,
    /// The object's id.
    pub object: Option<String>,
    pub agency: Option<String>,
    /// The entries of this agency alone, by its own count of them, so that nothing
    /// tells how many others there are.
    pub counted_by: Option<AgencyId>,
    pub order: AuditOrder,
    /// Those that follow the entry of this number, in the order and by the count.
    pub after: Option<u64>,
    pub limit: usize,
}

impl AuditQuery {
    /// The numbers that may be looked at, in a chain that ends at `end`: first
    /// and last, whatever the order.
    fn numbers(&self, end: u64) -> (u64, u64) {
        match (self.order, self.after) {
            (_, None) => (1, end),
            (AuditOrder::OldestFirst, Some(after)) => (after.saturating_add(1), end),
            (AuditOrder::NewestFirst, Some(after)) => (1, after.saturating_sub(1).min(end)),
        }
    }
}

impl Registry {
    /// The last entry of the audit.
    pub fn audit_head(&self) -> AuditHead {
        self.store().audit_head()
    }

    /// The entries that pass `query`, up to its limit. They are looked for a piece
    /// at a time, between which changes go on.
    pub fn audit(&self, query: &AuditQuery) -> Result<Vec<AuditEntry>, StoreError> {
        let end = match &query.counted_by {
            Some(agency) => self.store().audit_count(agency)?,
            None => self.audit_head().number,
        };
        let (mut first, mut last) = query.numbers(end);
        let mut found = Vec::new();
        let mut rest = query.clone();
        while first <= last && rest.limit > 0 {
            let step = (last - first).min(AUDIT_STEP - 1);
            let piece = match query.order {
                AuditOrder::OldestFirst => first..=first + step,
                AuditOrder::NewestFirst => last - step..=last,
            };
            let store = self.store();
            let entries = store.audit_entries(&rest, piece.clone());
            // To whoever waits with a change.
            MutexGuard::unlock_fair(store);
            let entries = entries?;
            rest.limit -= entries.len();
            found.extend(entries);
            match query.order {
                AuditOrder::OldestFirst => first = piece.end() + 1,
                AuditOrder::NewestFirst => last = piece.start() - 1,
            }
        }
        Ok(found)
    }
}
