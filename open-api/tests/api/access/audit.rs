//! Who changed what, as the API tells it.

use std::collections::BTreeSet;

use device_registry::{AuditHead, read_entry, verify_audit};
use open_api::Quotas;
use serde_json::{Value, json};

use crate::access::sessions::login;
use crate::harness::Platform;

fn numbers(items: &[Value]) -> Vec<u64> {
    items
        .iter()
        .map(|entry| entry["number"].as_u64().unwrap())
        .collect()
}

#[test]
fn a_change_is_told_with_who_made_it_from_where_and_how() {
    let platform = Platform::with(Quotas::default(), "127.0.0.1");
    let agency = platform.agency();
    platform.device("dev-1", &agency, "traffic.flow", &json!({}));
    let session = login(&platform);
    let headers = [
        ("cookie", session.as_str()),
        ("sec-fetch-site", "same-origin"),
        ("content-type", "application/json"),
        ("x-forwarded-for", "203.0.113.9"),
    ];
    let patch = json!({"name": "세종대로 \"1\""}).to_string().into_bytes();
    platform
        .send("PATCH", "/v1/devices/dev-1", &headers, Some(patch))
        .expect(200);
    let list = platform
        .operator("GET", "/v1/audit?order=desc&limit=1", None)
        .expect(200);
    let mut entry = list["items"][0].clone();
    for name in ["number", "time", "previous", "hash"] {
        assert!(entry.as_object_mut().unwrap().remove(name).is_some());
    }
    assert_eq!(
        entry,
        json!({
            "actor": "operator", "address": "203.0.113.9", "means": "session",
            "action": "device.patch", "kind": "device", "object": "dev-1", "agency": agency,
            "before": {"name": "dev-1"}, "after": {"name": "세종대로 \"1\""}
        })
    );
}

#[test]
fn the_list_is_a_chain_that_ends_at_the_head() {
    let platform = Platform::start();
    let agency = platform.agency();
    platform.device("dev-1", &agency, "traffic.flow", &json!({}));
    let head = platform.operator("GET", "/v1/audit/head", None).expect(200);
    let head = AuditHead {
        number: head["number"].as_u64().unwrap(),
        hash: head["hash"].as_str().unwrap().parse().unwrap(),
    };
    let items = platform.all("/v1/audit?limit=7");
    let entries = items.iter().map(|item| read_entry(&item.to_string()));
    let end = verify_audit(entries, AuditHead::default(), Some(head));
    assert_eq!(end, Ok(head));

    // A page stays where it is while entries are added.
    let first = platform
        .operator("GET", "/v1/audit?order=desc&limit=2", None)
        .expect(200);
    platform.agency();
    let next = first["next"].as_str().unwrap();
    let second = platform.operator("GET", next, None).expect(200);
    let both = [&first, &second].map(|page| numbers(page["items"].as_array().unwrap()));
    let expected: Vec<u64> = (head.number - 3..=head.number).rev().collect();
    assert_eq!(both.concat(), expected);
}

#[test]
fn entries_are_filtered_and_a_wrong_question_is_told() {
    let platform = Platform::start();
    let agency = platform.agency();
    let other = platform.agency();
    platform.device("dev-1", &agency, "traffic.flow", &json!({}));
    let objects = |question: &str| -> BTreeSet<String> {
        let items = platform.all(&format!("/v1/audit?{question}"));
        items
            .iter()
            .map(|entry| entry["object"].as_str().unwrap().to_owned())
            .collect()
    };
    let set = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
    assert_eq!(objects("object=dev-1"), set(&["dev-1"]));
    assert_eq!(objects("kind=agency"), set(&[&agency, &other]));
    assert_eq!(
        objects(&format!("agency={agency}")),
        set(&[&agency, "dev-1"])
    );
    assert_eq!(objects("actor=operator"), set(&[&agency, &other, "dev-1"]));
    assert_eq!(objects("from=2100-01-01T00:00:00Z"), set(&[]));
    assert_eq!(
        objects("kind=device&to=2100-01-01T00:00:00Z"),
        set(&["dev-1"])
    );
    for wrong in [
        "order=newest",
        "agency=nobody",
        "from=2026-05-02T00:00:00Z&to=2026-05-01T00:00:00Z",
        "cursor=x",
        "who=operator",
    ] {
        let reply = platform.operator("GET", &format!("/v1/audit?{wrong}"), None);
        assert_eq!(reply.status, 400, "{wrong}: {}", reply.text);
    }
}

#[test]
fn it_is_for_operators() {
    let platform = Platform::start();
    for path in ["/v1/audit", "/v1/audit/head"] {
        platform.get(path).problem(401, "unauthenticated");
    }
}
