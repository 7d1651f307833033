//! What a long command counts.

/// What is counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// As `messages`.
    Of(&'static str),
    Bytes,
}
