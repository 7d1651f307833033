//! Handshakes as browsers send them, and each fault with its answer.

use super::*;

/// The key and its answer are those of RFC 6455, section 1.3.
const KEY: &str = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
const USUAL: [&str; 6] = [
    "Host: example.kr",
    "Upgrade: websocket",
    "Connection: keep-alive, Upgrade",
    KEY,
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Protocol: mqtt",
];

fn ask(line: &str, headers: &[&str]) -> Result<Accepted, Refused> {
    let lines = [&[line], headers, &["", ""]].concat();
    read(lines.join("\r\n").as_bytes())
}

/// The usual request with one header replaced; with "" it is left out.
fn with(header: &str, replaced: &str) -> Result<Accepted, Refused> {
    let name = header.split(':').next().unwrap();
    let mut headers: Vec<&str> = USUAL.to_vec();
    headers.retain(|usual| !usual.starts_with(name));
    headers.extend((!replaced.is_empty()).then_some(replaced));
    ask("GET /mqtt HTTP/1.1", &headers)
}

#[test]
fn the_usual_request_is_granted() {
    let accepted = ask("GET /mqtt HTTP/1.1", &USUAL).unwrap();
    assert_eq!(accepted.accept_key, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_eq!((accepted.subprotocol, &accepted.origin), ("mqtt", &None));
    assert!(
        accepted
            .answer()
            .ends_with("\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n")
    );
    for path in ["/", "/mqtt?room=1"] {
        assert!(ask(&format!("GET {path} HTTP/1.1"), &USUAL).is_ok());
    }
}

#[test]
fn the_subprotocol_is_chosen_from_what_is_offered() {
    let chosen = |offered: &str| {
        with("Sec-WebSocket-Protocol", offered).map(|accepted| accepted.subprotocol)
    };
    let offered = "Sec-WebSocket-Protocol: chat, mqttv3.1,mqtt";
    assert_eq!(chosen(offered), Ok("mqtt"));
    assert_eq!(chosen("Sec-WebSocket-Protocol: mqttv3.1"), Ok("mqttv3.1"));
    assert_eq!(
        chosen("Sec-WebSocket-Protocol: chat"),
        Err(Refused::Subprotocol)
    );
    assert_eq!(chosen(""), Err(Refused::Subprotocol));
}

#[test]
fn each_fault_has_its_answer() {
    for (refused, expected) in [
        (ask("GET /mqtt HTTP/1.0", &USUAL), Refused::NotHttp),
        (ask("\x10\x20 HTTP/1.1", &USUAL), Refused::NotHttp),
        (ask("GET /other HTTP/1.1", &USUAL), Refused::Path),
        (ask("GET /mqtt/../x HTTP/1.1", &USUAL), Refused::Path),
        (ask("POST /mqtt HTTP/1.1", &USUAL), Refused::Method),
        (with("Upgrade", ""), Refused::NoUpgrade),
        (with("Connection", "Connection: close"), Refused::NoUpgrade),
        (
            with("Sec-WebSocket-Version", "Sec-WebSocket-Version: 8"),
            Refused::Version,
        ),
        (with("Sec-WebSocket-Key", ""), Refused::Key),
        (
            with("Sec-WebSocket-Key", "Sec-WebSocket-Key: short"),
            Refused::Key,
        ),
        (
            with("Sec-WebSocket-Key", &format!("{KEY}\r\n{KEY}")),
            Refused::Key,
        ),
        (with("Origin", "Origin: a\r\nOrigin: b"), Refused::Origin),
        (
            ask("GET / HTTP/1.1", &["A: b"; MAX_HEADERS + 1]),
            Refused::TooLong,
        ),
    ] {
        assert_eq!(refused, Err(expected));
        assert!(expected.answer().contains("Connection: close\r\n"));
    }
}

#[test]
fn the_page_is_passed_on() {
    let accepted = with("Origin", "Origin: https://app.example").unwrap();
    assert_eq!(accepted.origin.as_deref(), Some("https://app.example"));
}
