//! Five bits a letter, for what people type: RFC 4648's alphabet for
//! authenticator apps, Crockford's for recovery codes.

pub(super) type Alphabet = &'static [u8; 32];

pub(super) const RFC_4648: Alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// Without i, l, o and u.
pub(super) const CROCKFORD: Alphabet = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Without padding.
pub(super) fn encode(alphabet: Alphabet, bytes: &[u8]) -> String {
    let mut text = String::with_capacity((bytes.len() * 8).div_ceil(5));
    let (mut bits, mut count) = (0_u32, 0_u32);
    for byte in bytes {
        bits = bits << 8 | u32::from(*byte);
        count += 8;
        while count >= 5 {
            count -= 5;
            text.push(letter(alphabet, bits >> count));
        }
    }
    if count > 0 {
        text.push(letter(alphabet, bits << (5 - count)));
    }
    text
}

fn letter(alphabet: Alphabet, bits: u32) -> char {
    char::from(alphabet[(bits & 31) as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_those_of_rfc_4648() {
        for (bytes, text) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(encode(RFC_4648, bytes.as_bytes()), text);
        }
    }
}
