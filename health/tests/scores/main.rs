//! What holds for every score, whatever is known of a series.

#![allow(clippy::unwrap_used)]

mod fleet;

use domain::Timestamp;
use health::{Health, Hour, PartKind, Reading, SeriesData, SeriesFacts, Stuck, Why};
use proptest::prelude::*;

fn fact(values: std::ops::Range<f64>) -> impl Strategy<Value = Result<f64, Why>> {
    prop_oneof![values.prop_map(Ok), Just(Err(Why::TooFew))]
}

prop_compose! {
    fn facts()(
        silent in fact(0.0..1e7),
        interval in 0.001..1e6_f64,
        missed in fact(0.0..1.0),
        clock in fact(-1e6..1e6),
        implausible in fact(0.0..1.0),
        stuck in (0.0..200.0_f64, 0.01..500.0_f64),
        is_stuck_known in any::<bool>(),
        drift in fact(0.0..1e6),
        repeated in fact(0.0..1.0),
    ) -> SeriesFacts {
        let (hours, usual) = stuck;
        SeriesFacts {
            silent,
            interval,
            missed,
            clock,
            implausible,
            stuck: if is_stuck_known { Ok(Stuck { hours, usual }) } else { Err(Why::Constant) },
            drift,
            repeated,
        }
    }
}

/// The same with one fact that is worse.
fn worse(facts: &SeriesFacts, which: usize, factor: f64) -> SeriesFacts {
    let mut worse = facts.clone();
    match which {
        0 => worse.silent = worse.silent.map(|silent| silent * factor),
        1 => worse.missed = worse.missed.map(|share| (share * factor).min(1.0)),
        2 => worse.clock = worse.clock.map(|off| off * factor),
        3 => worse.implausible = worse.implausible.map(|share| (share * factor).min(1.0)),
        4 => {
            worse.stuck = worse.stuck.map(|stuck| Stuck {
                hours: stuck.hours * factor,
                ..stuck
            });
        }
        5 => worse.drift = worse.drift.map(|spreads| spreads * factor),
        _ => worse.repeated = worse.repeated.map(|share| (share * factor).min(1.0)),
    }
    worse
}

proptest! {
    #[test]
    fn a_score_is_0_to_100_and_each_part_too(facts in facts()) {
        let health = Health::of_series(&facts);
        prop_assert!(health.score() <= 100);
        for part in &health.parts {
            prop_assert!((0.0..=100.0).contains(&part.score), "{part:?}");
        }
    }

    #[test]
    fn what_is_worse_never_scores_better(
        facts in facts(), which in 0..7_usize, factor in 1.0..50.0_f64
    ) {
        let worse = Health::of_series(&worse(&facts, which, factor));
        prop_assert!(worse.score() <= Health::of_series(&facts).score());
    }

    #[test]
    fn each_part_is_told_or_left_out(facts in facts()) {
        let health = Health::of_series(&facts);
        let told = health.parts.iter().map(|part| part.kind);
        let mut kinds: Vec<PartKind> =
            told.chain(health.left_out.iter().map(|left_out| left_out.part)).collect();
        kinds.sort_unstable();
        prop_assert_eq!(kinds, &PartKind::ALL[..7]);
        let losses: f64 = health.losses().iter().map(|part| part.points()).sum();
        let expected = (100.0 - losses).round().max(0.0);
        prop_assert_eq!(f64::from(health.score()), expected);
    }
}

/// A reading a minute for two days, which all came at once: in perfect health.
fn perfect() -> SeriesData {
    let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
    let now = 172_800;
    let reading = |time: i64| Reading {
        time: at(time),
        received: at(time + 1),
        own_time: true,
    };
    SeriesData {
        now: at(now),
        last_received: Some(at(now - 1)),
        hours: Some(
            (0..48)
                .map(|hour| Hour {
                    start: at(hour * 3_600),
                    good: 60,
                    left_out: 0,
                    min_max: Some((hour as f64, hour as f64 + 1.0)),
                })
                .collect(),
        ),
        recent: (1..100)
            .map(|back| reading(now - 60 * back))
            .rev()
            .collect(),
        since: at(now - 86_400),
        count: 1_440,
        repeated: 0,
        expected_interval: None,
        range: (Some(-10.0), Some(1_000.0)),
        medians: Ok((20.0, vec![19.0, 20.0, 21.0, 22.0])),
    }
}

#[test]
fn one_in_perfect_health_has_100_points_and_no_reason() {
    let health = Health::of_series(&perfect().facts());
    assert_eq!((health.score(), health.losses().len()), (100, 0));
    assert_eq!((health.parts.len(), health.left_out.len()), (7, 0));
}

/// What takes points, the most first, and what is left.
fn reasons(data: &SeriesData) -> (Vec<&'static str>, u8) {
    let health = Health::of_series(&data.facts());
    let reasons = health.losses().iter().map(|part| part.reason()).collect();
    (reasons, health.score())
}

#[test]
fn each_fault_is_named() {
    let late = |seconds: i64| {
        let mut data = perfect();
        for reading in &mut data.recent {
            let time = reading.time.as_micros() - seconds * 1_000_000;
            reading.time = Timestamp::from_micros(time);
        }
        data
    };
    let mut silent = perfect();
    silent.last_received = Some(Timestamp::from_micros(172_800_000_000 - 3_600_000_000));
    assert_eq!(reasons(&silent), (vec!["silent"], 0));
    let mut gaps = perfect();
    gaps.count = 720;
    assert_eq!(reasons(&gaps), (vec!["missed"], 76));
    assert_eq!(reasons(&late(3_600)), (vec!["clock-late"], 70));
    assert_eq!(reasons(&late(-700)), (vec!["clock-ahead"], 70));
    let mut implausible = perfect();
    for hour in implausible.hours.as_mut().unwrap() {
        (hour.good, hour.left_out) = (30, 30);
    }
    assert_eq!(reasons(&implausible), (vec!["implausible"], 60));
    let mut stuck = perfect();
    for hour in &mut stuck.hours.as_mut().unwrap()[30..] {
        hour.min_max = Some((33.0, 33.0));
    }
    assert_eq!(reasons(&stuck), (vec!["stuck"], 50));
    let mut drifted = perfect();
    drifted.medians = Ok((60.0, vec![19.0, 20.0, 21.0, 22.0]));
    assert_eq!(reasons(&drifted), (vec!["drift"], 70));
    let mut repeating = perfect();
    repeating.repeated = repeating.count;
    assert_eq!(reasons(&repeating), (vec!["repeated"], 88));
}

#[test]
fn what_may_be_right_takes_no_points_and_is_left_out() {
    let why = |data: &SeriesData, part: PartKind| {
        let health = Health::of_series(&data.facts());
        let left_out = health
            .left_out
            .iter()
            .find(|left_out| left_out.part == part);
        left_out.map(|left_out| (left_out.why, health.score()))
    };
    let mut constant = perfect();
    for hour in constant.hours.as_mut().unwrap() {
        hour.min_max = Some((7.0, 7.0));
    }
    assert_eq!(why(&constant, PartKind::Stuck), Some((Why::Constant, 100)));
    let mut dry = perfect();
    for hour in &mut dry.hours.as_mut().unwrap()[10..] {
        hour.min_max = Some((0.0, 0.0));
    }
    assert_eq!(why(&dry, PartKind::Stuck), Some((Why::Resting, 100)));
    let mut assigned = perfect();
    for reading in &mut assigned.recent {
        reading.own_time = false;
    }
    assert_eq!(
        why(&assigned, PartKind::Clock),
        Some((Why::NoOwnTimes, 100))
    );
    let mut alone = perfect();
    alone.medians = Ok((20.0, vec![80.0, 81.0]));
    assert_eq!(why(&alone, PartKind::Drift), Some((Why::NoNeighbours, 100)));
    let mut text = perfect();
    text.hours = Some(Vec::new());
    assert_eq!(why(&text, PartKind::Stuck), Some((Why::NoNumbers, 100)));
    let mut young = perfect();
    young.since = Timestamp::from_micros(young.now.as_micros() - 120_000_000);
    young.count = 2;
    assert_eq!(why(&young, PartKind::Missed), Some((Why::TooFew, 100)));
}

#[test]
fn nothing_at_all_is_0_points() {
    let never = SeriesData {
        last_received: None,
        hours: Some(Vec::new()),
        recent: Vec::new(),
        count: 0,
        medians: Err(Why::NoNeighbours),
        ..perfect()
    };
    let health = Health::of_series(&never.facts());
    assert_eq!((health.score(), health.parts.len()), (0, 0));
}
