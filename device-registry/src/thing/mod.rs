//! A monitored real-world object, and where it was at which time.

mod changes;
mod datastream;
mod datastreams;
mod description;
mod history;
mod owners;
mod photo;
mod terms;

use std::sync::Arc;

use domain::{AgencyId, DeviceId, ThingId};

pub use datastream::{Datastream, Licence, LicenceError, Visibility};
pub use datastreams::ThingDatastreams;
pub(crate) use datastreams::{NewDatastream, Run};
pub use description::{
    Description, DescriptionError, MAX_NOTE_BYTES, MAX_TAG_BYTES, MAX_TAGS, NewDescription, Tag,
};
pub use history::LocationSince;
pub(crate) use history::Move;
pub use owners::OwnerSince;
pub use photo::{
    AddPhotoError, Jpeg, JpegError, MAX_AGENCY_PHOTOS, MAX_PHOTO_BYTES, MAX_PHOTO_SCANS,
    MAX_PHOTO_SIDE, MAX_PHOTOS, MAX_THING_PHOTOS, PHOTOS_FOLDER, Photo, ReadPhotoError,
    RemovePhotoError,
};
pub(crate) use terms::{SharedTerms, Terms};

/// Places that a thing's history keeps. What moves more often than this is
/// mobile, and sends `loc` with its telemetry.
pub(crate) const MAX_LOCATIONS: usize = 1_000;

/// Devices that serve or served one thing. Each change of a thing makes all of them
/// anew, and a transfer hands them over together.
pub const MAX_DEVICES_OF_THING: usize = 250;

/// What devices observe. It outlives them: a replaced device leaves the thing,
/// its place and its datastreams to the next one.
#[derive(Clone, PartialEq, Debug)]
pub struct Thing {
    pub id: ThingId,
    /// Its first device's: the order in which things were registered.
    pub number: u64,
    pub agency: AgencyId,
    /// The devices that serve it, oldest first.
    pub devices: Box<[DeviceId]>,
    /// Under the terms below, once the thing is in a snapshot.
    pub datastreams: ThingDatastreams,
    /// In order of time; no two neighbours are the same place.
    pub locations: Box<[LocationSince]>,
    /// In order of time, the first from the beginning and the last to now; empty
    /// as long as it was always `agency`'s.
    pub owners: Box<[OwnerSince]>,
    pub licence: Licence,
    pub attribution: Arc<str>,
    pub visibility: Visibility,
    /// `None`: nothing is said of it.
    pub(crate) description: Option<Arc<Description>>,
}

/// A thing's number, as the snapshot's indexes name it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct ThingNumber(pub(crate) u32);

impl ThingNumber {
    pub(crate) const FIRST: Self = Self(0);

    pub(crate) fn of(thing: &Thing) -> Self {
        let number = u32::try_from(thing.number);
        Self(number.expect("devices are numbered one by one, and memory ends long before"))
    }
}

impl Thing {
    pub fn description(&self) -> &Description {
        self.description.as_deref().unwrap_or(Description::EMPTY)
    }
}
