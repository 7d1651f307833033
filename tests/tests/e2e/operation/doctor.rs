//! `madang doctor`: silent about what is sound, and names each damage.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tests::{Start, TestDevice, TestPlatform};

use crate::operation::backup::{madang, send, text};

/// A data folder with a file in its store, frames after it, and no platform.
struct Folder {
    _folder: tempfile::TempDir,
    data: PathBuf,
}

impl Folder {
    fn build() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let platform = TestPlatform::on(&data, &Start::default());
        let device = TestDevice::register(&platform, "air-1", "safety.air");
        let mut client = device.connect(platform.address("mqtt"));
        (0..50).for_each(|number| send(&mut client, &device, number));
        platform.stop();
        let platform = TestPlatform::on(&data, &Start::default());
        let mut client = device.connect(platform.address("mqtt"));
        (50..80).for_each(|number| send(&mut client, &device, number));
        platform.kill();
        Self {
            _folder: folder,
            data,
        }
    }

    fn store_file(&self, end: &str) -> PathBuf {
        one(&self.data.join("store"), end)
    }
}

/// The only file of a folder with this end.
fn one(folder: &Path, end: &str) -> PathBuf {
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| text(path).ends_with(end))
        .collect();
    assert_eq!(found.len(), 1, "{end}: {found:?}");
    found.remove(0)
}

/// The status and the report.
fn doctor(data: &Path) -> (Option<i32>, Value) {
    let output = madang(&["doctor", "--data", text(data), "--json"]);
    let report = serde_json::from_slice(&output.stdout);
    (
        output.status.code(),
        report.unwrap_or_else(|_| panic!("{output:?}")),
    )
}

/// That there is a finding about `path` with these words, and no byte changed.
fn finds(data: &Path, path: &Path, words: &str) {
    let before = contents(data);
    let (status, report) = doctor(data);
    assert_eq!(status, Some(1), "{report}");
    let findings = report["findings"].as_array().unwrap();
    assert!(
        findings.iter().any(|finding| {
            finding["path"] == text(path)
                && finding["what"].as_str().unwrap().contains(words)
                && !finding["cure"].as_str().unwrap().is_empty()
        }),
        "{words} of {}: {report:#}",
        path.display()
    );
    assert!(before == contents(data), "it changes nothing");
}

/// Every file with its bytes.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(contents(&path));
        } else {
            files.push((path.clone(), std::fs::read(&path).unwrap()));
        }
    }
    files.sort();
    files
}

/// Runs `damage` on the file's bytes, looks, and mends it.
fn with(path: &Path, damage: impl FnOnce(&mut Vec<u8>), look: impl FnOnce()) {
    let whole = std::fs::read(path).unwrap();
    let mut damaged = whole.clone();
    damage(&mut damaged);
    assert_ne!(damaged, whole);
    std::fs::write(path, damaged).unwrap();
    look();
    std::fs::write(path, whole).unwrap();
}

#[test]
fn a_sound_folder_gives_no_findings_and_every_damage_is_named() {
    let folder = Folder::build();
    let data = &folder.data;
    let before = contents(data);
    let (status, report) = doctor(data);
    assert_eq!(status, Some(0), "{report:#}");
    assert_eq!(report["findings"].as_array().unwrap().len(), 0);
    assert_eq!(report["data"][0]["rows"], 50);
    assert_eq!(report["data"][0]["frames"], 80);
    assert!(before == contents(data), "it changes nothing");

    let parquet = folder.store_file(".parquet");
    let middle = |bytes: &mut Vec<u8>| {
        let at = bytes.len() / 2;
        bytes[at] ^= 1;
    };
    with(&parquet, middle, || finds(data, &parquet, "checksum"));
    let shorter = |bytes: &mut Vec<u8>| bytes.truncate(bytes.len() - 1);
    with(&parquet, shorter, || finds(data, &parquet, "bytes"));
    let index = folder.store_file(".idx");
    with(&index, middle, || finds(data, &index, "index is damaged"));
    let latest = data.join("store/latest");
    with(&latest, middle, || finds(data, &latest, "latest"));
    let manifest = data.join("store/manifest");
    with(&manifest, middle, || {
        finds(data, &manifest, "manifest is damaged");
    });
    with(
        &manifest,
        |bytes| *bytes = with_other_rows(bytes),
        || {
            finds(data, &parquet, "50 rows, and the manifest says 51");
        },
    );
    let registry = data.join("registry.sqlite");
    let half = |bytes: &mut Vec<u8>| bytes.truncate(bytes.len() / 2);
    with(&registry, half, || finds(data, &registry, ""));
    with(&registry, Vec::clear, || finds(data, &registry, "empty"));
    let sessions = data.join("sessions.db");
    with(
        &sessions,
        |bytes| bytes[..100].fill(7),
        || finds(data, &sessions, "damaged"),
    );
    let format = data.join("madang.format");
    with(
        &format,
        |bytes| *bytes = b"99\n".to_vec(),
        || finds(data, &format, "newer"),
    );
    let key = data.join("platform.key");
    with(
        &key,
        |bytes| bytes.truncate(31),
        || finds(data, &key, "31 bytes"),
    );

    // A file that is gone.
    let aside = data.with_extension("aside");
    std::fs::rename(&parquet, &aside).unwrap();
    finds(data, &parquet, "missing");
    std::fs::rename(&aside, &parquet).unwrap();
    std::fs::rename(&index, &aside).unwrap();
    finds(data, &index, "missing");
    std::fs::rename(&aside, &index).unwrap();

    // A secret that others can read.
    let token = data.join("admin.token");
    let mode = |mode| std::fs::set_permissions(&token, PermissionsExt::from_mode(mode)).unwrap();
    mode(0o644);
    finds(data, &token, "mode is 644");
    mode(0o600);
    assert_eq!(doctor(data).0, Some(0), "all is as it was");
}

#[test]
fn a_damaged_log_is_named() {
    let folder = Folder::build();
    let data = &folder.data;
    let log = one(&data.join("log"), "001.log");
    // After the header, in one of the first frames.
    with(
        &log,
        |bytes| bytes[300] ^= 4,
        || finds(data, &log, "damaged at byte"),
    );
    with(&log, |bytes| bytes[20] ^= 4, || finds(data, &log, "header"));
    let memory = data.join("log/sequencer");
    with(
        &memory,
        |bytes| bytes[9] ^= 1,
        || finds(data, &memory, "damaged"),
    );
    let format = data.join("log/FORMAT");
    with(
        &format,
        |bytes| bytes[11] = b'9',
        || finds(data, &format, "format"),
    );
    // A log that ends before the store does.
    with(
        &log,
        |bytes| bytes[64..].fill(0),
        || finds(data, &data.join("log"), "one is from another time"),
    );
    assert_eq!(doctor(data).0, Some(0), "all is as it was");
}

#[test]
fn a_folder_in_use_is_looked_at_as_far_as_possible() {
    let folder = Folder::build();
    let platform = TestPlatform::on(&folder.data, &Start::default());
    let (status, report) = doctor(&folder.data);
    assert_eq!(status, Some(0), "{report:#}");
    assert!(
        report["notes"][0].as_str().unwrap().contains("open"),
        "{report:#}"
    );
    assert_eq!(report["data"][0]["rows"], 50);
    platform.stop();
}

/// The row is in the log, which nobody may read meanwhile: the doctor says so,
/// and calls nothing sound of which it knows nothing.
#[test]
fn what_a_running_platform_has_open_is_said_not_to_be_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let platform = TestPlatform::on(&data, &Start::default());
    let device = TestDevice::register(&platform, "air-1", "safety.air");
    let mut client = device.connect(platform.address("mqtt"));
    send(&mut client, &device, 1);
    let (status, report) = doctor(&data);
    assert_eq!(status, Some(0), "{report:#}");
    assert_eq!(report["sound"], Value::Null, "{report:#}");
    assert_eq!(report["data"][0]["looked_at"], "store files only");
    let words = ["doctor", "--data", text(&data)];
    let said = String::from_utf8(madang(&words).stdout).unwrap();
    for told in [
        "its log, its head, registry.sqlite and sessions.db are not looked at",
        "alone: 0 rows in 0 files; what is newer is in the log, and not looked at",
    ] {
        assert!(said.contains(told), "{said}");
    }
    let verdict = said.lines().last();
    assert_eq!(
        verdict,
        Some("nothing wrong in what was looked at; see the note")
    );

    platform.stop();
    let (status, report) = doctor(&data);
    assert_eq!((status, &report["sound"]), (Some(0), &Value::Bool(true)));
    assert_eq!(report["data"][0]["rows"], 1, "{report:#}");
}

#[test]
fn a_backup_a_configuration_and_a_certificate_are_looked_at() {
    let folder = Folder::build();
    let copy = folder.data.with_extension("copy");
    let made = madang(&["backup", text(&copy), "--data", text(&folder.data)]);
    assert!(made.status.success(), "{made:?}");
    let look = |args: &[&str]| {
        let output = madang(&[&["doctor"], args].concat());
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    };
    let (status, said) = look(&[text(&copy)]);
    assert_eq!(status, Some(0), "{said}");
    assert!(
        said.contains("rows") && said.contains("a second") && said.ends_with("sound\n"),
        "{said}"
    );
    let pepper = copy.join("registry.pepper");
    with(
        &pepper,
        |bytes| bytes[3] ^= 1,
        || {
            let (status, said) = look(&[text(&copy)]);
            assert_eq!(status, Some(1), "{said}");
            assert!(said.contains("registry.pepper"), "{said}");
        },
    );

    let config = folder.data.with_extension("toml");
    std::fs::write(&config, "mqtt = \"127.0.0.1:1883\"\n").unwrap();
    assert_eq!(look(&["--config", text(&config)]).0, Some(0));
    std::fs::write(&config, "mqtt = \"127.0.0.1:1883\"\nmqqt = 3\n").unwrap();
    let (status, said) = look(&["--config", text(&config)]);
    assert!(status == Some(1) && said.contains("line 2"), "{said}");

    let (cert, key) = (
        folder.data.with_extension("crt"),
        folder.data.with_extension("key"),
    );
    let made = |name: &str| rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let (own, other) = (made("localhost"), made("localhost"));
    std::fs::write(&cert, own.cert.pem()).unwrap();
    std::fs::write(&key, own.signing_key.serialize_pem()).unwrap();
    let private = || std::fs::set_permissions(&key, PermissionsExt::from_mode(0o600)).unwrap();
    private();
    let args = ["--cert", text(&cert), "--key", text(&key)];
    let (status, said) = look(&args);
    assert_eq!(status, Some(0), "{said}");
    std::fs::write(&key, other.signing_key.serialize_pem()).unwrap();
    let (status, said) = look(&args);
    assert!(
        status == Some(1) && said.contains("do not fit together"),
        "{said}"
    );

    assert_eq!(look(&[]).0, Some(2), "nothing to look at");
    assert_eq!(look(&["--data", "/nowhere"]).0, Some(2));
}

/// The manifest with one row more than there is, and the right checksum.
fn with_other_rows(manifest: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(manifest).unwrap();
    let (title, body) = text.trim_end().split_once('\n').unwrap();
    let body = body.replace("\"rows\":50,", "\"rows\":51,");
    let (title, _) = title.rsplit_once(' ').unwrap();
    let crc = crc32c(format!("{title}{body}").as_bytes());
    format!("{title} {crc:08x}\n{body}\n").into_bytes()
}

/// Castagnoli's CRC, bit by bit.
fn crc32c(bytes: &[u8]) -> u32 {
    let crc = bytes.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            crc >> 1 ^ (0x82f6_3b78 & (crc & 1).wrapping_neg())
        })
    });
    !crc
}
