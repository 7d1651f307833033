//! Groups are made, changed and taken away.

use std::sync::Arc;

use domain::{AgencyId, GroupId};

use super::Group;
use super::new_group::{GroupError, MAX_GROUPS, MAX_GROUPS_OF_AGENCY, NewGroup, NewMembers};
use crate::label;
use crate::registry::{Actor, Change, EndError, ErrorClass, OperationError, Registry, RowChange};
use crate::store::StoreError;

/// The changes; what is absent stays.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct GroupPatch {
    pub name: Option<String>,
    /// All of them: a list may give way to a query.
    pub members: Option<NewMembers>,
}

/// Why there is no new group.
#[derive(Debug, thiserror::Error)]
pub enum CreateGroupError {
    #[error("group {0} exists")]
    Exists(GroupId),
    #[error("no agency {0}")]
    UnknownAgency(AgencyId),
    #[error("the agency has {MAX_GROUPS_OF_AGENCY} groups; remove some first")]
    AgencyFull,
    #[error("the platform has as many groups as it may")]
    Full,
    #[error(transparent)]
    Group(#[from] GroupError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a group was not changed.
#[derive(Debug, thiserror::Error)]
pub enum PatchGroupError {
    #[error("no group {0}")]
    Unknown(GroupId),
    #[error(transparent)]
    Group(#[from] GroupError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a group was not taken away.
#[derive(Debug, thiserror::Error)]
pub enum RemoveGroupError {
    #[error(
        "group {0} is shared with another agency; its agency's administrator removes its shares first (GET /v1/shares lists them, those that have ended too)"
    )]
    Shared(GroupId),
    #[error(transparent)]
    End(#[from] EndError<GroupId>),
}

impl From<StoreError> for RemoveGroupError {
    fn from(error: StoreError) -> Self {
        EndError::from(error).into()
    }
}

impl OperationError for CreateGroupError {
    fn code(&self) -> &'static str {
        match self {
            Self::Exists(_) => "group-exists",
            Self::UnknownAgency(_) => "unknown-agency",
            Self::AgencyFull | Self::Full => "too-many-groups",
            Self::Group(error) => error.code(),
            Self::Store(_) => "registry-fault",
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Exists(_) | Self::AgencyFull | Self::Full => ErrorClass::Conflict,
            Self::UnknownAgency(_) => ErrorClass::Invalid,
            Self::Group(error) => error.class(),
            Self::Store(_) => ErrorClass::Fault,
        }
    }
}

impl OperationError for PatchGroupError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "unknown-group",
            Self::Group(error) => error.code(),
            Self::Store(_) => "registry-fault",
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Unknown(_) => ErrorClass::NotFound,
            Self::Group(error) => error.class(),
            Self::Store(_) => ErrorClass::Fault,
        }
    }
}

impl OperationError for RemoveGroupError {
    fn code(&self) -> &'static str {
        match self {
            Self::Shared(_) => "group-shared",
            Self::End(error) => error.code(),
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Shared(_) => ErrorClass::Conflict,
            Self::End(error) => error.class(),
        }
    }
}

impl Registry {
    pub fn create_group(
        &self,
        actor: &Actor,
        new: NewGroup,
    ) -> Result<Arc<Group>, CreateGroupError> {
        label::required("name", &new.name).map_err(GroupError::from)?;
        self.change(actor, |change| {
            let draft = &change.draft;
            if draft.group(&new.id).is_some() {
                return Err(CreateGroupError::Exists(new.id));
            }
            let of_agency = draft.groups().filter(|group| group.agency == new.agency);
            if of_agency.count() >= MAX_GROUPS_OF_AGENCY {
                return Err(CreateGroupError::AgencyFull);
            }
            if draft.groups.len() >= MAX_GROUPS {
                return Err(CreateGroupError::Full);
            }
            let Some(agency) = draft.agency(&new.agency) else {
                return Err(CreateGroupError::UnknownAgency(new.agency));
            };
            let group = Group {
                agency: agency.id.clone(),
                members: new.members.check(&new.id, &agency.id, draft)?,
                id: new.id,
                name: new.name,
                created: change.now,
            };
            Ok(put(change, group))
        })
    }

    /// Changes the group that was looked at: of one that was made since under its
    /// id nobody has judged whether the actor may change it.
    pub fn patch_group(
        &self,
        actor: &Actor,
        looked_at: &Group,
        patch: GroupPatch,
    ) -> Result<Arc<Group>, PatchGroupError> {
        if let Some(name) = &patch.name {
            label::required("name", name).map_err(GroupError::from)?;
        }
        self.change(actor, |change| {
            let id = &looked_at.id;
            let standing = standing(change, looked_at);
            let standing = standing.ok_or_else(|| PatchGroupError::Unknown(id.clone()))?;
            let mut group = Group::clone(standing);
            if let Some(name) = patch.name {
                group.name = name;
            }
            if let Some(members) = patch.members {
                group.members = members.check(id, &group.agency, &change.draft)?;
            }
            Ok(put(change, group))
        })
    }

    /// Takes away the group that was looked at, and none that was made since under
    /// its id.
    pub fn remove_group(&self, actor: &Actor, looked_at: &Group) -> Result<(), RemoveGroupError> {
        self.change(actor, |change| {
            let id = &looked_at.id;
            // Whoever made another one of this id would share that.
            if change.draft.shares().any(|share| share.shows_group(id)) {
                return Err(RemoveGroupError::Shared(id.clone()));
            }
            if standing(change, looked_at).is_none() {
                return Err(EndError::Unknown(id.clone()).into());
            }
            change.draft.remove_group(id);
            change.write(RowChange::RemoveGroup(id.clone()));
            Ok(())
        })
    }
}

/// The group that was looked at, if it still stands.
fn standing<'a>(change: &'a Change, looked_at: &Group) -> Option<&'a Arc<Group>> {
    let standing = change.draft.group(&looked_at.id);
    standing.filter(|group| group.agency == looked_at.agency && group.created == looked_at.created)
}

fn put(change: &mut Change, group: Group) -> Arc<Group> {
    let group = Arc::new(group);
    change.write(RowChange::PutGroup(Arc::clone(&group)));
    change.draft.put_group(Arc::clone(&group));
    group
}
