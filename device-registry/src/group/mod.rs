//! Groups: devices of one agency under one name, listed or asked for.

mod change;
mod members;
mod new_group;

use domain::{AgencyId, Bbox, BoundaryName, DeviceId, GroupId, ModelId, Timestamp};

use crate::thing::Tag;

pub use change::{CreateGroupError, GroupPatch, PatchGroupError, RemoveGroupError};
pub use members::GroupDevices;
pub use new_group::{
    GroupError, MAX_GROUPS, MAX_GROUPS_OF_AGENCY, MAX_LISTED_DEVICES, MAX_LISTED_IN_ALL,
    MAX_LISTED_OF_AGENCY, NewGroup, NewMembers, NewQuery,
};

/// Devices of one agency under one name.
#[derive(Clone, PartialEq, Debug)]
pub struct Group {
    pub id: GroupId,
    pub agency: AgencyId,
    pub name: String,
    pub members: Members,
    pub created: Timestamp,
}

/// Which devices a group has. None of another agency ever is one of them.
#[derive(Clone, PartialEq, Debug)]
pub enum Members {
    /// In order, each once.
    Listed(Vec<DeviceId>),
    /// Those that pass now, whenever they were registered.
    Query(GroupQuery),
}

/// What a device needs for a group; what is absent is not asked for.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct GroupQuery {
    pub model: Option<ModelId>,
    /// Of its thing.
    pub tag: Option<Tag>,
    /// In which its thing lies now.
    pub bbox: Option<Bbox>,
    /// In which its thing lies now; nothing does once it is taken away.
    pub boundary: Option<BoundaryName>,
    /// As it is searched for.
    pub text: Option<String>,
}
