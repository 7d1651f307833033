//! The audit: exported by the running platform, it is verified by `madang`, and
//! by a program that knows the documentation only; and so is each tampering.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use domain::AgencyId;
use tests::peers::look_for;
use tests::{Start, TestDevice, TestPlatform};

use crate::operation::backup::{madang, text};

/// Stands in the audit and nowhere in its keys.
const NAME: &str = "Tamper \"here\" \\ / 서울 👨\u{200d}🔧 🛰";

struct Exported {
    _folder: tempfile::TempDir,
    data: PathBuf,
    lines: Vec<String>,
    head: String,
}

fn verify(args: &[&str]) -> Output {
    madang(&[&["audit", "verify"], args].concat())
}

/// A stopped platform's folder, and the audit that it told while it ran.
fn exported() -> Exported {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let platform = TestPlatform::on(&data, &Start::default());
    let id = AgencyId::new("odd").unwrap();
    platform.operator().create_agency(&id, NAME).unwrap();
    for id in ["air-1", "air-2"] {
        TestDevice::register(&platform, id, "safety.air");
    }
    let sound = verify(&["--data", text(&data)]);
    assert!(sound.status.success(), "of a running platform: {sound:?}");
    let printed = madang(&["audit", "export", "--data", text(&data)]);
    assert!(printed.status.success(), "{printed:?}");
    platform.stop();
    let said = String::from_utf8(sound.stdout).unwrap();
    Exported {
        _folder: folder,
        data,
        lines: String::from_utf8(printed.stdout)
            .unwrap()
            .lines()
            .map(str::to_owned)
            .collect(),
        head: said.trim().rsplit(' ').next().unwrap().to_owned(),
    }
}

/// What both verifiers say of these lines: whether they are sound, and why not.
fn both(lines: &[String], head: Option<&str>) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("audit.ndjson");
    std::fs::write(&file, lines.join("\n") + "\n").unwrap();
    let kept: Vec<&str> = head
        .map(|head| ["--head", head])
        .into_iter()
        .flatten()
        .collect();
    let own = verify(&[&[text(&file)], kept.as_slice()].concat());
    if let Some(python) = look_for("python3") {
        let script =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/operation/verify_audit.py");
        let mut other = Command::new(python);
        other.arg(script).arg(&file).args(head);
        let other = other.output().unwrap();
        assert_eq!(
            own.status.success(),
            other.status.success(),
            "{own:?} {other:?}"
        );
    }
    if own.status.success() {
        return Ok(());
    }
    assert_eq!(own.status.code(), Some(1));
    Err(String::from_utf8(own.stderr).unwrap())
}

fn refused(lines: &[String], head: Option<&str>, words: &str) {
    let said = both(lines, head).unwrap_err();
    assert!(said.contains(words), "{words}: {said}");
}

#[test]
fn an_export_is_verified_by_anybody() {
    let exported = exported();
    let (lines, head) = (&exported.lines, exported.head.as_str());
    let count = lines.len();
    assert!(head.starts_with(&format!("{count}:")), "{head}");
    assert_eq!(both(lines, Some(head)), Ok(()));

    let mut altered = lines.clone();
    altered[count - 2] = altered[count - 2].replace("air-1", "air-3");
    assert_ne!(&altered, lines);
    refused(&altered, None, &format!("entry {} was altered", count - 1));

    let mut missing = lines.clone();
    missing.remove(count - 3);
    refused(&missing, None, &format!("entry {} is missing", count - 2));
    refused(&lines[1..], None, "entry 1 is missing");

    let mut reordered = lines.clone();
    reordered.swap(count - 3, count - 2);
    let words = format!("in the place of entry {}", count - 2);
    refused(&reordered, None, &words);

    let cut = &lines[..count - 1];
    assert_eq!(both(cut, None), Ok(()), "which nothing in it tells");
    refused(cut, Some(head), "it was cut off");
    let mut other = head.to_owned();
    let last = if other.ends_with('0') { "1" } else { "0" };
    other.replace_range(other.len() - 1.., last);
    refused(lines, Some(&other), "written anew");
}

#[test]
fn a_folder_is_verified_when_nobody_runs_on_it() {
    let exported = exported();
    let (data, head) = (text(&exported.data), exported.head.as_str());
    let sound = verify(&["--data", data, "--head", head]);
    assert!(sound.status.success(), "{sound:?}");
    assert!(madang(&["doctor", "--data", data]).status.success());

    let path = exported.data.join("registry.sqlite");
    let mut bytes = std::fs::read(&path).unwrap();
    let (old, new) = (b"Tamper", b"Temper");
    let mut found = 0;
    for at in 0..bytes.len() - old.len() {
        if bytes[at..].starts_with(old) {
            bytes[at..at + new.len()].copy_from_slice(new);
            found += 1;
        }
    }
    assert!(found >= 2, "in the agency's row and in the audit");
    std::fs::write(&path, bytes).unwrap();
    let altered = verify(&["--data", data]);
    assert_eq!(altered.status.code(), Some(1));
    let said = String::from_utf8(altered.stderr).unwrap();
    assert!(said.contains("was altered"), "{said}");
    let doctor = madang(&["doctor", "--data", data]);
    let said = String::from_utf8(doctor.stdout).unwrap();
    assert_eq!(doctor.status.code(), Some(1), "{said}");
    assert!(said.contains("its audit: entry"), "{said}");
}

#[test]
fn a_head_that_is_none_is_told_as_a_bad_argument() {
    for head in ["7", "7:abc", "x:00"] {
        let output = verify(&["--head", head, "file"]);
        assert_eq!(output.status.code(), Some(2), "{head}: {output:?}");
    }
}
