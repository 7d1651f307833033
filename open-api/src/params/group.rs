//! `group=ID`: the devices of a group.

use std::sync::Arc;

use device_registry::{Group, Snapshot};
use domain::GroupId;
use http_edge::Problem;
use http_edge::request::{Text, what_there_is};

use super::Viewer;

/// The group of a query, if it names one. Another agency's does not exist for
/// the viewer.
pub(crate) fn named_group(
    snapshot: &Snapshot,
    viewer: &Viewer,
    id: Option<&Text<GroupId>>,
) -> Result<Option<Arc<Group>>, Problem> {
    let Some(Text(id)) = id else {
        return Ok(None);
    };
    let is_shown = |group: &&Arc<Group>| viewer.owns(&group.agency);
    let found = snapshot.group(id).filter(is_shown).cloned();
    found.map(Some).ok_or_else(|| {
        let shown = snapshot.groups().filter(is_shown);
        let known: Vec<&str> = shown.map(|group| group.id.as_str()).collect();
        let there = what_there_is(id.as_str(), &known, "/v1/groups");
        Problem::parameter(format!("group: there is no group {id}.{there}"))
    })
}
