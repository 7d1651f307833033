//! Recovery codes: for who has lost the authenticator app. Each is used once.

use super::base32;
use crate::secret::{self, Pepper, RandomError, random_bytes};

/// Codes that a person gets at once.
pub const RECOVERY_CODES: usize = 10;
/// 80 bits: nobody guesses one of ten, however many may try.
const CODE_BYTES: usize = 10;
/// Letters between two dashes.
const GROUP: usize = 4;

/// New codes, to be shown once, and what is kept of them.
pub(crate) fn make(pepper: &Pepper) -> Result<(Vec<String>, Vec<[u8; 32]>), RandomError> {
    let mut codes = Vec::with_capacity(RECOVERY_CODES);
    let mut kept = Vec::with_capacity(RECOVERY_CODES);
    for _ in 0..RECOVERY_CODES {
        let letters = base32::encode(base32::CROCKFORD, &random_bytes::<CODE_BYTES>()?);
        kept.push(hmac(pepper, &letters));
        codes.push(grouped(&letters));
    }
    Ok((codes, kept))
}

/// Whether it has the form of a recovery code, whosever that may be.
pub fn is_recovery_code(code: &str) -> bool {
    normal(code).is_some()
}

/// Which of those that are left it is.
pub(crate) fn find(pepper: &Pepper, kept: &[[u8; 32]], code: &str) -> Option<usize> {
    let letters = normal(code)?;
    let offered = hmac(pepper, &letters);
    // All of them, so that the time does not tell which one it was.
    let mut found = None;
    for (index, kept) in kept.iter().enumerate() {
        if secret::same(kept, &offered) {
            found = Some(index);
        }
    }
    found
}

fn hmac(pepper: &Pepper, letters: &str) -> [u8; 32] {
    pepper.hmac(format!("madang recovery 1 {letters}").as_bytes())
}

fn grouped(letters: &str) -> String {
    let mut text = String::with_capacity(letters.len() + letters.len() / GROUP);
    for (index, letter) in letters.chars().enumerate() {
        if index > 0 && index % GROUP == 0 {
            text.push('-');
        }
        text.push(letter);
    }
    text
}

/// The letters as they were made, where a person wrote them in another way.
fn normal(code: &str) -> Option<String> {
    let letters: String = code
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .map(|c| match c.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            other => other,
        })
        .collect();
    (letters.len() == (CODE_BYTES * 8).div_ceil(5)).then_some(letters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_however_they_are_written() {
        let pepper = Pepper::new(&[1; 32]);
        let (codes, kept) = make(&pepper).unwrap();
        assert_eq!((codes.len(), kept.len()), (10, 10));
        for (index, code) in codes.iter().enumerate() {
            assert_eq!(code.len(), 19, "{code}");
            assert_eq!(find(&pepper, &kept, code), Some(index));
            let other = code.to_uppercase().replace('-', " ").replace('0', "O");
            assert_eq!(find(&pepper, &kept, &other), Some(index), "{other}");
        }
        assert_eq!(find(&pepper, &kept, "0000-0000-0000-0000"), None);
        assert_eq!(find(&pepper, &kept, "123456"), None);
        assert_eq!(find(&Pepper::new(&[2; 32]), &kept, &codes[0]), None);
    }
}
