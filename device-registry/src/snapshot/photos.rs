//! Photos of things, each thing's in order of making, and how many an agency has.

use std::sync::Arc;

use domain::{AgencyId, PhotoId, ThingId};
use imbl::{OrdMap, Vector};

use super::Snapshot;
use crate::thing::{Photo, Thing};

/// Counted by agency, so that a limit is checked without a look at all photos.
#[derive(Clone, Default, PartialEq, Debug)]
pub(super) struct Photos {
    of_thing: OrdMap<ThingId, Vector<Arc<Photo>>>,
    of_agency: OrdMap<AgencyId, usize>,
    count: usize,
}

impl Photos {
    fn of(&self, thing: &ThingId) -> impl Iterator<Item = &Arc<Photo>> {
        self.of_thing.get(thing).into_iter().flatten()
    }

    fn put(&mut self, thing: &Thing, photo: Arc<Photo>) {
        let photos = self.of_thing.entry(thing.id.clone()).or_default();
        photos.push_back(photo);
        *self.of_agency.entry(thing.agency.clone()).or_default() += 1;
        self.count += 1;
    }

    fn remove(&mut self, thing: &Thing, id: &PhotoId) {
        let Some(photos) = self.of_thing.get_mut(&thing.id) else {
            return;
        };
        let before = photos.len();
        photos.retain(|photo| photo.id != *id);
        let removed = before - photos.len();
        if photos.is_empty() {
            self.of_thing.remove(&thing.id);
        }
        self.count -= removed;
        self.take_from(&thing.agency, removed);
    }

    fn take_from(&mut self, agency: &AgencyId, removed: usize) {
        if let Some(count) = self.of_agency.get_mut(agency) {
            *count -= removed;
            if *count == 0 {
                self.of_agency.remove(agency);
            }
        }
    }

    /// The photos of a thing go with it to another agency.
    pub(super) fn follow(&mut self, old: &Thing, new: &Thing) {
        if old.agency == new.agency {
            return;
        }
        let count = self.of(&new.id).count();
        if count > 0 {
            self.take_from(&old.agency, count);
            *self.of_agency.entry(new.agency.clone()).or_default() += count;
        }
    }
}

impl Snapshot {
    pub fn photos(&self, thing: &ThingId) -> impl Iterator<Item = &Arc<Photo>> {
        self.photos.of(thing)
    }

    pub fn photo(&self, thing: &ThingId, id: &str) -> Option<&Arc<Photo>> {
        self.photos(thing).find(|photo| photo.id.as_str() == id)
    }

    /// Of all things.
    pub(crate) fn photo_count(&self) -> usize {
        self.photos.count
    }

    pub(crate) fn photo_count_of(&self, agency: &AgencyId) -> usize {
        self.photos.of_agency.get(agency).copied().unwrap_or(0)
    }

    pub(crate) fn put_photo(&mut self, thing: &Thing, photo: Arc<Photo>) {
        self.photos.put(thing, photo);
    }

    pub(crate) fn remove_photo(&mut self, thing: &Thing, id: &PhotoId) {
        self.photos.remove(thing, id);
    }
}
