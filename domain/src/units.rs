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

/// 300.05 - 273.15 is 26.900000000000034 in f64 arithmetic: whatever
/// follows the ninth decimal of a temperature is rounding alone.
fn decimal(value: f64) -> f64 {
    (value * 1e9).round() / 1e9
}

#[cfg(test)]
mod tests;
