//! Codes of an authenticator app: TOTP (RFC 6238) with HMAC-SHA-1, six digits
//! and steps of 30 s, which every app knows.

use std::fmt;

use domain::Timestamp;
use ring::hmac;
use subtle::ConstantTimeEq;

use super::base32;
use crate::secret::{Pepper, RandomError, random_bytes};

/// One code holds for this long.
const STEP_SECONDS: i64 = 30;
/// Steps before and after the present one whose codes are taken: clocks differ,
/// and people type slowly.
const SKEW_STEPS: i64 = 1;
const DIGITS: usize = 6;
const MODULUS: u32 = 1_000_000;
/// What RFC 4226 recommends: 160 bits.
const SECRET_BYTES: usize = 20;

/// What the database keeps of a secret. The secret follows from it and from
/// the pepper, so that the database alone makes no code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct TotpSeed(pub(crate) [u8; 16]);

impl TotpSeed {
    pub(crate) fn new() -> Result<Self, RandomError> {
        random_bytes().map(Self)
    }

    pub(crate) fn secret(&self, pepper: &Pepper) -> TotpSecret {
        let derived = pepper.hmac(&[b"madang totp 1".as_slice(), &self.0].concat());
        let mut secret = [0; SECRET_BYTES];
        secret.copy_from_slice(&derived[..SECRET_BYTES]);
        TotpSecret(secret)
    }
}

/// What a person's app and the platform share.
#[derive(Clone, PartialEq, Eq)]
pub struct TotpSecret([u8; SECRET_BYTES]);

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(..)")
    }
}

impl TotpSecret {
    /// For who types it into the app.
    pub fn base32(&self) -> String {
        base32::encode(base32::RFC_4648, &self.0)
    }

    /// For a QR code: the form that authenticator apps read.
    pub fn uri(&self, issuer: &str, name: &str) -> String {
        let (issuer, name) = (percent(issuer), percent(name));
        format!(
            "otpauth://totp/{issuer}:{name}?secret={}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}",
            self.base32()
        )
    }

    /// The step that a code is of, where it may be used now: each once, so only
    /// steps after `used` count.
    pub(crate) fn step_of(&self, code: &str, now: Timestamp, used: Option<i64>) -> Option<i64> {
        let digits: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        if digits.len() != DIGITS || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let present = step_at(now);
        let mut found = None;
        // All of them, so that the time does not tell which one it was.
        for step in present - SKEW_STEPS..=present + SKEW_STEPS {
            let same: bool = self.code(step).as_bytes().ct_eq(digits.as_bytes()).into();
            if same && used.is_none_or(|used| step > used) {
                found = Some(step);
            }
        }
        found
    }

    /// What the app shows at that time.
    #[cfg(test)]
    pub(super) fn code_at(&self, time: Timestamp) -> String {
        self.code(step_at(time))
    }

    fn code(&self, step: i64) -> String {
        code_of(&self.0, step.cast_unsigned())
    }
}

fn step_at(now: Timestamp) -> i64 {
    now.as_micros().div_euclid(1_000_000 * STEP_SECONDS)
}

/// HOTP, RFC 4226.
fn code_of(secret: &[u8], counter: u64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &counter.to_be_bytes());
    let tag = tag.as_ref();
    let offset = usize::from(tag[tag.len() - 1] & 0xf);
    let word = tag[offset..offset + 4]
        .iter()
        .fold(0, |word, byte| word << 8 | u32::from(*byte));
    format!("{:0DIGITS$}", (word & 0x7fff_ffff) % MODULUS)
}

/// Everything but RFC 3986's unreserved characters.
fn percent(text: &str) -> String {
    use std::fmt::Write;
    text.bytes().fold(String::new(), |mut out, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of the RFCs' vectors.
    const RFC_SECRET: TotpSecret = TotpSecret(*b"12345678901234567890");

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn codes_are_those_of_rfc_4226_and_6238() {
        for (counter, code) in [
            "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583",
            "399871", "520489",
        ]
        .into_iter()
        .enumerate()
        {
            assert_eq!(code_of(&RFC_SECRET.0, counter as u64), code);
        }
        // Appendix B of RFC 6238 has eight digits; six are the last of them.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(RFC_SECRET.code(step_at(at(seconds))), code, "{seconds}");
        }
    }

    #[test]
    fn a_code_holds_for_a_step_before_and_after_and_once() {
        let code = RFC_SECRET.code(100);
        let step = |seconds, used| RFC_SECRET.step_of(&code, at(seconds), used);
        assert_eq!(step(3_000, None), Some(100));
        assert_eq!(step(3_000 - 1, None), Some(100));
        assert_eq!(step(3_030 + 29, None), Some(100));
        assert_eq!(step(3_060, None), None);
        assert_eq!(step(3_000 - 31, None), None);
        assert_eq!(step(3_000, Some(99)), Some(100));
        assert_eq!(step(3_000, Some(100)), None, "used already");
        let spaced = format!("{} {}", &code[..3], &code[3..]);
        assert_eq!(RFC_SECRET.step_of(&spaced, at(3_000), None), Some(100));
        for wrong in ["", "12345", "1234567", "abcdef", "１２３４５６"] {
            assert_eq!(RFC_SECRET.step_of(wrong, at(3_000), None), None, "{wrong}");
        }
    }

    #[test]
    fn an_app_reads_the_uri() {
        assert_eq!(
            RFC_SECRET.uri("마당 a", "kim"),
            "otpauth://totp/%EB%A7%88%EB%8B%B9%20a:kim?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=%EB%A7%88%EB%8B%B9%20a&algorithm=SHA1&digits=6&period=30"
        );
    }

    #[test]
    fn a_secret_follows_from_seed_and_pepper() {
        let (one, other) = (Pepper::new(&[1; 32]), Pepper::new(&[2; 32]));
        let seed = TotpSeed([3; 16]);
        assert_eq!(seed.secret(&one), seed.secret(&one));
        assert_ne!(seed.secret(&one), seed.secret(&other));
        assert_ne!(seed.secret(&one), TotpSeed([4; 16]).secret(&one));
    }
}
