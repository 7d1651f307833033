//! Who changed what, as the API tells it.

use std::collections::BTreeSet;

use device_registry::{AuditHead, read_entry, verify_audit};
use open_api::Quotas;
use serde_json::{Value, json};

use crate::access::rights::{Caller, holder, service_token};
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

/// What an agency's own reader is shown, page by page.
fn read_by(platform: &Platform, reader: &Caller, question: &str) -> Vec<Value> {
    let mut next = Some(format!("/v1/audit?{question}"));
    let mut items = Vec::new();
    while let Some(path) = next {
        let page = reader.send(platform, "GET", &path, None).expect(200);
        items.extend(page["items"].as_array().unwrap().clone());
        next = page["next"].as_str().map(str::to_owned);
    }
    items
}

#[test]
fn an_agencys_auditor_reads_what_concerns_its_agency_and_counts_nothing_else() {
    let platform = Platform::start();
    let [own, other] = [platform.agency(), platform.agency()];
    for number in 0..3 {
        platform.device(&format!("a-{number}"), &own, "traffic.flow", &json!({}));
        platform.device(&format!("b-{number}"), &other, "traffic.flow", &json!({}));
    }
    let to = json!({"agency": other});
    platform
        .operator("POST", "/v1/devices/a-2/transfer", Some(to))
        .expect(200);
    let by_platform = platform.all(&format!("/v1/audit?agency={own}"));
    let whole = platform.all("/v1/audit");
    for role in ["auditor", "agency-administrator"] {
        let reader = holder(&platform, role, Some(&own));
        let items = read_by(&platform, &reader, "limit=2");
        // Its own token is an entry of its agency too.
        let hashes = |items: &[Value]| -> Vec<Value> {
            items.iter().map(|entry| entry["hash"].clone()).collect()
        };
        assert!(hashes(&items).starts_with(&hashes(&by_platform)));
        let counted: Vec<u64> = (1..=items.len() as u64).collect();
        assert_eq!(numbers(&items), counted, "no gap tells of others' entries");
        for entry in &items {
            assert_eq!(
                (&entry["agency"], &entry["previous"]),
                (&json!(own), &Value::Null)
            );
        }
        let newest = read_by(&platform, &reader, "limit=3&order=desc");
        let mut reversed = newest.clone();
        reversed.reverse();
        assert_eq!(reversed, items);
        let devices = read_by(&platform, &reader, "kind=device&object=a-1");
        // It was registered, and given a password.
        assert_eq!(devices.len(), 2);
        assert_eq!(
            devices[0]["number"],
            items.iter().find(|entry| entry["object"] == "a-1").unwrap()["number"]
        );
        // What another agency has, and what nobody has, is told alike.
        let told = |agency: &str| {
            let path = format!("/v1/audit?agency={agency}");
            let reply = reader.send(&platform, "GET", &path, None);
            reply.expect(400)["detail"]
                .as_str()
                .unwrap()
                .replace(agency, "x")
        };
        assert_eq!(told(&other), told("agency-9"));
        let head = reader.send(&platform, "GET", "/v1/audit/head", None);
        head.problem(403, "forbidden");
    }
    // Both agencies are told of the transfer, each in an entry of its own.
    let transfers = whole
        .iter()
        .filter(|entry| entry["action"] == "device.transfer");
    let agencies: BTreeSet<&str> = transfers
        .map(|entry| entry["agency"].as_str().unwrap())
        .collect();
    assert_eq!(agencies, BTreeSet::from([own.as_str(), other.as_str()]));
}

#[test]
fn who_audits_several_agencies_says_of_which() {
    let platform = Platform::start();
    let [one, other] = [platform.agency(), platform.agency()];
    let roles = json!([{"role": "auditor", "agency": one}, {"role": "auditor", "agency": other}]);
    let body = service_token("Both", None, &roles);
    let made = platform.operator("POST", "/v1/service-tokens", Some(body));
    let reader = Caller::with_token("both", made.expect(201)["token"].as_str().unwrap());
    let which = reader.send(&platform, "GET", "/v1/audit", None);
    let detail = which.expect(400)["detail"].to_string();
    assert!(detail.contains(&one) && detail.contains(&other), "{detail}");
    for agency in [&one, &other] {
        let items = read_by(&platform, &reader, &format!("agency={agency}"));
        assert!(!items.is_empty() && items.iter().all(|entry| entry["agency"] == **agency));
    }
}
