//! How many observations of a datastream repeated one that was there, over the
//! last day.
//!
//! Constraints: written to for repeated observations alone, so that a fleet that
//! repeats nothing pays nothing; some 80 bytes for each datastream that has
//! repeated one within the last day. Kept in memory: it begins anew with the
//! process.

use domain::{DatastreamId, Timestamp};
use parking_lot::Mutex;
use rustc_hash::FxHashMap;

const HOUR_MICROS: i64 = 3_600_000_000;
/// A day, whose first hour has begun before it.
const HOURS: usize = 25;
/// Datastreams before those are looked for that have repeated nothing lately.
const FIRST_LOOK: usize = 4_096;

#[derive(Default)]
pub(crate) struct Repeats(Mutex<Kept>);

struct Kept {
    datastreams: FxHashMap<DatastreamId, Hours>,
    /// At so many it looks whom to leave out.
    look_at: usize,
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            datastreams: FxHashMap::default(),
            look_at: FIRST_LOOK,
        }
    }
}

/// A ring: each hour has the place of its number modulo the length.
struct Hours {
    newest: i64,
    counts: [u16; HOURS],
}

impl Repeats {
    /// One observation of a message that was received then.
    pub(crate) fn note(&self, datastream: DatastreamId, received: Timestamp) {
        let hour = hour_of(received);
        let mut kept = self.0.lock();
        let new = || Hours {
            newest: hour,
            counts: [0; HOURS],
        };
        let hours = kept.datastreams.entry(datastream).or_insert_with(new);
        hours.add(hour);
        if kept.datastreams.len() >= kept.look_at {
            kept.forget_before(hour - HOURS as i64);
        }
    }

    /// Since the hour of `from`, a day ago at most.
    pub(crate) fn since(&self, datastream: DatastreamId, from: Timestamp) -> u64 {
        let kept = self.0.lock();
        let hours = kept.datastreams.get(&datastream);
        hours.map_or(0, |hours| hours.since(hour_of(from)))
    }
}

impl Kept {
    fn forget_before(&mut self, hour: i64) {
        self.datastreams.retain(|_, hours| hours.newest > hour);
        self.look_at = (2 * self.datastreams.len()).max(FIRST_LOOK);
    }
}

impl Hours {
    fn add(&mut self, hour: i64) {
        let passed = hour.saturating_sub(self.newest);
        for hour in (self.newest + 1..=hour).rev().take(HOURS) {
            self.counts[place(hour)] = 0;
        }
        self.newest = self.newest.max(hour);
        // Of an hour that the ring has no longer there is nothing to count.
        if passed > -(HOURS as i64) {
            let count = &mut self.counts[place(hour)];
            *count = count.saturating_add(1);
        }
    }

    fn since(&self, first: i64) -> u64 {
        let oldest = self.newest - (HOURS as i64 - 1);
        let hours = first.max(oldest)..=self.newest;
        hours.map(|hour| u64::from(self.counts[place(hour)])).sum()
    }
}

fn hour_of(time: Timestamp) -> i64 {
    time.as_micros().div_euclid(HOUR_MICROS)
}

fn place(hour: i64) -> usize {
    hour.rem_euclid(HOURS as i64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: DatastreamId = DatastreamId::new(7);

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_micros(500_000 * HOUR_MICROS + hour * HOUR_MICROS + 5)
    }

    #[test]
    fn a_day_is_counted_and_what_is_older_is_not() {
        let repeats = Repeats::default();
        for hour in [0, 0, 3, 20, 24] {
            repeats.note(ONE, at(hour));
        }
        let since = |hour| repeats.since(ONE, at(hour));
        assert_eq!([since(0), since(1), since(20), since(25)], [5, 3, 2, 0]);
        repeats.note(ONE, at(26));
        assert_eq!(since(0), 4, "the first hours have left");
        repeats.note(ONE, at(400));
        assert_eq!(since(0), 1, "and after a long silence all of them");
        assert_eq!(repeats.since(DatastreamId::new(8), at(0)), 0);
    }

    #[test]
    fn a_clock_that_goes_back_loses_nothing_that_is_newer() {
        let repeats = Repeats::default();
        repeats.note(ONE, at(10));
        repeats.note(ONE, at(8));
        repeats.note(ONE, at(-100));
        assert_eq!(repeats.since(ONE, at(0)), 2);
    }

    #[test]
    fn those_that_repeat_nothing_any_more_leave() {
        let repeats = Repeats::default();
        for number in 0..FIRST_LOOK as u32 - 1 {
            repeats.note(DatastreamId::new(number), at(0));
        }
        repeats.note(DatastreamId::new(9_999), at(100));
        assert_eq!(repeats.0.lock().datastreams.len(), 1);
    }
}
