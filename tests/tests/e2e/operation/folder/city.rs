//! A folder as a platform left it, and what may not be lost of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use domain::{DatastreamId, Offset};
use sdk::api::{DatastreamFilter, NewApplication, ObservationQuery};
use tests::{Start, TestDevice, TestPlatform};

use crate::operation::backup::{madang, send, text};
use crate::sessions::client::{Login, SessionClient, Version};

/// A folder of one platform, a backup of it from before, and what it held at
/// its end.
pub(super) struct City {
    pub(super) folder: tempfile::TempDir,
    pub(super) held: Held,
}

/// What may not be lost or given again.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Held {
    /// Of each datastream: the offsets and texts of its rows, in order of time.
    pub(super) rows: BTreeMap<u32, Vec<(Offset, String)>>,
    pub(super) quarantined: usize,
}

impl Held {
    pub(super) fn of(platform: &TestPlatform) -> Self {
        let api = platform.anonymous();
        let all = api.datastreams(&DatastreamFilter::default());
        let rows = all.map(|datastream| {
            let id = datastream.unwrap().id;
            (id.get(), rows(platform, id))
        });
        let path = "/v1/devices/air-1/quarantine";
        let quarantined = platform.get_json(path);
        Self {
            rows: rows.collect(),
            quarantined: quarantined["items"].as_array().unwrap().len(),
        }
    }

    pub(super) fn greatest(&self) -> (u32, Offset) {
        let offsets = self.rows.values().flatten().map(|(offset, _)| *offset);
        (*self.rows.keys().max().unwrap(), offsets.max().unwrap())
    }
}

pub(super) fn rows(platform: &TestPlatform, id: DatastreamId) -> Vec<(Offset, String)> {
    let query = ObservationQuery {
        limit: Some(10_000),
        ..ObservationQuery::default()
    };
    let rows = platform.anonymous().observations(id, &query);
    rows.map(|row| {
        let row = row.unwrap();
        (
            row.offset,
            format!("{:?} {:?}", row.value, row.phenomenon_time),
        )
    })
    .collect()
}

/// How the platform that wrote the folder has ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum End {
    Stopped,
    Killed,
}

impl City {
    /// Two files in the store and one in its backup, kept sessions, refused
    /// messages, and frames in the log that no file has where it was killed.
    pub(super) fn build(end: End) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let platform = TestPlatform::on(&data, &Start::default());
        let first = TestDevice::register(&platform, "air-1", "safety.air");
        let login = login(&platform);
        let (mut app, _) = SessionClient::connect(platform.address("mqtt"), &login);
        app.subscribe("open/+/+/+/+/pm10").unwrap();
        app.disconnect();
        publish(&platform, &first, 0..20);
        platform.stop();
        let copy = folder.path().join("older");
        let made = madang(&["backup", text(&copy), "--data", text(&data)]);
        assert!(made.status.success(), "{made:?}");
        // Backups leave it out, and other ways of copying a folder do not.
        fs::copy(data.join("clock"), copy.join("clock")).unwrap();

        let platform = TestPlatform::on(&data, &Start::default());
        let second = TestDevice::register(&platform, "air-2", "safety.air");
        let (mut app, _) = SessionClient::connect(platform.address("mqtt"), &login);
        app.subscribe("open/#").unwrap();
        app.disconnect();
        publish(&platform, &first, 20..40);
        publish(&platform, &second, 0..20);
        platform.stop();
        let platform = TestPlatform::on(&data, &Start::default());
        publish(&platform, &second, 20..30);
        TestDevice::register(&platform, "air-3", "safety.air");
        let held = Held::of(&platform);
        match end {
            End::Stopped => platform.stop(),
            End::Killed => platform.kill(),
        };
        assert_eq!(held.quarantined, 2);
        Self { folder, held }
    }

    pub(super) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }
}

fn login(platform: &TestPlatform) -> Login {
    let application = NewApplication {
        name: "Air today".to_owned(),
        contact: "dev@example.com".to_owned(),
    };
    let application = platform.anonymous().create_application(&application);
    Login {
        version: Version::V5,
        client: "dashboard".to_owned(),
        user: "me".to_owned(),
        password: application.unwrap().key.key,
        expiry: 3_600,
    }
}

/// Readings, the first of them followed by one that is refused.
fn publish(platform: &TestPlatform, device: &TestDevice, numbers: std::ops::Range<u32>) {
    let mut client = device.connect(platform.address("mqtt"));
    for number in numbers.clone() {
        send(&mut client, device, number);
        if number == numbers.start && device.id.as_str() == "air-1" {
            let refused = br#"{"v":{"pm25":"much"}}"#;
            client.publish(&device.topic(), 1, refused).unwrap();
            client.read().unwrap();
        }
    }
}
