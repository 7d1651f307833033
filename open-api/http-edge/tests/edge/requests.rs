//! What every request gets, whatever answers it.

use serde_json::{Value, json};

use crate::harness::Server;
use crate::peer::{Peer, RawReply};

fn post(peer: &mut Peer, kind: &str, body: &str) -> RawReply {
    peer.say(format!(
        "POST /body HTTP/1.1\r\nhost: x\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    ));
    peer.reply()
}

fn problem(reply: &RawReply) -> Value {
    assert_eq!(
        reply.header("content-type"),
        Some("application/problem+json")
    );
    serde_json::from_slice(&reply.body).unwrap()
}

#[test]
fn every_reply_has_an_id_and_the_headers_that_guard_it() {
    let server = Server::start();
    let mut peer = Peer::of(server.address);
    let (first, second) = (peer.get("/short", &[]), peer.get("/short", &[]));
    assert_eq!(first.body, b"short");
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
    for (name, value) in [
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        (
            "content-security-policy",
            "default-src 'none'; frame-ancestors 'none'",
        ),
    ] {
        assert_eq!(first.header(name), Some(value));
    }
    assert_eq!(server.figure("madang_http_replies_total{class=\"2xx\"}"), 2);
}

#[test]
fn a_problem_is_told_whole_with_the_requests_id() {
    let server = Server::start();
    let reply = Peer::of(server.address).get("/nothing", &[]);
    assert_eq!(
        problem(&reply),
        json!({
            "type": "/problems/not-found", "title": "Nothing is here", "status": 404,
            "detail": "Nothing is here.", "hint": "/short",
            "request_id": reply.header("x-request-id").unwrap()
        })
    );
    assert_eq!(server.figure("madang_http_replies_total{class=\"4xx\"}"), 1);
}

#[test]
fn a_body_is_read_or_refused_by_its_type_and_its_length() {
    let server = Server::start();
    let mut peer = Peer::of(server.address);
    let read = post(&mut peer, "Application/JSON; charset=utf-8", "[1, 2, 3]");
    assert_eq!((read.status, read.body.as_slice()), (200, &b"3"[..]));
    for (kind, body, status, problem_kind) in [
        ("text/plain", "[]".to_owned(), 415, "unsupported-media-type"),
        ("application/json", "[".to_owned(), 400, "invalid-body"),
        ("application/json", " ".repeat(300 << 10), 413, "too-large"),
    ] {
        let refused = post(&mut peer, kind, &body);
        assert_eq!(refused.status, status);
        assert_eq!(
            problem(&refused)["type"],
            format!("/problems/{problem_kind}")
        );
    }
}
