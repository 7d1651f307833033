//! Exact sums of doubles.
//!
//! Constraints: the answer is the true sum, rounded once, so it depends neither
//! on the order of the numbers nor on how they are spread over files, heads and
//! rollups. Two doubles hold the sum of almost all real series without loss;
//! what does not fit goes into further parts. A sum beyond the range of doubles
//! is infinite or not a number.
//!
//! Sources: error-free addition by Knuth; growing expansions and their rounding
//! by Shewchuk, as in Python's `math.fsum`.

/// A sum that has lost nothing yet.
#[derive(Clone, Default, Debug)]
pub(crate) struct ExactSum {
    high: f64,
    low: f64,
    /// What fits into neither; at most about 40 parts, since parts do not
    /// overlap and a double has 2,098 places.
    rest: Vec<f64>,
}

impl ExactSum {
    /// The sum that [`ExactSum::parts`] told.
    pub(crate) fn of_parts(high: f64, low: f64) -> Self {
        Self {
            high,
            low,
            rest: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, number: f64) {
        let (high, error) = add_exactly(self.high, number);
        let (low, error) = add_exactly(self.low, error);
        (self.high, self.low) = (high, low);
        if error != 0.0 {
            grow(&mut self.rest, error);
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.add(other.high);
        self.add(other.low);
        for part in &other.rest {
            self.add(*part);
        }
    }

    /// The true sum, rounded to the nearest double.
    pub(crate) fn value(&self) -> f64 {
        if !self.high.is_finite() {
            return self.high;
        }
        if self.rest.is_empty() {
            // One addition of two doubles is rounded correctly.
            return self.high + self.low;
        }
        let mut parts = self.rest.clone();
        grow(&mut parts, self.low);
        grow(&mut parts, self.high);
        rounded(&parts)
    }

    /// Two doubles whose sum it is without loss, the first of them rounded;
    /// `None` where it takes more.
    pub(crate) fn parts(&self) -> Option<(f64, f64)> {
        let (high, low) = add_exactly(self.high, self.low);
        (self.rest.is_empty() && high.is_finite()).then_some((high, low))
    }
}

/// The rounded sum, and what rounding took.
fn add_exactly(one: f64, other: f64) -> (f64, f64) {
    let sum = one + other;
    let part = sum - one;
    (sum, (one - (sum - part)) + (other - part))
}

/// Adds `number` to parts that do not overlap, least first.
fn grow(parts: &mut Vec<f64>, number: f64) {
    let (mut carried, mut kept) = (number, 0);
    for at in 0..parts.len() {
        let (sum, error) = add_exactly(carried, parts[at]);
        if error != 0.0 {
            parts[kept] = error;
            kept += 1;
        }
        carried = sum;
    }
    parts.truncate(kept);
    parts.push(carried);
}

/// The nearest double to the sum of parts that do not overlap, least first.
fn rounded(parts: &[f64]) -> f64 {
    let mut below = parts.iter().rev();
    let mut sum = below.next().copied().unwrap_or(0.0);
    for part in below.by_ref() {
        let (next, error) = add_exactly(sum, *part);
        sum = next;
        if error == 0.0 {
            continue;
        }
        // A tie is decided by what comes behind it.
        if let Some(behind) = below.next()
            && (error < 0.0) == (*behind < 0.0)
            && *behind != 0.0
        {
            let (other, rest) = (sum + 2.0 * error, 2.0 * error);
            if other - sum == rest {
                sum = other;
            }
        }
        break;
    }
    sum
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn sum(numbers: &[f64]) -> ExactSum {
        let mut sum = ExactSum::default();
        numbers.iter().for_each(|number| sum.add(*number));
        sum
    }

    #[test]
    fn what_is_small_is_not_lost_beside_what_is_great() {
        assert_eq!(sum(&[1e16, 1.0, -1e16]).value(), 1.0);
        assert_eq!(sum(&[1e300, 1.0, 1e-300, -1e300, -1.0]).value(), 1e-300);
        assert_eq!(sum(&[0.1; 10]).value(), 1.0);
        assert_eq!(sum(&[]).value(), 0.0);
    }

    #[test]
    fn a_tie_looks_at_what_comes_behind_it() {
        let (one, half) = (1.0, f64::EPSILON / 2.0);
        assert_eq!(sum(&[one, half]).value(), 1.0);
        assert_eq!(sum(&[one, half, 1e-200]).value(), 1.0 + f64::EPSILON);
        assert_eq!(sum(&[one, half, -1e-200]).value(), 1.0);
    }

    #[test]
    fn what_is_too_great_is_infinite() {
        assert_eq!(sum(&[f64::MAX, f64::MAX, 1.0]).value(), f64::INFINITY);
        assert_eq!(sum(&[f64::MAX, f64::MAX]).parts(), None);
    }

    proptest! {
        #[test]
        fn neither_order_nor_grouping_matters(
            numbers in vec((-1_000_000_000i64..1_000_000_000, -300i32..300), 0..60),
            cut in 0usize..60,
        ) {
            let numbers: Vec<f64> = numbers
                .into_iter()
                .map(|(digits, exponent)| digits as f64 * 10f64.powi(exponent))
                .collect();
            let cut = cut.min(numbers.len());
            let mut merged = sum(&numbers[cut..]);
            merged.merge(&sum(&numbers[..cut]));
            let whole = sum(&numbers);
            prop_assert_eq!(merged.value(), whole.value());
            if let Some((high, low)) = whole.parts() {
                prop_assert_eq!(high, whole.value());
                prop_assert_eq!(ExactSum::of_parts(high, low).value(), whole.value());
            }
        }

        #[test]
        fn whole_numbers_add_up(numbers in vec(-1i64 << 52..1i64 << 52, 0..200)) {
            let plain: i128 = numbers.iter().map(|number| i128::from(*number)).sum();
            let floats: Vec<f64> = numbers.iter().map(|number| *number as f64).collect();
            prop_assert_eq!(sum(&floats).value(), plain as f64);
        }
    }
}
