//! Missed messages over a real log and registry.

mod lost;
mod plane;

use std::time::Instant;

use device_registry::{Actor, DevicePatch, Patch, Visibility};
use domain::{DeviceId, Offset, Timestamp};
use transport::{LogMessage, TopicFilter};

use super::*;
use plane::{NOW, PATIENCE, Plane};

fn wanted(filter: &str, since: LogPosition) -> Missed {
    Missed {
        filter: TopicFilter::new(filter).unwrap(),
        since,
    }
}

fn start() -> LogPosition {
    LogPosition::default()
}

/// A water level `number` milliseconds before [`NOW`] less a minute.
fn level(number: i64) -> String {
    let time = Timestamp::from_micros(NOW.as_micros() - 60_000_000 + number * 1_000);
    format!(r#"{{"t":"{time}","v":{{"level":{number}}}}}"#)
}

fn value(message: &LogMessage) -> f64 {
    let json: serde_json::Value = serde_json::from_slice(&message.payload).unwrap();
    json["v"].as_f64().unwrap()
}

fn topics(messages: &[LogMessage]) -> Vec<&str> {
    messages.iter().map(|message| &*message.topic).collect()
}

#[tokio::test]
async fn an_application_reads_what_is_public_and_wanted_from_its_position_on() {
    let plane = Plane::open(|_| {});
    let app = plane.application();
    for (number, id) in (0..).zip(["a", "b", "secret", "a", "b"]) {
        plane.submit(id, &level(number)).await;
    }
    let (all, gone) = plane
        .read(&app, &[wanted("open/#", start())], start())
        .await;
    assert_eq!(gone, 0);
    let a = "open/seoul/disaster/water-level/a/level";
    let b = "open/seoul/disaster/water-level/b/level";
    assert_eq!(topics(&all), [a, b, a, b]);
    assert_eq!(
        all.iter().map(value).collect::<Vec<_>>(),
        [0.0, 1.0, 3.0, 4.0]
    );

    // A position after a message, a subscription that came later, and one to
    // something else.
    let later = all[1].position.next();
    let (rest, _) = plane.read(&app, &[wanted("open/#", start())], later).await;
    assert_eq!(rest, all[2..]);
    let since = [
        wanted("open/+/+/+/a/level", all[1].position),
        wanted("open/+/+/+/b/#", all[3].position),
        wanted("open/busan/#", start()),
    ];
    let (some, _) = plane.read(&app, &since, start()).await;
    assert_eq!(some, all[2..]);
    // Nothing of devices, whoever asks for it.
    let (none, _) = plane
        .read(&app, &[wanted("devices/#", start())], start())
        .await;
    assert_eq!(none, []);
}

#[tokio::test]
async fn a_position_within_a_frame_goes_on_within_it() {
    let plane = Plane::open(|_| {});
    let records: Vec<String> = (0..10).map(level).collect();
    plane.submit("a", &format!("[{}]", records.join(","))).await;
    let app = plane.application();
    let all = [wanted("open/#", start())];
    let (whole, _) = plane.read(&app, &all, start()).await;
    assert_eq!(whole.len(), 10);
    for (place, message) in whole.iter().enumerate() {
        let (rest, _) = plane.read(&app, &all, message.position).await;
        assert_eq!(rest, whole[place..]);
    }
    let (none, _) = plane.read(&app, &all, whole[9].position.next()).await;
    assert_eq!(none, []);
}

#[tokio::test]
async fn many_messages_come_in_pages_of_bounded_size() {
    const FRAMES: i64 = 5_000;
    let plane = Plane::open(|_| {});
    plane.submit_levels(FRAMES).await;
    let app = plane.application();
    let first = plane
        .missed
        .read(&app, &[wanted("open/#", start())], start())
        .await
        .unwrap();
    assert!(!first.at_end && first.messages.len() < FRAMES as usize);
    let (all, gone) = plane
        .read(&app, &[wanted("open/#", start())], start())
        .await;
    let values: Vec<f64> = all.iter().map(value).collect();
    assert_eq!(values, (0..FRAMES).map(|n| n as f64).collect::<Vec<_>>());
    assert_eq!(gone, 0);
    // Pages without a message end too.
    let none = [wanted("open/busan/#", start())];
    let page = plane.missed.read(&app, &none, start()).await.unwrap();
    assert!(page.messages.is_empty() && !page.at_end && page.next > start());
    assert_eq!(plane.read(&app, &none, start()).await.0, []);
}

#[tokio::test]
async fn a_right_that_was_lost_meanwhile_holds_for_the_past_too() {
    let plane = Plane::open(|_| {});
    plane.submit("a", &level(1)).await;
    plane.submit("secret", &level(2)).await;
    let app = plane.application();
    let all = [wanted("open/#", start())];
    let shown = |messages: Vec<LogMessage>| -> Vec<f64> { messages.iter().map(value).collect() };
    assert_eq!(shown(plane.read(&app, &all, start()).await.0), [1.0]);
    let patch = |visibility| DevicePatch {
        visibility: Some(visibility),
        ..DevicePatch::default()
    };
    let id = |id| DeviceId::new(id).unwrap();
    let registry = &plane.registry;
    registry
        .patch_device(&Actor::OPERATOR, &id("a"), patch(Visibility::Restricted))
        .unwrap();
    registry
        .patch_device(&Actor::OPERATOR, &id("secret"), patch(Visibility::Public))
        .unwrap();
    assert_eq!(shown(plane.read(&app, &all, start()).await.0), [2.0]);
}

#[tokio::test]
async fn a_device_reads_its_own_rejects_and_nothing_else() {
    let plane = Plane::open(|_| {});
    plane.submit("a", "not a payload").await;
    plane.submit("a", &level(1)).await;
    plane.submit("b", "not a payload either").await;
    let half = r#"{"level":"high"}"#;
    let second = plane.submit("a", half).await;
    let own = [wanted("devices/a/rejects", start())];
    let a = plane.device("a");
    let (all, _) = plane.read(&a, &own, start()).await;
    assert_eq!(topics(&all), ["devices/a/rejects"; 2]);
    assert!(all[0].payload.starts_with(b"{"));
    assert_eq!(all[1].position.offset(), second);
    let (rest, _) = plane.read(&a, &own, all[0].position.next()).await;
    assert_eq!(rest, all[1..]);
    let (late, _) = plane
        .read(&a, &[wanted("devices/a/rejects", all[1].position)], start())
        .await;
    assert_eq!(late, all[1..]);
    // Whatever its filters say.
    for filter in ["devices/b/rejects", "open/#"] {
        let (none, _) = plane.read(&a, &[wanted(filter, start())], start()).await;
        assert_eq!(none, [], "{filter}");
    }
}

#[tokio::test]
async fn a_gateway_reads_the_rejects_of_its_children_as_they_are_now() {
    let plane = Plane::open(|_| {});
    plane.register("gw", Visibility::Public, None);
    plane.register("child", Visibility::Public, Some("gw"));
    plane.submit_through("child", "not json", Some("gw")).await;
    // This one the child sent itself.
    plane.submit("child", "not json").await;
    plane.submit("gw", "not json").await;
    let every = [
        wanted("devices/gw/rejects", start()),
        wanted("devices/gw/children/+/rejects", start()),
    ];
    let gateway = plane.device("gw");
    let (all, _) = plane.read(&gateway, &every, start()).await;
    let of_child = "devices/gw/children/child/rejects";
    assert_eq!(topics(&all), [of_child, "devices/gw/rejects"]);
    let own = [wanted("devices/child/rejects", start())];
    let (own, _) = plane.read(&plane.device("child"), &own, start()).await;
    assert_eq!(topics(&own), ["devices/child/rejects"; 2]);

    let leaves = DevicePatch {
        gateway: Patch::Clear,
        ..DevicePatch::default()
    };
    let child = DeviceId::new("child").unwrap();
    plane
        .registry
        .patch_device(&Actor::OPERATOR, &child, leaves)
        .unwrap();
    let (all, _) = plane.read(&gateway, &every, start()).await;
    assert_eq!(topics(&all), ["devices/gw/rejects"]);
}

/// Too many to be asked for one by one on a worker.
#[tokio::test]
async fn a_gateway_of_many_children_reads_their_rejects() {
    const CHILDREN: usize = 100;
    let plane = Plane::open(|_| {});
    plane.register("gw", Visibility::Public, None);
    for n in 0..CHILDREN {
        plane.register(&format!("child-{n}"), Visibility::Public, Some("gw"));
    }
    let every = [wanted("devices/gw/children/+/rejects", start())];
    let gateway = plane.device("gw");
    let (none, _) = plane.read(&gateway, &every, start()).await;
    assert!(none.is_empty());
    for child in ["child-3", "child-97"] {
        plane.submit_through(child, "not json", Some("gw")).await;
    }
    let (all, _) = plane.read(&gateway, &every, start()).await;
    let of = |child| format!("devices/gw/children/{child}/rejects");
    assert_eq!(topics(&all), [of("child-3"), of("child-97")]);
}

#[tokio::test]
async fn many_rejects_come_in_pages() {
    let plane = Plane::open(|_| {});
    for _ in 0..100 {
        plane.submit("a", "not json").await;
    }
    let own = [wanted("devices/a/rejects", start())];
    let a = plane.device("a");
    let first = plane.missed.read(&a, &own, start()).await.unwrap();
    assert!(!first.at_end && first.messages.len() < 100);
    assert_eq!(plane.read(&a, &own, start()).await.0.len(), 100);
}
