//! What keeps the files in order: heads become files (`flush`), those day files
//! (`compact`), those are dropped (`retention`); `pinned` holds them for a
//! backup, `verify` looks through them, `rebuild` makes a manifest again.
//!
//! This is what the store has to be told for it.

pub(crate) mod closed;
pub(crate) mod compact;
pub(crate) mod flush;
pub(crate) mod pinned;
pub(crate) mod rebuild;
pub(crate) mod retention;
pub(crate) mod strays;
pub(crate) mod verify;

use domain::{DatastreamId, FolderMark, Timestamp};
use supervisor::Scope;

/// Whose a datastream is. Empty: nobody knows.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Group {
    pub agency: String,
    pub model: String,
}

/// Tells the group of a datastream.
pub(crate) type GroupOf = dyn Fn(DatastreamId) -> Option<Group> + Send + Sync;
/// Tells for how many days rows of a group are kept; `None`: for ever.
pub(crate) type RetentionDays = dyn Fn(&Group) -> Option<u32> + Send + Sync;

/// What decides which file a row belongs to, and when a file goes.
pub struct Upkeep {
    pub group_of: Box<GroupOf>,
    pub retention_days: Box<RetentionDays>,
    pub now: Box<dyn Fn() -> Timestamp + Send + Sync>,
    /// The data folder that the files belong to.
    pub mark: FolderMark,
    pub pace: Pace,
    /// Who watches the threads.
    pub scope: Scope,
}

/// Who begins a compaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pace {
    /// A thread of the store, when it is time.
    Background,
    /// Only who asks for it.
    #[cfg(test)]
    Asked,
}
