//! The first operator: a bearer token in `DIR/admin.token` (mode 0600), made
//! at the first start.
//!
//! Format: `mdo_` + 43 base 62 characters (256 bits) + `_` + 6 of checksum.

use std::path::Path;

use super::file::{self, SecretFileError};
use crate::secret::{self, RandomError, SECRET_CHARS, checksum_base62, random_base62};

/// The file's name in the data folder.
pub const TOKEN_FILE: &str = "admin.token";
/// A shorter token is refused, so that nobody puts `admin` there.
pub const MIN_TOKEN_BYTES: usize = 32;

/// Why there is no operator.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    #[error("the operator's token")]
    File(#[from] SecretFileError),
    #[error("cannot make the operator's token")]
    Random(#[from] RandomError),
    #[error(
        "{TOKEN_FILE} holds less than {MIN_TOKEN_BYTES} characters; restore it from a backup, or delete it, and a new one is made at the next start"
    )]
    TooShort,
}

/// What a token is compared with. Only a keyed hash is kept in memory.
#[derive(Debug)]
pub(crate) struct Operator {
    key: secret::Pepper,
    expected: [u8; 32],
}

impl Operator {
    /// Reads the token, or makes one at the first start.
    pub(crate) fn open(dir: &Path) -> Result<Self, OperatorError> {
        let path = dir.join(TOKEN_FILE);
        let content = match file::read(&path)? {
            Some(content) => content,
            None => {
                let token = new_token()?.into_bytes();
                file::create(&path, &[&token, b"\n".as_slice()].concat())?;
                token
            }
        };
        let token = content.trim_ascii();
        if token.len() < MIN_TOKEN_BYTES {
            return Err(OperatorError::TooShort);
        }
        let key = secret::Pepper::new(&secret::random_bytes()?);
        let expected = key.hmac(token);
        Ok(Self { key, expected })
    }

    pub(crate) fn authenticates(&self, token: &str) -> bool {
        secret::same(&self.key.hmac(token.as_bytes()), &self.expected)
    }
}

fn new_token() -> Result<String, RandomError> {
    let body = format!("mdo_{}", random_base62::<SECRET_CHARS>()?);
    let checksum = checksum_base62(&body);
    Ok(format!("{body}_{checksum}"))
}
