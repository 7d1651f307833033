//! The registry's errors as problems: its own code and words, under the
//! status that its class asks for.

use device_registry::{ErrorClass, OperationError};

use crate::problem::Problem;
use crate::problem_kind::ProblemKind;

/// For an operation that was refused or failed.
pub(super) fn registry_problem<E: OperationError + 'static>(error: &E) -> Problem {
    let kind = match error.class() {
        ErrorClass::NotFound => ProblemKind::NotFound,
        ErrorClass::Conflict => ProblemKind::Conflict,
        ErrorClass::Invalid => ProblemKind::InvalidBody,
        ErrorClass::Fault => return Problem::internal(error),
    };
    Problem::new(kind, error.to_string()).with("code", error.code())
}
