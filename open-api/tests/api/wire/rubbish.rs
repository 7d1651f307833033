//! Bytes that no honest client sends. The platform answers the next one.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::harness::Platform;

fn send(platform: &Platform, bytes: &[u8]) -> String {
    let mut socket = TcpStream::connect(platform.address).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    // The other side may close before it has read everything.
    let _ = socket.write_all(bytes);
    // A caller that hangs up is not answered; one that says no more is what
    // ends a request that never becomes whole.
    if !bytes.windows(17).any(|word| word == b"connection: close") {
        let _ = socket.shutdown(std::net::Shutdown::Write);
    }
    let mut reply = Vec::new();
    let _ = socket.read_to_end(&mut reply);
    String::from_utf8_lossy(&reply).into_owned()
}

#[test]
fn rubbish_ends_only_its_own_connection() {
    let platform = Platform::start();
    let request = |target: &str, more: &str| {
        format!("GET {target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{more}\r\n")
            .into_bytes()
    };
    let huge = "x".repeat(200_000);
    let many: String = (0..500).map(|number| format!("h{number}: 1\r\n")).collect();
    let cases: Vec<(Vec<u8>, &[&str])> = vec![
        (b"\x16\x03\x01\x02\x00\x01\x00".to_vec(), &["", "HTTP/1.1 400"]),
        (vec![0; 10_000], &["", "HTTP/1.1 400"]),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nrubbish-rubbish".to_vec(), &["", "\0"]),
        (request("/v1/latest", &format!("x: {huge}\r\n")), &["HTTP/1.1 431", ""]),
        (request("/v1/latest", &many), &["HTTP/1.1 431", ""]),
        (request(&format!("/{huge}"), ""), &["HTTP/1.1 414", "HTTP/1.1 431", ""]),
        (request("/v1/devices/%ff%fe/telemetry", ""), &["HTTP/1.1 405", "HTTP/1.1 400"]),
        (request("/v1/datastreams/%ff", ""), &["HTTP/1.1 400", "HTTP/1.1 404"]),
        (request("/v1/datastreams/%00", ""), &["HTTP/1.1 404"]),
        (request("/v1/../../etc/passwd", ""), &["HTTP/1.1 404"]),
        (request("//v1//latest", ""), &["HTTP/1.1 404"]),
        (request("/v1/latest?%zz=%zz", ""), &["HTTP/1.1 400"]),
        (request("/v1/latest?domain=%ff", ""), &["HTTP/1.1 400", "HTTP/1.1 200"]),
        (b"POST /v1/session HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{".to_vec(), &["HTTP/1.1 400", ""]),
    ];
    for (bytes, starts) in cases {
        let reply = send(&platform, &bytes);
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]).into_owned();
        assert!(
            starts.iter().any(|start| if start.is_empty() {
                reply.is_empty()
            } else {
                reply.starts_with(start)
            }),
            "{shown:?}: {:?}",
            reply.chars().take(80).collect::<String>()
        );
        assert_eq!(platform.get("/healthz").status, 200);
    }
}

#[test]
fn a_host_that_is_none_gets_into_no_link() {
    let platform = Platform::start();
    let reply = send(
        &platform,
        b"GET /v1/models?limit=1 HTTP/1.1\r\nhost: evil/<script>\r\nconnection: close\r\n\r\n",
    );
    assert!(!reply.contains("script"), "{reply}");
    assert!(
        reply.contains("\"next\":\"/v1/models?limit=1&cursor="),
        "{reply}"
    );
}
