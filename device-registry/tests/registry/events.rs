//! The latest connections, refusals and ends.

use device_registry::{EventKind, Events, MAX_EVENTS, MAX_EVENTS_OF_DEVICE, MAX_REFUSED, NewEvent};
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
        let login = number.to_string();
        events.record(NewEvent {
            login: &login,
            ..event(None, EventKind::Refused, "unknown")
        });
    }
    events.record(event(Some(device("dev-1")), EventKind::Refused, "known"));
    let refused = events.refused(0, usize::MAX);
    assert_eq!(refused.len(), MAX_REFUSED);
    assert_eq!(&*refused[0].login, "1");
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
    for number in 0..MAX_EVENTS_OF_DEVICE {
        let reason = format!("flood {number}");
        for loud in &loud {
            let event = event(Some(loud.clone()), EventKind::PublishDenied, &reason);
            events.record(event);
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

/// It tries each second, from another port each time, and its reason tells how
/// late it is.
#[test]
fn a_refusal_that_comes_again_is_one_event_with_a_count() {
    let events = Events::default();
    let (dev_1, dev_2) = (device("dev-1"), device("dev-2"));
    let at = |second: i64| Timestamp::from_micros(second * 1_000_000);
    let try_again = |of: &DeviceId, second: i64| {
        let (reason, peer) = (format!("late by {second} s"), format!("192.0.2.1:{second}"));
        events.record(NewEvent {
            time: at(second),
            peer: &peer,
            ..event(Some(of.clone()), EventKind::Refused, &reason)
        });
    };
    for second in 0..=150 {
        try_again(&dev_1, second);
        try_again(&dev_2, second);
        events.record(NewEvent {
            time: at(second),
            ..event(None, EventKind::Refused, "a stranger")
        });
    }
    for of in [&dev_1, &dev_2] {
        let kept = events.of_device(of, 0, usize::MAX);
        let told: Vec<_> = kept
            .iter()
            .map(|it| (it.count, it.since, it.time))
            .collect();
        let expected = [
            (61, at(0), at(60)),
            (61, at(61), at(121)),
            (29, at(122), at(150)),
        ];
        assert_eq!(told, expected);
        assert_eq!(&*kept[2].reason, "late by 150 s", "the newest words");
    }
    let refused = events.refused(0, usize::MAX);
    assert_eq!(refused.len(), 9);
    assert!(refused.is_sorted_by_key(|event| event.sequence));
    // A follower sees a repeat as something new.
    let seen = events.sequence();
    try_again(&dev_1, 151);
    assert_eq!(events.of_device(&dev_1, seen, 10)[0].count, 30);
}

#[test]
fn what_differs_in_anything_else_is_an_event_of_its_own() {
    let events = Events::default();
    let dev_1 = device("dev-1");
    let denied = |reason| event(Some(dev_1.clone()), EventKind::PublishDenied, reason);
    let first = denied("may not publish on a/1");
    for other in [
        first.clone(),
        denied("may not publish on a/2"),
        NewEvent {
            cure: "another",
            ..first.clone()
        },
        NewEvent {
            login: "another",
            ..first.clone()
        },
        NewEvent {
            listener: "mqtts",
            ..first.clone()
        },
        NewEvent {
            peer: "192.0.2.2:4711",
            ..first.clone()
        },
        NewEvent {
            kind: EventKind::SubscribeDenied,
            ..first.clone()
        },
    ] {
        events.record(other);
    }
    assert_eq!(events.of_device(&dev_1, 0, usize::MAX).len(), 7);
    // What is no refusal is never folded.
    for _ in 0..3 {
        events.record(event(Some(dev_1.clone()), EventKind::Connected, "5"));
    }
    assert_eq!(events.of_device(&dev_1, 0, usize::MAX).len(), 10);
    // The first one again, which is not the newest.
    events.record(first);
    let kept = events.of_device(&dev_1, 0, usize::MAX);
    assert_eq!(kept.len(), 11, "it is too far back to be looked for");
}
