//! Looks at the whole table, a turn at a time.

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
