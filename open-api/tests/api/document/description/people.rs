//! People, service tokens, groups, shares and logins, each asked once.

use serde_json::{Value, json};

use super::Visit;
use crate::access::logins::person;
use crate::harness::in_a_year;

pub(super) fn accounts(visit: &mut Visit<'_>) {
    let roles = json!([{"role": "operator", "agency": "seoul"}]);
    let kim = json!({"id": "kim", "name": "김민수", "agency": "seoul", "roles": roles});
    visit
        .operator("POST /v1/operators", "/v1/operators", Some(kim))
        .expect(201);
    visit
        .operator("GET /v1/operators", "/v1/operators", None)
        .expect(200);
    let line = "PATCH /v1/operators/{id}";
    visit
        .operator(line, "/v1/operators/kim", Some(json!({"enabled": false})))
        .expect(200);
    let line = "DELETE /v1/operators/{id}";
    visit.operator(line, "/v1/operators/kim", None).expect(204);
    let line = "POST /v1/service-tokens";
    let token = crate::access::rights::service_token("Wall", Some("seoul"), &roles);
    let made = visit
        .operator(line, "/v1/service-tokens", Some(token))
        .expect(201);
    visit
        .operator("GET /v1/service-tokens", "/v1/service-tokens", None)
        .expect(200);
    let path = format!("/v1/service-tokens/{}", made["id"].as_str().unwrap());
    visit
        .operator("DELETE /v1/service-tokens/{id}", &path, None)
        .expect(204);
}

pub(super) fn groups(visit: &mut Visit<'_>) {
    let body = json!({"id": "some", "agency": "seoul", "name": "some",
        "query": {"model": "traffic.flow", "bbox": [120, 30, 130, 40]}});
    visit
        .operator("POST /v1/groups", "/v1/groups", Some(body))
        .expect(201);
    visit
        .operator("GET /v1/groups", "/v1/groups", None)
        .expect(200);
    let (line, path) = ("GET /v1/groups/{id}/devices", "/v1/groups/some/devices");
    visit.operator(line, path, None).expect(200);
    for (line, body) in [
        ("PATCH /v1/groups/{id}", Some(json!({"devices": ["dev-1"]}))),
        ("GET /v1/groups/{id}", None),
        ("DELETE /v1/groups/{id}", None),
    ] {
        let reply = visit.operator(line, "/v1/groups/some", body);
        assert!(reply.status < 300, "{line}: {}", reply.text);
    }
}

/// A share from its making to its end, with an agency that is made for it.
pub(super) fn shares(visit: &mut Visit<'_>) {
    let to = visit.platform.agency();
    let share = json!({"agency": "seoul", "to": to, "model": "traffic.flow", "position": "coarse"});
    let line = "POST /v1/shares";
    let made = visit.operator(line, "/v1/shares", Some(share)).expect(201);
    let path = format!("/v1/shares/{}", made["id"].as_str().unwrap());
    let longer = json!({"until": in_a_year()});
    for (line, path, body) in [
        ("GET /v1/shares", "/v1/shares", None),
        ("GET /v1/shares/{id}", path.as_str(), None),
        ("PATCH /v1/shares/{id}", path.as_str(), Some(longer)),
        ("DELETE /v1/shares/{id}", path.as_str(), None),
    ] {
        let reply = visit.operator(line, path, body);
        assert!(reply.status < 300, "{line}: {}", reply.text);
    }
}

/// A person from its invitation to the end of its session.
pub(super) fn logins(visit: &mut Visit<'_>) {
    let token = json!({"token": visit.platform.token});
    visit.operator("POST /v1/session", "/v1/session", Some(token));
    for (line, path) in [
        ("GET /v1/session", "/v1/session"),
        ("GET /v1/sessions", "/v1/sessions"),
    ] {
        visit.operator(line, path, None).expect(200);
    }
    person(visit.platform, "lee", None, Vec::new());
    let line = "POST /v1/operators/{id}/invitation";
    let path = "/v1/operators/lee/invitation";
    let invited = visit.operator(line, path, None).expect(201);
    let invitation = json!({"invitation": invited["invitation"]});
    let line = "POST /v1/invitation";
    visit
        .operator(line, "/v1/invitation", Some(invitation.clone()))
        .expect(200);
    let mut accepted = invitation;
    accepted["password"] = json!("correct horse battery");
    let line = "POST /v1/invitation/accept";
    visit
        .operator(line, "/v1/invitation/accept", Some(accepted))
        .expect(201);
    let login = json!({"name": "lee", "password": "correct horse battery"});
    let session = visit.operator("POST /v1/session", "/v1/session", Some(login));
    let cookie = session.header("set-cookie").unwrap();
    let headers = [
        ("cookie", cookie.split(';').next().unwrap()),
        ("sec-fetch-site", "same-origin"),
        ("content-type", "application/json"),
    ];
    let send = |method: &str, path: &str, body: Option<Value>| {
        let body = body.map(|body| body.to_string().into_bytes());
        visit.platform.send(method, path, &headers, body)
    };
    let own = send("GET", "/v1/session", None);
    let new = json!({"password": "correct horse battery", "new_password": "an entirely other one"});
    let changed = send("POST", "/v1/session/password", Some(new));
    let missing = send("DELETE", "/v1/sessions/none", None);
    visit.check("GET /v1/session", &own);
    visit.check("POST /v1/session/password", &changed);
    visit.check("DELETE /v1/sessions/{id}", &missing);
    // Without one, as it says.
    visit.public("DELETE /v1/session", "/v1/session");
    for path in ["/v1/session/oidc", "/v1/session/oidc/callback"] {
        visit.public(&format!("GET {path}"), path);
    }
    let path = "/v1/session/oidc/backchannel";
    let told = visit.platform.post(path, &json!({}));
    visit.check("POST /v1/session/oidc/backchannel", &told);
}
