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
    /// When a cloudburst stood over the upper valley, beside the fronts that
    /// follow from the seed.
    pub cloudbursts: [Option<Seconds>; MAX_CLOUDBURSTS],
}

/// The last ones are all that still shows.
pub const MAX_CLOUDBURSTS: usize = 4;

/// Where in the world something stands.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Site {
    /// What its own share of chance follows from.
    pub hash: u64,
    /// How far up the valley: 1 at the river's source, 0 at its mouth.
    pub up: f64,
}

/// A cloudburst's hardest rain, in mm an hour: a little above what a weather
/// service warns of.
const BURST_RAIN: f64 = 62.0;
/// Where up the valley it stands, and how wide.
const BURST_UP: f64 = 0.85;
const BURST_WIDTH: f64 = 0.22;
/// From its first drop to its hardest rain, and from there to its end.
const BURST_GROWS: Seconds = 600.0;
const BURST_HOLDS: Seconds = 2_400.0;
const BURST_FADES: Seconds = 1_800.0;

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
    /// One without a cloudburst.
    pub const fn calm(seed: u64) -> Self {
        Self {
            seed,
            cloudbursts: [None; MAX_CLOUDBURSTS],
        }
    }

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
    /// the whole region with a share of its own for each place; and what a
    /// cloudburst adds.
    pub fn rain(self, site: Site, time: Seconds) -> f64 {
        const FRONT: u64 = 0x7261_696e;
        let front =
            self.noise(FRONT, time, 9.0 * HOUR) + 0.4 * self.noise(FRONT + 1, time, 2.0 * HOUR);
        let local = 1.0 + 0.5 * self.noise(FRONT ^ site.hash, time, HOUR);
        let depth = (front - 0.62).max(0.0) * 26.0 * local + self.burst(site, time) * local;
        if depth < 0.2 { 0.0 } else { depth }
    }

    /// What a cloudburst rains there, in mm an hour.
    pub fn burst(self, site: Site, time: Seconds) -> f64 {
        let away = (site.up - BURST_UP) / BURST_WIDTH;
        let strength: f64 = self
            .bursts(time)
            .map(|since| {
                let (grown, held) = (since - BURST_GROWS, since - BURST_GROWS - BURST_HOLDS);
                if grown < 0.0 {
                    since / BURST_GROWS
                } else {
                    (1.0 - held.max(0.0) / BURST_FADES).max(0.0)
                }
            })
            .sum();
        BURST_RAIN * strength * (-away * away).exp()
    }

    /// How far the flood of a cloudburst has raised the river, in metres: it
    /// begins at the top within minutes, comes down in two hours and gets
    /// lower on its way. It rises by no more than some two metres an hour.
    pub fn flood(self, site: Site, time: Seconds) -> f64 {
        let down = 1.0 - site.up;
        let delay = 300.0 + 7_000.0 * down;
        let rises = 5_400.0 + 4_500.0 * down;
        let height = 1.6 - 1.0 * down;
        self.bursts(time)
            .map(|since| ((since - delay) / rises).max(0.0))
            // Highest, at 1, after the time that it rises.
            .map(|part| height * part * part * (2.0 * (1.0 - part)).exp())
            .sum()
    }

    fn bursts(self, time: Seconds) -> impl Iterator<Item = Seconds> {
        self.cloudbursts
            .into_iter()
            .flatten()
            .map(move |begun| time - begun)
            .filter(|since| *since > 0.0)
    }

    /// Rain that fell in the last `window`, in mm.
    pub fn rain_sum(self, site: Site, time: Seconds, window: Seconds) -> f64 {
        /// Points that the sum is taken over, at least.
        const POINTS: f64 = 12.0;
        /// Seconds between two points at most: a cloudburst is not stepped over.
        const STEP: Seconds = 600.0;
        let points = POINTS.max((window / STEP).ceil());
        let step = window / points;
        let sum: f64 = (0..points as u32)
            .map(|n| self.rain(site, time - (f64::from(n) + 0.5) * step))
            .sum();
        sum * step / HOUR
    }

    /// How far the fronts' rain has raised a river, in mm of rain still on its
    /// way: the answer of a catchment that takes `lag` to run off.
    pub fn run_off(self, site: Site, time: Seconds, lag: Seconds) -> f64 {
        const POINTS: u32 = 24;
        let calm = Self::calm(self.seed);
        let step = 5.0 * lag / f64::from(POINTS);
        (0..POINTS)
            .map(|n| {
                let ago = (f64::from(n) + 0.5) * step;
                let share = ago / (lag * lag) * (-ago / lag).exp();
                calm.rain(site, time - ago) * share * step
            })
            .sum::<f64>()
            * lag
            / HOUR
    }

    /// Daylight on a level place, in lux: the sun's height, twilight, clouds.
    pub fn daylight(self, site: Site, time: Seconds) -> f64 {
        let cloud = 0.5 + 0.5 * self.noise(0x636c_6f75, time, 5.0 * HOUR);
        let wet = (self.rain(site, time) / 8.0).min(1.0);
        let veil = 1.0 - 0.55 * cloud - 0.3 * wet;
        clear_sky(sun_height(time)) * veil
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

/// Degrees north and east of the simulated city.
const CITY_LATITUDE: f64 = 35.75;
const CITY_LONGITUDE: f64 = 125.45;
const YEAR: f64 = 365.2425;

/// Days since the first of January, 2000-01-01 being one.
fn day_of_year(time: Seconds) -> f64 {
    ((time - 946_684_800.0) / DAY).rem_euclid(YEAR)
}

/// The sine of the sun's height over the city: above 0 it is day. Good to a
/// quarter of an hour; the equation of time is left out.
pub fn sun_height(time: Seconds) -> f64 {
    let tilt = -23.44f64.to_radians() * (TAU * (day_of_year(time) + 10.0) / YEAR).cos();
    let noon = (time / DAY).fract() + CITY_LONGITUDE / 360.0 - 0.5;
    let latitude = CITY_LATITUDE.to_radians();
    latitude.sin() * tilt.sin() + latitude.cos() * tilt.cos() * (TAU * noon).cos()
}

/// Lux under a clear sky: some 100,000 under a high sun, 400 as it sets, and a
/// tenth of that for each two degrees that it is below the horizon.
fn clear_sky(height: f64) -> f64 {
    if height > 0.0 {
        400.0 + 105_000.0 * height.powf(1.15)
    } else {
        400.0 * 10f64.powf(height / 0.035)
    }
}

/// The sun's strength, 0 to 1.
pub fn sunshine(time: Seconds) -> f64 {
    sun_height(time).max(0.0)
}

/// The mean temperature of the season, in degrees Celsius: coldest in late
/// January.
pub fn season(time: Seconds) -> f64 {
    13.0 - 12.0 * (TAU * (day_of_year(time) - 24.0) / YEAR).cos()
}

#[cfg(test)]
mod tests;
