//! What happened at the doors lately.

use device_registry::events::{MAX_EVENTS, MAX_EVENTS_OF_DEVICE, MAX_REFUSED};
use device_registry::{EventKind, Events, NewEvent};
use domain::{DeviceId, Timestamp};

use crate::harness::{TestRegistry, device};

fn event<'a>(device: Option<DeviceId>, kind: EventKind, reason: &'a str) -> NewEvent<'a> {
    NewEvent {
        time: Timestamp::from_micros(1),
        device,
        login: "login",
        peer: "192.0.2.1:4711",
        listener: "mqtt",
        kind,
        reason,
        cure: "cure",
        head: b"\x10\x00",
    }
}

#[test]
fn a_device_keeps_its_last_thousand_in_order() {
    let events = Events::default();
    let dev_1 = device("dev-1");
    for number in 0..MAX_EVENTS_OF_DEVICE + 5 {
        let reason = number.to_string();
        events.record(event(Some(dev_1.clone()), EventKind::Connected, &reason));
    }
    let kept = events.of_device(&dev_1, 0, usize::MAX);
    assert_eq!(kept.len(), MAX_EVENTS_OF_DEVICE);
    assert_eq!(&*kept[0].reason, "5");
    assert!(kept.is_sorted_by_key(|event| event.sequence));
    assert!(
        events.refused(0, 10).is_empty(),
        "a connection is no refusal"
    );
    assert!(events.of_device(&device("dev-2"), 0, 10).is_empty());

    // Following: what is new since the last look.
    let seen = events.sequence();
    assert_eq!(seen, kept.last().unwrap().sequence);
    events.record(event(Some(dev_1.clone()), EventKind::Kicked, "revoked"));
    let new = events.of_device(&dev_1, seen, 10);
    assert_eq!(new.len(), 1);
    assert_eq!(new[0].kind, EventKind::Kicked);
    assert_eq!(events.of_device(&dev_1, 0, 2).len(), 2);
}

#[test]
fn refusals_of_known_and_unknown_identities_stand_together() {
    let events = Events::default();
    for number in 0..MAX_REFUSED {
        let reason = number.to_string();
        events.record(event(None, EventKind::Refused, &reason));
    }
    events.record(event(Some(device("dev-1")), EventKind::Refused, "known"));
    let refused = events.refused(0, usize::MAX);
    assert_eq!(refused.len(), MAX_REFUSED);
    assert_eq!(&*refused[0].reason, "1");
    assert_eq!(refused.last().unwrap().device, Some(device("dev-1")));
}

#[test]
fn what_a_stranger_sends_is_cut() {
    let events = Events::default();
    let long = "한".repeat(1_000);
    events.record(NewEvent {
        login: &long,
        reason: &long,
        head: &[7; 1_000],
        ..event(None, EventKind::Refused, "")
    });
    let kept = &events.refused(0, 1)[0];
    assert_eq!(kept.login.len(), 63, "whole characters within 64 bytes");
    assert!(kept.reason.len() <= 512);
    assert_eq!(kept.head.len(), 256);
}

#[test]
fn a_flood_by_many_leaves_the_quiet_ones_their_history() {
    let events = Events::default();
    let quiet = device("quiet");
    for number in 0..10 {
        let reason = number.to_string();
        events.record(event(Some(quiet.clone()), EventKind::Connected, &reason));
    }
    let loud: Vec<DeviceId> = (0..200)
        .map(|number| device(&format!("loud-{number}")))
        .collect();
    for _ in 0..MAX_EVENTS_OF_DEVICE {
        for loud in &loud {
            events.record(event(Some(loud.clone()), EventKind::PublishDenied, "flood"));
        }
    }
    assert_eq!(events.of_device(&quiet, 0, usize::MAX).len(), 10);
    let all = |device: &DeviceId| events.of_device(device, 0, usize::MAX).len();
    let kept: usize = loud.iter().map(all).sum();
    assert!(kept <= MAX_EVENTS, "{kept}");
    assert!(loud.iter().all(|device| all(device) > 0));
}

#[test]
fn a_follower_sees_past_a_restart() {
    let test = TestRegistry::empty();
    for _ in 0..10 {
        let unknown = event(None, EventKind::Refused, "no such device");
        test.registry.events().record(unknown);
    }
    let seen = test.registry.events().sequence();
    test.pass_seconds(1);
    let test = test.reopen();
    let unknown = event(None, EventKind::Refused, "no such device");
    test.registry.events().record(unknown);
    assert_eq!(test.registry.events().refused(seen, 10).len(), 1);
}
