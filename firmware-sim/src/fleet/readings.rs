//! What a device of each model measures at one moment of the world.

use domain::ParsedValue;
use domain::payload::encode::Reading;

use super::PlannedDevice;
use crate::signal::{Seconds, Site, World, chance, daily, hour, season, sunshine, traffic};

const HOUR: Seconds = 3_600.0;
const MINUTE: Seconds = 60.0;
/// What a street lamp gives its own street, and the daylight below which it
/// burns, in lux.
const LAMPLIGHT: f64 = 12.0;
const LAMP_ON_BELOW: f64 = 50.0;

/// One device in the world.
pub(super) struct Scene<'a> {
    pub(super) device: &'a PlannedDevice,
    pub(super) world: World,
    pub(super) time: Seconds,
}

/// Rounded as an instrument reports it.
fn rounded(value: f64, digits: i32) -> f64 {
    let scale = 10f64.powi(digits);
    (value * scale).round() / scale
}

fn number(field: &'static str, value: f64, digits: i32) -> Reading<'static> {
    Reading::number(field, rounded(value, digits))
}

fn text(field: &'static str, value: &'static str) -> Reading<'static> {
    Reading::new(field, ParsedValue::Text(value.into()))
}

impl Scene<'_> {
    fn noise(&self, stream: u64, period: Seconds) -> f64 {
        self.world
            .noise(self.device.hash ^ stream, self.time, period)
    }

    /// 0 up to 1, fixed for the device.
    fn own(&self, salt: u64) -> f64 {
        chance(self.device.hash ^ salt)
    }

    fn site(&self) -> Site {
        self.device.site
    }

    fn rain(&self) -> f64 {
        self.world.rain(self.site(), self.time)
    }

    fn daylight(&self) -> f64 {
        self.world.daylight(self.site(), self.time)
    }

    /// All fields that the device's model has and it measures.
    pub(super) fn readings(&self) -> Vec<Reading<'static>> {
        match self.device.model.as_str() {
            "traffic.flow" => self.flow(),
            "traffic.signal" => self.signal(),
            "traffic.parking" => self.parking(),
            "safety.air" => self.air(),
            "safety.street" => self.street(),
            "safety.lamp" => self.lamp(),
            "safety.crowd" => self.crowd(),
            "safety.gas" => self.gas(),
            "safety.structure" => self.structure(),
            "disaster.water-level" => self.water_level(),
            "disaster.rain" => self.rain_gauge(),
            "disaster.slope" => self.slope(),
            "disaster.fire" => self.fire(),
            "disaster.seismic" => self.seismic(),
            // A model without a signal of its own still shows that it lives.
            _ => vec![number("battery", 90.0 + 5.0 * self.noise(1, HOUR), 1)],
        }
    }

    fn flow(&self) -> Vec<Reading<'static>> {
        let busy = (traffic(self.time) * (0.7 + 0.6 * self.own(1))
            + 0.12 * self.noise(2, 5.0 * MINUTE))
        .clamp(0.02, 1.0);
        let free = 45.0 + 45.0 * self.own(3);
        let wet = 1.0 - 0.15 * (self.rain() / 20.0).min(1.0);
        let speed = free * wet * (1.0 - 0.8 * busy.powi(3)) + 3.0 * self.noise(4, MINUTE);
        vec![
            number("speed", speed.max(2.0), 1),
            number("volume", 40.0 * busy * (1.0 - 0.3 * busy), 0),
            number("occupancy", 70.0 * busy * busy, 1),
        ]
    }

    fn signal(&self) -> Vec<Reading<'static>> {
        const CYCLE: Seconds = 120.0;
        let at = (self.time + self.own(1) * CYCLE).rem_euclid(CYCLE);
        let (phase, ends) = match at {
            at if at < 55.0 => ("green", 55.0),
            at if at < 60.0 => ("yellow", 60.0),
            at if at < 70.0 => ("green-left", 70.0),
            _ => ("red", CYCLE),
        };
        vec![text("phase", phase), number("remaining", ends - at, 0)]
    }

    fn parking(&self) -> Vec<Reading<'static>> {
        let total = 50.0 + (self.own(1) * 40.0).floor() * 10.0;
        let full = (0.2 + 0.7 * traffic(self.time - HOUR) + 0.08 * self.noise(2, 20.0 * MINUTE))
            .clamp(0.0, 1.0);
        vec![
            number("total", total, 0),
            number("available", total * (1.0 - full), 0),
        ]
    }

    fn air(&self) -> Vec<Reading<'static>> {
        let washed = 1.0 - 0.6 * (self.rain() / 10.0).min(1.0);
        let haze = 21.0 + 17.0 * self.world.noise(11, self.time, 30.0 * HOUR);
        let pm25 = (haze * washed + 8.0 * traffic(self.time) + 3.0 * self.noise(1, 10.0 * MINUTE))
            .max(2.0);
        let pm10 = pm25 * (1.6 + 0.2 * self.noise(2, HOUR));
        let ozone = 0.02 + 0.045 * sunshine(self.time - 2.0 * HOUR) + 0.004 * self.noise(3, HOUR);
        let no2 = 0.012 + 0.03 * traffic(self.time) + 0.003 * self.noise(4, HOUR);
        vec![
            number("pm25", pm25, 0),
            number("pm10", pm10, 0),
            number("o3", ozone.max(0.001), 4),
            number("no2", no2.max(0.001), 4),
            number("co", 0.3 + 0.4 * traffic(self.time), 2),
            number("cai", (pm25 * 1.7).min(500.0), 0),
        ]
    }

    fn street(&self) -> Vec<Reading<'static>> {
        let temperature = season(self.time)
            + 4.0 * daily(self.time, 15.0)
            + 2.0 * self.world.noise(21, self.time, 20.0 * HOUR)
            - 2.0 * (self.rain() / 10.0).min(1.0)
            + 0.4 * self.noise(1, 10.0 * MINUTE);
        let humidity = (62.0 - 14.0 * daily(self.time, 15.0)
            + 25.0 * (self.rain() / 5.0).min(1.0)
            + 2.0 * self.noise(2, 10.0 * MINUTE))
        .clamp(5.0, 100.0);
        let wind = (2.2 + 1.6 * self.noise(3, 8.0 * MINUTE)).max(0.0);
        let light = self.daylight() * (0.9 + 0.1 * self.noise(4, 5.0 * MINUTE)) + LAMPLIGHT;
        let pm = (20.0
            + 15.0 * self.world.noise(11, self.time, 30.0 * HOUR)
            + 2.0 * self.noise(5, 5.0 * MINUTE))
        .max(1.0);
        vec![
            number("temperature", temperature, 1),
            number("humidity", humidity, 0),
            number("wind_speed", wind, 1),
            number("wind_direction", 180.0 + 170.0 * self.noise(6, HOUR), 0),
            number("illuminance", light, 0),
            number(
                "noise",
                47.0 + 20.0 * traffic(self.time) + 4.0 * self.noise(7, MINUTE),
                1,
            ),
            number("pm25_raw", pm * 1.2, 0),
            number("pm25", pm, 0),
        ]
    }

    fn lamp(&self) -> Vec<Reading<'static>> {
        let light = self.daylight();
        // Lightning of a cloudburst takes some of the upper valley's lamps out.
        let struck = self.world.burst(self.site(), self.time) > 30.0 && self.own(9) < 0.5;
        let (state, power, own) = match (struck, light < LAMP_ON_BELOW) {
            (true, _) => ("fault", 0.0, 0.0),
            (false, true) => ("on", 98.0 + 0.8 * self.noise(1, 5.0 * MINUTE), LAMPLIGHT),
            (false, false) => ("off", 1.2 + 0.1 * self.noise(1, 5.0 * MINUTE), 0.0),
        };
        vec![
            text("power_state", state),
            number("illuminance", light + own, 0),
            number("power", power, 1),
        ]
    }

    fn crowd(&self) -> Vec<Reading<'static>> {
        let busy = (0.6 * traffic(self.time + HOUR) + 0.3 * self.noise(1, 10.0 * MINUTE)).max(0.02);
        let people = 250.0 * busy * (0.5 + self.own(2));
        let toward = people * (0.5 + 0.2 * self.noise(3, 20.0 * MINUTE));
        vec![
            number("people_count", people, 0),
            number("toward", toward, 0),
            number("away", people - toward, 0),
            number("density", people / 120.0, 2),
        ]
    }

    fn gas(&self) -> Vec<Reading<'static>> {
        let leak = (self.noise(1, 6.0 * HOUR) - 0.94).max(0.0) * 200.0;
        vec![
            number(
                "lel",
                0.4 + leak + 0.2 * self.noise(2, 5.0 * MINUTE).abs(),
                1,
            ),
            number("co", 2.0 + 4.0 * traffic(self.time) + leak, 1),
        ]
    }

    fn structure(&self) -> Vec<Reading<'static>> {
        let load = traffic(self.time) + 0.1 * self.noise(1, 2.0 * MINUTE);
        let heat = daily(self.time, 15.5);
        vec![
            number("strain", -120.0 + 40.0 * load + 15.0 * heat, 2),
            number(
                "natural_frequency",
                2.4 + 0.3 * self.own(2) - 0.02 * load,
                3,
            ),
            number("crack_width", 0.2 + 0.02 * heat, 3),
        ]
    }

    fn water_level(&self) -> Vec<Reading<'static>> {
        // The further down, the later and flatter the fronts' rain arrives.
        let down = 1.0 - self.site().up;
        let front = self
            .world
            .run_off(self.site(), self.time, (1.5 + 3.0 * down) * HOUR);
        let flood = self.world.flood(self.site(), self.time);
        // Near its mouth the river is tidal: twice a day, some decimetres.
        let tide = 0.35
            * (1.0 - 2.5 * self.site().up).max(0.0)
            * (self.time / (12.42 * HOUR) * std::f64::consts::TAU).sin();
        let level =
            0.7 + 0.5 * down + 0.04 * front + flood + tide + 0.01 * self.noise(2, 10.0 * MINUTE);
        let discharge = 9.0 * (1.0 + down) * (level.max(0.2) / (0.7 + 0.5 * down)).powf(1.8);
        vec![number("level", level, 2), number("discharge", discharge, 1)]
    }

    fn rain_gauge(&self) -> Vec<Reading<'static>> {
        let sum = |window| self.world.rain_sum(self.site(), self.time, window);
        // A tipping bucket counts half millimetres.
        let tipped = |mm: f64| (mm * 2.0).floor() / 2.0;
        vec![
            Reading::number("rain_1m", tipped(sum(MINUTE))),
            Reading::number("rain_10m", tipped(sum(10.0 * MINUTE))),
            Reading::number("rain_1h", tipped(sum(HOUR))),
            Reading::number("rain_3h", tipped(sum(3.0 * HOUR))),
            Reading::number("rain_12h", tipped(sum(12.0 * HOUR))),
        ]
    }

    fn slope(&self) -> Vec<Reading<'static>> {
        let wet = self.world.run_off(self.site(), self.time, 4.0 * HOUR)
            + 8.0 * self.world.flood(self.site(), self.time);
        let soil = (22.0 + 1.4 * wet + self.noise(1, HOUR)).clamp(0.0, 100.0);
        let creep = 0.004 * wet;
        vec![
            number(
                "tilt_x",
                1.5 * self.own(2) + creep + 0.01 * daily(self.time, 15.0),
                3,
            ),
            number("tilt_y", -0.8 * self.own(3) + 0.5 * creep, 3),
            number("tilt_rate", creep / 8.0, 4),
            number("soil_moisture", soil, 1),
        ]
    }

    fn fire(&self) -> Vec<Reading<'static>> {
        let smoulder = (self.noise(1, 8.0 * HOUR) - 0.97).max(0.0) * 260.0;
        vec![
            number(
                "smoke",
                0.1 + smoulder + 0.05 * self.noise(2, 5.0 * MINUTE).abs(),
                2,
            ),
            number(
                "temperature",
                22.0 + 3.0 * daily(self.time, 15.0) + 4.0 * smoulder,
                1,
            ),
            Reading::new("flame", ParsedValue::Boolean(smoulder > 6.0)),
        ]
    }

    fn seismic(&self) -> Vec<Reading<'static>> {
        // A small quake every few days, dying away within minutes.
        let minute = (self.time / (20.0 * MINUTE)).floor();
        let strength = (self.world.noise(31, minute * 997.0, 1.0) - 0.995).max(0.0) * 30.0;
        let since = self.time - minute * 20.0 * MINUTE;
        let pga = 0.002 + 0.0008 * (1.0 + self.noise(1, 30.0)) + strength * (-since / 40.0).exp();
        vec![
            number("pga", pga, 5),
            number("pgv", pga * 8.0, 4),
            number(
                "intensity_mmi",
                (2.2 * (pga * 100.0).log10() + 1.8).clamp(1.0, 12.0),
                1,
            ),
        ]
    }
}

/// Whether it is night in the city, when battery devices do not charge.
pub(super) fn night(time: Seconds) -> bool {
    !(6.0..20.0).contains(&hour(time))
}
