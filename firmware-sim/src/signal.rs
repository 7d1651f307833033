//! What the simulated world does: daily cycles, rain that raises rivers, and
//! the faults of sensors.
//!
//! Everything is a pure function of (seed, place, time), so that a run can be
//! repeated, two devices at one place agree, and nothing depends on how often
//! a device asks. Chance is smooth noise: hashes at the points of a coarse
//! grid in time, interpolated between them; never white noise alone.

use std::f64::consts::TAU;

/// Seconds since 1970-01-01 UTC; signals run in this unit.
pub type Seconds = f64;

const HOUR: Seconds = 3_600.0;
const DAY: Seconds = 86_400.0;
/// The day of the simulated city is Korea's: UTC+9.
const LOCAL_OFFSET: Seconds = 9.0 * HOUR;

/// The world that a fleet stands in.
#[derive(Clone, Copy, Debug)]
pub struct World {
    pub seed: u64,
}

/// A hash that spreads every bit (SplitMix64's finaliser).
pub fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// 0 up to 1, by a hash of `x`.
pub fn chance(x: u64) -> f64 {
    (mix(x) >> 11) as f64 / (1u64 << 53) as f64
}

impl World {
    fn hash(self, stream: u64, step: i64) -> u64 {
        mix(self.seed ^ mix(stream).wrapping_add(step as u64))
    }

    /// Smooth noise between -1 and 1 that changes over about `period`.
    pub fn noise(self, stream: u64, time: Seconds, period: Seconds) -> f64 {
        let position = time / period;
        let step = position.floor();
        let fraction = position - step;
        let blend = fraction * fraction * (3.0 - 2.0 * fraction);
        let at = |step: f64| chance(self.hash(stream, step as i64)) * 2.0 - 1.0;
        at(step) * (1.0 - blend) + at(step + 1.0) * blend
    }

    /// Rain in mm an hour: fronts of some hours, some days dry, the same over
    /// the whole region with a share of its own for each place.
    pub fn rain(self, place: u64, time: Seconds) -> f64 {
        const FRONT: u64 = 0x7261_696e;
        let front =
            self.noise(FRONT, time, 9.0 * HOUR) + 0.4 * self.noise(FRONT + 1, time, 2.0 * HOUR);
        let local = 1.0 + 0.5 * self.noise(FRONT ^ place, time, HOUR);
        let depth = (front - 0.45).max(0.0) * 60.0 * local;
        if depth < 0.2 { 0.0 } else { depth }
    }

    /// Rain that fell in the last `window`, in mm.
    pub fn rain_sum(self, place: u64, time: Seconds, window: Seconds) -> f64 {
        /// Points that the sum is taken over.
        const POINTS: u32 = 12;
        let step = window / f64::from(POINTS);
        let sum: f64 = (0..POINTS)
            .map(|n| self.rain(place, time - (f64::from(n) + 0.5) * step))
            .sum();
        sum * step / HOUR
    }

    /// How far rain has raised a river, in mm of rain still on its way: the
    /// answer of a catchment that takes `lag` to run off.
    pub fn run_off(self, place: u64, time: Seconds, lag: Seconds) -> f64 {
        const POINTS: u32 = 24;
        let step = 5.0 * lag / f64::from(POINTS);
        (0..POINTS)
            .map(|n| {
                let ago = (f64::from(n) + 0.5) * step;
                let share = ago / (lag * lag) * (-ago / lag).exp();
                self.rain(place, time - ago) * share * step
            })
            .sum::<f64>()
            * lag
            / HOUR
    }
}

/// Local hour of the day, 0 up to 24.
pub fn hour(time: Seconds) -> f64 {
    (time + LOCAL_OFFSET).rem_euclid(DAY) / HOUR
}

/// Local day of the week: 0 is Monday.
pub fn weekday(time: Seconds) -> u32 {
    // 1970-01-01 was a Thursday.
    (((time + LOCAL_OFFSET) / DAY).floor() as i64 + 3).rem_euclid(7) as u32
}

/// A cycle between -1 and 1 that is highest at `peak`, a local hour.
pub fn daily(time: Seconds, peak: f64) -> f64 {
    ((hour(time) - peak) / 24.0 * TAU).cos()
}

/// A hump of height 1 around `centre`, a local hour, `width` hours wide.
pub fn hump(time: Seconds, centre: f64, width: f64) -> f64 {
    let away = (hour(time) - centre + 36.0).rem_euclid(24.0) - 12.0;
    (-(away / width) * (away / width)).exp()
}

/// How busy the streets are, 0 to 1.
pub fn traffic(time: Seconds) -> f64 {
    let base = 0.15 + 0.3 * hump(time, 13.5, 4.5);
    let rush = if weekday(time) < 5 {
        0.55 * hump(time, 8.3, 1.2) + 0.6 * hump(time, 18.4, 1.6)
    } else {
        0.3 * hump(time, 15.0, 3.0)
    };
    (base + rush).min(1.0)
}

/// The sun, 0 to 1; no season, since a run lasts days.
pub fn daylight(time: Seconds) -> f64 {
    daily(time, 12.5).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORLD: World = World { seed: 7 };
    /// 2026-05-01T00:00:00Z, a Friday, 09:00 in Seoul.
    const FRIDAY: Seconds = 1_777_593_600.0;

    #[test]
    fn the_local_day_is_koreas() {
        assert_eq!(hour(FRIDAY), 9.0);
        assert_eq!(weekday(FRIDAY), 4);
        assert!(daily(FRIDAY, 9.0) > 0.999);
        assert!(traffic(FRIDAY - HOUR / 2.0) > traffic(FRIDAY - 6.0 * HOUR));
    }

    #[test]
    fn noise_is_smooth_bounded_and_repeatable() {
        let mut last = WORLD.noise(1, 0.0, 600.0);
        for second in 1..20_000 {
            let next = WORLD.noise(1, f64::from(second), 600.0);
            assert!((-1.0..=1.0).contains(&next));
            assert!((next - last).abs() < 0.006, "a jump at {second}");
            last = next;
        }
        assert_eq!(last, WORLD.noise(1, 19_999.0, 600.0));
        assert_ne!(last, World { seed: 8 }.noise(1, 19_999.0, 600.0));
    }

    #[test]
    fn rain_comes_and_goes_and_the_river_follows_it() {
        let hours: Vec<f64> = (0..24 * 60).map(|h| FRIDAY + f64::from(h) * HOUR).collect();
        let wet = hours.iter().filter(|t| WORLD.rain(1, **t) > 0.0).count();
        assert!(
            (hours.len() / 50..hours.len() / 2).contains(&wet),
            "{wet} wet hours"
        );
        // The wettest hour is followed by a higher river than stood before it.
        let wettest = hours
            .iter()
            .copied()
            .max_by(|a, b| WORLD.rain(1, *a).total_cmp(&WORLD.rain(1, *b)))
            .unwrap();
        let level = |t| WORLD.run_off(1, t, 3.0 * HOUR);
        assert!(level(wettest + 2.0 * HOUR) > level(wettest - 4.0 * HOUR));
    }
}
