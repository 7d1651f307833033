//! A monitored real-world object, and where it was at which time.

mod changes;
mod datastream;

use domain::{AgencyId, DatastreamId, DeviceId, Location, ThingId, Timestamp};

pub use datastream::{Datastream, Licence, LicenceError, Visibility};

/// Places that a thing's history keeps. What moves more often than this is
/// mobile, and sends `loc` with its telemetry.
pub(crate) const MAX_LOCATIONS: usize = 1_000;

/// What devices observe. It outlives them: a replaced device leaves the thing,
/// its place and its datastreams to the next one.
#[derive(Clone, PartialEq, Debug)]
pub struct Thing {
    pub id: ThingId,
    pub agency: AgencyId,
    /// The devices that serve it, oldest first.
    pub devices: Vec<DeviceId>,
    /// In order of number.
    pub datastreams: Vec<DatastreamId>,
    /// In order of time; the first holds from the beginning.
    pub locations: Vec<LocationSince>,
    pub licence: Licence,
    pub attribution: String,
    pub visibility: Visibility,
}

/// Where a thing is from a time on; `None`: nowhere that is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LocationSince {
    pub since: Timestamp,
    pub location: Option<Location>,
}

impl Thing {
    /// Where it is now.
    pub fn location(&self) -> Option<Location> {
        self.locations.last()?.location
    }

    /// Where it was at `time`: the place of an observation that brought none.
    pub fn location_at(&self, time: Timestamp) -> Option<Location> {
        let after = self.locations.partition_point(|entry| entry.since <= time);
        self.locations.get(after.checked_sub(1)?)?.location
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_observation_lies_where_the_thing_was_at_its_time() {
        let place = |lat| Some(Location::new(lat, 127.0).unwrap());
        let entry = |since, location| LocationSince { since, location };
        let thing = Thing {
            id: ThingId::new("gauge").unwrap(),
            agency: AgencyId::new("seoul").unwrap(),
            devices: Vec::new(),
            datastreams: Vec::new(),
            locations: vec![
                entry(Timestamp::MIN, place(37.0)),
                entry(Timestamp::from_micros(100), place(38.0)),
                entry(Timestamp::from_micros(200), None),
            ],
            licence: Licence::default(),
            attribution: String::new(),
            visibility: Visibility::Restricted,
        };
        let at = |micros| thing.location_at(Timestamp::from_micros(micros));
        assert_eq!(at(-5), place(37.0));
        assert_eq!(at(99), place(37.0));
        assert_eq!(at(100), place(38.0));
        assert_eq!(at(200), None);
        assert_eq!(thing.location(), None);
    }
}
