//! Photos, for an auditor: by their digest, which the picture can be held against.

use domain::{PhotoId, ThingId};

use super::Description;
use crate::audit::action::Action;
use crate::audit::fields::Fields;
use crate::thing::Photo;

impl<'a> Description<'a> {
    pub(super) fn add_photo(&mut self, thing: &'a ThingId, photo: &Photo) {
        let object = self.thing(thing, Action::AddPhoto);
        object.after.set(name(&photo.id), photo_fields(photo));
    }

    pub(super) fn remove_photo(&mut self, thing: &'a ThingId, id: &PhotoId) {
        let standing = self.before.photo(thing, id.as_str());
        let fields = standing.map_or_else(Fields::default, |photo| photo_fields(photo));
        let object = self.thing(thing, Action::RemovePhoto);
        object.before.set(name(id), fields);
    }
}

fn name(id: &PhotoId) -> String {
    format!("photo.{id}")
}

fn photo_fields(photo: &Photo) -> Fields {
    let mut fields = Fields::default();
    fields.set("bytes", photo.bytes);
    fields.set("sha256", photo.sha256_hex());
    fields
}
