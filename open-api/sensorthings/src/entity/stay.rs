//! Where a thing stood for a time: what a Location, a HistoricalLocation and,
//! where nothing else is said, a FeatureOfInterest are made of.
//!
//! Stays are made as they are seen: two that follow each other and look the same
//! are one, so that neither number nor time of moves within a cell shows.

use device_registry::Thing;
use domain::{Location, Timestamp};

use crate::world::World;

/// What stands in an id for a stay from the beginning.
const FROM_BEGINNING: &str = "first";

/// A thing at one place.
#[derive(Clone, Copy)]
pub(crate) struct Stay<'a> {
    pub(crate) thing: &'a Thing,
    /// [`Timestamp::MIN`]: from the beginning.
    pub(crate) since: Timestamp,
    /// Exclusive; `None`: it stands there now.
    pub(crate) until: Option<Timestamp>,
    /// As it is seen.
    pub(crate) place: Location,
    /// Whether it is seen exactly.
    pub(crate) is_exact: bool,
}

impl Stay<'_> {
    /// The thing's id and when it came: neither changes as long as the history is
    /// not corrected.
    pub(crate) fn id(&self) -> String {
        let thing = self.thing.id.as_str();
        if self.since == Timestamp::MIN {
            format!("{thing}:{FROM_BEGINNING}")
        } else {
            format!("{thing}:{}", self.since.as_micros())
        }
    }

    /// When it came there; from the beginning, when it was registered.
    pub(crate) fn time(&self, world: &World<'_>) -> Timestamp {
        if self.since != Timestamp::MIN {
            return self.since;
        }
        let first = self.thing.devices.first();
        let device = first.and_then(|id| world.snapshot.device(id.as_str()));
        let created = device.map_or(Timestamp::EARLIEST, |device| device.created);
        self.until.map_or(created, |until| {
            created.min(Timestamp::from_micros(until.as_micros() - 1))
        })
    }

    pub(crate) fn covers(&self, time: Timestamp) -> bool {
        self.since <= time && self.until.is_none_or(|until| time < until)
    }
}

impl<'a> World<'a> {
    /// All stays of a thing whose places are known, oldest first.
    pub(crate) fn stays(&self, thing: &'a Thing) -> Vec<Stay<'a>> {
        let is_exact = self.scope.sees_thing_exactly(thing);
        let mut stays: Vec<(Timestamp, Option<Timestamp>, Option<Location>)> = Vec::new();
        for entry in &thing.locations {
            let place = if is_exact {
                entry.location
            } else {
                entry.location.map(Location::coarse)
            };
            if let Some((_, until, last)) = stays.last_mut() {
                if *last == place {
                    continue;
                }
                *until = Some(entry.since);
            }
            stays.push((entry.since, None, place));
        }
        let known = stays.into_iter().filter_map(|(since, until, place)| {
            Some(Stay {
                thing,
                since,
                until,
                place: place?,
                is_exact,
            })
        });
        known.collect()
    }

    /// Where the thing is now, if that is known.
    pub(crate) fn stay_now(&self, thing: &'a Thing) -> Option<Stay<'a>> {
        let stay = self.stays(thing).pop()?;
        stay.until.is_none().then_some(stay)
    }

    pub(crate) fn stay_at(&self, thing: &'a Thing, time: Timestamp) -> Option<Stay<'a>> {
        let mut stays = self.stays(thing).into_iter();
        stays.find(|stay| stay.covers(time))
    }

    /// The stay of an id, where its thing may be seen.
    pub(crate) fn stay(&self, id: &str) -> Option<Stay<'a>> {
        let (thing, since) = id.rsplit_once(':')?;
        let since = if since == FROM_BEGINNING {
            Timestamp::MIN
        } else {
            let micros: i64 = since.parse().ok()?;
            Timestamp::from_micros(micros)
        };
        let mut stays = self.stays(self.thing(thing)?).into_iter();
        stays.find(|stay| stay.since == since && stay.id() == id)
    }
}
