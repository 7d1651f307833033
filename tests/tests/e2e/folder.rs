//! Each file of a data folder removed, emptied, cut short, taken from an older
//! backup or from another platform: the platform refuses to start and names it,
//! or starts and everything is as it was. Nothing is deleted, no number is given
//! twice, and what `madang doctor --repair` mends is as before.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use domain::{DatastreamId, Offset};
use sdk::api::{DatastreamFilter, NewApplication, ObservationQuery};
use tests::test_platform::is_fault;
use tests::{Start, TestDevice, TestPlatform};

use crate::backup::{madang, send, text};
use crate::session_client::{Login, SessionClient, Version};

/// Files that hold nothing of their own: whatever they are, all is right.
const HOLLOW: [&str; 2] = ["lock", "log/spare"];

/// A folder of one platform, a backup of it from before, and what it held at
/// its end.
struct City {
    folder: tempfile::TempDir,
    held: Held,
}

/// What may not be lost or given again.
#[derive(Clone, PartialEq, Debug)]
struct Held {
    /// Of each datastream: the offsets and texts of its rows, in order of time.
    rows: BTreeMap<u32, Vec<(Offset, String)>>,
    quarantined: usize,
}

impl Held {
    fn of(platform: &TestPlatform) -> Self {
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

    fn greatest(&self) -> (u32, Offset) {
        let offsets = self.rows.values().flatten().map(|(offset, _)| *offset);
        (*self.rows.keys().max().unwrap(), offsets.max().unwrap())
    }
}

fn rows(platform: &TestPlatform, id: DatastreamId) -> Vec<(Offset, String)> {
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
enum End {
    Stopped,
    Killed,
}

impl City {
    /// Two files in the store and one in its backup, kept sessions, refused
    /// messages, and frames in the log that no file has where it was killed.
    fn build(end: End) -> Self {
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

    fn data(&self) -> PathBuf {
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

/// Every file below `folder`, by its path within it.
fn files(folder: &Path) -> Vec<String> {
    fn walk(root: &Path, folder: &Path, into: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => walk(root, &path, into),
                false => into.push(text(path.strip_prefix(root).unwrap()).to_owned()),
            }
        }
    }
    let mut found = Vec::new();
    walk(folder, folder, &mut found);
    found.sort();
    found
}

/// The bytes of a file without the zeros at its end, and its length.
fn content(path: &Path) -> (Vec<u8>, u64) {
    let mut bytes = fs::read(path).unwrap();
    let length = bytes.len() as u64;
    // Whole pieces first: most of a segment is zeros.
    let zeros = [0; 65_536];
    let pieces = bytes.rchunks(zeros.len());
    let empty: usize = pieces
        .take_while(|piece| **piece == zeros[..piece.len()])
        .map(<[u8]>::len)
        .sum();
    bytes.truncate(bytes.len() - empty);
    let used = bytes.iter().rposition(|byte| *byte != 0);
    bytes.truncate(used.map_or(0, |last| last + 1));
    (bytes, length)
}

/// Segments of the log are mostly zeros, which take no space here.
fn put(path: &Path, (bytes, length): &(Vec<u8>, u64)) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut file = File::create(path).unwrap();
    file.write_all(bytes).unwrap();
    file.set_len(*length).unwrap();
}

/// A folder in memory.
struct Copy(Vec<(String, fs::Permissions, (Vec<u8>, u64))>);

impl Copy {
    fn of(folder: &Path) -> Self {
        let files = files(folder).into_iter().map(|name| {
            let path = folder.join(&name);
            let permissions = fs::metadata(&path).unwrap().permissions();
            (name, permissions, content(&path))
        });
        Self(files.collect())
    }

    /// In the place of whatever is there.
    fn put(&self, folder: &Path) {
        let _ = fs::remove_dir_all(folder);
        for (name, permissions, content) in &self.0 {
            put(&folder.join(name), content);
            fs::set_permissions(folder.join(name), permissions.clone()).unwrap();
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Damage {
    Removed,
    Emptied,
    CutShort,
    Older,
    Foreign,
}

impl Damage {
    const ALL: [Self; 5] = [
        Self::Removed,
        Self::Emptied,
        Self::CutShort,
        Self::Older,
        Self::Foreign,
    ];

    /// Does it to a file; false where there is no such file to take.
    fn apply(self, path: &Path, older: &Path, foreign: &Path) -> bool {
        let take = |from: &Path| {
            let there = from.exists();
            if there {
                put(path, &content(from));
            }
            there
        };
        let (bytes, length) = content(path);
        match self {
            Self::Removed => fs::remove_file(path).unwrap(),
            Self::Emptied => fs::write(path, b"").unwrap(),
            // In the middle of what is used of it.
            Self::CutShort if bytes.len() < 2 => return false,
            Self::CutShort => fs::write(path, &bytes[..bytes.len() / 2]).unwrap(),
            Self::Older => return take(older) && content(path) != (bytes, length),
            Self::Foreign => return take(foreign) && content(path) != (bytes, length),
        }
        true
    }
}

/// What came of a start.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Outcome {
    Right,
    Refused,
}

/// Starts on the folder: all is right, or it is refused by name and nothing is
/// changed.
fn start(data: &Path, held: &Held, name: &str, what: &str) -> (Outcome, String) {
    let before = listing(data);
    match TestPlatform::try_on(data, &Start::default()) {
        Ok(platform) => {
            assert_eq!(&Held::of(&platform), held, "{what}");
            new_numbers(&platform, held, what);
            platform.stop();
            (Outcome::Right, String::new())
        }
        Err((status, said)) => {
            assert!(is_fault(status), "{what}: {status}: {said}");
            let last = said.lines().last().unwrap_or_default().to_owned();
            let file = name.rsplit('/').next().unwrap();
            let named = match name.strip_prefix("log/0") {
                // Of a segment that is gone or older the log is named.
                Some(_) => last.contains("/log"),
                None => last.contains(file.trim_end_matches("-wal")),
            };
            assert!(named, "{what}: it is not named: {said}");
            let cure = ["backup", "doctor", "put ", "delete it"];
            assert!(
                cure.iter().any(|word| last.contains(word)),
                "{what}: {last}"
            );
            assert_eq!(listing(data), before, "{what}: {last}");
            (Outcome::Refused, last)
        }
    }
}

/// Lengths of all files but those that any start may touch.
fn listing(data: &Path) -> Vec<(String, u64)> {
    let touched =
        |name: &str| HOLLOW.contains(&name) || name.contains(".sqlite") || name.contains(".db");
    let names = files(data).into_iter().filter(|name| !touched(name));
    names
        .map(|name| {
            let length = fs::metadata(data.join(&name)).unwrap().len();
            (name, length)
        })
        .collect()
}

/// What is registered and sent from now on has numbers that nothing had.
fn new_numbers(platform: &TestPlatform, held: &Held, what: &str) {
    let device = TestDevice::register(platform, "air-new", "safety.air");
    let mut client = device.connect(platform.address("mqtt"));
    send(&mut client, &device, 1);
    let id = device.datastream(&platform.anonymous(), "pm25");
    let offset = rows(platform, id)[0].0;
    let (greatest, last) = held.greatest();
    assert!(
        id.get() > greatest,
        "{what}: datastream {id} is given twice"
    );
    assert!(offset > last, "{what}: offset {offset} is given twice");
}

fn each_file_and_damage(end: End) {
    let (city, stranger) = (City::build(end), City::build(end));
    let (older, foreign) = (city.folder.path().join("older"), stranger.data());
    let work = city.folder.path().join("work");
    let whole = Copy::of(&city.data());
    let mut table = Vec::new();
    for name in files(&city.data()) {
        for damage in Damage::ALL {
            let what = format!("{end:?}: {name} {damage:?}");
            whole.put(&work);
            let file = work.join(&name);
            if !damage.apply(&file, &older.join(&name), &foreign.join(&name)) {
                continue;
            }
            let damaged = Copy::of(&work);
            let (outcome, said) = start(&work, &city.held, &name, &what);
            let mut line = format!("{name} | {damage:?} | {outcome:?}");
            if outcome == Outcome::Refused {
                damaged.put(&work);
                line += &format!(" | {}", repair(&work, &city.held, &name, &what));
            }
            line += &format!(" | {said}");
            eprintln!("{line}");
            table.push(line);
        }
    }
    let hollow = table
        .iter()
        .filter(|line| HOLLOW.iter().any(|name| line.starts_with(name)));
    assert!(
        hollow.clone().all(|line| line.contains("| Right")),
        "{table:#?}"
    );
    // What the clock knew is a help. The key is the same at all times: no older
    // copy differs.
    for (name, damages, outcome) in [
        ("clock", 5, "| Right |"),
        ("platform-es256.key", 4, "| Refused | put back |"),
    ] {
        let rows = table.iter();
        let rows: Vec<_> = rows
            .filter(|line| line.starts_with(&format!("{name} ")))
            .collect();
        let right = rows.iter().all(|line| line.contains(outcome));
        assert!(rows.len() == damages && right, "{name}: {rows:#?}");
    }
    for (name, damages) in [
        ("store/manifest", 4),
        ("madang.format", 3),
        ("madang.parts", 4),
    ] {
        let mended = table
            .iter()
            .filter(|line| line.starts_with(&format!("{name} ")));
        let mended = mended.filter(|line| line.contains("| Right") || line.contains("| mended"));
        assert!(mended.count() >= damages, "{name}: {table:#?}");
    }
}

/// The doctor finds something, and what it mends is as before.
fn repair(data: &Path, held: &Held, name: &str, what: &str) -> &'static str {
    let found = madang(&["doctor", "--data", text(data), "--json"]);
    assert_eq!(
        found.status.code(),
        Some(1),
        "{what}: the doctor calls it sound"
    );
    let before: u64 = parquet_bytes(data);
    let repaired = madang(&["doctor", "--data", text(data), "--repair"]);
    assert!(parquet_bytes(data) >= before, "{what}: a row is deleted");
    if !repaired.status.success() {
        let said = String::from_utf8_lossy(&repaired.stdout).into_owned();
        let told = String::from_utf8_lossy(&repaired.stderr).into_owned();
        assert!(!(said + &told).is_empty(), "{what}: it says why not");
        return "put back";
    }
    let (outcome, said) = start(data, held, name, &format!("{what}, mended"));
    assert_eq!(outcome, Outcome::Right, "{what}: {said}");
    "mended"
}

fn parquet_bytes(data: &Path) -> u64 {
    let files = files(data)
        .into_iter()
        .filter(|name| name.contains(".parquet"));
    files
        .map(|name| fs::metadata(data.join(name)).unwrap().len())
        .sum()
}

#[test]
fn no_damage_to_a_file_of_a_stopped_platform_passes_for_a_first_start() {
    each_file_and_damage(End::Stopped);
}

#[test]
fn no_damage_to_a_file_of_a_killed_platform_passes_for_a_first_start() {
    each_file_and_damage(End::Killed);
}

/// A folder of format 2, as the last binary before ids left it when it was
/// stopped, in the form of its backup. It stays in git and must open for good.
#[test]
fn a_folder_of_the_format_before_is_upgraded_in_place() {
    let folder = tempfile::tempdir().unwrap();
    let (old, data) = (folder.path().join("old"), folder.path().join("data"));
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/folder-v2");
    Copy::of(&fixture).put(&old);
    let restored = madang(&["restore", text(&old), "--data", text(&data)]);
    assert!(restored.status.success(), "{restored:?}");
    let read = |name: &str| fs::read_to_string(data.join(name)).unwrap();
    assert_eq!(read("madang.format"), "2\n");
    let values: Vec<f64> = (1..=5).map(f64::from).collect();
    // The second start is on a folder that is held to its record.
    for round in 0..2 {
        let platform = TestPlatform::on(&data, &Start::default());
        assert_eq!(read("madang.format"), "3\n");
        assert!(read("madang.parts").contains(r#""state":"whole""#));
        let found = platform.get_json("/v1/datastreams?device=air-1&field=pm25");
        let id = found["items"][0]["id"].to_string();
        let path = format!("/v1/datastreams/{}/observations", id.trim_matches('"'));
        let rows = platform.get_json(&path);
        let rows = rows["items"].as_array().unwrap().iter();
        let found: Vec<f64> = rows.map(|row| row["value"].as_f64().unwrap()).collect();
        assert_eq!(found, values, "start {round}");
        platform.stop();
    }
    // As a checkout has them, others may read the secrets.
    for name in files(&data) {
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        fs::set_permissions(data.join(name), private).unwrap();
    }
    let sound = madang(&["doctor", "--data", text(&data)]);
    assert!(sound.status.success(), "{sound:?}");
}
