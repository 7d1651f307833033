//! The things by place, so that a look around one does not pass all of them.
//!
//! A thing's cell is that of its coarse place too, so that what a look finds, and
//! what it costs, tells no more than the coarse place does. What is restricted is
//! kept apart by agency: a look passes nothing of those of which its viewer may
//! read nothing. Who sees what of the things that are found, the look decides.

use domain::{AgencyId, Cell, Cells};
use imbl::{OrdMap, OrdSet};

use crate::share::ReadScope;
use crate::thing::{Thing, ThingNumber, Visibility};

/// A cell and a thing's number: the cells of a row lie side by side.
type Key = (Cell, ThingNumber);

/// Of each thing whose place is known.
#[derive(Clone, Default, PartialEq, Debug)]
pub(super) struct Places {
    public: PlaceIndex,
    restricted: OrdMap<AgencyId, PlaceIndex>,
}

#[derive(Clone, Default, PartialEq, Debug)]
struct PlaceIndex {
    now: OrdSet<Key>,
    /// By the other places in their history.
    before: OrdSet<Key>,
}

impl Places {
    /// `new` is put in the place of `old`.
    pub(super) fn replace(&mut self, old: Option<&Thing>, new: &Thing) {
        let stays = |old: &&Thing| old.visibility == new.visibility && old.agency == new.agency;
        let same = old.filter(stays);
        if let Some(old) = old.filter(|_| same.is_none()) {
            self.change(old, |index| index.remove(old));
        }
        self.change(new, |index| index.replace(same, new));
    }

    /// All that stand in one of `cells` and of which `scope` may read something,
    /// and some others of the same agencies.
    pub(super) fn within(
        &self,
        cells: &Cells,
        scope: &ReadScope,
    ) -> impl Iterator<Item = ThingNumber> {
        let indexes = self.readable(scope);
        indexes.flat_map(|index| leaps(&index.now, cells))
    }

    /// The same of those that stood there once and stand somewhere else.
    pub(super) fn once_within(
        &self,
        cells: &Cells,
        scope: &ReadScope,
    ) -> impl Iterator<Item = ThingNumber> {
        let indexes = self.readable(scope);
        indexes.flat_map(|index| leaps(&index.before, cells))
    }

    fn readable<'a>(&'a self, scope: &ReadScope) -> impl Iterator<Item = &'a PlaceIndex> {
        let restricted = self.restricted.iter();
        let restricted = restricted.filter(|(agency, _)| scope.may_see_of(agency));
        std::iter::once(&self.public).chain(restricted.map(|(_, index)| index))
    }

    /// Changes the index that has the thing; an empty one is not kept.
    fn change(&mut self, thing: &Thing, change: impl FnOnce(&mut PlaceIndex)) {
        match thing.visibility {
            Visibility::Public => change(&mut self.public),
            Visibility::Restricted => {
                let index = self.restricted.entry(thing.agency.clone()).or_default();
                change(index);
                if index.is_empty() {
                    self.restricted.remove(&thing.agency);
                }
            }
        }
    }
}

impl PlaceIndex {
    fn replace(&mut self, old: Option<&Thing>, new: &Thing) {
        let (stood, stands) = (old.and_then(key), key(new));
        if let Some(stood) = stood.filter(|_| stood != stands) {
            self.now.remove(&stood);
        }
        if let Some(stands) = stands {
            self.now.insert(stands);
        }
        let (known, next) = (old.map_or_else(Vec::new, keys_before), keys_before(new));
        if known == next {
            return;
        }
        for gone in known.iter().filter(|key| next.binary_search(key).is_err()) {
            self.before.remove(gone);
        }
        for added in next.iter().filter(|key| known.binary_search(key).is_err()) {
            self.before.insert(*added);
        }
    }

    fn remove(&mut self, thing: &Thing) {
        if let Some(stood) = key(thing) {
            self.now.remove(&stood);
        }
        for key in keys_before(thing) {
            self.before.remove(&key);
        }
    }

    fn is_empty(&self) -> bool {
        self.now.is_empty() && self.before.is_empty()
    }
}

/// What lies in the cells. Each gap between them is passed with one look.
fn leaps(keys: &OrdSet<Key>, cells: &Cells) -> impl Iterator<Item = ThingNumber> {
    let first = cells.next_from(Cell::FIRST);
    let mut range = first.map(|cell| keys.range((cell, ThingNumber::FIRST)..));
    std::iter::from_fn(move || {
        loop {
            let (cell, found) = range.as_mut()?.next()?;
            let next = cells.next_from(*cell)?;
            if next == *cell {
                return Some(*found);
            }
            range = Some(keys.range((next, ThingNumber::FIRST)..));
        }
    })
}

fn key(thing: &Thing) -> Option<Key> {
    Some((Cell::of(thing.location()?), ThingNumber::of(thing)))
}

/// In order; without the one where it stands.
fn keys_before(thing: &Thing) -> Vec<Key> {
    let Some((_, before)) = thing.locations.split_last() else {
        return Vec::new();
    };
    let places = before.iter().filter_map(|entry| entry.location);
    let stands = key(thing);
    let mut keys: Vec<Key> = places
        .map(|place| (Cell::of(place), ThingNumber::of(thing)))
        .filter(|key| Some(*key) != stands)
        .collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use domain::{Location, Scope, ThingId, Timestamp};

    use super::*;
    use crate::thing::{Licence, LocationSince, ThingDatastreams};

    fn thing(number: u64, lat: f64, lon: f64) -> Arc<Thing> {
        let id = ThingId::new(number.to_string()).unwrap();
        let agency = AgencyId::new("seoul").unwrap();
        Arc::new(Thing {
            datastreams: ThingDatastreams::none(id.clone(), agency.clone()),
            id,
            number,
            agency,
            devices: Box::default(),
            locations: Box::new([LocationSince {
                since: Timestamp::MIN,
                location: Some(Location::new(lat, lon).unwrap()),
            }]),
            owners: Box::default(),
            licence: Licence::default(),
            attribution: Arc::default(),
            visibility: Visibility::Public,
            description: None,
        })
    }

    fn all() -> ReadScope {
        Scope::All.into()
    }

    #[test]
    fn whatever_stands_near_is_found_also_at_the_poles_and_the_date_line() {
        let centres = [
            (37.5665, 126.978),
            (0.0, 0.0),
            (-33.9, 18.4),
            (65.0, 180.0),
            (65.0, -180.0),
            (-17.0, 179.995),
            (89.995, 10.0),
            (-90.0, -120.0),
        ];
        for (lat, lon) in centres {
            let centre = Location::new(lat, lon).unwrap();
            let mut places = Places::default();
            let mut things = Vec::new();
            for (north, east) in (-12..=12).flat_map(|n| (-12..=12).map(move |e| (n, e))) {
                let lat: f64 = lat + f64::from(north) * 0.003;
                let lon = lon + f64::from(east) * 0.003 / lat.to_radians().cos().max(0.000_1);
                let lon = (lon + 180.0).rem_euclid(360.0) - 180.0;
                if lat.abs() <= 90.0 {
                    let thing = thing(things.len() as u64, lat, lon);
                    places.replace(None, &thing);
                    things.push(thing);
                }
            }
            let cells = Cells::around(centre, 2_000.0);
            let mut found: Vec<u64> = places
                .within(&cells, &all())
                .map(|number| number.0.into())
                .collect();
            found.sort_unstable();
            let near = things.iter().filter(|thing| {
                let place = thing.location().unwrap();
                centre.distance_metres(place) <= 2_000.0
            });
            let missing: Vec<u64> = near
                .map(|thing| thing.number)
                .filter(|number| found.binary_search(number).is_err())
                .collect();
            assert!(missing.is_empty(), "{lat} {lon}: {missing:?}");
            assert!(found.windows(2).all(|pair| pair[0] < pair[1]), "none twice");
        }
    }

    #[test]
    fn what_moved_away_is_found_where_it_stood_and_far_places_are_not_passed() {
        let (here, there) = (thing(1, 37.5, 127.0), thing(1, 35.1, 129.0));
        let moved = Arc::new(Thing {
            locations: Box::new([&*here, &*there].map(|it| it.locations[0])),
            ..Thing::clone(&there)
        });
        let around = |places: &Places| {
            let cells = Cells::around(here.location().unwrap(), 2_000.0);
            let all = all();
            let now = places.within(&cells, &all).count();
            (now, places.once_within(&cells, &all).count())
        };
        let mut places = Places::default();
        places.replace(None, &here);
        places.replace(None, &thing(2, 37.6, 127.0));
        assert_eq!(around(&places), (1, 0));
        places.replace(Some(&here), &moved);
        assert_eq!(around(&places), (0, 1));
        assert_eq!(places.public.now.len(), 2);
        let known = places.clone();
        places.replace(Some(&moved), &moved);
        assert_eq!(places, known);
        places.replace(Some(&moved), &there);
        assert_eq!(around(&places), (0, 0));
        assert!(places.public.before.is_empty());
    }

    #[test]
    fn what_is_restricted_is_passed_by_those_alone_who_may_read_of_its_agency() {
        let public = thing(1, 37.5, 127.0);
        let restricted = Arc::new(Thing {
            visibility: Visibility::Restricted,
            ..Thing::clone(&public)
        });
        let cells = Cells::around(public.location().unwrap(), 2_000.0);
        let found = |places: &Places, scope: Scope| places.within(&cells, &scope.into()).count();
        let of = |name: &str| Scope::of_agencies([AgencyId::new(name).unwrap()]);
        let mut places = Places::default();
        places.replace(None, &restricted);
        let by = |places: &Places| {
            [Scope::Public, of("busan"), of("seoul"), Scope::All].map(|scope| found(places, scope))
        };
        assert_eq!(by(&places), [0, 0, 1, 1]);
        places.replace(Some(&restricted), &public);
        assert_eq!(by(&places), [1, 1, 1, 1]);
        assert!(places.restricted.is_empty());
    }
}
