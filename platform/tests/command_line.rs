//! The command line: a configuration fault is told in one line, before a port
//! is bound; `--help` and `--version` are true.

#![allow(clippy::unwrap_used)]

use std::process::Command;

fn run(args: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_madang"))
        .args(args)
        .output()
        .unwrap();
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
        (
            &["serve", "--data", data, "--mqtts", "127.0.0.1:0"],
            "--tls-cert",
        ),
        (
            &["serve", "--data", data, "--config", "/nonexistent"],
            "/nonexistent",
        ),
        (
            &["serve", "--data", data, "--config", file.to_str().unwrap()],
            "line 2",
        ),
        (
            &["serve", "--data", data, "--mqtt-unprotected", "0.0.0.0:0"],
            "loopback",
        ),
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
fn the_version_is_true_and_the_help_names_only_what_is_there() {
    let version = Command::new(env!("CARGO_BIN_EXE_madang"))
        .arg("--version")
        .output()
        .unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    assert_eq!(
        version.trim(),
        format!("madang {}", env!("CARGO_PKG_VERSION"))
    );
    let help = Command::new(env!("CARGO_BIN_EXE_madang"))
        .arg("--help")
        .output()
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let named = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .map_while(|line| line.split_whitespace().next())
        .filter(|command| *command != "help");
    let named: Vec<_> = named.collect();
    assert_eq!(
        named,
        [
            "serve", "demo", "device", "agency", "audit", "operator", "key", "backup", "restore",
            "doctor", "export"
        ],
        "{help}"
    );
    for command in named {
        assert_eq!(run(&[command, "--help"]).0, Some(0), "{command}");
    }
}

#[test]
fn a_device_has_a_credential_or_a_gateway() {
    let new = [
        "device",
        "add",
        "child-1",
        "--agency",
        "seoul",
        "--model",
        "safety.air",
    ];
    let (code, said) = run(&new);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("--key") && said.contains("--gateway"),
        "{said}"
    );
}
