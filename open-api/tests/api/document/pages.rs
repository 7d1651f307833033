//! The OpenAPI document, the pages, health and metrics.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::Platform;

/// Issue 2's paths: what has no issue yet is absent.
const OPERATIONS: &[&str] = &[
    "delete /v1/applications/{id}/keys/{key}",
    "delete /v1/batches/{id}",
    "delete /v1/boundaries/{name}",
    "delete /v1/claims/{id}",
    "delete /v1/devices/{id}/keys/{credential}",
    "delete /v1/features/{id}",
    "delete /v1/groups/{id}",
    "delete /v1/operators/{id}",
    "delete /v1/service-tokens/{id}",
    "delete /v1/session",
    "delete /v1/sessions/{id}",
    "delete /v1/shares/{id}",
    "delete /v1/things/{id}/photos/{photo}",
    "get /healthz",
    "get /metrics",
    "get /readyz",
    "get /sta/v1.1",
    "get /sta/v2.0",
    "get /v1/agencies",
    "get /v1/agencies/{id}/refinements",
    "get /v1/aggregate",
    "get /v1/applications/{id}",
    "get /v1/applications/{id}/keys",
    "get /v1/audit",
    "get /v1/audit/head",
    "get /v1/backup",
    "get /v1/batches",
    "get /v1/boundaries",
    "get /v1/boundaries/{name}",
    "get /v1/claims",
    "get /v1/datastreams",
    "get /v1/datastreams/summary",
    "get /v1/datastreams/{id}",
    "get /v1/datastreams/{id}/health",
    "get /v1/datastreams/{id}/observations",
    "get /v1/datastreams/{id}/sensors",
    "get /v1/devices",
    "get /v1/devices/{id}",
    "get /v1/devices/{id}/connection",
    "get /v1/devices/{id}/events",
    "get /v1/devices/{id}/health",
    "get /v1/devices/{id}/quarantine",
    "get /v1/devices/{id}/sensors",
    "get /v1/devices/{id}/sensors/{sensor}",
    "get /v1/export/{date}",
    "get /v1/export/{date}/SHA256SUMS",
    "get /v1/export/{date}/{domain}/{file}",
    "get /v1/features",
    "get /v1/features/{id}",
    "get /v1/groups",
    "get /v1/groups/{id}",
    "get /v1/groups/{id}/devices",
    "get /v1/health/devices",
    "get /v1/health/summary",
    "get /v1/latest",
    "get /v1/models",
    "get /v1/models/{id}",
    "get /v1/models/{id}/versions",
    "get /v1/models/{id}/versions/{version}",
    "get /v1/observations",
    "get /v1/operators",
    "get /v1/platform",
    "get /v1/refused",
    "get /v1/search",
    "get /v1/service-tokens",
    "get /v1/session",
    "get /v1/session/oidc",
    "get /v1/session/oidc/callback",
    "get /v1/sessions",
    "get /v1/shares",
    "get /v1/shares/{id}",
    "get /v1/stream",
    "get /v1/stream/ws",
    "get /v1/things",
    "get /v1/things/{id}",
    "get /v1/things/{id}/locations",
    "get /v1/things/{id}/photos",
    "get /v1/things/{id}/photos/{photo}",
    "patch /v1/agencies/{id}",
    "patch /v1/devices/{id}",
    "patch /v1/devices/{id}/keys/{credential}",
    "patch /v1/devices/{id}/sensors/{sensor}",
    "patch /v1/groups/{id}",
    "patch /v1/operators/{id}",
    "patch /v1/shares/{id}",
    "post /v1/agencies",
    "post /v1/applications",
    "post /v1/applications/{id}/keys",
    "post /v1/backup",
    "post /v1/batches",
    "post /v1/batches/enrol",
    "post /v1/claims",
    "post /v1/claims/first-data",
    "post /v1/claims/photos",
    "post /v1/claims/read",
    "post /v1/claims/redeem",
    "post /v1/devices",
    "post /v1/devices/import",
    "post /v1/devices/{id}/children/{child}/telemetry",
    "post /v1/devices/{id}/decommission",
    "post /v1/devices/{id}/keys",
    "post /v1/devices/{id}/next-key",
    "post /v1/devices/{id}/password",
    "post /v1/devices/{id}/replace",
    "post /v1/devices/{id}/revoke",
    "post /v1/devices/{id}/sensors",
    "post /v1/devices/{id}/sensors/{sensor}/calibrations",
    "post /v1/devices/{id}/telemetry",
    "post /v1/devices/{id}/transfer",
    "post /v1/groups",
    "post /v1/invitation",
    "post /v1/invitation/accept",
    "post /v1/models",
    "post /v1/operators",
    "post /v1/operators/{id}/invitation",
    "post /v1/service-tokens",
    "post /v1/session",
    "post /v1/session/oidc/backchannel",
    "post /v1/session/password",
    "post /v1/shares",
    "post /v1/things/{id}/photos",
    "put /v1/agencies/{id}/refinements/{model}",
    "put /v1/boundaries/{name}",
    "put /v1/features/{id}",
];

fn operations(document: &Value) -> Vec<(String, &Value)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            found.push((format!("{method} {path}"), operation));
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

#[test]
fn the_document_lists_what_is_answered() {
    let platform = Platform::start();
    let document = platform.get("/openapi.json").expect(200);
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let listed = operations(&document);
    let names: Vec<&str> = listed.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, OPERATIONS);
    for (name, operation) in &listed {
        assert!(
            operation["summary"].is_string() || operation["description"].is_string(),
            "{name}"
        );
        let (method, path) = name.split_once(' ').unwrap();
        if path == "/v1/stream" {
            continue;
        }
        let path = path
            .replace("{id}", "none")
            .replace("{date}", "2024-05-01")
            .replace("{domain}", "none")
            .replace("{file}", "none.csv")
            .replace("{credential}", "1")
            .replace("{key}", "none");
        let reply = platform.operator(&method.to_uppercase(), &path, None);
        let answered = reply.status != 405
            && (reply.status != 404 || !reply.text.contains("Nothing is at this path"));
        assert!(answered, "{name}: {} {}", reply.status, reply.text);
    }
}

#[test]
fn the_document_is_whole() {
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(map) => {
                if let Some(Value::String(reference)) = map.get("$ref") {
                    found.insert(reference.clone());
                }
                map.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let platform = Platform::start();
    let document = platform.get("/openapi.json").expect(200);
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() > 10);
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(
            document.pointer(pointer).is_some(),
            "{reference} leads nowhere"
        );
    }
    // What OpenAPI asks for: names that are unique, words for each answer, and
    // a group that is declared.
    let listed = operations(&document);
    let ids: BTreeSet<&str> = listed
        .iter()
        .map(|(_, operation)| operation["operationId"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), listed.len());
    assert!(ids.contains("get_datastreams_id_observations"), "{ids:?}");
    let tags = document["tags"].as_array().unwrap();
    for (name, operation) in &listed {
        let tag = &operation["tags"][0];
        assert!(tags.iter().any(|one| one["name"] == *tag), "{name}: {tag}");
        for (status, answer) in operation["responses"].as_object().unwrap() {
            assert!(answer["description"].is_string(), "{name} {status}");
        }
        let problem = &operation["responses"]["default"]["content"]["application/problem+json"];
        assert_eq!(problem["schema"]["$ref"], "#/components/schemas/Problem");
    }
    // Every body has an example.
    let example_of = |content: &Value| {
        let reference = content["schema"]["$ref"].as_str().unwrap_or("#/nowhere");
        let schema = document.pointer(&reference[1..]).unwrap_or(&Value::Null);
        !content["example"].is_null()
            || !schema["example"].is_null()
            || !schema["examples"].is_null()
    };
    for (name, operation) in operations(&document) {
        if let Some(content) = operation["requestBody"]["content"].as_object() {
            let some = content.values().any(example_of)
                || operation["requestBody"].to_string().contains("NewPassword");
            assert!(some, "{name} has a body without an example");
        }
    }
}

#[test]
fn health_is_open_and_metrics_count() {
    let platform = Platform::start();
    assert_eq!(
        platform.get("/healthz").expect(200),
        json!({"status": "alive"})
    );
    assert_eq!(
        platform.get("/readyz").expect(200),
        json!({"status": "ready"})
    );
    platform.public_device("dev-1", "traffic.flow");
    platform.publish("dev-1", &json!({"speed": 1})).expect(200);
    platform.get("/v1/latest").expect(200);
    let metrics = platform.get("/metrics");
    assert!(
        metrics
            .header("content-type")
            .unwrap()
            .starts_with("text/plain")
    );
    for line in [
        "madang_messages_total 1",
        "madang_observations_total 1",
        "madang_devices 1",
        "madang_rejected_total{reason=\"wrong-type\"} 0",
    ] {
        assert!(
            metrics.text.lines().any(|found| found == line),
            "{line} in {}",
            metrics.text
        );
    }
    let platform_view = platform.get("/v1/platform").expect(200);
    assert_eq!(platform_view["audience"], "madang");
    assert_eq!(platform_view["listeners"]["mqtt"], 1883);
}

#[test]
fn pages_come_from_the_binary_and_ask_nobody_else() {
    let platform = Platform::start();
    for path in ["/", "/ops", "/field", "/docs"] {
        let page = platform.get(path);
        assert_eq!(page.status, 200, "{path}: {}", page.text);
        assert!(
            page.header("content-type")
                .unwrap()
                .starts_with("text/html")
        );
        assert!(
            page.header("content-security-policy")
                .unwrap()
                .contains("default-src 'self'")
        );
        let etag = page.header("etag").unwrap();
        let again = platform.send("GET", path, &[("if-none-match", etag)], None);
        assert_eq!((again.status, again.text.as_str()), (304, ""), "{path}");
    }
    platform.get("/assets/none.js").problem(404, "not-found");
    platform
        .get("/assets/..%2findex.html")
        .problem(404, "not-found");
}
