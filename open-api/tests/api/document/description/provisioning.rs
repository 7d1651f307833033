//! A device from its claim to its end.

use serde_json::{Value, json};

use super::Visit;

pub(super) fn enrolment(visit: &mut Visit<'_>) {
    let key = json!([{"public_key": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]);
    let draft = json!({"agency": "seoul", "model": "traffic.flow"});
    let made = visit
        .operator("POST /v1/claims", "/v1/claims", Some(draft))
        .expect(201);
    let mut ask = |path: &str, body: Value| {
        let reply = visit.platform.post(path, &body);
        visit.check(&format!("POST {path}"), &reply);
        reply
    };
    ask("/v1/claims/read", json!({"code": made["code"]}));
    let used = json!({"code": made["code"], "device": {"id": "dev-5", "keys": key}});
    let used = ask("/v1/claims/redeem", used).expect(201);
    ask("/v1/claims/first-data", json!({"receipt": used["receipt"]}));
    photos(visit, used["receipt"].as_str().unwrap());
    let path = format!("/v1/claims/{}", made["claim"]["id"].as_str().unwrap());
    visit.operator("DELETE /v1/claims/{id}", &path, None);
    let draft = json!({"agency": "seoul", "model": "traffic.flow", "devices": 5,
        "expires": crate::harness::in_a_year()});
    let made = visit
        .operator("POST /v1/batches", "/v1/batches", Some(draft))
        .expect(201);
    let bearer = format!("Bearer {}", made["credential"].as_str().unwrap());
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    let body = json!({"id": "dev-6", "keys": key}).to_string().into_bytes();
    let reply = visit
        .platform
        .send("POST", "/v1/batches/enrol", &headers, Some(body));
    reply.expect(201);
    visit.check("POST /v1/batches/enrol", &reply);
    for line in ["GET /v1/claims", "GET /v1/batches"] {
        let path = line.strip_prefix("GET ").unwrap();
        visit.operator(line, path, None).expect(200);
        visit.public(line, path).problem(401, "unauthenticated");
    }
    let path = format!("/v1/batches/{}", made["batch"]["id"].as_str().unwrap());
    visit.operator("DELETE /v1/batches/{id}", &path, None);
}

/// Of the device of a claim.
fn photos(visit: &mut Visit<'_>, receipt: &str) {
    let proof = ("claim-receipt", receipt);
    let reply = visit.platform.photograph("/v1/claims/photos", proof);
    visit.check("POST /v1/claims/photos", &reply);
    let all = "/v1/things/dev-5/photos";
    let token = format!("Bearer {}", visit.platform.token);
    let proof = ("authorization", token.as_str());
    let reply = visit.platform.photograph(all, proof);
    visit.check("POST /v1/things/{id}/photos", &reply);
    let line = "GET /v1/things/{id}/photos";
    visit.operator(line, all, None).expect(200);
    let one = format!("{all}/{}", reply.expect(201)["id"].as_str().unwrap());
    let line = "GET /v1/things/{id}/photos/{photo}";
    visit.operator(line, &one, None).expect_text(200);
    let line = "DELETE /v1/things/{id}/photos/{photo}";
    visit.operator(line, &one, None).expect(204);
}

pub(super) fn next_key(visit: &mut Visit<'_>) {
    let basic = visit.platform.basic("dev-1");
    let headers = [
        ("authorization", basic.as_str()),
        ("content-type", "application/json"),
    ];
    // Of RFC 7515, A.3.1.
    let key = json!({"kty": "EC", "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"});
    let body = json!({"key": key}).to_string().into_bytes();
    let path = "/v1/devices/dev-1/next-key";
    let reply = visit.platform.send("POST", path, &headers, Some(body));
    reply.expect(201);
    visit.check("POST /v1/devices/{id}/next-key", &reply);
}

pub(super) fn lifecycle(visit: &mut Visit<'_>) {
    visit.platform.agency();
    for (line, path, body) in [
        (
            "POST /v1/devices/{id}/transfer",
            "/v1/devices/dev-1/transfer",
            Some(json!({"agency": "agency-0"})),
        ),
        (
            "POST /v1/devices/{id}/replace",
            "/v1/devices/dev-1/replace",
            Some(json!({"id": "dev-1b"})),
        ),
        (
            "POST /v1/devices/{id}/decommission",
            "/v1/devices/dev-1b/decommission",
            None,
        ),
    ] {
        let reply = visit.operator(line, path, body);
        assert!(reply.status < 300, "{line}: {}", reply.text);
    }
}
