//! Shares between agencies, for an auditor of the giver.

use domain::ShareId;

use super::Description;
use crate::audit::action::{Action, Kind};
use crate::audit::fields::Fields;
use crate::share::{Share, SharedWhat};

impl<'a> Description<'a> {
    pub(super) fn put_share(&mut self, share: &'a Share) {
        let standing = self.before.share(&share.id);
        let (id, giver) = (share.id.as_str(), Some(&share.giver));
        match standing {
            Some(old) => {
                let object = self.object(Kind::Share, id, giver, Action::PatchShare);
                // What is shared, and with whom, stays as it was made.
                object.changed("until", old.until, share.until);
            }
            None => {
                let object = self.object(Kind::Share, id, giver, Action::CreateShare);
                object.after = share_fields(share);
            }
        }
    }

    pub(super) fn remove_share(&mut self, id: &'a ShareId) {
        let standing = self.before.share(id);
        let giver = standing.map(|share| &share.giver);
        let object = self.object(Kind::Share, id.as_str(), giver, Action::RemoveShare);
        object.before = standing.map_or_else(Fields::default, |share| share_fields(share));
    }
}

fn share_fields(share: &Share) -> Fields {
    let mut fields = Fields::default();
    fields.set("to", share.receiver.as_str());
    match &share.what {
        SharedWhat::Model(id) => fields.set("model", id.as_str()),
        SharedWhat::Group(id) => fields.set("group", id.as_str()),
    }
    fields.set("position", share.position.as_str());
    fields.set_some("until", share.until);
    fields
}
