//! Shares between agencies: that they stand as they were made, and what is read by
//! them.

use std::sync::Arc;

use device_registry::{
    Actor, CreateShareError, EndShareError, Group, NewAgency, NewGroup, NewMembers, NewShare,
    Position, ReadScope, Registry, RemoveGroupError, Share, SharedData, SharedWhat,
};
use domain::{DatastreamId, GroupId, Scope, ShareId, Timestamp};

use crate::harness::{TestRegistry, agency, device, model, new_device, place};

/// With `seoul`, which has the parking lots `lot-1` and `lot-2` and a group of the
/// first, and `busan`.
fn furnished() -> TestRegistry {
    let test = TestRegistry::new();
    let (registry, operator) = (&test.registry, &Actor::OPERATOR);
    let busan = NewAgency {
        id: agency("busan"),
        name: "부산광역시".to_owned(),
    };
    registry.create_agency(operator, busan).unwrap();
    for id in ["lot-1", "lot-2"] {
        let mut new = new_device(id);
        new.location = Some(place(37.5, 127.000_000_1));
        registry.register_device(operator, new).unwrap();
    }
    let lots = NewGroup {
        id: lots(),
        agency: agency("seoul"),
        name: "주차장".to_owned(),
        members: NewMembers::Listed(vec![device("lot-1")]),
    };
    registry.create_group(operator, lots).unwrap();
    test
}

fn lots() -> GroupId {
    GroupId::new("lots").unwrap()
}

fn group(registry: &Registry) -> Arc<Group> {
    Arc::clone(registry.snapshot().group(&lots()).unwrap())
}

fn of_group(position: Position, until: Option<Timestamp>) -> NewShare {
    NewShare {
        giver: agency("seoul"),
        receiver: agency("busan"),
        what: SharedWhat::Group(lots()),
        position,
        until,
    }
}

fn create(registry: &Registry, new: NewShare) -> Arc<Share> {
    registry.create_share(&Actor::OPERATOR, new).unwrap()
}

/// What the readers of `busan` see at `now`.
fn seen_by_busan(registry: &Registry, now: Timestamp) -> ReadScope {
    let snapshot = registry.snapshot();
    let own = Scope::of_agencies([agency("busan")]);
    let shares = snapshot.shares_with(&own, now);
    let members =
        |group: &Arc<Group>| -> Arc<[DatastreamId]> { snapshot.group_devices(group).datastreams };
    let shared = SharedData::new(shares, &snapshot, members);
    ReadScope::with_shared(own, Arc::new(shared))
}

/// Whether a device's data is seen, and whether exactly.
fn sight(registry: &Registry, scope: &ReadScope, id: &str) -> (bool, bool) {
    let snapshot = registry.snapshot();
    let device = snapshot.device(id).unwrap();
    let datastream = device.datastreams.get(0).unwrap();
    let thing = snapshot.thing(device.thing.as_str()).unwrap();
    let exactly = scope.sees_exactly(&datastream);
    assert_eq!(scope.sees_thing(thing), scope.sees(&datastream));
    assert_eq!(scope.sees_thing_exactly(thing), exactly);
    let seen = scope.place(&datastream, thing.location());
    assert_eq!(seen == thing.location(), exactly);
    (scope.sees(&datastream), exactly)
}

#[test]
fn a_share_stands_after_a_restart_until_it_ends_or_is_removed() {
    let test = furnished();
    let until = Timestamp::from_micros(test.now().as_micros() + 60_000_000);
    let made = create(&test.registry, of_group(Position::Exact, Some(until)));
    let test = test.reopen();
    let registry = &test.registry;
    assert_eq!(registry.snapshot().share(&made.id), Some(&made));
    let at = |now: Timestamp| sight(registry, &seen_by_busan(registry, now), "lot-1");
    assert_eq!(at(test.now()), (true, true));
    assert_eq!(at(until), (false, false), "without anybody");

    let longer = registry
        .end_share(&Actor::OPERATOR, &made.id, None)
        .unwrap();
    assert_eq!((longer.until, &longer.what), (None, &made.what));
    assert_eq!(at(until), (true, true));
    let past = registry.end_share(&Actor::OPERATOR, &made.id, Some(test.now()));
    assert!(matches!(past, Err(EndShareError::Ended)));
    registry.remove_share(&Actor::OPERATOR, &made.id).unwrap();
    assert_eq!(at(test.now()), (false, false));
    let test = test.reopen();
    assert_eq!(test.registry.snapshot().shares().count(), 0);
    let gone = test.registry.remove_share(&Actor::OPERATOR, &made.id);
    assert_eq!(
        gone.unwrap_err().to_string(),
        format!("no share {}", made.id)
    );
}

#[test]
fn of_two_shares_the_more_exact_one_counts_and_nothing_else_is_seen() {
    let test = furnished();
    let registry = &test.registry;
    let both = || {
        let scope = seen_by_busan(registry, test.now());
        ["lot-1", "lot-2"].map(|id| sight(registry, &scope, id))
    };
    create(registry, of_group(Position::Exact, None));
    assert_eq!(both(), [(true, true), (false, false)]);
    let by_model = NewShare {
        what: SharedWhat::Model(model("traffic.parking")),
        ..of_group(Position::Coarse, None)
    };
    create(registry, by_model);
    assert_eq!(both(), [(true, true), (true, false)]);
    // The platform's readers need no share, the giver's have none of their own.
    let snapshot = registry.snapshot();
    for own in [
        Scope::All,
        Scope::Public,
        Scope::of_agencies([agency("seoul")]),
    ] {
        assert!(snapshot.shares_with(&own, test.now()).is_empty());
    }
}

#[test]
fn what_cannot_be_shared_is_refused() {
    let test = furnished();
    let registry = &test.registry;
    let refused = |new: NewShare| registry.create_share(&Actor::OPERATOR, new).unwrap_err();
    let usual = || of_group(Position::Coarse, None);
    let unknown = NewShare {
        receiver: agency("daegu"),
        ..usual()
    };
    assert!(matches!(
        refused(unknown),
        CreateShareError::UnknownAgency(_)
    ));
    let itself = NewShare {
        receiver: agency("seoul"),
        ..usual()
    };
    assert!(matches!(refused(itself), CreateShareError::WithItself(_)));
    let not_its_own = NewShare {
        giver: agency("busan"),
        receiver: agency("seoul"),
        ..usual()
    };
    assert!(matches!(
        refused(not_its_own),
        CreateShareError::UnknownGroup { .. }
    ));
    let nothing = NewShare {
        what: SharedWhat::Model(model("traffic.nothing")),
        ..usual()
    };
    assert!(matches!(
        refused(nothing),
        CreateShareError::UnknownModel(_)
    ));
    let ended = of_group(Position::Coarse, Some(test.now()));
    assert!(matches!(refused(ended), CreateShareError::Ended));
    create(registry, usual());
    assert!(matches!(refused(usual()), CreateShareError::Exists(_)));
    let unknown = ShareId::new("none").unwrap();
    let unknown = registry.end_share(&Actor::OPERATOR, &unknown, None);
    assert!(matches!(unknown, Err(EndShareError::Unknown(_))));
}

#[test]
fn a_group_that_is_shared_stays_until_it_is_shared_no_more() {
    let test = furnished();
    let registry = &test.registry;
    let made = create(registry, of_group(Position::Coarse, None));
    let kept = registry.remove_group(&Actor::OPERATOR, &group(registry));
    assert!(matches!(kept, Err(RemoveGroupError::Shared(_))));
    // Its members change as before.
    let members = Some(NewMembers::Listed(vec![device("lot-2")]));
    let patch = device_registry::GroupPatch {
        members,
        ..device_registry::GroupPatch::default()
    };
    registry
        .patch_group(&Actor::OPERATOR, &group(registry), patch)
        .unwrap();
    let scope = seen_by_busan(registry, test.now());
    let seen = ["lot-1", "lot-2"].map(|id| sight(registry, &scope, id).0);
    assert_eq!(seen, [false, true]);
    registry.remove_share(&Actor::OPERATOR, &made.id).unwrap();
    registry
        .remove_group(&Actor::OPERATOR, &group(registry))
        .unwrap();
}

#[test]
fn what_was_seen_of_a_group_before_a_change_passes_for_nothing_else() {
    let test = furnished();
    let registry = &test.registry;
    create(registry, of_group(Position::Exact, None));
    let before = seen_by_busan(registry, test.now());
    assert_eq!(before, before.clone());
    let patch = device_registry::GroupPatch {
        members: Some(NewMembers::Listed(Vec::new())),
        ..device_registry::GroupPatch::default()
    };
    registry
        .patch_group(&Actor::OPERATOR, &group(registry), patch)
        .unwrap();
    // The shares are the same, and an answer that is kept for one must not be given
    // to the other.
    assert_ne!(before, seen_by_busan(registry, test.now()));
}
