//! Backup and restore: a platform that was copied while devices published goes
//! on elsewhere as it was, up to the backup's offset.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use domain::{Offset, Value};
use platform::backup::{BACKUP_FILE, Document};
use sdk::api::{ApiClient, Application, NewApplication, ObservationQuery};
use tests::test_platform::is_fault;
use tests::{BareClient, Start, TestDevice, TestPlatform, binary, eventually};

use crate::sessions::client::{Login, SessionClient, Version};

/// Messages of each device that are acknowledged before a backup begins.
const BEFORE: u32 = 150;
const DEVICES: usize = 3;

/// What a subcommand did.
pub(crate) fn madang(args: &[&str]) -> Output {
    let mut command = Command::new(binary::madang());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("MADANG_")) {
        command.env_remove(name);
    }
    command.args(args).output().unwrap()
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn backup(platform: &TestPlatform, folder: &Path) -> Output {
    let (url, data) = (platform.url(), platform.data().to_owned());
    madang(&["backup", text(folder), "--url", &url, "--data", text(&data)])
}

fn restore(backup: &Path, data: &Path) -> Output {
    madang(&["restore", text(backup), "--data", text(data)])
}

/// One reading, acknowledged.
pub(crate) fn send(client: &mut BareClient, device: &TestDevice, number: u32) {
    let time = 1_777_593_600 + number;
    let payload = format!(
        "{{\"t\":{time},\"v\":{{\"pm25\":{}}}}}",
        f64::from(number) / 8.0
    );
    client
        .publish(&device.topic(), 1, payload.as_bytes())
        .unwrap();
    assert_eq!(client.read().unwrap().id(), 1);
}

/// Numbers and offsets of what is stored of a device, in order of time.
fn stored(api: &ApiClient, device: &TestDevice) -> Vec<(u32, Offset)> {
    let pm25 = device.datastream(api, "pm25");
    let query = ObservationQuery {
        limit: Some(10_000),
        ..ObservationQuery::default()
    };
    let rows = api.observations(pm25, &query).collect_all().unwrap();
    rows.into_iter()
        .map(|row| match row.value {
            Some(Value::Number(value)) => ((value * 8.0) as u32, row.offset),
            other => panic!("{other:?} is no number"),
        })
        .collect()
}

/// A picture of 8 by 8 pixels.
const JPEG: &[u8] = b"\xff\xd8\xff\xc0\x00\x0b\x08\x00\x08\x00\x08\x01\x01\x11\x00\
\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00ab\xff\xd9";

fn picture(platform: &TestPlatform, path: &str) -> Vec<u8> {
    let answer = ureq::get(format!("{}{path}", platform.url()))
        .header("authorization", format!("Bearer {}", platform.token()))
        .call();
    answer.unwrap().into_body().read_to_vec().unwrap()
}

/// A platform with devices, an application that is away, and files in its store.
struct City {
    folder: tempfile::TempDir,
    devices: Vec<TestDevice>,
    application: Application,
    /// Where a photo is read, and its bytes.
    photo: (String, Vec<u8>),
}

impl City {
    fn build() -> (Self, TestPlatform) {
        let folder = tempfile::tempdir().unwrap();
        let platform = TestPlatform::on(&folder.path().join("data"), &Start::default());
        let devices: Vec<_> = (0..DEVICES)
            .map(|number| TestDevice::register(&platform, &format!("air-{number}"), "safety.air"))
            .collect();
        let application = NewApplication {
            name: "Air today".to_owned(),
            contact: "dev@example.com".to_owned(),
        };
        let application = platform
            .anonymous()
            .create_application(&application)
            .unwrap();
        let photos = format!("/v1/things/{}/photos", devices[0].id);
        let made = ureq::post(format!("{}{photos}", platform.url()))
            .header("authorization", format!("Bearer {}", platform.token()))
            .header("content-type", "image/jpeg")
            .send(JPEG)
            .unwrap();
        let made = made.into_body().read_to_vec().unwrap();
        let made: serde_json::Value = serde_json::from_slice(&made).unwrap();
        let photo = format!("{photos}/{}", made["id"].as_str().unwrap());
        let city = Self {
            folder,
            devices,
            application,
            photo: (photo.clone(), picture(&platform, &photo)),
        };
        let (mut app, _) = SessionClient::connect(platform.address("mqtt"), &city.app());
        assert_eq!(app.subscribe("open/#").unwrap(), 1);
        app.disconnect();
        for device in &city.devices {
            let mut client = device.connect(platform.address("mqtt"));
            (0..BEFORE / 2).for_each(|number| send(&mut client, device, number));
        }
        // What is stored by now is in files, and the rest comes into the log.
        platform.stop();
        let platform = TestPlatform::on(&city.path("data"), &Start::default());
        (city, platform)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn app(&self) -> Login {
        Login {
            version: Version::V5,
            client: "dashboard".to_owned(),
            user: "me".to_owned(),
            password: self.application.key.key.clone(),
            expiry: 3_600,
        }
    }
}

/// Copies it while all devices publish; how many messages of each had been
/// acknowledged before.
fn back_up_under_load(city: &City, platform: &TestPlatform, copy: &Path) -> Vec<u32> {
    let stop = AtomicBool::new(false);
    let sent: Vec<AtomicU32> = (0..DEVICES).map(|_| AtomicU32::new(BEFORE / 2)).collect();
    std::thread::scope(|scope| {
        for (device, sent) in city.devices.iter().zip(&sent) {
            let mut client = device.connect(platform.address("mqtt"));
            let stop = &stop;
            scope.spawn(move || {
                while !stop.load(Ordering::SeqCst) {
                    let number = sent.load(Ordering::SeqCst);
                    send(&mut client, device, number);
                    sent.store(number + 1, Ordering::SeqCst);
                }
            });
        }
        eventually("devices publish", || {
            let enough = |sent: &AtomicU32| sent.load(Ordering::SeqCst) >= BEFORE;
            sent.iter().all(enough).then_some(())
        });
        let before = sent
            .iter()
            .map(|sent| sent.load(Ordering::SeqCst))
            .collect();
        let made = backup(platform, copy);
        // They went on meanwhile, and go on.
        let after: u32 = sent.iter().map(|sent| sent.load(Ordering::SeqCst)).sum();
        eventually("devices publish after it", || {
            let now: u32 = sent.iter().map(|sent| sent.load(Ordering::SeqCst)).sum();
            (now > after + 10).then_some(())
        });
        stop.store(true, Ordering::SeqCst);
        assert!(made.status.success(), "{}", said(&made));
        before
    })
}

/// The session that was away gets the numbers of each device, and one that is
/// sent now.
fn assert_delivered(city: &City, platform: &TestPlatform, expected: &[Vec<u32>]) {
    let (mut app, present) = SessionClient::connect(platform.address("mqtt"), &city.app());
    assert!(present, "the session is kept");
    for device in &city.devices {
        let mut client = device.connect(platform.address("mqtt"));
        send(&mut client, device, 4_000_000);
    }
    let mut delivered = vec![Vec::new(); DEVICES];
    while delivered
        .iter()
        .any(|values: &Vec<u32>| values.last() != Some(&4_000_000))
    {
        let message = app.receive().unwrap();
        let at = (0..DEVICES).find(|at| message.topic.contains(&format!("/air-{at}/")));
        let value = (message.value() * 8.0) as u32;
        let values = &mut delivered[at.unwrap()];
        if !values.contains(&value) {
            values.push(value);
        }
    }
    for (values, expected) in delivered.iter().zip(expected) {
        let expected = expected.iter().copied().chain([4_000_000]);
        assert!(values.iter().copied().eq(expected), "nothing is left out");
    }
}

#[test]
fn a_platform_that_was_copied_under_load_goes_on_elsewhere() {
    let (city, platform) = City::build();
    let (copy, elsewhere) = (city.path("copy"), city.path("elsewhere"));
    let before = back_up_under_load(&city, &platform, &copy);
    let document = Document::read(&copy).unwrap();
    let end = Offset::new(document.offset);
    // What there is up to the offset, as the platform itself says.
    let api = platform.anonymous();
    let expected: Vec<Vec<_>> = city
        .devices
        .iter()
        .map(|device| {
            let rows = stored(&api, device).into_iter();
            rows.filter(|(_, offset)| *offset <= end).collect()
        })
        .collect();
    platform.kill();

    let restored = restore(&copy, &elsewhere);
    assert!(restored.status.success(), "{}", said(&restored));
    let words = String::from_utf8_lossy(&restored.stdout).into_owned();
    let rows: usize = expected.iter().map(Vec::len).sum();
    for word in [
        format!("offset {end}"),
        format!("{rows} rows"),
        format!("{DEVICES} devices"),
    ] {
        assert!(words.contains(&word), "{word}: {words}");
    }
    let platform = TestPlatform::on(&elsewhere, &Start::default());
    let api = platform.anonymous();
    for (at, device) in city.devices.iter().enumerate() {
        let rows = stored(&api, device);
        assert_eq!(rows, expected[at], "exactly what there was");
        assert!(
            rows.len() >= before[at] as usize,
            "all that was acknowledged before"
        );
        assert!(
            rows.iter().map(|row| row.0).eq(0..rows.len() as u32),
            "each once"
        );
    }
    let (path, bytes) = &city.photo;
    assert_eq!(picture(&platform, path), *bytes);
    // The session that was away gets all of it, and what comes now.
    let expected: Vec<Vec<u32>> = expected
        .iter()
        .map(|rows| rows.iter().map(|row| row.0).collect())
        .collect();
    assert_delivered(&city, &platform, &expected);
    platform.stop();
}

#[test]
fn a_flipped_bit_in_any_file_of_a_backup_is_named_and_refused() {
    let (city, platform) = City::build();
    let copy = city.path("copy");
    assert!(backup(&platform, &copy).status.success());
    platform.kill();
    let mut files: Vec<String> = Document::read(&copy)
        .unwrap()
        .copied()
        .into_iter()
        .map(|file| file.name)
        .collect();
    for wanted in [
        ".parquet",
        ".idx",
        ".log",
        "manifest",
        "registry.sqlite",
        "sessions.db",
        ".jpg",
    ] {
        assert!(
            files.iter().any(|name| name.ends_with(wanted)),
            "{wanted}: {files:?}"
        );
    }
    files.push(BACKUP_FILE.to_owned());
    for name in files {
        let path = copy.join(&name);
        let whole = std::fs::read(&path).unwrap();
        if whole.is_empty() {
            continue;
        }
        let mut damaged = whole.clone();
        let at = whole.len() * 2 / 3;
        damaged[at] ^= 0x10;
        replace(&path, &damaged);
        let refused = restore(&copy, &city.path("elsewhere"));
        assert!(is_fault(refused.status), "{name}");
        assert!(said(&refused).contains(&name), "{name}: {}", said(&refused));
        assert!(!city.path("elsewhere").exists(), "nothing was made");
        replace(&path, &whole);
    }
    // One that is missing, and one that was never finished.
    std::fs::remove_file(copy.join("registry.pepper")).unwrap();
    let refused = restore(&copy, &city.path("elsewhere"));
    assert!(
        said(&refused).contains("registry.pepper is missing"),
        "{}",
        said(&refused)
    );
    std::fs::remove_file(copy.join(BACKUP_FILE)).unwrap();
    let refused = restore(&copy, &city.path("elsewhere"));
    assert!(
        said(&refused).contains("not finished"),
        "{}",
        said(&refused)
    );
}

/// Another file in its place: what is linked elsewhere stays as it is.
fn replace(path: &Path, content: &[u8]) {
    std::fs::remove_file(path).unwrap();
    std::fs::write(path, content).unwrap();
}

#[test]
fn a_stopped_platform_is_copied_without_a_server() {
    let (city, platform) = City::build();
    let device = &city.devices[0];
    let mut client = device.connect(platform.address("mqtt"));
    (BEFORE / 2..BEFORE).for_each(|number| send(&mut client, device, number));
    let expected = stored(&platform.anonymous(), device);
    platform.kill();
    let (data, copy, elsewhere) = (city.path("data"), city.path("copy"), city.path("elsewhere"));
    let made = madang(&["backup", text(&copy), "--data", text(&data)]);
    assert!(made.status.success(), "{}", said(&made));
    let restored = restore(&copy, &elsewhere);
    assert!(restored.status.success(), "{}", said(&restored));
    // The original goes on by itself, and the copy too.
    let document = std::fs::read(copy.join(BACKUP_FILE)).unwrap();
    let document: serde_json::Value = serde_json::from_slice(&document).unwrap();
    for (folder, is_restored) in [(data, false), (elsewhere, true)] {
        let platform = TestPlatform::on(&folder, &Start::default());
        assert_eq!(stored(&platform.anonymous(), device), expected);
        let told = platform.get_json("/v1/audit?kind=backup")["items"].clone();
        let told = told.as_array().unwrap();
        assert_eq!(told.len(), usize::from(is_restored));
        if let [entry] = told.as_slice() {
            assert_eq!(entry["object"], document["sum"]);
            assert_eq!(entry["after"]["made"], document["made"]);
            let verified = madang(&["audit", "verify", "--data", text(&folder)]);
            assert!(verified.status.success(), "{}", said(&verified));
        }
        let mut client = device.connect(platform.address("mqtt"));
        send(&mut client, device, BEFORE);
        platform.stop();
    }
}

#[test]
fn a_folder_that_will_not_do_is_refused_with_the_way_out() {
    let (city, platform) = City::build();
    let data = city.path("data");
    for (folder, word) in [
        (data.join("backup"), "lies within"),
        (city.folder.path().to_owned(), "lies within"),
        (PathBuf::from("/proc/backup"), "cannot make"),
    ] {
        let refused = backup(&platform, &folder);
        assert!(is_fault(refused.status), "{}", folder.display());
        assert!(said(&refused).contains(word), "{word}: {}", said(&refused));
    }
    let full = city.path("full");
    std::fs::create_dir(&full).unwrap();
    std::fs::write(full.join("mine"), "mine").unwrap();
    assert!(said(&backup(&platform, &full)).contains("is not empty"));
    assert_eq!(
        std::fs::read_dir(&full).unwrap().count(),
        1,
        "it is left as it was"
    );
    // Only operators may.
    let stranger = ureq::post(format!("{}/v1/backup", platform.url()))
        .header("content-type", "application/json")
        .send(serde_json::json!({"folder": full}).to_string());
    assert!(
        matches!(stranger, Err(ureq::Error::StatusCode(401))),
        "{stranger:?}"
    );
    let none = ureq::get(format!("{}/v1/backup", platform.url()))
        .header("Authorization", format!("Bearer {}", platform.token()))
        .call();
    assert!(
        matches!(none, Err(ureq::Error::StatusCode(404))),
        "{none:?}"
    );

    // A backup is no data folder, nor does a restore go into one that is used.
    let copy = city.path("copy");
    assert!(backup(&platform, &copy).status.success());
    assert_eq!(platform.get_json("/v1/backup")["state"], "made");
    let (status, words) = TestPlatform::try_on(&copy, &Start::default())
        .map(|_| ())
        .unwrap_err();
    assert!(
        is_fault(status) && words.contains("madang restore"),
        "{words}"
    );
    assert!(said(&restore(&copy, &data)).contains("is not empty"));
}
