//! The things by place, so that a look around one does not pass all of them.

use std::ops::RangeInclusive;

use domain::{Location, ThingId};
use imbl::OrdMap;

use crate::thing::Thing;

/// Side of a cell: 0.02 degree, of latitude some 2.2 km.
const CELL_E7: i32 = 200_000;
/// Columns of a row, from -180 to 180 degrees; 180 is a column of its own.
const FIRST_COLUMN: i32 = -9_000;
const LAST_COLUMN: i32 = 9_000;
/// Of longitude to each side: what reaches farther goes all around.
const MOST_DEGREES: f64 = 179.0;
const METRES_A_DEGREE: f64 = 111_195.0;

/// Row, column and the thing's number: the cells of a row lie side by side.
type Key = (i16, i16, u64);

/// Of each thing whose place is known.
#[derive(Clone, Default, PartialEq, Debug)]
pub(super) struct Places(OrdMap<Key, ThingId>);

impl Places {
    /// `new` is put in the place of `old`.
    pub(super) fn replace(&mut self, old: Option<&Thing>, new: &Thing) {
        let (before, now) = (old.and_then(key), key(new));
        if before == now {
            return;
        }
        if let Some(before) = before {
            self.0.remove(&before);
        }
        if let Some(now) = now {
            self.0.insert(now, new.id.clone());
        }
    }

    /// All within `metres` of `centre`, and some around them.
    pub(super) fn around(&self, centre: Location, metres: f64) -> impl Iterator<Item = &ThingId> {
        let degrees = metres / METRES_A_DEGREE;
        let (south, north) = (centre.lat() - degrees, centre.lat() + degrees);
        // A degree of longitude is shortest where the circle is nearest to a pole.
        let widest = south.abs().max(north.abs()).min(90.0).to_radians().cos();
        let columns = columns(centre.lon(), degrees / widest);
        let cells = (cell(south)..=cell(north)).flat_map(move |row| {
            let key = move |column: i32, number| (row as i16, column as i16, number);
            let ranges = columns.clone().into_iter().flatten();
            ranges.map(move |it| key(*it.start(), 0)..=key(*it.end(), u64::MAX))
        });
        cells.flat_map(|range| self.0.range(range).map(|(_, id)| id))
    }
}

fn key(thing: &Thing) -> Option<Key> {
    let place = thing.location()?;
    let [row, column] = [place.lat_e7(), place.lon_e7()].map(|e7| e7.div_euclid(CELL_E7) as i16);
    Some((row, column, thing.number))
}

/// The row or column of so many degrees.
fn cell(degrees: f64) -> i32 {
    (degrees * 1e7 / f64::from(CELL_E7)).floor() as i32
}

/// Those up to `degrees` to the west and east, on both sides of the meridian of
/// 180 degrees.
fn columns(lon: f64, degrees: f64) -> [Option<RangeInclusive<i32>>; 2] {
    if degrees >= MOST_DEGREES {
        return [Some(FIRST_COLUMN..=LAST_COLUMN), None];
    }
    let (west, east) = (cell(lon - degrees), cell(lon + degrees));
    let round = LAST_COLUMN - FIRST_COLUMN;
    let beyond = if west <= FIRST_COLUMN {
        Some(west + round..=LAST_COLUMN)
    } else if east >= LAST_COLUMN {
        Some(FIRST_COLUMN..=east - round)
    } else {
        None
    };
    let within = west.max(FIRST_COLUMN)..=east.min(LAST_COLUMN);
    [Some(within), beyond]
}

#[cfg(test)]
mod tests {
    use domain::{AgencyId, Timestamp};

    use super::*;
    use crate::thing::{Licence, LocationSince, Visibility};

    fn thing(number: u64, lat: f64, lon: f64) -> Thing {
        Thing {
            id: ThingId::new(number.to_string()).unwrap(),
            number,
            agency: AgencyId::new("seoul").unwrap(),
            devices: Vec::new(),
            datastreams: Vec::new(),
            locations: vec![LocationSince {
                since: Timestamp::MIN,
                location: Some(Location::new(lat, lon).unwrap()),
            }],
            owners: Vec::new(),
            licence: Licence::default(),
            attribution: String::new(),
            visibility: Visibility::Public,
            description: None,
        }
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
            let mut found: Vec<u64> = places
                .around(centre, 2_000.0)
                .map(|id| id.as_str().parse().unwrap())
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
    fn what_moved_away_is_no_longer_found_and_far_places_are_not_passed() {
        let (here, there) = (thing(1, 37.5, 127.0), thing(1, 35.1, 129.0));
        let mut places = Places::default();
        places.replace(None, &here);
        places.replace(None, &thing(2, 37.6, 127.0));
        let around = |places: &Places| {
            let centre = here.location().unwrap();
            places.around(centre, 2_000.0).count()
        };
        assert_eq!(around(&places), 1);
        places.replace(Some(&here), &there);
        assert_eq!(around(&places), 0);
        assert_eq!(places.0.len(), 2);
    }
}
