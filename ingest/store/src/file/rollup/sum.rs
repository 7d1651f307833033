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
        // A tie is decided by the next smaller part.
        if let Some(lower) = below.next()
            && (error < 0.0) == (*lower < 0.0)
            && *lower != 0.0
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
mod tests;
