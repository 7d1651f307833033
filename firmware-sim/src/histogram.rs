//! Latencies in microseconds, counted in buckets of at most 1.6 % width: 64
//! for each power of two, so that a percentile costs no memory of samples.

use std::time::Duration;

const PER_OCTAVE: u64 = 64;
/// Up to 2^36 us, about 19 hours; longer ones count as that.
const OCTAVES: u64 = 31;
const BUCKETS: usize = (PER_OCTAVE * (OCTAVES + 1)) as usize;

#[derive(Clone)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            counts: vec![0; BUCKETS],
            total: 0,
        }
    }
}

impl Histogram {
    pub fn record(&mut self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        self.counts[bucket(micros)] += 1;
        self.total += 1;
    }

    pub fn add(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.total += other.total;
    }

    /// The latency that `share` (0 to 1) of all stay at or below, in
    /// microseconds; `None` without any.
    pub fn quantile(&self, share: f64) -> Option<u64> {
        let wanted = ((self.total as f64 * share).ceil() as u64).clamp(1, self.total.max(1));
        let mut seen = 0;
        self.counts.iter().enumerate().find_map(|(at, count)| {
            seen += count;
            (seen >= wanted && self.total > 0).then(|| upper_bound(at))
        })
    }
}

fn bucket(micros: u64) -> usize {
    if micros < PER_OCTAVE {
        return micros as usize;
    }
    let octave = u64::from(micros.ilog2()) - 5;
    let within = (micros >> octave) - PER_OCTAVE / 2;
    // The lower half of an octave's 64 lies in the octave below.
    let at = PER_OCTAVE + (octave - 1) * PER_OCTAVE / 2 + within;
    (at as usize).min(BUCKETS - 1)
}

/// The largest value that falls into a bucket.
fn upper_bound(bucket: usize) -> u64 {
    let at = bucket as u64;
    if at < PER_OCTAVE {
        return at;
    }
    let octave = (at - PER_OCTAVE) / (PER_OCTAVE / 2) + 1;
    let within = (at - PER_OCTAVE) % (PER_OCTAVE / 2) + PER_OCTAVE / 2;
    ((within + 1) << octave) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_falls_into_a_bucket_that_holds_it() {
        for micros in (0..100_000).chain((1..1_000).map(|n| n * 7_919_000)) {
            let at = bucket(micros);
            let upper = upper_bound(at);
            assert!(upper >= micros, "{micros} in {at}");
            assert!(
                upper as f64 <= micros as f64 * 1.04 + 1.0,
                "{micros}: {upper}"
            );
            assert_eq!(bucket(upper), at, "{micros}");
        }
    }

    #[test]
    fn quantiles_are_those_of_the_samples() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.quantile(0.5), None);
        for micros in 1..=1_000 {
            histogram.record(Duration::from_micros(micros));
        }
        for (share, exact) in [(0.5, 500.0), (0.99, 990.0), (0.999, 999.0), (1.0, 1_000.0)] {
            let found = histogram.quantile(share).unwrap() as f64;
            assert!((exact..=exact * 1.04).contains(&found), "{share}: {found}");
        }
    }
}
