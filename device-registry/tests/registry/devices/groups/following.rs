//! Who is in a group after a change, from who was in it before: the same as by a
//! look at all.

use std::sync::Arc;
use std::time::{Duration, Instant};

use device_registry::{
    FaultyRows, GroupDevices, ImportRow, ImportTerms, OldCredentials, Replacement, Transfer,
};

use super::*;

/// With one group for each of the queries, and one that lists two lots.
fn groups(test: &TestRegistry) -> Vec<GroupId> {
    let name = put_middle(test);
    let asked = queries(&name).map(|(query, _)| NewMembers::Query(query));
    let members = asked.into_iter().chain([listed(&["lot-0", "lot-2"])]);
    let make = |(number, members)| {
        let id = group(&format!("group-{number}"));
        let new = NewGroup {
            id: id.clone(),
            ..new_group(members)
        };
        test.registry.create_group(&Actor::OPERATOR, new).unwrap();
        id
    };
    members.enumerate().map(make).collect()
}

/// Who is in each group now, which has to be the same whichever way it is found.
fn follow(
    groups: &[GroupId],
    before: &Snapshot,
    known: &[GroupDevices],
    now: &Snapshot,
) -> Vec<GroupDevices> {
    let each = groups.iter().zip(known);
    let found = each.map(|(id, known)| {
        let group = now.group(id).unwrap();
        let found = now.group_devices_since(group, before, known);
        assert_eq!(found, now.group_devices(group), "{id}");
        found
    });
    found.collect()
}

/// Of what groups ask for, one after another.
fn changes(test: &TestRegistry) -> Vec<Box<dyn Fn() + '_>> {
    let registry = &test.registry;
    let patch = move |id: &str, patch: DevicePatch| {
        let patched = registry.patch_device(&Actor::OPERATOR, &device(id), patch);
        patched.unwrap();
    };
    let transfer = move |from: &str, to: &str| {
        let transfer = Transfer {
            from: agency(from),
            to: agency(to),
            credentials: OldCredentials::End,
        };
        let done = registry.transfer_device(&Actor::OPERATOR, &device("lot-1"), &transfer);
        done.unwrap();
    };
    let tags = |tags: &[&str]| DevicePatch {
        description: NewDescription {
            tags: Some(tags.iter().map(|tag| (*tag).to_owned()).collect()),
            ..NewDescription::default()
        },
        ..DevicePatch::default()
    };
    let name = |name: &str| DevicePatch {
        name: Some(name.to_owned()),
        ..DevicePatch::default()
    };
    let location = |lon| DevicePatch {
        location: Patch::Set(place(37.5, lon)),
        ..DevicePatch::default()
    };
    let replacement = || Replacement {
        id: device("lot-9"),
        model: None,
        alias: None,
        name: None,
        keys: Vec::new(),
        expires: None,
    };
    vec![
        Box::new(move || patch("lot-2", tags(&["river"]))),
        Box::new(move || patch("lot-0", tags(&[]))),
        Box::new(move || patch("lot-2", name("한강 3"))),
        Box::new(move || patch("lot-0", location(127.011))),
        Box::new(move || transfer("seoul", "busan")),
        Box::new(move || transfer("busan", "seoul")),
        Box::new(move || {
            let old = device("lot-2");
            let done = registry.replace_device(&Actor::OPERATOR, &old, replacement());
            done.unwrap();
        }),
        Box::new(move || {
            let made = registry.register_device(&Actor::OPERATOR, new_device("lot-5"));
            made.unwrap();
        }),
        Box::new(move || drop(put_middle(test))),
    ]
}

#[test]
fn members_follow_each_change_as_a_look_at_all_finds_them() {
    let test = lots();
    let registry = &test.registry;
    let groups = groups(&test);
    let mut before = registry.snapshot();
    let look = |id| before.group_devices(before.group(id).unwrap());
    let mut known: Vec<GroupDevices> = groups.iter().map(look).collect();
    for change in changes(&test) {
        change();
        let now = registry.snapshot();
        known = follow(&groups, &before, &known, &now);
        before = now;
    }
    // Another question of the same group is looked at anew, and of those that nothing
    // has changed for the answer is the one that was there.
    let standing = before.group(&groups[0]).unwrap();
    let other = GroupPatch {
        members: Some(listed(&["lot-1"])),
        ..GroupPatch::default()
    };
    registry
        .patch_group(&Actor::OPERATOR, standing, other)
        .unwrap();
    let found = follow(&groups, &before, &known, &registry.snapshot());
    let is_kept = |(found, known): (&GroupDevices, &GroupDevices)| found.is_unchanged_since(known);
    let kept: Vec<bool> = found.iter().zip(&known).map(is_kept).collect();
    assert_eq!(kept, [vec![false], vec![true; groups.len() - 1]].concat());
}

#[test]
#[ignore = "measures: cargo test --release -p device-registry --test registry measured -- --ignored --nocapture"]
fn following_a_group_is_measured() {
    let test = TestRegistry::new();
    let registry = &test.registry;
    let rows = (0..100_000_u64).map(|number| {
        let mut new = new_device(&format!("lot-{number}"));
        new.location = Some(place(37.5, 126.5 + number as f64 / 100_000.0));
        let device = Ok(new);
        ImportRow {
            line: number + 1,
            device,
        }
    });
    let terms = ImportTerms {
        faulty: FaultyRows::KeepAllOut,
        ..ImportTerms::APPLY
    };
    let go_on = |_: device_registry::ImportStep<'_>| std::ops::ControlFlow::Continue(());
    let report = registry.import_devices(&Actor::OPERATOR, rows, terms, go_on);
    assert_eq!(report.unwrap().registered, 100_000);
    let half = NewQuery {
        bbox: Some("126.5,37,127,38".parse().unwrap()),
        ..NewQuery::default()
    };
    let made = registry.create_group(&Actor::OPERATOR, new_group(NewMembers::Query(half)));
    let made = made.unwrap();
    let mut before = registry.snapshot();
    let mut known = before.group_devices(&made);
    let (mut all, mut since) = (Duration::ZERO, Duration::ZERO);
    const CHANGES: u32 = 100;
    for number in 0..CHANGES {
        // Every other one leaves the group.
        let east = if number % 2 == 0 { 127.5 } else { 126.6 };
        let patch = DevicePatch {
            location: Patch::Set(place(37.5, east)),
            ..DevicePatch::default()
        };
        let id = device(&format!("lot-{}", number * 7));
        registry.patch_device(&Actor::OPERATOR, &id, patch).unwrap();
        let now = registry.snapshot();
        let begun = Instant::now();
        let looked = now.group_devices(&made);
        all += begun.elapsed();
        let begun = Instant::now();
        known = now.group_devices_since(&made, &before, &known);
        since += begun.elapsed();
        assert_eq!(known, looked);
        before = Arc::clone(&now);
    }
    println!(
        "{} of 100,000 devices are in the group; after a change a look at all takes {:?}, at what is otherwise {:?}",
        known.devices.len(),
        all / CHANGES,
        since / CHANGES,
    );
}
