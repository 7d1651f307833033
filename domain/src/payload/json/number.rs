//! Numbers of JSON as the f64 nearest to their text.

/// Powers of ten that f64 holds exactly.
const EXACT_POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];
/// So many digits never overflow a u64.
const SAFE_DIGITS: usize = 19;

/// The digits seen so far, as one integer (wrapping beyond [`SAFE_DIGITS`]).
struct Digits<'a> {
    bytes: &'a [u8],
    at: usize,
    mantissa: u64,
}

impl Digits<'_> {
    /// Takes a run of digits and tells how many.
    fn run(&mut self) -> usize {
        let from = self.at;
        while let Some(digit) = self.bytes.get(self.at).map(|byte| byte.wrapping_sub(b'0')) {
            if digit > 9 {
                break;
            }
            self.mantissa = self
                .mantissa
                .wrapping_mul(10)
                .wrapping_add(u64::from(digit));
            self.at += 1;
        }
        self.at - from
    }

    fn next_is(&self, wanted: &[u8]) -> bool {
        self.bytes
            .get(self.at)
            .is_some_and(|byte| wanted.contains(byte))
    }
}

/// The number that begins at `position` (a digit or a minus), which becomes its
/// end; `None` where RFC 8259 knows no such number.
pub(super) fn read(text: &str, position: &mut usize) -> Option<f64> {
    let bytes = text.as_bytes();
    let start = *position;
    let negative = bytes.get(start) == Some(&b'-');
    let mut digits = Digits {
        bytes,
        at: start + usize::from(negative),
        mantissa: 0,
    };
    let leading_zero = digits.next_is(b"0");
    let whole = digits.run();
    if whole == 0 || (leading_zero && whole > 1) {
        return None;
    }
    let mut fraction = 0;
    if digits.next_is(b".") {
        digits.at += 1;
        fraction = digits.run();
        if fraction == 0 {
            return None;
        }
    }
    let mantissa = digits.mantissa;
    if digits.next_is(b"eE") {
        digits.at += 1;
        digits.at += usize::from(digits.next_is(b"+-"));
        if digits.run() == 0 {
            return None;
        }
    } else if whole + fraction <= SAFE_DIGITS && mantissa < 1 << 53 {
        // One correctly rounded division of two exact numbers is the nearest
        // f64.
        let magnitude = mantissa as f64 / EXACT_POWERS[fraction];
        *position = digits.at;
        return Some(if negative { -magnitude } else { magnitude });
    }
    *position = digits.at;
    text[start..digits.at].parse().ok()
}
