//! What the store has to be told to keep its files in order.

use domain::{DatastreamId, FolderMark, Timestamp};
use supervisor::Scope;

/// Whose a datastream is. Empty: nobody knows.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) struct Group {
    pub(crate) agency: String,
    pub(crate) model: String,
}

/// Tells the group of a datastream.
pub(crate) type GroupOf = dyn Fn(DatastreamId) -> Option<Group> + Send + Sync;
/// Tells for how many days rows of a group are kept; `None`: for ever.
pub(crate) type RetentionDays = dyn Fn(&Group) -> Option<u32> + Send + Sync;

/// What decides which file a row belongs to, and when a file goes.
pub(crate) struct Upkeep {
    pub(crate) group_of: Box<GroupOf>,
    pub(crate) retention_days: Box<RetentionDays>,
    pub(crate) now: Box<dyn Fn() -> Timestamp + Send + Sync>,
    /// The data folder that the files belong to.
    pub(crate) mark: FolderMark,
    pub(crate) pace: Pace,
    /// Who watches the threads.
    pub(crate) scope: Scope,
}

/// Who begins a compaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Pace {
    /// A thread of the store, when it is time.
    Background,
    /// Only who asks for it.
    #[cfg(test)]
    Asked,
}
