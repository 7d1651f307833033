use std::sync::Arc;

/// A task that ended although its room was open. Its text is one line for the
/// operator.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{task} has ended by itself ({how}): the platform cannot go on without it")]
pub struct Ended {
    /// `room: task`.
    pub task: Arc<str>,
    pub how: How,
}

/// How a task ended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum How {
    #[error("it returned, or was dropped")]
    Returned,
    #[error("a panic: {0}")]
    Panicked(Arc<str>),
}
