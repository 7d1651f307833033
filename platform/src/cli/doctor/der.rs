//! The dates of an X.509 certificate: RFC 5280, 4.1, as far as the validity.

use domain::Timestamp;

const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
/// The certificate's version, which stands there from version 2 on.
const VERSION: u8 = 0xa0;

/// The first and the last moment at which the certificate is valid.
pub(super) fn validity(certificate: &[u8]) -> Option<(Timestamp, Timestamp)> {
    let mut certificate = Input(Input(certificate).take(SEQUENCE)?);
    let mut signed = Input(certificate.take(SEQUENCE)?);
    if signed.0.first() == Some(&VERSION) {
        signed.take(VERSION)?;
    }
    // Serial number, algorithm, issuer.
    signed.take(INTEGER)?;
    signed.take(SEQUENCE)?;
    signed.take(SEQUENCE)?;
    let mut validity = Input(signed.take(SEQUENCE)?);
    Some((validity.time()?, validity.time()?))
}

/// What is left of a value.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    /// The content of the next element, which must be of this kind.
    fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (&found, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81..=0x84 => {
                let (digits, rest) = rest.split_at_checked(usize::from(first & 0x0f))?;
                let length = digits
                    .iter()
                    .fold(0, |length, digit| length << 8 | usize::from(*digit));
                (length, rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        (found == tag).then_some(content)
    }

    fn time(&mut self) -> Option<Timestamp> {
        let tag = *self.0.first()?;
        let text = std::str::from_utf8(self.take(tag)?).ok()?;
        // The years 1950 to 2049 have two digits.
        let (century, text) = match tag {
            UTC_TIME => {
                let year: u8 = text.get(..2)?.parse().ok()?;
                (if year < 50 { "20" } else { "19" }, text)
            }
            GENERALIZED_TIME => (text.get(..2)?, text.get(2..)?),
            _ => return None,
        };
        let part = |from: usize| text.get(from..from + 2);
        if century == "99" && part(0) == Some("99") {
            // No end is known.
            return Some(Timestamp::MAX);
        }
        let (year, month, day) = (part(0)?, part(2)?, part(4)?);
        let (hour, minute, second) = (part(6)?, part(8)?, part(10)?);
        let time = format!("{century}{year}-{month}-{day}T{hour}:{minute}:{second}Z");
        Timestamp::parse(&time).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_to_write_a_time_are_read() {
        let time = |tag: u8, text: &str| {
            let mut bytes = vec![tag, u8::try_from(text.len()).unwrap()];
            bytes.extend_from_slice(text.as_bytes());
            Input(&bytes).time().map(Timestamp::to_rfc3339)
        };
        let expected = Some("2026-05-01T09:30:05Z".to_owned());
        assert_eq!(time(UTC_TIME, "260501093005Z"), expected);
        assert_eq!(time(GENERALIZED_TIME, "20260501093005Z"), expected);
        let old = Some("1999-12-31T23:59:59Z".to_owned());
        assert_eq!(time(UTC_TIME, "991231235959Z"), old);
        assert_eq!(time(UTC_TIME, "26050109"), None);
    }

    #[test]
    fn what_is_cut_short_has_no_dates() {
        let whole = [0x30, 0x03, 0x30, 0x82, 0xff, 0xff];
        for end in 0..whole.len() {
            assert_eq!(validity(&whole[..end]), None);
        }
    }
}
