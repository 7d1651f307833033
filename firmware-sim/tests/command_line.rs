//! What the command line of `load` takes, refuses and prints.

#![allow(clippy::unwrap_used)]

mod fake_broker;

use std::process::{Command, Output};

use fake_broker::FakeBroker;

fn load(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_firmware-sim"))
        .arg("load")
        .args(arguments)
        .output()
        .unwrap()
}

#[test]
fn what_does_not_go_together_is_refused_with_2() {
    let address = ["--mqtt", "127.0.0.1:1", "--anonymous"];
    for refused in [
        &["--idle", "--storm"][..],
        &["--idle", "--messages", "5"],
        &["--storm", "--rate", "5"],
        &["--after-restart"],
        &["--storm", "--name", "a"],
        &["--idle", "--after-restart"],
        &["--idle", "--deadline", "5"],
        &["--idle", "--registered"],
        &["--ca", "file.pem"],
        &["--idle", "--tls-name", "localhost"],
        &["--qos", "3"],
    ] {
        let output = load(&[&address[..], refused].concat());
        assert_eq!(output.status.code(), Some(2), "{refused:?}");
    }
}

#[test]
fn each_kind_prints_one_line_of_json() {
    let broker = FakeBroker::start();
    let address = broker.address.to_string();
    for (kind, field) in [
        (&["--messages", "20", "--qos", "2"][..], "acknowledged"),
        (&["--idle", "--connections", "20"], "standing"),
        (&["--storm", "--connections", "20"], "served"),
    ] {
        let usual = ["--mqtt", &address, "--anonymous", "--json"];
        let output = load(&[&usual[..], kind].concat());
        assert!(output.status.success(), "{kind:?}: {output:?}");
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(json[field], 20, "{kind:?}: {json}");
    }
}

#[test]
fn a_broker_that_is_not_there_is_told_with_1() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = nobody.local_addr().unwrap().to_string();
    drop(nobody);
    let output = load(&["--mqtt", &address, "--anonymous", "--idle"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("cannot reach the broker"), "{said}");
}

#[test]
fn nothing_sent_is_a_failure_of_every_command() {
    let broker = FakeBroker::start();
    let address = broker.address.to_string();
    let none = load(&["--mqtt", &address, "--anonymous", "--messages", "0"]);
    assert_eq!(none.status.code(), Some(1), "{none:?}");

    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = nobody.local_addr().unwrap().to_string();
    drop(nobody);
    let fleet = Command::new(env!("CARGO_BIN_EXE_firmware-sim"))
        .args(["fleet", "--devices", "3", "--anonymous", "--seconds", "1"])
        .args(["--mqtt", &address])
        .output()
        .unwrap();
    assert_eq!(fleet.status.code(), Some(1), "{fleet:?}");
    let said = String::from_utf8(fleet.stderr).unwrap();
    assert!(said.contains(&address), "it names the broker: {said}");
}
