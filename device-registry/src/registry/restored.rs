//! That the data folder was made from a backup: what came after it is gone, and
//! the audit says so before anything else.

use crate::audit::AuditQuery;
use crate::store::StoreError;

use super::{Actor, Registry, RowChange};

/// The kind of object that a backup is in the audit.
pub(crate) const BACKUP_KIND: &str = "backup";

/// The backup that a data folder was made from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RestoredFrom {
    /// The checksum that the backup's own document ends with.
    pub sum: String,
    /// When the backup was made, RFC 3339.
    pub made: String,
    /// The last frame of the log that it has.
    pub offset: u64,
}

impl Registry {
    /// Tells the audit, at the first start after it was restored.
    pub(super) fn note_restore(&self, from: RestoredFrom) -> Result<(), StoreError> {
        // None that was made from this backup before can be in it: the chain is
        // the backup's own.
        let told = AuditQuery {
            kind: Some(BACKUP_KIND.to_owned()),
            object: Some(from.sum.clone()),
            limit: 1,
            ..AuditQuery::default()
        };
        if !self.store().audit_entries(&told, 1..=u64::MAX)?.is_empty() {
            return Ok(());
        }
        self.change(&Actor::START, |change| {
            change.write(RowChange::NoteRestore(from));
            Ok(())
        })
    }
}
