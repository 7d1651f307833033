//! Sessions that outlive their connection and the platform: kill -9 between
//! any two steps loses nothing that was promised.

use std::time::Duration;

use domain::Value;
use sdk::api::{Application, NewApplication, ObservationQuery};
use tests::{BareClient, Start, TestDevice, TestPlatform};

use crate::sessions::client::{Login, SessionClient, Version};

const VERSIONS: [Version; 2] = [Version::V311, Version::V5];

/// A data folder with one public device, and an application.
pub(crate) struct City {
    folder: tempfile::TempDir,
    device: TestDevice,
    pub(crate) application: Application,
}

impl City {
    pub(crate) fn build() -> (Self, TestPlatform) {
        let folder = tempfile::tempdir().unwrap();
        let platform = TestPlatform::on(&folder.path().join("data"), &Start::default());
        let application = NewApplication {
            name: "Air today".to_owned(),
            contact: "dev@example.com".to_owned(),
        };
        let city = Self {
            device: TestDevice::register(&platform, "air-1", "safety.air"),
            application: platform
                .anonymous()
                .create_application(&application)
                .unwrap(),
            folder,
        };
        (city, platform)
    }

    pub(crate) fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn start(&self) -> TestPlatform {
        TestPlatform::on(&self.data(), &Start::default())
    }

    pub(crate) fn restart_after_kill(&self, platform: TestPlatform) -> TestPlatform {
        platform.kill();
        self.start()
    }

    pub(crate) fn app(&self, version: Version) -> Login {
        Login {
            version,
            client: "dashboard".to_owned(),
            user: "me".to_owned(),
            password: self.application.key.key.clone(),
            expiry: 3_600,
        }
    }

    /// The device with a session of its own.
    fn keeper(&self, version: Version) -> Login {
        Login {
            version,
            client: self.device.id.to_string(),
            user: self.device.id.to_string(),
            password: self.device.token(),
            expiry: 3_600,
        }
    }

    /// A reading in each message, acknowledged one by one.
    pub(crate) fn publish(&self, platform: &TestPlatform, numbers: impl IntoIterator<Item = u16>) {
        let mut client = self.device.connect(platform.address("mqtt"));
        for number in numbers {
            send(&mut client, &self.device, "pm25", number);
        }
    }

    /// The values of pm25 that are stored, in the order of their times.
    pub(crate) fn stored(&self, platform: &TestPlatform) -> Vec<f64> {
        let api = platform.anonymous();
        let pm25 = self.device.datastream(&api, "pm25");
        let stored = api.observations(pm25, &ObservationQuery::default());
        let value = |value| match value {
            Some(Value::Number(number)) => number,
            other => panic!("{other:?} is no number"),
        };
        let stored = stored.collect_all().unwrap().into_iter();
        stored.map(|it| value(it.value)).collect()
    }
}

fn send(client: &mut BareClient, device: &TestDevice, field: &str, number: u16) {
    let time = 1_777_593_600 + u32::from(number);
    let payload = format!("{{\"t\":{time},\"v\":{{\"{field}\":{number}}}}}");
    client
        .publish(&device.topic(), 1, payload.as_bytes())
        .unwrap();
    assert_eq!(client.read().unwrap().id(), 1);
}

/// Receives until `last` comes; each of `expected` came, in order, whatever
/// came again in between.
pub(crate) fn receive_all(client: &mut SessionClient, expected: impl Iterator<Item = u16>) {
    let expected: Vec<f64> = expected.map(f64::from).collect();
    let last = expected[expected.len() - 1];
    let mut new = Vec::new();
    loop {
        let message = client.receive().unwrap();
        assert_eq!((message.qos, message.retain), (1, false), "{message:?}");
        let value = message.value();
        if expected.contains(&value) && !new.contains(&value) {
            new.push(value);
        }
        if value == last {
            break;
        }
    }
    assert_eq!(new, expected);
}

#[test]
fn an_application_gets_what_was_published_while_it_was_away() {
    for version in VERSIONS {
        let (city, platform) = City::build();
        let login = city.app(version);
        let (mut app, present) = SessionClient::connect(platform.address("mqtt"), &login);
        assert!(!present, "{version:?}: the first time");
        assert_eq!(app.subscribe("open/#").unwrap(), 1);
        city.publish(&platform, [1]);
        receive_all(&mut app, 1..=1);
        app.ping();
        // The link is cut, without a DISCONNECT.
        drop(app);
        city.publish(&platform, 2..=40);
        let platform = city.restart_after_kill(platform);
        city.publish(&platform, 41..=60);
        let (mut app, present) = SessionClient::connect(platform.address("mqtt"), &login);
        assert!(present, "{version:?}: after a kill");
        receive_all(&mut app, 2..=60);
        // And goes on live.
        city.publish(&platform, 61..=70);
        receive_all(&mut app, 61..=70);
        app.ping();
        app.disconnect();

        // The same without a kill, and over a clean stop.
        city.publish(&platform, 71..=80);
        let (mut app, present) = SessionClient::connect(platform.address("mqtt"), &login);
        assert!(present, "{version:?}: after a while");
        receive_all(&mut app, 71..=80);
        app.ping();
        app.disconnect();
        city.publish(&platform, 81..=90);
        platform.stop();
        let platform = city.start();
        let (mut app, present) = SessionClient::connect(platform.address("mqtt"), &login);
        assert!(present, "{version:?}: after a stop");
        receive_all(&mut app, 81..=90);
    }
}

#[test]
fn messages_that_were_not_acknowledged_come_again_after_a_kill() {
    for version in VERSIONS {
        let (city, platform) = City::build();
        let login = city.app(version);
        let (mut app, _) = SessionClient::connect(platform.address("mqtt"), &login);
        app.subscribe("open/#").unwrap();
        city.publish(&platform, 1..=10);
        for number in 1..=5u16 {
            assert_eq!(app.receive().unwrap().value(), f64::from(number));
        }
        for number in 6..=10u16 {
            assert_eq!(app.next().unwrap().value(), f64::from(number));
        }
        let platform = city.restart_after_kill(platform);
        drop(app);
        let (mut app, present) = SessionClient::connect(platform.address("mqtt"), &login);
        assert!(present, "{version:?}");
        receive_all(&mut app, 6..=10);
    }
}

/// The step from the log to what is live, many times while devices publish:
/// on each connection one value follows the other, and none is left out
/// between two.
#[test]
fn catching_up_while_devices_publish_leaves_nothing_out() {
    const LAST: u16 = 3_000;
    /// Values of one connection, a few more each time.
    const STRIDE: u16 = 37;
    let (city, platform) = City::build();
    let mqtt = platform.address("mqtt");
    let login = city.app(Version::V5);
    let (mut app, _) = SessionClient::connect(mqtt, &login);
    assert_eq!(app.subscribe("open/#").unwrap(), 1);
    app.disconnect();
    std::thread::scope(|scope| {
        let publishing = scope.spawn(|| city.publish(&platform, 1..=LAST));
        let mut seen = 0;
        for connection in 1.. {
            let (mut app, present) = SessionClient::connect(mqtt, &login);
            assert!(present);
            let mut last = None;
            for _ in 0..connection * STRIDE {
                let value = app.receive().unwrap().value() as u16;
                match last {
                    None => assert!(value <= seen + 1, "{value} comes after {seen}"),
                    Some(last) => assert_eq!(value, last + 1, "on connection {connection}"),
                }
                last = Some(value);
                if value == LAST {
                    break;
                }
            }
            seen = seen.max(last.unwrap());
            if seen == LAST {
                break;
            }
            // Every other link is cut.
            if connection % 2 == 0 {
                app.disconnect();
            }
        }
        publishing.join().unwrap();
    });
}

#[test]
fn a_subscription_that_was_granted_survives_a_kill_right_after() {
    for version in VERSIONS {
        let (city, platform) = City::build();
        let login = city.app(version);
        let (mut app, _) = SessionClient::connect(platform.address("mqtt"), &login);
        assert_eq!(app.subscribe("open/+/+/+/+/pm25").unwrap(), 1);
        let platform = city.restart_after_kill(platform);
        city.publish(&platform, [1]);
        let (mut app, present) = SessionClient::connect(platform.address("mqtt"), &login);
        assert!(present, "{version:?}");
        receive_all(&mut app, 1..=1);

        // An end that was granted survives too.
        assert_eq!(app.subscribe("open/+/+/+/+/pm10").unwrap(), 1);
        app.unsubscribe("open/+/+/+/+/pm25").unwrap();
        let platform = city.restart_after_kill(platform);
        let mut device = city.device.connect(platform.address("mqtt"));
        send(&mut device, &city.device, "pm25", 2);
        send(&mut device, &city.device, "pm10", 3);
        let (mut app, present) = SessionClient::connect(platform.address("mqtt"), &login);
        assert!(present, "{version:?}");
        let message = app.receive().unwrap();
        assert_eq!(message.value(), 3.0);
        assert!(message.topic.ends_with("/pm10"), "{message:?}");
    }
}

#[test]
fn a_message_of_qos_2_is_stored_once_whenever_the_platform_is_killed() {
    for version in VERSIONS {
        let (city, platform) = City::build();
        let (login, topic) = (city.keeper(version), city.device.topic());
        let (mut device, _) = SessionClient::connect(platform.address("mqtt"), &login);
        // Without a time of its own each message would be a new observation.
        device.publish_exactly_once(&topic, 7, r#"{"pm25": 1}"#, false);
        assert_eq!(device.received().unwrap(), 7);

        // Between PUBREC and PUBREL.
        let platform = city.restart_after_kill(platform);
        let (mut device, present) = SessionClient::connect(platform.address("mqtt"), &login);
        assert!(present, "{version:?}");
        // The id says which message it is, not the payload: this one is there.
        device.publish_exactly_once(&topic, 7, r#"{"pm25": 99}"#, true);
        assert_eq!(device.received().unwrap(), 7);
        device.release(7);
        assert_eq!(device.completed().unwrap(), (7, 0));
        assert_eq!(city.stored(&platform), [1.0], "{version:?}");

        // After PUBCOMP: the id is free for another message.
        let platform = city.restart_after_kill(platform);
        let (mut device, present) = SessionClient::connect(platform.address("mqtt"), &login);
        assert!(present, "{version:?}");
        device.publish_exactly_once(&topic, 7, r#"{"pm25": 2}"#, false);
        assert_eq!(device.received().unwrap(), 7);

        // Between PUBREC and PUBREL again; only PUBREL is sent again.
        let platform = city.restart_after_kill(platform);
        let (mut device, present) = SessionClient::connect(platform.address("mqtt"), &login);
        assert!(present, "{version:?}");
        device.release(7);
        assert_eq!(device.completed().unwrap(), (7, 0));
        assert_eq!(city.stored(&platform), [1.0, 2.0], "{version:?}");
    }
}

#[test]
fn a_message_of_qos_2_without_an_answer_is_sent_again_and_stored_once() {
    const ROUNDS: u16 = 6;
    let (city, mut platform) = City::build();
    let (login, topic) = (city.keeper(Version::V5), city.device.topic());
    for round in 1..=ROUNDS {
        let payload = format!("{{\"pm25\": {round}}}");
        let (mut device, _) = SessionClient::connect(platform.address("mqtt"), &login);
        device.publish_exactly_once(&topic, round, &payload, false);
        // Before PUBREC, as far as the client knows; at another step each time.
        std::thread::sleep(Duration::from_micros(u64::from(round - 1) * 400));
        platform = city.restart_after_kill(platform);
        let (mut device, present) = SessionClient::connect(platform.address("mqtt"), &login);
        assert!(present);
        device.publish_exactly_once(&topic, round, &payload, true);
        assert_eq!(device.received().unwrap(), round);
        device.release(round);
        assert_eq!(device.completed().unwrap(), (round, 0));
    }
    let expected: Vec<f64> = (1..=ROUNDS).map(f64::from).collect();
    assert_eq!(city.stored(&platform), expected);
}
