//! Noise, rain, rivers and the sun, over days and seasons.

use super::*;

const WORLD: World = World::calm(7);
const SITE: Site = Site { hash: 1, up: 0.9 };
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
    assert_ne!(last, World::calm(8).noise(1, 19_999.0, 600.0));
}

#[test]
fn rain_comes_and_goes_and_the_river_follows_it() {
    let hours: Vec<f64> = (0..24 * 60).map(|h| FRIDAY + f64::from(h) * HOUR).collect();
    let wet = hours.iter().filter(|t| WORLD.rain(SITE, **t) > 0.0).count();
    assert!(
        (hours.len() / 50..hours.len() / 2).contains(&wet),
        "{wet} wet hours"
    );
    // The wettest hour is followed by a higher river than stood before it.
    let wettest = hours
        .iter()
        .copied()
        .max_by(|a, b| WORLD.rain(SITE, *a).total_cmp(&WORLD.rain(SITE, *b)))
        .unwrap();
    let level = |t| WORLD.run_off(SITE, t, 3.0 * HOUR);
    assert!(level(wettest + 2.0 * HOUR) > level(wettest - 4.0 * HOUR));
}

#[test]
fn the_sun_follows_season_and_hour() {
    let at = |text| domain::Timestamp::parse(text).unwrap().as_micros() as f64 / 1e6;
    let risen = |text| sun_height(at(text)) > 0.0;
    // Sunrise and sunset at that latitude, to a quarter of an hour.
    assert!(!risen("2026-12-21T07:20:00+09:00") && risen("2026-12-21T08:10:00+09:00"));
    assert!(risen("2026-12-21T17:10:00+09:00") && !risen("2026-12-21T17:50:00+09:00"));
    assert!(!risen("2026-06-21T04:50:00+09:00") && risen("2026-06-21T05:50:00+09:00"));
    let noon = WORLD.daylight(SITE, at("2026-06-21T12:30:00+09:00"));
    let night = WORLD.daylight(SITE, at("2026-06-21T01:00:00+09:00"));
    assert!(noon > 10_000.0 && night < 0.1, "{noon} and {night} lx");
    assert!(season(at("2026-08-01T00:00:00Z")) > 22.0 + season(at("2026-01-25T00:00:00Z")));
}

#[test]
fn a_cloudburst_raises_the_river_as_a_river_rises() {
    let begun = FRIDAY;
    let world = World {
        cloudbursts: [Some(begun), None, None, None],
        ..WORLD
    };
    let top = Site { hash: 1, up: 0.95 };
    let mouth = Site { hash: 2, up: 0.05 };
    let minutes = || (0..24 * 60).map(|m| begun + f64::from(m) * 60.0);
    for site in [top, mouth] {
        let rise = |t: Seconds| world.flood(site, t) - world.flood(site, t - 900.0);
        let steepest = minutes().map(rise).fold(0.0, f64::max);
        assert!((0.05..0.7).contains(&steepest), "{steepest} m in 15 min");
        assert!(world.flood(site, begun + 20.0 * HOUR) < 0.02);
        assert_eq!(world.flood(site, begun), 0.0);
    }
    let peak = |site| minutes().map(|t| world.flood(site, t)).fold(0.0, f64::max);
    assert!(peak(top) > 2.0 * peak(mouth), "it gets lower on its way");
    assert!(world.burst(top, begun + 1_200.0) > 40.0);
    assert!(world.burst(mouth, begun + 1_200.0) < 1.0, "it is dry below");
}
