//! Staged and durable as types: an acknowledgement needs a [`Receipt`], and
//! only the log can make one, after the sync.

use domain::Offset;
use domain::payload::PayloadError;

/// What became of one message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It could be read; each of its observations is counted once.
    Accepted {
        /// New ones, revisions and late ones.
        stored: u16,
        duplicates: u16,
        /// In quarantine, with their reasons.
        rejected: u16,
    },
    /// It could not be read at all: kept in quarantine.
    Unreadable(PayloadError),
}

/// A message that has its place in the log but is not durable yet.
#[derive(Debug)]
#[must_use = "a staged message is acknowledged only after `commit`"]
pub struct Staged {
    offset: Offset,
    outcome: Outcome,
    /// The opened log that staged it: another one could not vouch for it.
    log: LogInstance,
}

/// One opening of one log, unique within the process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct LogInstance(pub(crate) u32);

impl Staged {
    #[inline]
    pub(crate) fn new(offset: Offset, outcome: Outcome, log: LogInstance) -> Self {
        Self {
            offset,
            outcome,
            log,
        }
    }

    #[inline]
    pub(crate) fn offset(&self) -> Offset {
        self.offset
    }

    #[inline]
    pub(crate) fn log(&self) -> LogInstance {
        self.log
    }
}

/// The proof that a message is durable: nobody but the log can make one.
///
/// ```compile_fail,E0624
/// fn acknowledge_early(staged: frame_log::Staged) -> frame_log::Receipt {
///     frame_log::Receipt::of_durable(staged)
/// }
/// ```
///
/// ```compile_fail,E0423
/// fn acknowledge_early(staged: frame_log::Staged) -> frame_log::Receipt {
///     frame_log::Receipt(staged)
/// }
/// ```
#[derive(Debug)]
pub struct Receipt(Staged);

impl Receipt {
    /// Only `commit` calls it, after the sync of the message's group.
    #[inline]
    pub(crate) fn of_durable(staged: Staged) -> Self {
        Self(staged)
    }

    #[inline]
    pub fn offset(&self) -> Offset {
        self.0.offset
    }

    #[inline]
    pub fn outcome(&self) -> &Outcome {
        &self.0.outcome
    }
}
