//! Looks at the whole table, a turn at a time.

use domain::Location;
use proptest::prelude::*;

use super::*;

fn row(number: u32) -> StoredObservation {
    StoredObservation {
        datastream: DatastreamId::new(number),
        time: Timestamp::from_micros(1),
        received: Timestamp::from_micros(1),
        value: None,
        quality: Quality::Missing,
        flags: Flags::NONE,
        revision: 0,
        offset: Offset::new(1),
        index: 0,
        location: None,
    }
}

proptest! {
    /// In looks of any length, all that have a value are found once.
    #[test]
    fn those_with_a_value_are_found_in_turns(
        numbers in proptest::collection::btree_set(0u32..400, 0..80),
        steps in 1usize..20,
    ) {
        let latest = Latest::default();
        for number in &numbers {
            latest.restore(&row(*number));
            latest.restore(&row(*number));
        }
        prop_assert_eq!(latest.count(), numbers.len());
        let (mut found, mut from) = (Vec::new(), Some(DatastreamId::new(0)));
        while let Some(first) = from {
            let look = latest.known(first, steps);
            prop_assert!(look.steps <= steps);
            found.extend(look.found.iter().map(|id| id.get()));
            from = look.next;
        }
        prop_assert_eq!(found, numbers.into_iter().collect::<Vec<_>>());
    }
}

/// A place for each number, some of them in the same cells.
fn place(number: u32) -> Option<Location> {
    let step = i32::try_from(number % 40).unwrap();
    (!number.is_multiple_of(3))
        .then(|| Location::from_e7(375_000_000 + step * 30_000, 1_270_000_000 - step * 9_000))
}

proptest! {
    /// Whoever moves is found where the newest observation says, and nowhere else.
    #[test]
    fn those_that_say_where_they_are_are_found_there(
        rows in proptest::collection::vec((0u32..12, 0i64..30, 0u32..120), 0..120),
        metres in 0.0f64..20_000.0,
    ) {
        let latest = Latest::default();
        for (offset, (number, time, place_number)) in rows.into_iter().enumerate() {
            latest.restore(&StoredObservation {
                time: Timestamp::from_micros(time),
                offset: Offset::new(offset as u64),
                location: place(place_number),
                ..row(number)
            });
        }
        let cells = Cells::around(place(20).unwrap(), metres);
        let has = |place: Location| cells.next_from(Cell::of(place)) == Some(Cell::of(place));
        let mut expected = Vec::new();
        latest.for_each(|stored| {
            if stored.location.is_some_and(has) {
                expected.push(stored.datastream);
            }
        });
        let mut found = Vec::new();
        latest.located_in(&cells, 100, &mut found);
        found.sort_unstable();
        prop_assert_eq!(&found, &expected);
        let mut some = Vec::new();
        latest.located_in(&cells, 2, &mut some);
        prop_assert_eq!(some.len(), expected.len().min(3));
    }

    #[test]
    fn several_are_read_at_once(numbers in proptest::collection::btree_set(0u32..50, 0..20)) {
        let latest = Latest::default();
        numbers.iter().for_each(|number| latest.restore(&row(*number)));
        let mut found = Vec::new();
        latest.get_each((0..60).map(DatastreamId::new), &mut found);
        let found: Vec<u32> = found.iter().map(|stored| stored.datastream.get()).collect();
        prop_assert_eq!(found, numbers.into_iter().collect::<Vec<_>>());
    }
}
