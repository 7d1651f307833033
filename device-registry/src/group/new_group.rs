//! What a group is made from, and whether it can be.

use domain::{AgencyId, Bbox, BoundaryName, DeviceId, GroupId, ModelId};

use super::{Group, GroupQuery, Members};
use crate::label::LabelError;
use crate::registry::ErrorClass;
use crate::search::{Needle, NeedleError};
use crate::snapshot::Snapshot;
use crate::thing::{DescriptionError, Tag};

/// Groups of one platform.
pub const MAX_GROUPS: usize = 10_000;
/// Of one agency, so that none takes the room of the others.
pub const MAX_GROUPS_OF_AGENCY: usize = 1_000;
/// Devices that one group lists.
pub const MAX_LISTED_DEVICES: usize = 10_000;
/// Devices that all groups list together: some 20 MB in memory.
pub const MAX_LISTED_IN_ALL: usize = 1_000_000;
/// Those that the groups of one agency list together.
pub const MAX_LISTED_OF_AGENCY: usize = 100_000;

/// What a group is made from.
#[derive(Clone, PartialEq, Debug)]
pub struct NewGroup {
    pub id: GroupId,
    pub agency: AgencyId,
    pub name: String,
    pub members: NewMembers,
}

/// Which devices, as somebody says.
#[derive(Clone, PartialEq, Debug)]
pub enum NewMembers {
    Listed(Vec<DeviceId>),
    Query(NewQuery),
}

/// A query as somebody writes it.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct NewQuery {
    pub model: Option<ModelId>,
    pub tag: Option<String>,
    pub bbox: Option<Bbox>,
    pub boundary: Option<BoundaryName>,
    pub text: Option<String>,
}

/// Why a group cannot be as it is asked for.
#[derive(Debug, thiserror::Error)]
pub enum GroupError {
    #[error(transparent)]
    Name(#[from] LabelError),
    #[error("agency {agency} has no device {device}")]
    UnknownDevice { agency: AgencyId, device: DeviceId },
    #[error("a group lists at most {MAX_LISTED_DEVICES} devices; give them a tag, and ask for it")]
    TooManyDevices,
    #[error(
        "the agency's groups would list more than {MAX_LISTED_OF_AGENCY} devices together; give them a tag, and ask for it"
    )]
    TooManyOfAgency,
    #[error(
        "the platform's groups list as many devices as they may; give them a tag, and ask for it"
    )]
    TooManyListed,
    #[error("no model {0}; GET /v1/models lists them")]
    UnknownModel(ModelId),
    #[error("no boundary {0}; GET /v1/boundaries lists them")]
    UnknownBoundary(BoundaryName),
    #[error(transparent)]
    Tag(#[from] DescriptionError),
    #[error("`text`: {0}")]
    Text(#[from] NeedleError),
}

impl GroupError {
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Name(_) => "invalid-name",
            Self::UnknownDevice { .. } => "unknown-device",
            Self::TooManyDevices | Self::TooManyOfAgency | Self::TooManyListed => {
                "too-many-devices"
            }
            Self::UnknownModel(_) => "unknown-model",
            Self::UnknownBoundary(_) => "unknown-boundary",
            Self::Tag(_) => "invalid-tag",
            Self::Text(_) => "invalid-text",
        }
    }

    pub(super) fn class(&self) -> ErrorClass {
        match self {
            Self::TooManyOfAgency | Self::TooManyListed => ErrorClass::Conflict,
            _ => ErrorClass::Invalid,
        }
    }
}

impl NewMembers {
    /// As a group of the agency keeps them, beside the other groups.
    pub(super) fn check(
        self,
        id: &GroupId,
        agency: &AgencyId,
        draft: &Snapshot,
    ) -> Result<Members, GroupError> {
        match self {
            Self::Listed(devices) => listed(devices, id, agency, draft).map(Members::Listed),
            Self::Query(query) => query.check(draft).map(Members::Query),
        }
    }
}

fn listed(
    mut devices: Vec<DeviceId>,
    id: &GroupId,
    agency: &AgencyId,
    draft: &Snapshot,
) -> Result<Vec<DeviceId>, GroupError> {
    if devices.len() > MAX_LISTED_DEVICES {
        return Err(GroupError::TooManyDevices);
    }
    devices.sort_unstable();
    devices.dedup();
    for device in &mut devices {
        let known = draft.device(device.as_str());
        match known.filter(|known| known.agency == *agency) {
            // The text is kept once.
            Some(known) => *device = known.id.clone(),
            None => {
                return Err(GroupError::UnknownDevice {
                    agency: agency.clone(),
                    device: device.clone(),
                });
            }
        }
    }
    let (mut of_agency, mut in_all) = (devices.len(), devices.len());
    for other in draft.groups().filter(|group| group.id != *id) {
        in_all += other.listed_devices();
        if other.agency == *agency {
            of_agency += other.listed_devices();
        }
    }
    if of_agency > MAX_LISTED_OF_AGENCY {
        return Err(GroupError::TooManyOfAgency);
    }
    if in_all > MAX_LISTED_IN_ALL {
        return Err(GroupError::TooManyListed);
    }
    Ok(devices)
}

impl NewQuery {
    fn check(self, draft: &Snapshot) -> Result<GroupQuery, GroupError> {
        if let Some(model) = self.model.as_ref().filter(|id| draft.model(id).is_none()) {
            return Err(GroupError::UnknownModel(model.clone()));
        }
        let boundary = self.boundary.as_ref();
        if let Some(name) = boundary.filter(|name| draft.boundary(name).is_none()) {
            return Err(GroupError::UnknownBoundary(name.clone()));
        }
        if let Some(text) = &self.text {
            Needle::new(text)?;
        }
        Ok(GroupQuery {
            model: self.model,
            tag: self.tag.as_deref().map(Tag::parse).transpose()?,
            bbox: self.bbox,
            boundary: self.boundary,
            text: self.text,
        })
    }
}

impl Group {
    pub fn listed_devices(&self) -> usize {
        match &self.members {
            Members::Listed(devices) => devices.len(),
            Members::Query(_) => 0,
        }
    }
}
