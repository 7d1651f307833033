//! Percent-decoding of a piece of a URL, once.

/// Decodes `%XX` of a query, where a plus is a space: that is how the libraries of
/// most languages write one, and `%2B` for a plus. The error is the byte where there
/// is no such encoding, or no UTF-8.
pub(crate) fn decode_query(text: &str) -> Result<String, usize> {
    decode(&text.replace('+', " "))
}

/// Decodes `%XX`; a plus is a plus. The error is as above.
pub(crate) fn decode(text: &str) -> Result<String, usize> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte == b'%' {
            let digits = bytes.get(at + 1..at + 3).ok_or(at)?;
            decoded.push(
                hex(digits[0])
                    .zip(hex(digits[1]))
                    .map(|(high, low)| high << 4 | low)
                    .ok_or(at)?,
            );
            at += 3;
        } else {
            decoded.push(byte);
            at += 1;
        }
    }
    String::from_utf8(decoded).map_err(|error| error.utf8_error().valid_up_to())
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}
