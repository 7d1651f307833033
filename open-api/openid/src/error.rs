//! Why somebody is not logged in, for who runs the platform.

/// Why the provider's word is not taken.
#[derive(Clone, Debug, thiserror::Error)]
pub enum OpenIdError {
    /// It could not be reached, or gave no answer that can be read.
    #[error("the provider's {what}: {cause}")]
    Unreachable { what: &'static str, cause: String },
    /// It says no.
    #[error("the provider refuses: {0}")]
    Refused(String),
    #[error(
        "the provider calls itself {found:?}, and the setting says {expected:?}: they have to agree to the letter, with or without a slash at the end"
    )]
    Issuer { found: String, expected: String },
    /// Of an ID token, a logout token or an answer.
    #[error("{what} is refused: {why}")]
    Token {
        what: &'static str,
        why: &'static str,
    },
    #[error("no key of the provider fits the token's `kid` {0:?}")]
    NoKey(Option<String>),
    #[error("the login is not known here, is over, or began in another browser")]
    UnknownLogin,
    #[error("no random bytes: {0}")]
    Random(#[from] getrandom::Error),
}

impl OpenIdError {
    pub(crate) fn unreachable(what: &'static str, cause: &(impl ToString + ?Sized)) -> Self {
        Self::Unreachable {
            what,
            cause: cause.to_string(),
        }
    }

    pub(crate) fn token(what: &'static str, why: &'static str) -> Self {
        Self::Token { what, why }
    }
}
