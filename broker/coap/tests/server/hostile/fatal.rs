//! The datagrams that stopped or fooled another server.

use std::net::{IpAddr, SocketAddr};

use coap::Config;
use coap_lite::{CoapOption, MessageType, ResponseType};

use super::assert_serves;
use crate::harness::{Client, TestServer, code, generous};

#[test]
fn kill_1_a_path_segment_of_1300_bytes() {
    let server = TestServer::start();
    let client = server.client();
    let mut request = client.post("dev-1", &server.device.body(1)[..20]);
    request.add_option(CoapOption::UriPath, vec![b'a'; 1_300]);
    assert_eq!(code(&client.ask(&request)), ResponseType::BadOption);
    assert_serves(&server);
}

#[test]
fn kill_2_a_block_after_1130_bytes_of_options() {
    let server = TestServer::start();
    let client = server.client();
    for filler in [1_130, 1_200, 1_300] {
        let mut request = client.post("dev-1", b"0123456789abcdef");
        request.add_option(CoapOption::Block1, vec![0x08]);
        request.add_option(CoapOption::Unknown(2_000), vec![0; filler]);
        assert_eq!(code(&client.ask(&request)), ResponseType::Continue);
    }
    assert_serves(&server);
}

/// Port 0 can only be forged, which needs a raw socket.
#[test]
fn kill_3_a_datagram_from_port_0() {
    let server = TestServer::start();
    let raw = socket2::Socket::new(
        socket2::Domain::IPV4,
        socket2::Type::RAW,
        Some(socket2::Protocol::UDP),
    );
    let Ok(raw) = raw else {
        eprintln!("NOT TESTED: a raw socket needs root; a datagram from port 0 was not sent");
        assert!(
            std::env::var_os("CI").is_none_or(|ci| ci != "true"),
            "required in CI"
        );
        return;
    };
    let target = server.handle.local_address();
    let ping = [0x40, 0, 0, 1];
    let mut datagram = Vec::new();
    for field in [0, target.port(), 8 + ping.len() as u16, 0] {
        datagram.extend(field.to_be_bytes());
    }
    datagram.extend(ping);
    let host = SocketAddr::new(IpAddr::from([127, 0, 0, 1]), 0);
    for _ in 0..3 {
        raw.send_to(&datagram, &host.into()).unwrap();
    }
    server.until(|stats| stats.source_limited == 3);
    assert_serves(&server);
}

#[test]
fn kill_4_five_thousand_transfers_that_never_end() {
    const ENDPOINTS: usize = 100;
    let server = TestServer::with(&Config {
        open_transfers_per_source: 20,
        ..generous()
    });
    let clients: Vec<Client> = (0..ENDPOINTS).map(|_| server.client()).collect();
    let mut refused = 0;
    for round in 0..50 {
        for client in &clients {
            let mut request = client.post(&format!("dev-{round}"), &[b'x'; 16]);
            request.add_option(CoapOption::Block1, vec![0x08]);
            match code(&client.ask(&request)) {
                ResponseType::Continue => {}
                ResponseType::ServiceUnavailable => refused += 1,
                other => panic!("{other:?}"),
            }
        }
    }
    // An endpoint has one transfer, a source as many as it may have.
    assert_eq!(refused, 50 * (ENDPOINTS - 20));
    assert_serves(&server);
}

#[test]
fn kill_5_a_confirmable_post_three_times() {
    let server = TestServer::start();
    let client = server.client();
    let request = client.post("dev-1", &server.device.body(1));
    let answers = [0, 1, 2].map(|_| client.ask(&request));
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(server.stage_calls(), 1);
}

#[test]
fn kill_6_a_ping_is_reset() {
    let server = TestServer::start();
    server.client().ping(0x1234);
    assert_eq!(server.stats().pings, 1);
}

#[test]
fn kill_7_an_unknown_critical_option() {
    let server = TestServer::start();
    let client = server.client();
    let body = server.device.body(1);
    for critical in [9, 1_001, 65_001] {
        let mut request = client.post("dev-1", &body);
        request.add_option(CoapOption::Unknown(critical), vec![1]);
        assert_eq!(code(&client.ask(&request)), ResponseType::BadOption);
        request.header.set_type(MessageType::NonConfirmable);
        request.header.message_id += 500;
        client.send(&request);
        client.expect_silence();
    }
    assert_eq!(server.stage_calls(), 0);
    let mut request = client.post("dev-1", &body);
    request.add_option(CoapOption::Unknown(1_000), vec![1]);
    assert_eq!(
        code(&client.ask(&request)),
        ResponseType::Changed,
        "elective"
    );
}
