//! A configuration fault is told in one line, before a port is bound.

use std::process::Command;

use tests::{Start, TestPlatform, binary};

fn run(args: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(binary::madang()).args(args).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), said)
}

#[test]
fn a_configuration_fault_ends_with_2_and_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let data = data.to_str().unwrap();
    let file = folder.path().join("madang.toml");
    std::fs::write(&file, "mqtt = \"127.0.0.1:0\"\nmqttt = 1\n").unwrap();
    let faults: &[(&[&str], &str)] = &[
        (&["serve"], "--data"),
        (&["serve", "--data", data, "--mqtt", "1883"], "--mqtt"),
        (&["serve", "--data", data, "--mqtts", "127.0.0.1:0"], "--tls-cert"),
        (&["serve", "--data", data, "--config", "/nonexistent"], "/nonexistent"),
        (&["serve", "--data", data, "--config", file.to_str().unwrap()], "line 2"),
        (&["serve", "--data", data, "--mqtt-unprotected", "0.0.0.0:0"], "loopback"),
    ];
    for (args, word) in faults {
        let (code, said) = run(args);
        assert_eq!(code, Some(2), "{args:?}: {said}");
        assert_eq!(said.trim().lines().count(), 1, "{args:?}: {said}");
        assert!(said.contains(word), "{args:?}: {said}");
    }
    assert!(!std::path::Path::new(data).exists(), "nothing was touched");
    assert_eq!(run(&["serve", "--no-such-flag"]).0, Some(2));
}

#[test]
fn a_port_in_use_is_a_fault_with_the_way_out() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let start = Start {
        flags: vec!["--http".into(), address.clone()],
        ..Start::default()
    };
    let Err((status, said)) = TestPlatform::try_on(&folder.path().join("data"), &start) else {
        panic!("it came up on a taken port");
    };
    assert_eq!(status.code(), Some(1));
    let last = said.trim().lines().last().unwrap();
    assert!(last.contains(&address) && last.contains("--http"), "{said}");
}

#[test]
fn a_newer_data_folder_is_refused_and_left_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("madang.format"), "2\n").unwrap();
    let Err((status, said)) = TestPlatform::try_on(&data, &Start::default()) else {
        panic!("it opened a newer folder");
    };
    assert_eq!(status.code(), Some(1));
    assert!(said.contains("newer madang"), "{said}");
    assert_eq!(std::fs::read_dir(&data).unwrap().count(), 1, "untouched");
}

#[test]
fn two_servers_do_not_share_a_data_folder() {
    let first = TestPlatform::start();
    let Err((status, said)) = TestPlatform::try_on(first.data(), &Start::default()) else {
        panic!("two servers over one folder");
    };
    assert_eq!(status.code(), Some(1), "{said}");
}

#[test]
fn the_version_is_true_and_the_help_names_only_what_is_there() {
    let version = Command::new(binary::madang()).arg("--version").output().unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    assert_eq!(version.trim(), format!("madang {}", env!("CARGO_PKG_VERSION")));
    let help = Command::new(binary::madang()).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    for command in ["serve", "demo", "device", "agency", "key"] {
        assert!(help.contains(command), "{help}");
    }
    for later in ["export", "backup", "restore"] {
        assert!(!help.contains(later), "{help}");
    }
}
