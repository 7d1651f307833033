//! The registry's errors as problems: its own code and words, under the
//! status that its class asks for.

use device_registry::{ErrorClass, OperationError};
use http_edge::{Problem, ProblemKind};

/// For an operation that was refused or failed.
pub(super) fn registry_problem(error: &dyn OperationError) -> Problem {
    let kind = match error.class() {
        ErrorClass::NotFound => ProblemKind::NOT_FOUND,
        ErrorClass::Conflict => ProblemKind::CONFLICT,
        ErrorClass::Invalid => ProblemKind::INVALID_BODY,
        ErrorClass::Fault => return Problem::internal(error),
    };
    Problem::new(kind, error.to_string()).with("code", error.code())
}
