//! How people log in, and what they log in with.

pub(crate) mod invitation;
pub(crate) mod oidc;
pub(crate) mod password;
pub(crate) mod session;
pub(crate) mod sessions;

use device_registry::LoginError;
use http_edge::{Problem, ProblemKind};

/// The longest body that anybody may send, in bytes: before it is read whole,
/// it takes memory for nothing.
pub(crate) const MAX_ANONYMOUS_BODY_BYTES: usize = 8 * 1024;

/// Why nobody is logged in.
fn login_problem(error: &LoginError) -> Problem {
    let code = match error {
        LoginError::Refused => "wrong-name-or-password",
        LoginError::CodeNeeded => "code-needed",
        LoginError::Code => "wrong-code",
        LoginError::NoSecondFactor => "authenticator-missing",
        LoginError::Store(_) => return Problem::internal(error),
    };
    let mut detail = error.to_string();
    detail[..1].make_ascii_uppercase();
    detail.push('.');
    Problem::new(ProblemKind::UNAUTHENTICATED, detail).with("code", code)
}
