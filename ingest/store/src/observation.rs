//! One observation, as the store holds it and queries show it.

use domain::{DatastreamId, Flags, Location, Offset, Quality, Timestamp, Value};

/// One observation as stored and served.
#[derive(Clone, PartialEq, Debug)]
pub struct StoredObservation {
    pub datastream: DatastreamId,
    /// Phenomenon time.
    pub time: Timestamp,
    /// Result time: when the platform received it, rounded up to whole
    /// milliseconds.
    pub received: Timestamp,
    /// `None`: missing.
    pub value: Option<Value>,
    pub quality: Quality,
    pub flags: Flags,
    /// 0 for the first value of a time, 1 for its first correction, and so on.
    pub revision: u16,
    pub offset: Offset,
    /// Its place in the message.
    pub index: u16,
    /// Only where the device sent one.
    pub location: Option<Location>,
}

/// A place or none, in eight bytes.
#[derive(Clone, Copy)]
pub(crate) struct MaybeLocation {
    /// [`Self::NONE`] is no latitude.
    lat_e7: i32,
    lon_e7: i32,
}

impl MaybeLocation {
    const NONE: i32 = i32::MIN;

    pub(crate) fn get(self) -> Option<Location> {
        (self.lat_e7 != Self::NONE).then(|| Location::from_e7(self.lat_e7, self.lon_e7))
    }
}

impl From<Option<Location>> for MaybeLocation {
    fn from(location: Option<Location>) -> Self {
        Self {
            lat_e7: location.map_or(Self::NONE, Location::lat_e7),
            lon_e7: location.map_or(0, Location::lon_e7),
        }
    }
}
