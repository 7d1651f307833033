//! Conversions against the recordings, and the table against itself.

use super::*;

fn check(value: f64, from: &str, to: &str, expected: f64) {
    assert_eq!(
        convert(value, from, to),
        Ok(expected),
        "{value} {from} -> {to}"
    );
}

#[test]
fn the_recordings_convert_to_the_nearest_number() {
    check(278.7, "cm", "m", 2.787);
    check(1146.2, "cm", "m", 11.462);
    check(25.31, "m EL", "m", 25.31);
    check(18_500.0, "10^4 m3", "m3", 185_000_000.0);
    check(18_500.0, "10^4 m3", "10*6.m3", 185.0);
    check(59.0, "10^6 m3", "m3", 59_000_000.0);
    check(100.59, "l/s", "m3/s", 0.10059);
    check(1000.0, "ft3/s", "m3/s", 28.316846592);
    check(10.0, "ft", "m", 3.048);
    check(36.0, "km/h", "m/s", 10.0);
    check(10.0, "m/s", "km/h", 36.0);
    check(3.0, "vehicle", "{vehicle}", 3.0);
    check(953.0, "space", "1", 953.0);
    check(-478.429169, "um/m", "10*-6", -478.429169);
    check(5.0, "count", "{vehicle}", 5.0);
}

#[test]
fn senml_and_korean_spellings_are_known() {
    check(0.43, "/", "%", 43.0);
    check(0.29, "/", "%", 29.0);
    check(4.35, "mg/m3", "ug/m3", 4350.0);
    check(43.0, "%RH", "%", 43.0);
    check(6.5, "Bspl", "dB[SPL]", 65.0);
    check(65.0, "dB(A)", "dB[SPL]", 65.0);
    check(12.0, "㎍/㎥", "ug/m3", 12.0);
    check(0.012, "mg/m3", "ug/m3", 12.0);
    check(31.0, "ppb", "ppm", 0.031);
    check(1013.2, "hPa", "Pa", 101_320.0);
    check(-100.0, "dBW", "dBm", -70.0);
    check(-70.0, "dBm", "dB[mW]", -70.0);
}

#[test]
fn temperatures_have_offsets() {
    check(293.15, "K", "Cel", 20.0);
    check(300.05, "K", "Cel", 26.9);
    check(20.5, "Cel", "K", 293.65);
    check(68.0, "[degF]", "Cel", 20.0);
    check(21.3, "℃", "Cel", 21.3);
    check(-40.0, "Cel", "degF", -40.0);
}

#[test]
fn what_is_unknown_or_of_another_kind_is_refused() {
    assert_eq!(
        convert(1.0, "furlong", "m"),
        Err(UnitError::Unknown {
            unit: "furlong".into()
        })
    );
    for (from, to) in [
        ("cm", "s"),
        ("%", "{vehicle}"),
        ("ppm", "ug/m3"),
        ("g", "m/s2"),
    ] {
        assert!(
            matches!(
                convert(1.0, from, to),
                Err(UnitError::Incommensurable { .. })
            ),
            "{from} -> {to}"
        );
    }
    // Spelled the same: the identity, whatever it means.
    check(1.0, "furlong", "furlong", 1.0);
}

#[test]
fn the_table_is_sorted_and_exact() {
    for pair in TABLE.windows(2) {
        assert!(
            pair[0].0 < pair[1].0,
            "{:?} before {:?}",
            pair[0].0,
            pair[1].0
        );
    }
    for (spelling, unit) in TABLE {
        assert!(unit.times > 0 && unit.per > 0, "{spelling}");
    }
}

#[test]
fn there_and_back_is_the_same_to_fifteen_digits() {
    for (a, first) in TABLE {
        for (b, second) in TABLE {
            if commensurable(*first, *second) {
                let there = convert(12.345, a, b).unwrap();
                let back = convert(there, b, a).unwrap();
                assert!((back - 12.345).abs() < 1e-9, "{a} -> {b} -> {back}");
            }
        }
    }
}

#[test]
fn units_of_the_models_are_known() {
    for unit in [
        "m",
        "m3/s",
        "mm",
        "m/s2",
        "cm/s",
        "1",
        "deg",
        "deg/h",
        "%",
        "%/m",
        "Cel",
        "km/h",
        "{vehicle}",
        "s",
        "ug/m3",
        "ppm",
        "[ppm]",
        "lx",
        "dB[SPL]",
        "mm/s",
        "10*-6",
        "Hz",
        "W",
        "/m2",
        "dB",
        "dB[mW]",
        "m/s",
        "V",
        "m3",
        "mW/m2",
    ] {
        assert!(is_known(unit), "{unit}");
    }
}
