//! What every operation's error can say of itself, so that an API can turn it
//! into an answer without knowing each variant.

/// Whose fault it is, and what the caller may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ErrorClass {
    /// Something that the request names does not exist.
    NotFound,
    /// It contradicts what stands.
    Conflict,
    /// The request itself is wrong.
    Invalid,
    /// The platform's own fault; the message is for its log.
    Fault,
}

/// An operation's error: one enum per operation.
pub trait OperationError: std::error::Error + Send + Sync + 'static {
    /// Stable, in kebab case.
    fn code(&self) -> &'static str;
    fn class(&self) -> ErrorClass;
}
