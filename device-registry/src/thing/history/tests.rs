use std::sync::Arc;

use domain::{AgencyId, ThingId};
use proptest::prelude::*;

use super::*;
use crate::thing::{Licence, ThingDatastreams, Visibility};

fn place(number: u8) -> Location {
    Location::new(37.0 + f64::from(number), 127.0).unwrap()
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

fn thing() -> Thing {
    let (id, agency) = (
        ThingId::new("gauge").unwrap(),
        AgencyId::new("seoul").unwrap(),
    );
    Thing {
        number: 1,
        devices: Box::default(),
        datastreams: ThingDatastreams::none(id.clone(), agency.clone()),
        id,
        agency,
        locations: Box::default(),
        owners: Box::default(),
        licence: Licence::default(),
        attribution: Arc::default(),
        visibility: Visibility::Restricted,
        description: None,
    }
}

#[test]
fn an_observation_lies_where_the_thing_was_at_its_time() {
    let mut thing = thing();
    for (to, now) in [(Some(place(0)), 0), (Some(place(1)), 100), (None, 200)] {
        thing.relocate(Move { to, since: None }, at(now));
    }
    assert_eq!(thing.location_at(at(-5)), Some(place(0)));
    assert_eq!(thing.location_at(at(99)), Some(place(0)));
    assert_eq!(thing.location_at(at(100)), Some(place(1)));
    assert_eq!(thing.location_at(at(200)), None);
    assert_eq!(thing.location(), None);
}

#[test]
fn a_move_that_is_told_late_holds_until_the_next_one() {
    let mut thing = thing();
    for (number, now) in [(0, 0), (1, 1_000)] {
        let to = Some(place(number));
        thing.relocate(Move { to, since: None }, at(now));
    }
    let to = Some(place(2));
    let since = Some(at(500));
    assert_eq!(thing.relocate(Move { to, since }, at(2_000)).len(), 1);
    assert_eq!(thing.location_at(at(499)), Some(place(0)));
    assert_eq!(thing.location_at(at(500)), Some(place(2)));
    assert_eq!(thing.location_at(at(1_000)), Some(place(1)));
    assert_eq!(thing.location(), Some(place(1)));
}

proptest! {
    /// Against a list of places, one for each moment.
    #[test]
    fn any_moves_make_the_history_that_was_told(
        moves in prop::collection::vec(
            (prop::option::weighted(0.8, 0..3u8), prop::option::of(0..40i64)),
            1..20,
        )
    ) {
        let mut thing = thing();
        let mut told: Vec<Option<Location>> = vec![None; 60];
        let mut stored = std::collections::BTreeMap::new();
        // Moments that a move is known of, after which an earlier one ends.
        let mut moments = std::collections::BTreeSet::new();
        for (step, (to, since)) in moves.into_iter().enumerate() {
            let to = to.map(place);
            let now = 40 + step as i64;
            let known = !thing.locations.is_empty();
            let start = since.or(known.then_some(now)).unwrap_or(0);
            let end = moments.range(start + 1..).find(|moment| {
                told[**moment as usize] != told[**moment as usize - 1]
            });
            let end = end.map_or(60, |end: &i64| *end);
            for moment in start..end {
                told[moment as usize] = to;
            }
            moments.insert(start);
            let since = since.map(at);
            for row in thing.relocate(Move { to, since }, at(now)) {
                match row {
                    RowChange::AddLocation { entry, .. } => {
                        stored.insert(entry.since, entry.location);
                    }
                    RowChange::RemoveLocation { since, .. } => {
                        stored.remove(&since);
                    }
                    _ => unreachable!("a move alters places only"),
                }
            }
            for (moment, expected) in told.iter().enumerate() {
                prop_assert_eq!(thing.location_at(at(moment as i64)), *expected);
            }
            let kept: Vec<_> = thing.locations.iter().map(|one| (one.since, one.location)).collect();
            prop_assert_eq!(kept, stored.clone().into_iter().collect::<Vec<_>>());
            let same = |pair: &[LocationSince]| pair[0].location == pair[1].location;
            prop_assert!(!thing.locations.windows(2).any(same));
        }
    }
}
