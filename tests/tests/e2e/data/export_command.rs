//! `madang export`: the same content by the command line, checked, and resumed
//! where it was cut off.

use std::path::Path;
use std::process::{Command, Output};

use tests::{TestDevice, TestPlatform, binary};

use crate::data::export::{ask, publish, sha256};

const PATH: &str = "/v1/export/2024-05-01/safety/seoul.csv";

fn export(platform: &TestPlatform, out: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(binary::madang());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("MADANG_")) {
        command.env_remove(name);
    }
    command
        .args(["export", "--date", "2024-05-01", "--domain", "safety"])
        .args(["--agency", "seoul", "--format", "csv", "--out"])
        .arg(out)
        .args(["--url", &platform.url()])
        .args(more);
    command.output().unwrap()
}

#[test]
fn a_download_is_checked_and_goes_on_where_it_was_cut_off() {
    let platform = TestPlatform::start();
    let device = TestDevice::register(&platform, "air-1", "safety.air");
    publish(
        &platform,
        &device,
        r#"[{"t":"2024-05-01T09:00:00Z","v":{"pm25":12.5}},{"t":"2024-05-01T09:01:00Z","v":{"pm25":13}}]"#,
    );
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("day.csv");
    let served = ask(&platform.url(), "GET", PATH, &[]).expect(200).body;
    let sum = sha256(&served);

    let done = export(&platform, &out, &[]);
    assert!(done.status.success(), "{done:?}");
    assert_eq!(std::fs::read(&out).unwrap(), served);
    let said = String::from_utf8(done.stdout).unwrap();
    assert_eq!(said, format!("{sum}  {}\n", out.display()));

    // Half of it is there, and what an older version left.
    let part = folder.path().join(format!("day.csv.{sum}.part"));
    let older = folder
        .path()
        .join(format!("day.csv.{}.part", "0".repeat(64)));
    let foreign = folder.path().join("day.csv.notes.part");
    for (path, bytes) in [
        (&part, &served[..served.len() / 2]),
        (&older, b"x"),
        (&foreign, b"x"),
    ] {
        std::fs::write(path, bytes).unwrap();
    }
    std::fs::remove_file(&out).unwrap();
    let resumed = export(&platform, &out, &[]);
    assert!(resumed.status.success(), "{resumed:?}");
    assert_eq!(std::fs::read(&out).unwrap(), served);
    assert!(!part.exists() && !older.exists() && foreign.exists());

    // It does go on: a part that is wrong makes a file that is wrong, which is
    // found and thrown away.
    std::fs::write(&part, vec![b'x'; 10]).unwrap();
    std::fs::remove_file(&out).unwrap();
    let wrong = export(&platform, &out, &[]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&wrong.stderr).contains("SHA-256"),
        "{wrong:?}"
    );
    assert!(!out.exists() && !part.exists());

    let marked = export(&platform, &out, &["--bom"]);
    assert!(marked.status.success(), "{marked:?}");
    assert_eq!(
        std::fs::read(&out).unwrap(),
        [b"\xef\xbb\xbf".as_slice(), &served].concat()
    );
}

#[test]
fn an_operator_gets_the_exact_file_and_a_refusal_is_one_clear_line() {
    let platform = TestPlatform::start();
    let device = TestDevice::register(&platform, "air-1", "safety.air");
    publish(
        &platform,
        &device,
        r#"{"t":"2024-05-01T09:00:00Z","v":{"pm25":12.5}}"#,
    );
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("day.csv");
    let data = platform.data().to_str().unwrap();
    let exact = export(&platform, &out, &["--data", data]);
    assert!(exact.status.success(), "{exact:?}");
    assert!(
        std::fs::read_to_string(&out)
            .unwrap()
            .contains("37.5664123")
    );

    let absent = Command::new(binary::madang())
        .args([
            "export",
            "--date",
            "2023-01-01",
            "--domain",
            "safety/../x",
            "--agency",
            "seoul",
        ])
        .args(["--format", "parquet", "--url", &platform.url(), "--out"])
        .arg(folder.path().join("none"))
        .env_remove("MADANG_DATA")
        .env_remove("MADANG_TOKEN")
        .output()
        .unwrap();
    assert_eq!(absent.status.code(), Some(1));
    let said = String::from_utf8(absent.stderr).unwrap();
    assert!(said.contains("404") && said.lines().count() == 1, "{said}");
    assert!(!folder.path().join("none").exists());
}
