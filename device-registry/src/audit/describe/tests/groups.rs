//! Rows of groups and shares.

use super::*;

/// With a share of the group with another agency.
pub(super) fn share(registry: &Registry) {
    let new = NewAgency {
        id: AgencyId::new("busan").unwrap(),
        name: "부산광역시".to_owned(),
    };
    registry.create_agency(&Actor::OPERATOR, new).unwrap();
    let new = NewShare {
        giver: AgencyId::new("seoul").unwrap(),
        receiver: AgencyId::new("busan").unwrap(),
        what: SharedWhat::Group(GroupId::new("lots").unwrap()),
        position: Position::Coarse,
        until: Some(Timestamp::from_micros(1_000_000_000)),
    };
    registry.create_share(&Actor::OPERATOR, new).unwrap();
}

/// Rows of groups and shares.
pub(super) fn samples_of_groups(standing: &Snapshot) -> Vec<RowChange> {
    let group = standing.groups().next().unwrap();
    let renamed = Group {
        name: "공영주차장".to_owned(),
        ..Group::clone(group)
    };
    let share = standing.shares().next().unwrap();
    let longer = Share {
        until: None,
        ..Share::clone(share)
    };
    vec![
        RowChange::PutGroup(Arc::new(renamed)),
        RowChange::RemoveGroup(group.id.clone()),
        RowChange::PutShare(Arc::new(longer)),
        RowChange::RemoveShare(share.id.clone()),
    ]
}
