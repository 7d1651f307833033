//! The audit: who changed what in the registry, when, from where and by which
//! means, with what it was before and after; as a chain in which each entry
//! holds the hash of the one before. `docs/audit.md` tells the encoding.
//!
//! Entries are derived from the rows of a change, in one place, and are written
//! in its transaction: no operation can leave its entry out, and none stands
//! without its change. They are kept for ever.

mod action;
mod describe;
mod entry;
mod fields;
mod query;
mod verify;

pub(crate) use describe::{Draft, describe};
pub use entry::{AuditEntry, AuditHash, AuditHead};
pub use query::{AuditOrder, AuditQuery};
pub use verify::{AuditFault, read_entry, verify_audit};
