//! Secrets that the platform makes, and how it remembers them.
//!
//! A secret has 256 bits from the operating system's generator and is shown
//! once. What is kept of it is HMAC-SHA256 under the registry's pepper: a
//! secret of full entropy needs no slow hash, and a stolen database without
//! the pepper cannot even confirm a guess.

pub(crate) mod file;
pub(crate) mod operator;
pub(crate) mod token_text;

use std::fmt;

use domain::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// Bytes of a secret, and of the pepper: 256 bits.
pub(crate) const SECRET_BYTES: usize = 32;

/// The operating system has no randomness to give.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gives no random bytes")]
pub struct RandomError(#[source] getrandom::Error);

pub(crate) fn random_bytes<const N: usize>() -> Result<[u8; N], RandomError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(RandomError)?;
    Ok(bytes)
}

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// `N` random letters and digits, each with log2(62) = 5.95 bits. There is no
/// `-` or `_` in it, so a double click in a terminal selects all of it.
pub(crate) fn random_base62<const N: usize>() -> Result<String, RandomError> {
    let mut text = String::with_capacity(N);
    while text.len() < N {
        for byte in random_bytes::<64>()? {
            // Six bits give 0..63; 62 and 63 are thrown again, or the first
            // two letters would be likelier than the others.
            if let Some(letter) = BASE62.get(usize::from(byte & 0x3f))
                && text.len() < N
            {
                text.push(char::from(*letter));
            }
        }
    }
    Ok(text)
}

/// 21 characters that nobody has had, in the order of their making: the time
/// in 13 hex digits of microseconds, and 8 random ones.
pub(crate) fn sortable_id(now: Timestamp) -> Result<String, RandomError> {
    let time = now.as_micros().max(0);
    Ok(format!("{time:013x}{}", random_base62::<8>()?))
}

/// The checksum at the end of a token: CRC-32C of what stands before it, in
/// six base 62 digits. It tells a typing error from a wrong key offline, and
/// lets a secret scanner be sure of a find. It proves nothing.
pub(crate) fn checksum_base62(text: &str) -> String {
    let mut rest = crc32c::crc32c(text.as_bytes());
    let mut digits = [0; CHECKSUM_CHARS];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[(rest % 62) as usize];
        rest /= 62;
    }
    digits.map(char::from).iter().collect()
}

/// 62^6 is above 2^32.
pub(crate) const CHECKSUM_CHARS: usize = 6;
/// 62^43 is above 2^256.
pub(crate) const SECRET_CHARS: usize = 43;

/// The key of all HMACs in the registry. It is a file beside the database, so
/// that the database alone is worth nothing to a thief.
#[derive(Clone)]
pub(crate) struct Pepper(Hmac<Sha256>);

impl Pepper {
    pub(crate) fn new(bytes: &[u8; SECRET_BYTES]) -> Self {
        Self(Hmac::new_from_slice(bytes).expect("HMAC takes a key of any length"))
    }

    pub(crate) fn hmac(&self, secret: &[u8]) -> [u8; 32] {
        let mut mac = self.0.clone();
        mac.update(secret);
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pepper(..)")
    }
}

/// Compares without telling by its time how much agrees.
pub(crate) fn same(left: &[u8; 32], right: &[u8; 32]) -> bool {
    left.ct_eq(right).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_texts_have_their_length_and_differ() {
        let first = random_base62::<43>().unwrap();
        let second = random_base62::<43>().unwrap();
        assert_eq!(first.len(), 43);
        assert!(first.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_ne!(first, second);
    }

    #[test]
    fn hmac_is_that_of_rfc_4231() {
        // Test case 2 of RFC 4231, its key "Jefe" padded as HMAC pads it.
        let mut key = [0; 32];
        key[..4].copy_from_slice(b"Jefe");
        let mac = Pepper::new(&key).hmac(b"what do ya want for nothing?");
        assert_eq!(mac[..4], [0x5b, 0xdc, 0xc1, 0x46]);
        assert_eq!(mac[28..], [0x64, 0xec, 0x38, 0x43]);
    }
}
