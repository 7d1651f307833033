//! Who observes the same nearby.

use device_registry::{Datastream, ReadScope, Snapshot, Thing, Visibility};
use domain::{Cells, DatastreamId, Location, Scope};

/// How far neighbours stand apart at most.
const METRES: f64 = 2_000.0;
/// Neighbours that are looked at: the nearest ones.
const MOST: usize = 16;
/// What two places may be nearer to each other as the public sees them than they
/// are: a cell's half diagonal each.
const SHIFT_METRES: f64 = 160.0;

/// The things around one, nearest first.
pub(crate) struct Neighbours<'a> {
    /// As the public sees the places.
    public: Vec<&'a Thing>,
    /// As the owner does.
    exact: Vec<&'a Thing>,
}

impl<'a> Neighbours<'a> {
    pub(crate) fn of(snapshot: &'a Snapshot, thing: &Thing) -> Self {
        let place = thing.location();
        let all = ReadScope::from(Scope::All);
        let cells = place.map(|place| Cells::around(place, METRES + SHIFT_METRES));
        let candidates: Vec<(Location, &Thing)> = cells
            .iter()
            .flat_map(|cells| snapshot.things_in(cells, &all))
            .filter(|other| other.id != thing.id)
            .filter_map(|other| Some((other.location()?, other.as_ref())))
            .collect();
        let nearest = |seen: fn(Location) -> Location| {
            let mut found: Vec<(f64, &Thing)> = candidates
                .iter()
                .filter_map(|(other, thing)| {
                    let metres = seen(place?).distance_metres(seen(*other));
                    (metres <= METRES).then_some((metres, *thing))
                })
                .collect();
            // Of two as near, always the same one.
            found.sort_by(|(one, a), (other, b)| one.total_cmp(other).then(a.id.cmp(&b.id)));
            found.into_iter().map(|(_, thing)| thing).collect()
        };
        Self {
            public: nearest(Location::coarse),
            exact: nearest(|place| place),
        }
    }

    /// Those that observe the same field in the same unit. A public series is
    /// compared with public ones alone, by the places that the public sees: its
    /// score tells nobody of what is restricted. A restricted one is compared
    /// with its agency's too where that asks (`is_own`), and not where another one
    /// does with which it is shared.
    pub(crate) fn observing(&self, own: &Datastream<'_>, is_own: bool) -> Vec<DatastreamId> {
        let is_public = own.visibility == Visibility::Public || !is_own;
        let things = if is_public { &self.public } else { &self.exact };
        let same = things
            .iter()
            .flat_map(|thing| thing.datastreams.iter())
            .filter(|other| other.field == own.field && other.unit == own.unit)
            .filter(|other| {
                other.visibility == Visibility::Public || (!is_public && other.agency == own.agency)
            });
        same.map(|other| other.id).take(MOST).collect()
    }
}
