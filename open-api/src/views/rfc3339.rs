//! Times as RFC 3339 in UTC, written without an allocation: a page of 10,000
//! observations has 20,000 of them.

use domain::Timestamp;
use serde::{Serialize, Serializer};

/// `2026-05-01T09:00:00.123456Z`, in bytes.
const LONGEST: usize = 27;
const MICROS_A_DAY: i64 = 86_400_000_000;

/// A time on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rfc3339(pub(crate) Timestamp);

impl Serialize for Rfc3339 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = [0; LONGEST];
        match utc(&mut text, self.0) {
            Some(len) => {
                serializer.serialize_str(std::str::from_utf8(&text[..len]).unwrap_or_default())
            }
            None => serializer.collect_str(&self.0),
        }
    }
}

/// Appends the time, with as many digits of a second as it has.
pub(crate) fn write(out: &mut Vec<u8>, time: Timestamp) {
    let mut text = [0; LONGEST];
    match utc(&mut text, time) {
        Some(len) => out.extend_from_slice(&text[..len]),
        None => out.extend_from_slice(time.to_rfc3339().as_bytes()),
    }
}

/// Fills in the time and tells its length; `None` outside years 0 to 9999.
fn utc(text: &mut [u8; LONGEST], time: Timestamp) -> Option<usize> {
    let micros = time.as_micros();
    let (year, month, day) = civil(micros.div_euclid(MICROS_A_DAY));
    if !(0..=9999).contains(&year) {
        return None;
    }
    let of_day = micros.rem_euclid(MICROS_A_DAY);
    let (seconds, fraction) = (of_day / 1_000_000, of_day % 1_000_000);
    *text = *b"0000-00-00T00:00:00.000000Z";
    digits(&mut text[..4], year);
    digits(&mut text[5..7], month);
    digits(&mut text[8..10], day);
    digits(&mut text[11..13], seconds / 3_600);
    digits(&mut text[14..16], seconds / 60 % 60);
    digits(&mut text[17..19], seconds % 60);
    digits(&mut text[20..26], fraction);
    let mut end = 26;
    if fraction == 0 {
        end = 19;
    } else {
        while text[end - 1] == b'0' {
            end -= 1;
        }
    }
    text[end] = b'Z';
    Some(end + 1)
}

fn digits(slots: &mut [u8], mut number: i64) {
    for slot in slots.iter_mut().rev() {
        *slot = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// Year, month and day of a day number since 1970-01-01, in the proleptic
/// Gregorian calendar. Years are counted from March, so that a leap day is
/// the last of its year; 400 years have 146,097 days.
fn civil(days: i64) -> (i64, i64, i64) {
    const DAYS_TO_MARCH_OF_YEAR_0: i64 = 719_468;
    const DAYS_IN_400_YEARS: i64 = 146_097;
    let shifted = days + DAYS_TO_MARCH_OF_YEAR_0;
    let era = shifted.div_euclid(DAYS_IN_400_YEARS);
    let day_of_era = shifted.rem_euclid(DAYS_IN_400_YEARS);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let (month, carry) = if march_month < 10 {
        (march_month + 3, 0)
    } else {
        (march_month - 9, 1)
    };
    (era * 400 + year_of_era + carry, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_agrees_with_the_calendar_library() {
        let mut micros = Timestamp::EARLIEST.as_micros();
        // A step that is no multiple of a day, an hour or a second walks over
        // all months and leap years up to the year 2500.
        while micros < 16_725_225_600_000_000 {
            let time = Timestamp::from_micros(micros);
            let mut quick = Vec::new();
            write(&mut quick, time);
            let expected = jiff::Timestamp::from_microsecond(micros)
                .unwrap()
                .to_string();
            assert_eq!(String::from_utf8(quick).unwrap(), expected);
            micros += 7_777_777_777_777;
        }
    }
}
