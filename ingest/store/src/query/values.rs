//! Which observations pass, by value and quality.

use std::ops::{Bound, RangeBounds};

use domain::{Qualities, Quality, Value};

use crate::file::index::Entry;
use crate::observation::StoredObservation;

/// Which values pass. A value of another kind does not, nor does a missing one,
/// where anything is asked for.
#[derive(Clone, PartialEq, Debug, Default)]
pub enum ValueFilter {
    /// Missing ones too.
    #[default]
    All,
    Numbers(Interval),
    Boolean(bool),
    Text(Box<str>),
}

/// Numbers between two bounds.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Interval {
    pub low: Bound<f64>,
    pub high: Bound<f64>,
}

impl Interval {
    /// Every number.
    pub const ALL: Self = Self {
        low: Bound::Unbounded,
        high: Bound::Unbounded,
    };

    pub fn above(number: f64) -> Self {
        Self {
            low: Bound::Excluded(number),
            ..Self::ALL
        }
    }

    pub fn from(number: f64) -> Self {
        Self {
            low: Bound::Included(number),
            ..Self::ALL
        }
    }

    pub fn below(number: f64) -> Self {
        Self {
            high: Bound::Excluded(number),
            ..Self::ALL
        }
    }

    pub fn up_to(number: f64) -> Self {
        Self {
            high: Bound::Included(number),
            ..Self::ALL
        }
    }

    pub fn only(number: f64) -> Self {
        Self::from(number).and(Self::up_to(number))
    }

    /// What lies in both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            low: narrower(self.low, other.low, |one, other| one > other),
            high: narrower(self.high, other.high, |one, other| one < other),
        }
    }

    pub fn contains(self, number: f64) -> bool {
        (self.low, self.high).contains(&number)
    }

    /// Whether a number from `min` to `max` may lie in it.
    fn meets(self, min: f64, max: f64) -> bool {
        let reaches_low = match self.low {
            Bound::Unbounded => true,
            Bound::Included(low) => max >= low,
            Bound::Excluded(low) => max > low,
        };
        let reaches_high = match self.high {
            Bound::Unbounded => true,
            Bound::Included(high) => min <= high,
            Bound::Excluded(high) => min < high,
        };
        reaches_low && reaches_high
    }
}

/// The bound that leaves less; `is_narrower` compares two numbers.
fn narrower(
    one: Bound<f64>,
    other: Bound<f64>,
    is_narrower: impl Fn(f64, f64) -> bool,
) -> Bound<f64> {
    let number = |bound| match bound {
        Bound::Unbounded => None,
        Bound::Included(number) | Bound::Excluded(number) => Some(number),
    };
    match (number(one), number(other)) {
        (None, _) => other,
        (_, None) => one,
        (Some(first), Some(second)) if is_narrower(first, second) => one,
        (Some(first), Some(second)) if is_narrower(second, first) => other,
        // Of the same number, the one without it.
        _ if matches!(one, Bound::Excluded(_)) => one,
        _ => other,
    }
}

impl ValueFilter {
    pub fn passes(&self, value: Option<&Value>) -> bool {
        match (self, value) {
            (Self::All, _) => true,
            (Self::Numbers(interval), Some(Value::Number(number))) => interval.contains(*number),
            (Self::Boolean(wanted), Some(Value::Boolean(is))) => wanted == is,
            (Self::Text(wanted), Some(Value::Text(text))) => **wanted == **text,
            _ => false,
        }
    }
}

/// Values and qualities together, of the newest revision of each time.
#[derive(Clone, Copy)]
pub(crate) struct Sieve<'a> {
    pub(crate) values: &'a ValueFilter,
    pub(crate) qualities: Qualities,
}

impl Sieve<'_> {
    pub(crate) fn passes_all(self) -> bool {
        *self.values == ValueFilter::All && self.qualities == Qualities::ALL
    }

    pub(crate) fn passes(self, row: &StoredObservation) -> bool {
        self.qualities.contains(row.quality) && self.values.passes(row.value.as_ref())
    }

    /// Whether a row of `entry` may pass, as far as its statistics tell: they
    /// are of good and uncertain numbers.
    pub(crate) fn may_pass(self, entry: &Entry) -> bool {
        let tells_all = entry.numbers == entry.rows || !self.qualities.contains(Quality::Bad);
        match self.values {
            ValueFilter::Numbers(interval) if tells_all => interval.meets(entry.min, entry.max),
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_holds_what_its_bounds_say() {
        let numbers = [-1.0, 0.0, 0.5, 1.0, 2.0];
        let held = |interval: Interval| -> Vec<f64> {
            let held = numbers.into_iter();
            held.filter(|number| interval.contains(*number)).collect()
        };
        assert_eq!(held(Interval::ALL), numbers);
        assert_eq!(held(Interval::above(0.5)), [1.0, 2.0]);
        assert_eq!(held(Interval::from(0.5)), [0.5, 1.0, 2.0]);
        assert_eq!(held(Interval::below(0.5)), [-1.0, 0.0]);
        assert_eq!(held(Interval::up_to(0.5)), [-1.0, 0.0, 0.5]);
        assert_eq!(held(Interval::only(0.5)), [0.5]);
        let both = Interval::from(0.0).and(Interval::above(0.0));
        assert_eq!(both, Interval::above(0.0));
        assert_eq!(Interval::above(0.0).and(Interval::from(0.0)), both);
        assert_eq!(held(both.and(Interval::below(2.0))), [0.5, 1.0]);
        let none: [f64; 0] = [];
        assert_eq!(held(Interval::above(1.0).and(Interval::below(1.0))), none);
        assert_eq!(held(Interval::above(1.0).and(Interval::up_to(0.0))), none);
    }

    #[test]
    fn an_interval_that_meets_no_number_between_two_is_known() {
        assert!(Interval::from(2.0).meets(1.0, 2.0));
        assert!(!Interval::above(2.0).meets(1.0, 2.0));
        assert!(Interval::up_to(1.0).meets(1.0, 2.0));
        assert!(!Interval::below(1.0).meets(1.0, 2.0));
        // No number at all.
        assert!(!Interval::from(0.0).meets(f64::INFINITY, f64::NEG_INFINITY));
    }
}
