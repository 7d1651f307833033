//! Groups, for an auditor.

use domain::GroupId;

use super::Description;
use super::values::sha256;
use crate::audit::action::{Action, Kind};
use crate::audit::fields::Fields;
use crate::group::{Group, Members};

impl<'a> Description<'a> {
    pub(super) fn put_group(&mut self, group: &'a Group) {
        let standing = self.before.group(&group.id);
        let action = match standing {
            Some(_) => Action::PatchGroup,
            None => Action::CreateGroup,
        };
        let (id, agency) = (group.id.as_str(), Some(&group.agency));
        let (after, before) = (group_fields(group), standing.map(|old| group_fields(old)));
        let object = self.object(Kind::Group, id, agency, action);
        match before {
            // What was put again as it stood is no change.
            Some(before) if before == after => {}
            before => {
                object.before = before.unwrap_or_default();
                object.after = after;
            }
        }
    }

    pub(super) fn remove_group(&mut self, id: &'a GroupId) {
        let standing = self.before.group(id);
        let agency = standing.map(|group| &group.agency);
        let object = self.object(Kind::Group, id.as_str(), agency, Action::RemoveGroup);
        object.before = standing.map_or_else(Fields::default, |group| group_fields(group));
    }
}

/// Of a list, which may have thousands, how many and their digest; of a box,
/// which may be drawn around one exact place, the digest.
fn group_fields(group: &Group) -> Fields {
    let mut fields = Fields::default();
    fields.set("name", group.name.as_str());
    match &group.members {
        Members::Listed(devices) => {
            let ids: Vec<&str> = devices.iter().map(|id| id.as_str()).collect();
            let count = u32::try_from(ids.len()).unwrap_or(u32::MAX);
            fields.set("devices", count);
            fields.set("devices_sha256", sha256(&ids.join("\n")));
        }
        Members::Query(query) => {
            let model = query.model.as_ref();
            fields.set_some("query.model", model.map(|id| id.as_str()));
            fields.set_some("query.tag", query.tag.as_ref().map(|tag| tag.as_str()));
            let bbox = query.bbox.map(|bbox| sha256(&bbox.to_string()));
            fields.set_some("query.bbox_sha256", bbox);
            let boundary = query.boundary.as_ref();
            fields.set_some("query.boundary", boundary.map(|name| name.as_str()));
            fields.set_some("query.text", query.text.as_deref());
        }
    }
    fields
}
