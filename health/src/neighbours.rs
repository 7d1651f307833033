//! Who observes the same nearby.

use device_registry::{Datastream, Snapshot, Thing, Visibility};
use domain::{DatastreamId, Location};

/// How far neighbours stand apart at most.
const METRES: f64 = 2_000.0;
/// Neighbours that are looked at: the nearest ones.
const MOST: usize = 16;
/// 2 km, and something more, in units of 1e-7 degree of latitude.
const LATITUDE_E7: i32 = 190_000;

/// The things around one, nearest first.
pub(crate) struct Neighbours<'a> {
    snapshot: &'a Snapshot,
    /// As the public sees the places.
    public: Vec<&'a Thing>,
    /// As the owner does.
    exact: Vec<&'a Thing>,
}

impl<'a> Neighbours<'a> {
    /// A look at the place of every thing.
    pub(crate) fn of(snapshot: &'a Snapshot, thing: &Thing) -> Self {
        let around = |seen: fn(Location) -> Location| {
            let Some(place) = thing.location().map(seen) else {
                return Vec::new();
            };
            let mut found: Vec<(f64, &Thing)> = snapshot
                .things(None)
                .filter(|other| other.id != thing.id)
                .filter_map(|other| Some((other, other.location().map(seen)?)))
                .filter(|(_, other)| place.lat_e7().abs_diff(other.lat_e7()) <= LATITUDE_E7 as u32)
                .map(|(thing, other)| (place.distance_metres(other), thing.as_ref()))
                .filter(|(metres, _)| *metres <= METRES)
                .collect();
            found.sort_by(|one, other| one.0.total_cmp(&other.0));
            found.into_iter().map(|(_, thing)| thing).collect()
        };
        Self {
            snapshot,
            public: around(Location::coarse),
            exact: around(|place| place),
        }
    }

    /// Those that observe the same field in the same unit. A public series is
    /// compared with public ones alone, by the places that the public sees: its
    /// score tells nobody of what is restricted. A restricted one is compared
    /// with its agency's too.
    pub(crate) fn observing(&self, own: &Datastream) -> Vec<DatastreamId> {
        let is_public = own.visibility == Visibility::Public;
        let things = if is_public { &self.public } else { &self.exact };
        let same = things
            .iter()
            .flat_map(|thing| &thing.datastreams)
            .filter_map(|id| self.snapshot.datastream(*id))
            .filter(|other| other.field == own.field && other.unit == own.unit)
            .filter(|other| {
                other.visibility == Visibility::Public || (!is_public && other.agency == own.agency)
            });
        same.map(|other| other.id).take(MOST).collect()
    }
}
