//! The client libraries of `docs/clients.md`, a test for each language: each
//! connects, publishes, and verifies the receipt where there is one. Those of
//! `docs/sensorthings.md` read.

use std::path::Path;
use std::process::Command;

use tests::binary;
use tests::peers::{look_below_the_project, look_for};

/// `mark` is what `tests/clients/run.py --install` leaves of a language.
fn every_library_gets_in(language: &str, program: &str, mark: &str) {
    let (Some(python), Some(_)) = (look_for("python3"), look_for(program)) else {
        return;
    };
    let place = format!("target/peers/clients/{language}/{mark}");
    if look_below_the_project(&place).is_none() {
        return;
    }
    let runner = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/run.py");
    let output = Command::new(python)
        .arg(runner)
        .arg("--madang")
        .arg(binary::madang())
        .arg(language)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{complained}");
    println!("{said}");
}

#[test]
fn pythons_libraries_get_in() {
    every_library_gets_in("python", "python3", "bin/python");
}

#[test]
fn nodes_libraries_get_in() {
    every_library_gets_in("node", "node", "node_modules");
}

#[test]
fn gos_libraries_get_in() {
    every_library_gets_in("go", "go", "clients");
}

#[test]
fn javas_libraries_get_in() {
    every_library_gets_in("java", "java", "lib");
}

#[test]
fn sensorthings_clients_read() {
    every_library_gets_in("sensorthings", "python3", "bin/python");
}
