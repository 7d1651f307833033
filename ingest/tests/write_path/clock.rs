//! A clock that was ahead once, or is in doubt: what is assigned, what is
//! judged, what retention takes away.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use device_registry::{Actor, AgencyPatch};
use domain::{AgencyId, ModelId, Quality, Timestamp};
use ingest::{Clock, Spread};
use parking_lot::Mutex;

use crate::harness::{Message, NOW, Plane, block_on, config, try_open_by};

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;
const TEN_YEARS: i64 = 3_653 * DAY;

/// A clock that a test sets.
#[derive(Clone)]
pub(crate) struct Set(Arc<Mutex<(Timestamp, Spread)>>);

impl Clock for Set {
    fn now(&self) -> Timestamp {
        self.0.lock().0
    }

    fn spread(&self) -> Spread {
        self.0.lock().1
    }
}

impl Set {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new((NOW, Spread::default()))))
    }

    pub(crate) fn to(&self, micros_later: i64, spread: Spread) {
        let now = Timestamp::from_micros(NOW.as_micros() + micros_later);
        *self.0.lock() = (now, spread);
    }

    pub(crate) fn open(&self, folder: &Path) -> Plane {
        try_open_by(config(folder), Arc::new(self.clone())).unwrap()
    }
}

fn timeless(value: f64, micros_later: i64) -> Message {
    Message::new(format!(r#"{{"level":{value}}}"#)).received(micros_later)
}

#[test]
fn a_clock_that_was_ahead_once_moves_no_later_time() {
    let folder = tempfile::tempdir().unwrap();
    let mut plane = Set::new().open(folder.path());
    plane.submit(&timeless(0.0, 0)).unwrap();
    plane.submit(&timeless(1.0, TEN_YEARS)).unwrap();
    // Many in one millisecond, over a crash and a restart.
    let mut value = 1.0;
    let mut next = || {
        value += 1.0;
        value
    };
    for round in 1..=4 {
        let received = round * SECOND;
        let mut assigned = Vec::new();
        for _ in 0..20 {
            let sent = next();
            plane.submit(&timeless(sent, received)).unwrap();
            let latest = block_on(async {
                plane.ingest.caught_up().await;
                plane.ingest.latest(plane.datastream("level")).unwrap()
            });
            let ahead = latest.time.as_micros() - NOW.as_micros() - received;
            assert!((0..600 * SECOND).contains(&ahead), "{ahead} us ahead");
            let domain::Value::Number(number) = latest.value.unwrap() else {
                panic!("no number");
            };
            assert_eq!(number, sent, "it is the latest");
            assigned.push(latest.time);
        }
        assert!(assigned.is_sorted_by(|a, b| a < b), "{assigned:?}");
        plane = match round {
            1 => plane.crash(folder.path()),
            2 => plane.restart(folder.path()),
            _ => plane,
        };
    }
    assert_eq!(plane.stored("level").len(), 82, "none took another's time");
    assert!(plane.ingest.stats().times_put_back >= 40);
}

#[test]
fn a_clock_set_back_gives_no_reading_the_time_of_another() {
    let folder = tempfile::tempdir().unwrap();
    let mut plane = Set::new().open(folder.path());
    let hour = 3_600 * SECOND;
    // A reading each second, an hour long by the clock that was an hour ahead;
    // then the same hour by the one that is right.
    for ahead in [hour, 0] {
        for second in 0..200 {
            let received = ahead + second * 18 * SECOND;
            let value = (ahead + second) as f64;
            plane.submit(&timeless(value, received)).unwrap();
        }
        plane = plane.restart(folder.path());
    }
    for second in 0..200 {
        let received = second * 18 * SECOND + hour;
        let value = -(second as f64) - 1.0;
        plane.submit(&timeless(value, received)).unwrap();
    }
    assert_eq!(plane.stored("level").len(), 600);
}

#[test]
fn nothing_is_judged_by_a_clock_in_doubt() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Set::new();
    let plane = clock.open(folder.path());
    let right = Message::level(-100 * 86_400, 3.0);
    clock.to(
        0,
        Spread {
            ahead: 5 * 366 * DAY,
            unsettled: 0,
            in_doubt: true,
        },
    );
    assert_eq!(plane.counts(&right), (1, 0, 0), "its clock is right");
    plane.submit(&timeless(4.0, SECOND)).unwrap();
    let uncertain: Vec<_> = plane
        .stored("level")
        .iter()
        .map(|row| row.quality)
        .collect();
    assert_eq!(uncertain, [Quality::Uncertain, Quality::Good]);
    clock.to(0, Spread::default());
    let ahead = Message::level(-100 * 86_400, 5.0);
    assert_eq!(plane.counts(&ahead), (0, 0, 1), "and now it is ahead");
}

#[test]
fn retention_follows_no_leap() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Set::new();
    let plane = clock.open(folder.path());
    let days = BTreeMap::from([(ModelId::new("disaster.water-level").unwrap(), Some(30))]);
    let patch = AgencyPatch {
        retention_days: days,
    };
    let agency = AgencyId::new("hanriver").unwrap();
    plane
        .registry
        .patch_agency(&Actor::OPERATOR, &agency, &patch)
        .unwrap();
    for days_ago in [1, 20, 28] {
        let counts = plane.counts(&Message::level(days_ago * 86_400, 1.0));
        assert_eq!(counts, (1, 0, 0));
    }
    block_on(plane.ingest.caught_up());
    plane.ingest.compact().unwrap();
    for (late, leap) in [(29, 31 * DAY), (27, TEN_YEARS)] {
        let unsettled = Spread {
            unsettled: leap,
            ..Spread::default()
        };
        clock.to(leap, unsettled);
        assert_eq!(plane.ingest.expire().unwrap(), 0);
        let late = Message::level(late * 86_400, 2.0).received(leap);
        assert_eq!(plane.counts(&late), (1, 0, 0), "not too late for the truth");
    }
    assert_eq!(plane.stored("level").len(), 5);

    // It was believed in the end, and was wrong all the same.
    clock.to(31 * DAY, Spread::default());
    assert_eq!(plane.ingest.expire().unwrap(), 3);
    let aside = plane.stored("level").len();
    assert_eq!(aside, 2, "what is in no day file yet");
    clock.to(0, Spread::default());
    assert_eq!(plane.ingest.expire().unwrap(), 0);
    assert_eq!(plane.stored("level").len(), 5, "taken back");
}
