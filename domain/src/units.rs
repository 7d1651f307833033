//! Units: from what a device wrote into the unit of its model.
//!
//! Known spellings are SenML's (RFC 8428 and the IANA registry "SenML Units"
//! with its secondary units), UCUM's, and those that Korean and international
//! open data use. An unknown one is refused, never assumed.
//!
//! A unit is an exact ratio of whole numbers to its dimension's base unit. A
//! conversion divides by a whole number rather than multiply by a rounded
//! fraction, so that 278.7 cm becomes the f64 nearest to 2.787 m.

mod table;

use table::{Dimension, TABLE, Unit};

/// Why a value cannot be converted.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum UnitError {
    #[error("the unit {unit:?} is unknown")]
    Unknown { unit: Box<str> },
    #[error("{from:?} cannot be converted into {to:?}")]
    Incommensurable { from: Box<str>, to: Box<str> },
}

/// Converts `value`; a unit spelled the same is never looked up.
pub fn convert(value: f64, from: &str, to: &str) -> Result<f64, UnitError> {
    if from == to {
        return Ok(value);
    }
    let (source, target) = (find(from)?, find(to)?);
    if !commensurable(source, target) {
        return Err(UnitError::Incommensurable {
            from: from.into(),
            to: to.into(),
        });
    }
    match (source.dimension, target.dimension) {
        (Dimension::Celsius | Dimension::Kelvin | Dimension::Fahrenheit, _) => {
            Ok(temperature(value, source.dimension, target.dimension))
        }
        (Dimension::LevelOfPower, _) => {
            // Levels add where powers multiply: 0 dBW is 30 dBm.
            Ok(value + (source.times as f64 - target.times as f64))
        }
        _ => Ok(scale(value, source, target)),
    }
}

/// Whether a spelling is in the table; a model may only ask for such a unit.
pub fn is_known(unit: &str) -> bool {
    find(unit).is_ok()
}

fn find(unit: &str) -> Result<Unit, UnitError> {
    TABLE
        .binary_search_by(|(spelling, _)| (*spelling).cmp(unit))
        .map(|at| TABLE[at].1)
        .map_err(|_| UnitError::Unknown { unit: unit.into() })
}

fn commensurable(a: Unit, b: Unit) -> bool {
    let is_one = |unit: Unit| unit.dimension == Dimension::Ratio && unit.times == unit.per;
    let is_temperature = |unit: Unit| {
        matches!(
            unit.dimension,
            Dimension::Celsius | Dimension::Kelvin | Dimension::Fahrenheit
        )
    };
    // A number of vehicles is a plain number, but not a percentage.
    let counted = |a: Unit, b: Unit| a.dimension == Dimension::Count && is_one(b);
    a.dimension == b.dimension
        || (is_temperature(a) && is_temperature(b))
        || counted(a, b)
        || counted(b, a)
}

fn scale(value: f64, from: Unit, to: Unit) -> f64 {
    let times = u128::from(from.times) * u128::from(to.per);
    let per = u128::from(from.per) * u128::from(to.times);
    let divisor = greatest_common_divisor(times, per);
    let (times, per) = ((times / divisor) as f64, (per / divisor) as f64);
    if per == 1.0 {
        times_whole(value, times)
    } else if times == 1.0 {
        value / per
    } else {
        value * times / per
    }
}

/// 0.29 x 100 is 28.999999999999996 in f64 arithmetic, though 29 was meant:
/// powers of ten move the decimal point of the shortest text instead.
fn times_whole(value: f64, times: f64) -> f64 {
    let product = value * times;
    let exponent = times.log10();
    if value.fract() == 0.0 || exponent.fract() != 0.0 {
        return product;
    }
    format!("{value}e{exponent}").parse().unwrap_or(product)
}

fn greatest_common_divisor(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

fn temperature(value: f64, from: Dimension, to: Dimension) -> f64 {
    const ZERO_CELSIUS: f64 = 273.15;
    match (from, to) {
        (Dimension::Celsius, Dimension::Kelvin) => decimal(value + ZERO_CELSIUS),
        (Dimension::Kelvin, Dimension::Celsius) => decimal(value - ZERO_CELSIUS),
        (Dimension::Celsius, Dimension::Fahrenheit) => decimal(value * 9.0 / 5.0 + 32.0),
        (Dimension::Fahrenheit, Dimension::Celsius) => (value - 32.0) * 5.0 / 9.0,
        (Dimension::Fahrenheit, Dimension::Kelvin) => (value - 32.0) * 5.0 / 9.0 + ZERO_CELSIUS,
        (Dimension::Kelvin, Dimension::Fahrenheit) => {
            decimal((value - ZERO_CELSIUS) * 9.0 / 5.0 + 32.0)
        }
        _ => value,
    }
}

/// 300.05 - 273.15 is 26.900000000000034 in f64 arithmetic: what stands behind
/// the ninth decimal of a temperature is rounding alone.
fn decimal(value: f64) -> f64 {
    (value * 1e9).round() / 1e9
}

#[cfg(test)]
mod tests {
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
}
