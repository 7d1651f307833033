//! A command that is told a data folder talks to that folder's server, and the
//! folder's token goes nowhere else.

use std::io::{ErrorKind, Read};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use tests::{TestPlatform, binary};

use crate::operation::backup::text;

/// `MADANG_DATA` is the folder; nothing else of the environment counts.
fn madang(data: &Path, arguments: &[&str], url: Option<&str>) -> Output {
    let mut command = Command::new(binary::madang());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("MADANG_")) {
        command.env_remove(name);
    }
    command.args(arguments).env("MADANG_DATA", data);
    if let Some(url) = url {
        command.env("MADANG_URL", url);
    }
    command.output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const ADD: [&str; 5] = ["agency", "add", "gaon", "--name", "가온시"];

#[test]
fn commands_find_the_server_of_their_folder_at_whatever_port() {
    let platform = TestPlatform::start();
    let data = platform.data();
    let added = madang(data, &ADD, None);
    assert!(added.status.success(), "{}", said(&added));
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("air-1.key");
    let keygen = ["device", "keygen", "--out", text(&key)];
    assert!(madang(data, &keygen, None).status.success());
    let add = ["device", "add", "air-1", "--agency", "gaon"];
    let more = ["--model", "safety.air", "--key", text(&key)];
    let added = madang(data, &[&add[..], &more].concat(), None);
    assert!(added.status.success(), "{}", said(&added));

    // Over CoAP, with the receipt checked.
    let send = ["device", "send", "air-1", "--key", text(&key)];
    let sent = madang(data, &[&send[..], &[r#"{"pm25": 12.5}"#]].concat(), None);
    assert!(sent.status.success(), "{}", said(&sent));
    assert!(String::from_utf8_lossy(&sent.stdout).starts_with("durable at offset "));
    let latest = platform.get_json("/v1/latest?device=air-1");
    assert_eq!(latest["items"][0]["value"], 12.5);
    let unreadable = madang(data, &[&send[..], &["{"]].concat(), None);
    assert_eq!(unreadable.status.code(), Some(1));
    assert!(
        said(&unreadable).contains("device watch air-1"),
        "{}",
        said(&unreadable)
    );
}

#[test]
fn the_folders_token_goes_to_no_other_server() {
    let platform = TestPlatform::start();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", other.local_addr().unwrap());
    let refused = madang(platform.data(), &ADD, Some(&url));
    assert_eq!(refused.status.code(), Some(1));
    let words = said(&refused);
    assert!(
        words.contains(&url) && words.contains(&platform.url()),
        "{words}"
    );
    other.set_nonblocking(true).unwrap();
    let nobody = other.accept().map(|(mut peer, _)| {
        let _ = peer.set_read_timeout(Some(Duration::from_secs(5)));
        let mut came = String::new();
        let _ = peer.read_to_string(&mut came);
        came
    });
    assert_eq!(nobody.unwrap_err().kind(), ErrorKind::WouldBlock);
    // The same address is its own, however it is told.
    let added = madang(platform.data(), &ADD, Some(&platform.url()));
    assert!(added.status.success(), "{}", said(&added));
}

#[test]
fn without_a_server_on_the_folder_a_command_says_so() {
    let platform = TestPlatform::start();
    let data = platform.data().to_owned();
    let file = data.join("server.json");
    assert!(file.is_file());
    let folder = platform.stop();
    assert!(!file.exists(), "it goes with its server");
    let words = said(&madang(&data, &ADD, None));
    assert!(
        words.contains("no server runs on") && words.contains(text(&data)),
        "{words}"
    );

    // What a killed server left names nobody, and a new one writes its own.
    let killed = TestPlatform::on(&data, &tests::Start::default());
    killed.kill();
    assert!(file.is_file());
    let words = said(&madang(&data, &ADD, None));
    assert!(words.contains("no server runs on"), "{words}");
    let again = TestPlatform::on(&data, &tests::Start::default());
    assert!(madang(&data, &ADD, None).status.success());
    drop(again);
    drop(folder);
}

#[test]
fn an_error_names_the_url_that_was_tried() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let output = Command::new(binary::madang())
        .args(ADD)
        .args(["--url", &url, "--token", "mdo_x"])
        .env_remove("MADANG_DATA")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said(&output).contains(&format!("{url}/v1/agencies")),
        "{}",
        said(&output)
    );
}
