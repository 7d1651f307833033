//! Why a message may not be published on its topic, row by row.

use device_registry::NotItsChild;
use platform::TopicFault;
use sdk::api::NewApplication;
use tests::{BareClient, Start, TestDevice, TestPlatform};

use super::{Bench, seconds_from_now};
use crate::access::enrolment::{batch, enrolment_of};

const PM25: &[u8] = br#"{"pm25": 12}"#;

/// What was tried, and what the cure makes of it.
struct Case<'a> {
    sender: TestDevice,
    topic: String,
    fault: TopicFault,
    /// Does what the cure says; gives the topic that leads in, and whose message
    /// it is then.
    cure: Box<dyn FnOnce() -> (String, String) + 'a>,
}

type Row = for<'a> fn(&'a Bench) -> Option<Case<'a>>;

macro_rules! table {
    ($($pattern:pat => $row:ident,)*) => {
        /// The row of a fault. A fault without one does not compile.
        fn row_of(fault: &TopicFault) -> &'static str {
            match fault {
                $($pattern => stringify!($row),)*
            }
        }

        const ROWS: &[(&str, Row)] = &[$((stringify!($row), $row)),*];
    };
}

table! {
    TopicFault::NoSuchClass(_) => no_such_class,
    TopicFault::Platforms(_) => platforms,
    TopicFault::Alias(_) => alias,
    TopicFault::ChildsOwn(_) => childs_own,
    TopicFault::Another(_) => another,
    TopicFault::Elsewhere(_) => elsewhere,
    TopicFault::Child { fault: NotItsChild::Unknown, .. } => unknown_child,
    TopicFault::Child { fault: NotItsChild::Stranger, .. } => stranger,
    TopicFault::Child { fault: NotItsChild::Revoked, .. } => revoked_child,
    TopicFault::Child { fault: NotItsChild::Expired(_), .. } => expired_child,
    TopicFault::Reader => reader,
    TopicFault::Enrolment(_) => enrolment,
    TopicFault::Protected(_) => protected,
}

fn publish(mqtt: &mut BareClient, topic: &str) {
    mqtt.publish(topic, 1, PM25).unwrap();
    let answer = mqtt.read().unwrap();
    assert_eq!((answer.kind(), answer.id()), (4, 1), "{topic}");
}

/// How many observations there are of a device.
fn stored(bench: &Bench, device: &str) -> usize {
    let streams = bench
        .platform
        .get_json(&format!("/v1/datastreams?device={device}&field=pm25"));
    let Some(id) = streams["items"][0]["id"].as_u64() else {
        return 0;
    };
    let page = bench
        .platform
        .get_json(&format!("/v1/datastreams/{id}/observations"));
    page["items"].as_array().unwrap().len()
}

#[test]
fn each_cure_of_a_denied_topic_gets_a_message_in() {
    let bench = Bench::start();
    for (name, row) in ROWS {
        let Some(case) = row(&bench) else { continue };
        assert_eq!(row_of(&case.fault), *name, "the row is of another fault");
        let mut mqtt = case.sender.connect(bench.platform.address("mqtt"));
        publish(&mut mqtt, &case.topic);
        publish(&mut mqtt, &case.topic);
        let denied = bench.publishes_denied(&case.sender);
        assert_eq!(denied.len(), 1, "{name}: one event: {denied:?}");
        assert_eq!(denied[0].cure, case.fault.cure(), "{name}");
        let expected = case.fault.to_string();
        let figures = |text: &str| text.replace(|it: char| it.is_ascii_digit(), "");
        assert_eq!(figures(&denied[0].reason), figures(&expected), "{name}");
        let (topic, whose) = (case.cure)();
        let before = stored(&bench, &whose);
        publish(&mut mqtt, &topic);
        let after = stored(&bench, &whose);
        assert_eq!(
            after,
            before + 1,
            "{name}: the cure {:?} does not lead in",
            denied[0].cure
        );
        assert_eq!(bench.publishes_denied(&case.sender).len(), 1, "{name}");
    }
}

fn own<'a>(
    bench: &'a Bench,
    topic: impl FnOnce(&TestDevice) -> String,
    fault: fn(Box<str>) -> TopicFault,
) -> Case<'a> {
    let sender = bench.device();
    let topic = topic(&sender);
    let (right, whose) = (sender.topic(), sender.id.to_string());
    Case {
        fault: fault(topic.as_str().into()),
        topic,
        sender,
        cure: Box::new(move || (right, whose)),
    }
}

fn no_such_class(bench: &Bench) -> Option<Case<'_>> {
    let mistyped = |device: &TestDevice| format!("devices/{}/telemetri", device.id);
    Some(own(bench, mistyped, TopicFault::NoSuchClass))
}

fn platforms(bench: &Bench) -> Option<Case<'_>> {
    let rejects = |device: &TestDevice| format!("devices/{}/rejects", device.id);
    Some(own(bench, rejects, TopicFault::Platforms))
}

fn alias(bench: &Bench) -> Option<Case<'_>> {
    let alias = "aa:bb:cc:dd:ee:01";
    let sender = bench.register(|new| new.alias = Some(alias.to_owned()));
    let topic = format!("devices/{alias}/telemetry");
    let (right, whose) = (sender.topic(), sender.id.to_string());
    Some(Case {
        fault: TopicFault::Alias(topic.as_str().into()),
        topic,
        sender,
        cure: Box::new(move || (right, whose)),
    })
}

fn another(bench: &Bench) -> Option<Case<'_>> {
    let other = bench.device();
    Some(own(bench, |_| other.topic(), TopicFault::Another))
}

fn elsewhere(bench: &Bench) -> Option<Case<'_>> {
    let mistyped = |device: &TestDevice| format!("device/{}/telemetry", device.id);
    Some(own(bench, mistyped, TopicFault::Elsewhere))
}

fn childs_own(bench: &Bench) -> Option<Case<'_>> {
    let sender = bench.device();
    let child = bench.register(|new| new.gateway = Some(sender.id.clone()));
    let right = format!("devices/{}/children/{}/telemetry", sender.id, child.id);
    Some(Case {
        topic: child.topic(),
        fault: TopicFault::ChildsOwn(child.topic().as_str().into()),
        sender,
        cure: Box::new(move || (right, child.id.to_string())),
    })
}

/// A gateway publishes for `child`; what stands in the way is mended by `cure`.
fn of_child<'a>(
    sender: TestDevice,
    child: &TestDevice,
    fault: NotItsChild,
    cure: impl FnOnce(&str, &str) -> String + 'a,
) -> Case<'a> {
    let (gateway, child) = (sender.id.to_string(), child.id.to_string());
    let topic = format!("devices/{gateway}/children/{child}/telemetry");
    Case {
        fault: TopicFault::of_child(&child, fault),
        topic,
        sender,
        cure: Box::new(move || {
            let child = cure(&gateway, &child);
            (
                format!("devices/{gateway}/children/{child}/telemetry"),
                child,
            )
        }),
    }
}

fn unknown_child(bench: &Bench) -> Option<Case<'_>> {
    let (sender, child) = (bench.device(), bench.unregistered());
    let mut registration = child.registration("safety.air");
    registration.gateway = Some(sender.id.clone());
    Some(of_child(
        sender,
        &child,
        NotItsChild::Unknown,
        move |_, child| {
            bench.operator.register_device(&registration).unwrap();
            child.to_owned()
        },
    ))
}

fn stranger(bench: &Bench) -> Option<Case<'_>> {
    let (sender, child) = (bench.device(), bench.device());
    let id = child.id.clone();
    Some(of_child(
        sender,
        &child,
        NotItsChild::Stranger,
        move |gateway, child| {
            let change = serde_json::json!({"gateway": gateway});
            bench.operator.patch_device(&id, &change).unwrap();
            child.to_owned()
        },
    ))
}

fn revoked_child(bench: &Bench) -> Option<Case<'_>> {
    let sender = bench.device();
    let gateway = sender.id.clone();
    let child = bench.register(|new| new.gateway = Some(gateway.clone()));
    bench.operator.revoke_device(&child.id).unwrap();
    let thing = domain::ThingId::new(child.id.as_str()).unwrap();
    Some(of_child(
        sender,
        &child,
        NotItsChild::Revoked,
        move |_, _| {
            let anew = bench.register(|new| {
                new.gateway = Some(gateway);
                new.thing = Some(thing);
            });
            anew.id.to_string()
        },
    ))
}

fn expired_child(bench: &Bench) -> Option<Case<'_>> {
    let sender = bench.device();
    let past = seconds_from_now(-60);
    let child = bench.register(|new| {
        new.gateway = Some(sender.id.clone());
        new.expires = Some(past);
    });
    let id = child.id.clone();
    Some(of_child(
        sender,
        &child,
        NotItsChild::Expired(past),
        move |_, child| {
            let change = serde_json::json!({"expires": null});
            bench.operator.patch_device(&id, &change).unwrap();
            child.to_owned()
        },
    ))
}

/// An API key is no device, so its event has none; the cure is a device.
fn reader(bench: &Bench) -> Option<Case<'_>> {
    let application = NewApplication {
        name: "rivers".to_owned(),
        contact: "dev@example.com".to_owned(),
    };
    let created = bench.operator.create_application(&application).unwrap();
    let device = bench.device();
    let mut mqtt = BareClient::open(bench.platform.address("mqtt")).unwrap();
    assert_eq!(
        mqtt.connect("app", "app-of-row", &created.key.key).unwrap(),
        0
    );
    publish(&mut mqtt, &device.topic());
    let event = bench.refusal("app-of-row");
    assert_eq!(event.reason, TopicFault::Reader.to_string());
    assert_eq!(event.cure, TopicFault::Reader.cure());
    assert_eq!(stored(bench, device.id.as_str()), 0);
    let mut mqtt = device.connect(bench.platform.address("mqtt"));
    publish(&mut mqtt, &device.topic());
    assert_eq!(stored(bench, device.id.as_str()), 1);
    None
}

/// Whoever has a batch's credential is no device yet; the cure makes it one.
fn enrolment(bench: &Bench) -> Option<Case<'_>> {
    let made = batch(&bench.platform);
    let device = TestDevice::unregistered("a12-1");
    let mut mqtt = BareClient::open(bench.platform.address("mqtt")).unwrap();
    let credential = made["credential"].as_str().unwrap();
    assert_eq!(
        mqtt.connect("a12-1", "batch-of-row", credential).unwrap(),
        0
    );
    publish(&mut mqtt, &device.topic());
    let event = bench.refusal("batch-of-row");
    let fault = TopicFault::Enrolment(device.topic().into());
    assert_eq!(
        (&*event.reason, &*event.cure),
        (&*fault.to_string(), fault.cure())
    );
    mqtt.publish("devices/a12-1/enrol", 2, &enrolment_of(&device))
        .unwrap();
    assert_eq!(mqtt.read().unwrap().id(), 2);
    let mut mqtt = device.connect(bench.platform.address("mqtt"));
    publish(&mut mqtt, &device.topic());
    assert_eq!(stored(bench, device.id.as_str()), 1);
    None
}

/// On the listener of conformance suites.
fn protected(_: &Bench) -> Option<Case<'_>> {
    let flags = ["--mqtt-unprotected", "127.0.0.1:0"].map(str::to_owned);
    let platform = TestPlatform::start_with(&Start {
        flags: flags.to_vec(),
        ..Start::default()
    });
    let mut mqtt = BareClient::open(platform.address("mqtt-unprotected")).unwrap();
    assert_eq!(mqtt.connect("suite", "suite", "any").unwrap(), 0);
    publish(&mut mqtt, "devices/a/telemetry");
    let refused = platform.operator().refused(None).collect_all().unwrap();
    let event = refused.last().unwrap();
    let fault = TopicFault::Protected("devices/a/telemetry".into());
    assert_eq!(
        (&*event.reason, &*event.cure),
        (&*fault.to_string(), fault.cure())
    );
    assert_eq!(mqtt.subscribe("test/#").unwrap(), 1);
    mqtt.publish("test/a", 2, PM25).unwrap();
    let kinds = [mqtt.read().unwrap().kind(), mqtt.read().unwrap().kind()];
    assert!(kinds.contains(&3), "routed: {kinds:?}");
    None
}
