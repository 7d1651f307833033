//! Ranges that are served, and conditions on them.

use super::*;

fn wanted(headers: &[(HeaderName, &str)]) -> Wanted {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(name, value.parse().unwrap());
    }
    Wanted::of(&map, "\"abc\"", 100)
}

#[test]
fn one_range_is_served_and_whatever_is_none_gets_the_whole() {
    for (range, expected) in [
        ("bytes=0-9", Wanted::Part(0..10)),
        ("Bytes=0-0", Wanted::Part(0..1)),
        ("bytes=90-", Wanted::Part(90..100)),
        ("bytes=-10", Wanted::Part(90..100)),
        ("bytes=-1000", Wanted::Part(0..100)),
        ("bytes=0-18446744073709551615", Wanted::Part(0..100)),
        ("bytes=5-99999999999999999999999999", Wanted::Part(5..100)),
        ("bytes=100-", Wanted::Outside),
        ("bytes=99999999999999999999999999-", Wanted::Outside),
        ("bytes=-0", Wanted::Outside),
        ("bytes=9-0", Wanted::Whole),
        ("bytes=0-1,5-6", Wanted::Whole),
        ("bytes=", Wanted::Whole),
        ("bytes=-", Wanted::Whole),
        ("bytes=--5", Wanted::Whole),
        ("bytes=+1-2", Wanted::Whole),
        ("bytes=1-2x", Wanted::Whole),
        ("lines=0-9", Wanted::Whole),
        ("0-9", Wanted::Whole),
    ] {
        assert_eq!(wanted(&[(header::RANGE, range)]), expected, "{range}");
    }
    let twice = [(header::RANGE, "bytes=0-1"), (header::RANGE, "bytes=2-3")];
    assert_eq!(wanted(&twice), Wanted::Whole);
}

#[test]
fn a_condition_decides_by_the_strong_validator() {
    let range = (header::RANGE, "bytes=0-9");
    for (name, value, expected) in [
        (header::IF_RANGE, "\"abc\"", Wanted::Part(0..10)),
        (header::IF_RANGE, "\"other\"", Wanted::Whole),
        (header::IF_RANGE, "W/\"abc\"", Wanted::Whole),
        (
            header::IF_RANGE,
            "Fri, 01 May 2026 00:00:00 GMT",
            Wanted::Whole,
        ),
        (header::IF_NONE_MATCH, "\"x\", W/\"abc\"", Wanted::Nothing),
        (header::IF_NONE_MATCH, "*", Wanted::Nothing),
        (header::IF_NONE_MATCH, "\"x\"", Wanted::Part(0..10)),
        (header::IF_MATCH, "\"abc\"", Wanted::Part(0..10)),
        (header::IF_MATCH, "*", Wanted::Part(0..10)),
        (header::IF_MATCH, "W/\"abc\"", Wanted::Another),
        (header::IF_MATCH, "\"x\"", Wanted::Another),
    ] {
        let label = format!("{name}: {value}");
        assert_eq!(wanted(&[range.clone(), (name, value)]), expected, "{label}");
    }
}
