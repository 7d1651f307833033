//! A person's password, kept as argon2id (RFC 9106) under a key that is not in
//! the database.

use std::fmt;

use argon2::password_hash::phc;
use argon2::password_hash::{Error as HashError, PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};

use crate::secret::Pepper;

/// A password has at least this many characters.
pub const MIN_PASSWORD_CHARS: usize = 12;
/// Of these, so many that are no part of the login name.
const MIN_CHARS_BESIDE_NAME: usize = 8;
/// And so many that differ from each other.
const MIN_DISTINCT_CHARS: usize = 5;
/// A longer one is refused before it is hashed.
pub const MAX_PASSWORD_BYTES: usize = 256;

/// What one hash takes, in KiB of memory and passes over it: the first of the
/// choices that OWASP names for argon2id. Whoever hashes bounds how many run at
/// once.
const MEMORY_KIB: u32 = 19 * 1_024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Why a password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    #[error("a password has at least {MIN_PASSWORD_CHARS} characters")]
    TooShort,
    #[error("a password has at most {MAX_PASSWORD_BYTES} bytes")]
    TooLong,
    #[error(
        "a password has at least {MIN_CHARS_BESIDE_NAME} characters that are not the login name"
    )]
    IsName,
    #[error("a password has at least {MIN_DISTINCT_CHARS} different characters")]
    Monotonous,
}

/// Whether somebody of this login name may choose it.
pub(crate) fn check(name: &str, password: &str) -> Result<(), PasswordError> {
    if password.len() > MAX_PASSWORD_BYTES {
        return Err(PasswordError::TooLong);
    }
    if password.chars().count() < MIN_PASSWORD_CHARS {
        return Err(PasswordError::TooShort);
    }
    let lower = password.to_lowercase();
    let beside = lower.replace(&name.to_lowercase(), "");
    if beside.chars().count() < MIN_CHARS_BESIDE_NAME {
        return Err(PasswordError::IsName);
    }
    let distinct: std::collections::BTreeSet<char> = lower.chars().collect();
    if distinct.len() < MIN_DISTINCT_CHARS {
        return Err(PasswordError::Monotonous);
    }
    Ok(())
}

/// A hash with its salt and its parameters, as a PHC string.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PasswordHash(Box<str>);

impl PasswordHash {
    /// What was written before; it is read when a password is compared.
    pub(crate) fn stored(text: &str) -> Self {
        Self(text.into())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

/// Takes 19 MiB and tens of milliseconds.
pub(crate) fn hash(pepper: &Pepper, password: &str) -> Result<PasswordHash, HashError> {
    let hash: phc::PasswordHash = with_key(&key(pepper))?.hash_password(password.as_bytes())?;
    Ok(PasswordHash(hash.to_string().into()))
}

/// Takes as long as [`hash`], whatever the answer is.
pub(crate) fn is_of(pepper: &Pepper, hash: &PasswordHash, password: &str) -> bool {
    let Ok(stored) = phc::PasswordHash::new(hash.as_str()) else {
        return false;
    };
    let Ok(argon2) =
        with_key(&key(pepper)).map(|it| it.verify_password(password.as_bytes(), &stored))
    else {
        return false;
    };
    argon2.is_ok()
}

/// The pepper itself keys HMACs; argon2 gets a key of its own.
fn key(pepper: &Pepper) -> [u8; 32] {
    pepper.hmac(b"madang argon2id 1")
}

fn with_key(key: &[u8; 32]) -> Result<Argon2<'_>, argon2::Error> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)?;
    Argon2::new_with_secret(key, Algorithm::Argon2id, Version::V0x13, params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_again_and_no_other() {
        let pepper = Pepper::new(&[7; 32]);
        let hash = hash(&pepper, "correct horse battery").unwrap();
        assert!(
            hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{}",
            hash.as_str()
        );
        let stored = PasswordHash::stored(hash.as_str());
        assert!(is_of(&pepper, &stored, "correct horse battery"));
        assert!(!is_of(&pepper, &stored, "correct horse batterz"));
        // The database alone is worth nothing.
        assert!(!is_of(
            &Pepper::new(&[8; 32]),
            &stored,
            "correct horse battery"
        ));
        assert!(!is_of(&pepper, &PasswordHash::stored("$argon2id$x"), "x"));
    }

    #[test]
    fn poor_passwords_are_refused_by_name() {
        for (password, refused) in [
            ("short", Some(PasswordError::TooShort)),
            ("kim.minjun12", Some(PasswordError::IsName)),
            ("Kim.MinjunKIM.minjun", Some(PasswordError::IsName)),
            ("aaaaaaaaaaaabbbb", Some(PasswordError::Monotonous)),
            (&"long".repeat(65), Some(PasswordError::TooLong)),
            ("correct horse battery", None),
            ("비밀번호는 열두 글자 넘게", None),
        ] {
            assert_eq!(check("kim.minjun", password).err(), refused, "{password}");
        }
    }

    #[test]
    fn argon2id_is_that_of_rfc_9106() {
        // Section 5.3: its test vector for Argon2id.
        let params = argon2::ParamsBuilder::new()
            .m_cost(32)
            .t_cost(3)
            .p_cost(4)
            .data(argon2::AssociatedData::new(&[4; 12]).unwrap())
            .build()
            .unwrap();
        let argon2 =
            Argon2::new_with_secret(&[3; 8], Algorithm::Argon2id, Version::V0x13, params).unwrap();
        let mut tag = [0; 32];
        argon2
            .hash_password_into(&[1; 32], &[2; 16], &mut tag)
            .unwrap();
        assert_eq!(
            tag,
            [
                0x0d, 0x64, 0x0d, 0xf5, 0x8d, 0x78, 0x76, 0x6c, 0x08, 0xc0, 0x37, 0xa3, 0x4a, 0x8b,
                0x53, 0xc9, 0xd0, 0x1e, 0xf0, 0x45, 0x2d, 0x75, 0xb6, 0x5e, 0xb5, 0x25, 0x20, 0xe9,
                0x6b, 0x01, 0xe6, 0x59
            ]
        );
    }
}
