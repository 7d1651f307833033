//! A foreign client: libcoap's, of Debian's `libcoap3-bin`.
//!
//! Absent, that is said loudly; in CI its absence is a failure.

use std::path::Path;
use std::process::{Command, Output};

use coap::Config;
use sdk::coap::verify_receipt;

use crate::harness::{PAYLOAD, TestServer, generous, wait_until};

const CLIENT: &str = "coap-client-notls";

fn client_is_here() -> bool {
    let here = Command::new(CLIENT).arg("-h").output().is_ok();
    if !here {
        eprintln!("NOT TESTED: {CLIENT} is not installed (Debian: libcoap3-bin)");
        assert!(
            std::env::var_os("CI").is_none_or(|ci| ci != "true"),
            "required in CI"
        );
    }
    here
}

fn post(server: &TestServer, folder: &Path, body: &[u8], extra: &[&str]) -> Output {
    let (request, answer) = (folder.join("request"), folder.join("answer"));
    std::fs::write(&request, body).unwrap();
    let _ = std::fs::remove_file(&answer);
    let url = format!(
        "coap://{}/devices/{}/telemetry",
        server.handle.local_address(),
        server.device.id
    );
    // -v 6 prints each message, and with it the answer's code.
    Command::new(CLIENT)
        .args(["-m", "post", "-t", "18", "-v", "7", "-B", "30", "-f"])
        .arg(&request)
        .arg("-o")
        .arg(&answer)
        .args(extra)
        .arg(url)
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    let both = [&output.stdout[..], &output.stderr].concat();
    String::from_utf8_lossy(&both).into_owned()
}

#[test]
fn libcoap_posts_a_body_from_a_file_and_gets_a_receipt() {
    if !client_is_here() {
        return;
    }
    let server = TestServer::start();
    let folder = tempfile::tempdir().unwrap();
    let body = server.device.body(1);
    let output = post(&server, folder.path(), &body, &[]);
    let printed = text(&output);
    assert!(printed.contains("2.04"), "{printed}");
    let answer = std::fs::read(folder.path().join("answer")).unwrap();
    let receipt = verify_receipt(&answer, server.platform, &body).unwrap();
    assert_eq!(receipt.offset.get(), 1);
    assert_eq!(server.kept()[0].payload, PAYLOAD);
}

#[test]
fn libcoap_posts_a_long_body_in_blocks() {
    if !client_is_here() {
        return;
    }
    let server = TestServer::start();
    let folder = tempfile::tempdir().unwrap();
    let mut payload = vec![b' '; 5_000];
    payload[..PAYLOAD.len()].copy_from_slice(PAYLOAD);
    let body = server.device.signed(1, &payload);
    for (sequence, extra) in [(1, &[][..]), (2, &["-b", "64"])] {
        let body = match sequence {
            1 => body.clone(),
            _ => server.device.signed(sequence, &payload),
        };
        let output = post(&server, folder.path(), &body, extra);
        let printed = text(&output);
        assert!(printed.contains("2.04"), "{printed}");
        let answer = std::fs::read(folder.path().join("answer")).unwrap();
        verify_receipt(&answer, server.platform, &body).unwrap();
    }
    assert_eq!(server.kept().len(), 2);
}

#[test]
fn libcoap_waits_for_a_separate_answer() {
    if !client_is_here() {
        return;
    }
    let server = TestServer::with(&Config {
        piggyback_window: std::time::Duration::from_millis(50),
        ..generous()
    });
    let folder = tempfile::tempdir().unwrap();
    let body = server.device.body(1);
    server.shut_gate();
    let printed = std::thread::scope(|scope| {
        let run = scope.spawn(|| text(&post(&server, folder.path(), &body, &[])));
        wait_until(|| server.stage_calls() == 1);
        server.until(|stats| stats.datagrams_out == 1);
        server.open_gate();
        run.join().unwrap()
    });
    assert!(printed.contains("2.04"), "{printed}");
    let answer = std::fs::read(folder.path().join("answer")).unwrap();
    verify_receipt(&answer, server.platform, &body).unwrap();
    assert_eq!(server.stats().separate_answers, 1);
}

#[test]
fn libcoap_is_told_why_a_forged_message_is_refused() {
    if !client_is_here() {
        return;
    }
    let server = TestServer::start();
    let folder = tempfile::tempdir().unwrap();
    let impostor = crate::harness::TestDevice::new("dev-1");
    let printed = text(&post(&server, folder.path(), &impostor.body(1), &[]));
    assert!(printed.contains("4.01"), "{printed}");
    assert_eq!(server.stage_calls(), 0);
}
