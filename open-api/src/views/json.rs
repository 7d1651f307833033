//! JSON written by hand, where lists are so long that it counts.

use domain::Location;
use serde::Serialize;

/// Of an axis this near to zero the shortest form has an exponent.
const LEAST_PLAIN_E7: u32 = 1_000;
const E7: u32 = 10_000_000;

/// Whatever has a JSON form: no number that is infinite, no key but text.
pub(super) fn value(out: &mut Vec<u8>, value: &impl Serialize) {
    serde_json::to_writer(out, value).expect("a Vec takes all bytes");
}

/// In quotation marks. Ids and words have nothing to escape.
pub(super) fn text(out: &mut Vec<u8>, text: &str) {
    let escaped = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
    if text.bytes().any(escaped) {
        return value(out, &text);
    }
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

pub(super) fn place(out: &mut Vec<u8>, place: Option<Location>) {
    let Some(place) = place else {
        return out.extend_from_slice(b"null");
    };
    out.extend_from_slice(b"{\"lat\":");
    degrees(out, place.lat_e7());
    out.extend_from_slice(b",\"lon\":");
    degrees(out, place.lon_e7());
    out.push(b'}');
}

/// Degrees from units of 1e-7, with the digits of the same as an f64: its ten at
/// most are fewer than make a difference there.
pub(super) fn degrees(out: &mut Vec<u8>, e7: i32) {
    let units = e7.unsigned_abs();
    if units < LEAST_PLAIN_E7 {
        return value(out, &(f64::from(e7) / f64::from(E7)));
    }
    if e7 < 0 {
        out.push(b'-');
    }
    value(out, &(units / E7));
    let mut digits = *b".0000000";
    let mut rest = units % E7;
    for digit in digits[1..].iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    let last = digits.iter().rposition(|digit| *digit != b'0');
    // One digit stands after the point in any case.
    out.extend_from_slice(&digits[..=last.unwrap_or(0).max(1)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn degrees_have_the_digits_of_a_float() {
        let step = 7_654_321;
        let some = (-1_800_000_000..=1_800_000_000).step_by(step);
        let edges = [
            0,
            1,
            -1,
            999,
            1_000,
            -1_000,
            10_000_000,
            375_664_120,
            -1_795_000_000,
        ];
        for e7 in some.chain(edges) {
            let float = serde_json::to_string(&(f64::from(e7) / 1e7)).unwrap();
            assert_eq!(written(|out| degrees(out, e7)), float, "{e7}");
        }
    }

    #[test]
    fn what_has_to_be_escaped_is() {
        for given in ["plain", "", "Cel", "a\"b", "a\\b", "\n", "\u{b5}g/m3"] {
            let expected = serde_json::to_string(given).unwrap();
            assert_eq!(written(|out| text(out, given)), expected);
        }
    }
}
