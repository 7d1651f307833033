//! What is read, rounded and printed, against the full parser.

use super::*;

fn micros(text: &str) -> i64 {
    Timestamp::parse(text).unwrap().as_micros()
}

#[test]
fn what_is_no_whole_millisecond_becomes_the_next() {
    for (micros, expected) in [
        (0, 0),
        (1, 1_000),
        (1_000, 1_000),
        (-1, 0),
        (-1_001, -1_000),
    ] {
        let time = Timestamp::from_micros(micros).ceil_to_millis();
        assert_eq!(time.as_micros(), expected, "{micros}");
    }
}

#[test]
fn an_offset_is_required_and_said_so() {
    for text in ["2020-08-06T14:20:00", "2020-08-06 14:20:00", "2020-08-06"] {
        assert_ne!(
            Timestamp::parse(text),
            Timestamp::parse("2020-08-06T14:20:00Z")
        );
    }
    assert_eq!(
        Timestamp::parse("2020-08-06T14:20:00"),
        Err(TimeError::NoOffset)
    );
    assert_eq!(Timestamp::parse("yesterday"), Err(TimeError::Form));
}

#[test]
fn the_quick_path_agrees_with_the_full_parser() {
    for text in [
        "2020-08-06T14:20:00+09:00",
        "1899-12-28T23:59:59.999999Z",
        "2024-02-28T00:00:00.1-03:30",
        "2026-11-23T20:33:49.123456789Z",
        "2026-11-23T20:33:49.1234569Z",
        "2020-02-29T12:00:00Z",
        "2020-12-31T23:59:59Z",
        "0001-01-01T00:00:00Z",
    ] {
        let full = text.parse::<jiff::Timestamp>().unwrap().as_microsecond();
        assert_eq!(micros(text), full, "{text}");
    }
}

/// Finer input is truncated, however fine it is: Go writes nine digits, and
/// some databases twelve.
#[test]
fn any_number_of_digits_of_a_second_is_cut_to_microseconds() {
    for (text, expected) in [
        (
            "2026-11-23T20:33:49.1234569999Z",
            "2026-11-23T20:33:49.123456Z",
        ),
        (
            "2026-11-30T20:33:49.1234569999Z",
            "2026-11-30T20:33:49.123456Z",
        ),
        (
            "2026-11-30t20:33:49.999999999999+09:00",
            "2026-11-30T11:33:49.999999Z",
        ),
        (
            "1969-12-31T23:59:59.99999999999999999999Z",
            "1969-12-31T23:59:59.999999Z",
        ),
    ] {
        assert_eq!(Timestamp::parse(text), Timestamp::parse(expected), "{text}");
    }
    assert_eq!(
        Timestamp::parse("2026-11-30T20:33:49.1234567890"),
        Err(TimeError::NoOffset)
    );
    assert_eq!(Timestamp::parse("x.12345678901"), Err(TimeError::Form));
    let long = format!("2026-11-30T20:33:49.{}Z", "1".repeat(60_000));
    assert_eq!(Timestamp::parse(&long), Err(TimeError::Form));
    let long = format!("2026-11-23T20:33:49.{}Z", "1".repeat(60_000));
    assert!(Timestamp::parse(&long).is_ok());
}

#[test]
fn numbers_are_seconds_or_milliseconds() {
    let seconds = Timestamp::from_number(1_596_691_200.1).unwrap();
    assert_eq!(seconds.as_micros(), 1_596_691_200_100_000);
    let millis = Timestamp::from_number(1_596_691_200_100.0).unwrap();
    assert_eq!(millis.as_micros(), 1_596_691_200_100_000);
    assert!(Timestamp::from_number(f64::NAN).is_err());
    assert!(Timestamp::from_number(1e300).is_err());
    for micros in [
        1_596_691_200_123_456,
        4_294_967_295_999_999,
        -1,
        1,
        -86_399_999_999,
    ] {
        let seconds = Timestamp::from_number(micros as f64 / 1e6).unwrap();
        assert_eq!(seconds.as_micros(), micros);
    }
    // Year 4941: its microseconds are beyond the integers of f64.
    let far = Timestamp::from_number(93_769_782_761_695.0).unwrap();
    assert_eq!(far.as_micros(), 93_769_782_761_695_000);
    // Finer than a microsecond is truncated, also before 1970.
    assert_eq!(
        Timestamp::from_number(1.000_000_9).unwrap().as_micros(),
        1_000_000
    );
    assert_eq!(
        Timestamp::from_number(-1.000_000_1).unwrap().as_micros(),
        -1_000_001
    );
}

#[test]
fn it_prints_what_it_reads() {
    assert_eq!(
        Timestamp::parse("2020-08-06T14:20:00.5+09:00")
            .unwrap()
            .to_string(),
        "2020-08-06T05:20:00.5Z"
    );
}
