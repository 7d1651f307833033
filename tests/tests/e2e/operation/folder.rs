//! Each file of a data folder removed, emptied, cut short, taken from an older
//! backup or from another platform: the platform refuses to start and names it,
//! or starts and everything is as it was. Nothing is deleted, no number is given
//! twice, and what `madang doctor --repair` mends is as before.

mod city;
mod damage;
mod files;
mod upgrade;

use std::path::Path;

use tests::test_platform::is_fault;
use tests::{Start, TestDevice, TestPlatform};

use crate::operation::backup::{madang, send, text};
use city::{City, End, Held, rows};
use damage::Damage;
use files::{Copy, content, files, listing, parquet_bytes, put};

/// Files that hold nothing of their own: whatever they are, all is right.
const HOLLOW: [&str; 2] = ["lock", "log/spare"];

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

#[test]
fn no_damage_to_a_file_of_a_stopped_platform_passes_for_a_first_start() {
    each_file_and_damage(End::Stopped);
}

#[test]
fn no_damage_to_a_file_of_a_killed_platform_passes_for_a_first_start() {
    each_file_and_damage(End::Killed);
}
