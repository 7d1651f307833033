//! A sketch of numbers that answers percentiles.
//!
//! A DDSketch: numbers are counted in buckets whose bounds grow by a constant
//! factor, so that the middle of a bucket is off by at most [`RELATIVE_ERROR`]
//! of any number in it. Taken rather than a t-digest since merged sketches are
//! the sketch of all their numbers: the answer does not depend on how rows are
//! spread over files and hours, and the error has a bound. A percentile lies
//! between two neighbours, each of which is told with that error.
//!
//! Limits: a double's exponents make at most about 2 x 74,000 buckets; a sketch
//! has no more than it has numbers.
//!
//! Source: Masson, Rim, Lee: DDSketch (VLDB 2019).

use std::collections::BTreeMap;

/// Of each of the two numbers that a percentile lies between.
pub(crate) const RELATIVE_ERROR: f64 = 0.01;
/// Between the bounds of a bucket.
const FACTOR: f64 = (1.0 + RELATIVE_ERROR) / (1.0 - RELATIVE_ERROR);
/// Bytes of a number at the most, in [`Sketch::write`].
const VARINT_BYTES: u32 = 10;

/// How many numbers there are in each bucket.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Sketch {
    /// By bucket: see [`key`].
    counts: BTreeMap<i32, u64>,
    count: u64,
}

/// The bucket of a number: ascending with it. Positive numbers are at 2n,
/// beginning with the least exponent; negative ones mirror them; zero is 0.
fn key(number: f64) -> i32 {
    if number == 0.0 {
        return 0;
    }
    // The logarithm of a double is within 745 on both sides of zero.
    let place = (number.abs().ln() / FACTOR.ln()).ceil() as i32 + OFFSET;
    if number > 0.0 { place } else { -place }
}

/// Makes the places of the least doubles positive.
const OFFSET: i32 = 40_000;

/// The middle of a bucket, by the measure of the relative error.
fn middle(key: i32) -> f64 {
    if key == 0 {
        return 0.0;
    }
    let upper = (f64::from(key.abs() - OFFSET) * FACTOR.ln()).exp();
    let middle = (upper * (2.0 / (1.0 + FACTOR))).min(f64::MAX);
    if key > 0 { middle } else { -middle }
}

impl Sketch {
    pub(crate) fn add(&mut self, number: f64) {
        *self.counts.entry(key(number)).or_default() += 1;
        self.count += 1;
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (key, count) in &other.counts {
            *self.counts.entry(*key).or_default() += count;
        }
        self.count += other.count;
    }

    /// With linear interpolation between neighbours, as the exact one.
    pub(crate) fn percentile(&self, percent: u8) -> Option<f64> {
        let last = self.count.checked_sub(1)?;
        let place = last as f64 * f64::from(percent) / 100.0;
        let (below, part) = (place.floor() as u64, place.fract());
        let low = self.at(below);
        let high = self.at((below + 1).min(last));
        Some(low + (high - low) * part)
    }

    /// The number at a place in ascending order.
    fn at(&self, place: u64) -> f64 {
        let mut passed = 0;
        for (key, count) in &self.counts {
            passed += count;
            if passed > place {
                return middle(*key);
            }
        }
        0.0
    }

    /// Buckets, then by bucket: key less the one before (zigzag), count.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        write_varint(out, self.counts.len() as u64);
        let mut last = 0;
        for (key, count) in &self.counts {
            let step = i64::from(*key) - last;
            last = i64::from(*key);
            write_varint(out, ((step << 1) ^ (step >> 63)) as u64);
            write_varint(out, *count);
        }
    }

    /// Reads one, and moves `bytes` past it.
    pub(super) fn read(bytes: &mut &[u8]) -> Option<Self> {
        let mut sketch = Self::default();
        let mut last = 0i64;
        for _ in 0..read_varint(bytes)? {
            let step = read_varint(bytes)?;
            last = last.checked_add((step >> 1) as i64 ^ -((step & 1) as i64))?;
            let count = read_varint(bytes)?;
            sketch.counts.insert(i32::try_from(last).ok()?, count);
            sketch.count = sketch.count.checked_add(count)?;
        }
        Some(sketch)
    }
}

fn write_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn read_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for place in 0..VARINT_BYTES {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7F).checked_shl(7 * place)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests;
