//! The text of a claim code, as `7KQ4-WM2X-9CRT`: eleven letters and digits at
//! random, some 52 bits, and one that checks them.
//!
//! Of letters that look alike one is in the alphabet at most, and its likeness
//! is read as it; I, L, O, 0 and 1 are nothing. With the check, one wrong letter
//! and two that are swapped are found without a look at the registry.

use crate::secret::{RandomError, random_bytes};

const ALPHABET: &[u8; 27] = b"23456789ACDEFGHJKMNPQRTUWXY";
/// What each is read as that looks like another.
const LIKENESSES: [(u8, u8); 4] = [(b'B', b'8'), (b'S', b'5'), (b'V', b'U'), (b'Z', b'2')];
const CHARS: usize = 12;
/// Letters between two hyphens.
const GROUP: usize = 4;
/// A prime above the alphabet's length: no product of two numbers below it is a
/// multiple of it, so no single difference is lost.
const PRIME: usize = 29;

/// Why a text is no claim code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum CodeError {
    Form,
    Checksum,
}

/// A new code, as it is hashed.
pub(super) fn make() -> Result<String, RandomError> {
    let mut digits = Vec::with_capacity(CHARS);
    loop {
        for byte in random_bytes::<32>()? {
            // The greatest multiple of 27 in a byte: each letter is as likely.
            if byte < 243 && digits.len() < CHARS - 1 {
                digits.push(usize::from(byte) % ALPHABET.len());
            }
        }
        if digits.len() < CHARS - 1 {
            continue;
        }
        // Two of 29 remainders have no letter: then another code is made.
        let check = (0..ALPHABET.len()).find(|last| {
            let with_check = digits.iter().chain([last]).copied();
            remainder(with_check) == 0
        });
        match check {
            Some(check) => digits.push(check),
            None => {
                digits.clear();
                continue;
            }
        }
        let letter = |digit: usize| char::from(ALPHABET[digit]);
        return Ok(digits.into_iter().map(letter).collect());
    }
}

/// In groups, as people read it.
pub(super) fn in_groups(code: &str) -> String {
    let mut text = String::with_capacity(code.len() + code.len() / GROUP);
    for (at, letter) in code.chars().enumerate() {
        if at > 0 && at.is_multiple_of(GROUP) {
            text.push('-');
        }
        text.push(letter);
    }
    text
}

/// The code as it was hashed, from how somebody typed it.
pub(super) fn parse(text: &str) -> Result<String, CodeError> {
    let mut code = String::with_capacity(CHARS);
    let mut digits = Vec::with_capacity(CHARS);
    for byte in text.bytes().filter(|byte| !matches!(byte, b'-' | b' ')) {
        let upper = byte.to_ascii_uppercase();
        let likeness = LIKENESSES.iter().find(|(one, _)| *one == upper);
        let letter = likeness.map_or(upper, |(_, other)| *other);
        let digit = ALPHABET.iter().position(|one| *one == letter);
        digits.push(digit.ok_or(CodeError::Form)?);
        if digits.len() > CHARS {
            return Err(CodeError::Form);
        }
        code.push(char::from(letter));
    }
    if digits.len() < CHARS {
        return Err(CodeError::Form);
    }
    match remainder(digits.into_iter()) {
        0 => Ok(code),
        _ => Err(CodeError::Checksum),
    }
}

/// Each place has a weight of its own, so that two that are swapped differ.
fn remainder(digits: impl Iterator<Item = usize>) -> usize {
    let weighted = digits.enumerate().map(|(at, digit)| (at + 1) * digit);
    weighted.sum::<usize>() % PRIME
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_reads_as_it_was_made_however_it_is_typed() {
        for _ in 0..200 {
            let code = make().unwrap();
            assert_eq!(code.len(), CHARS);
            let typed = in_groups(&code);
            assert_eq!(typed.len(), CHARS + 2);
            assert_eq!(parse(&typed), Ok(code.clone()));
            assert_eq!(parse(&typed.to_lowercase()), Ok(code.clone()));
            let alike = typed.replace('8', "B").replace('5', "s").replace('U', "v");
            assert_eq!(parse(&alike), Ok(code));
        }
    }

    #[test]
    fn one_wrong_letter_and_two_that_are_swapped_are_found() {
        let code = make().unwrap().into_bytes();
        for at in 0..CHARS {
            for letter in ALPHABET {
                let mut wrong = code.clone();
                wrong[at] = *letter;
                let wrong = String::from_utf8(wrong).unwrap();
                assert_eq!(parse(&wrong).is_ok(), wrong.as_bytes() == code, "{wrong}");
            }
            for other in at + 1..CHARS {
                let mut swapped = code.clone();
                swapped.swap(at, other);
                let swapped = String::from_utf8(swapped).unwrap();
                assert_eq!(parse(&swapped).is_ok(), swapped.as_bytes() == code);
            }
        }
        for text in [
            "",
            "7KQ4",
            "한강-한강-한강",
            "7KQ4-WM2X-9CRT-7KQ4",
            "OOOO-IIII-1111",
        ] {
            assert_eq!(parse(text), Err(CodeError::Form), "{text}");
        }
    }
}
