//! `/v1/operators` and `/v1/service-tokens`: who looks after whom.

use serde_json::{Value, json};

use super::callers::{days_ahead, holder, service_token};
use crate::harness::{Platform, Reply};

fn two_agencies() -> Platform {
    let platform = Platform::start();
    for agency in ["seoul", "busan"] {
        let body = json!({"id": agency, "name": agency});
        platform
            .operator("POST", "/v1/agencies", Some(body))
            .expect(201);
    }
    platform
}

fn role(role: &str, agency: Option<&str>) -> Value {
    json!({"role": role, "agency": agency})
}

fn create(platform: &Platform, id: &str, agency: Option<&str>, roles: &[Value]) -> Reply {
    let body = json!({"id": id, "name": id, "agency": agency, "roles": roles});
    platform.operator("POST", "/v1/operators", Some(body))
}

fn ids(reply: &Reply) -> Vec<String> {
    let items = reply.expect(200)["items"].as_array().unwrap().clone();
    let ids = items.iter().map(|item| item["id"].as_str().unwrap());
    ids.map(str::to_owned).collect()
}

#[test]
fn an_agencys_administrator_looks_after_its_own_people_alone() {
    let platform = two_agencies();
    create(
        &platform,
        "kim",
        Some("seoul"),
        &[role("viewer", Some("seoul"))],
    )
    .expect(201);
    create(&platform, "lee", Some("busan"), &[]).expect(201);
    let both = [
        role("viewer", Some("seoul")),
        role("operator", Some("busan")),
    ];
    create(&platform, "park", None, &both).expect(201);
    create(&platform, "root", None, &[role("auditor", None)]).expect(201);
    let seoul = holder(&platform, "agency-administrator", Some("seoul"));
    let ask = |method: &str, path: &str, body: Option<Value>| {
        seoul.send(&platform, method, path, body.as_ref())
    };

    let listed = ask("GET", "/v1/operators", None);
    assert_eq!(ids(&listed), ["kim", "park"]);
    let park = &listed.json()["items"][1];
    assert_eq!(park["roles"], json!([role("viewer", Some("seoul"))]));
    let first = ask("GET", "/v1/operators?limit=1", None);
    let next = first.json()["next"].as_str().unwrap().to_owned();
    assert_eq!(ids(&ask("GET", &next, None)), ["park"]);

    let made = json!({"id": "choi", "name": "최", "agency": "seoul",
        "roles": [role("agency-administrator", Some("seoul"))]});
    ask("POST", "/v1/operators", Some(made)).expect(201);
    let kim = ask(
        "PATCH",
        "/v1/operators/kim",
        Some(json!({"enabled": false})),
    );
    assert_eq!(kim.expect(200)["enabled"], false);
    ask("DELETE", "/v1/operators/choi", None).expect(204);

    for (method, body) in [("PATCH", Some(json!({"name": "x"}))), ("DELETE", None)] {
        let of_platform = ask(method, "/v1/operators/park", body.clone());
        let problem = of_platform.problem(403, "forbidden");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("platform-administrator"), "{detail}");
        for unseen in ["lee", "root", "nobody"] {
            let path = format!("/v1/operators/{unseen}");
            ask(method, &path, body.clone()).problem(404, "not-found");
        }
    }
    let of_busan = json!({"id": "han", "name": "한", "agency": "busan"});
    let unknown = ask("POST", "/v1/operators", Some(of_busan)).expect(400);
    assert_eq!(unknown["code"], "unknown-agency");
    let of_platform = json!({"id": "han", "name": "한"});
    ask("POST", "/v1/operators", Some(of_platform)).problem(403, "forbidden");
}

#[test]
fn nobody_gives_more_than_it_has() {
    let platform = two_agencies();
    create(&platform, "kim", Some("seoul"), &[]).expect(201);
    let seoul = holder(&platform, "agency-administrator", Some("seoul"));
    for more in [
        role("viewer", Some("busan")),
        role("viewer", Some("nowhere")),
        role("platform-administrator", None),
        role("auditor", None),
    ] {
        let roles = json!([more]);
        let person = json!({"id": "han", "name": "한", "agency": "seoul", "roles": roles});
        let token = service_token("Wall", Some("seoul"), &roles);
        let patch = json!({"roles": roles});
        for (method, path, body) in [
            ("POST", "/v1/operators", person),
            ("POST", "/v1/service-tokens", token),
            ("PATCH", "/v1/operators/kim", patch),
        ] {
            let reply = seoul.send(&platform, method, path, Some(&body));
            let problem = reply.problem(403, "forbidden");
            let detail = problem["detail"].as_str().unwrap();
            assert!(detail.starts_with("You cannot give"), "{detail}");
        }
    }
    let listed = platform.operator("GET", "/v1/operators", None);
    assert_eq!(listed.expect(200)["items"][0]["roles"], json!([]));
}

/// It makes accounts, and whoever holds it does not log in as one of them.
#[test]
fn a_service_token_invites_nobody() {
    let platform = two_agencies();
    let seoul = holder(&platform, "agency-administrator", Some("seoul"));
    let kim = json!({"id": "kim", "name": "김", "agency": "seoul"});
    seoul
        .send(&platform, "POST", "/v1/operators", Some(&kim))
        .expect(201);
    let platforms = holder(&platform, "platform-administrator", None);
    platform.actors();
    for caller in [seoul, platforms] {
        let path = "/v1/operators/kim/invitation";
        let reply = caller.send(&platform, "POST", path, None);
        let problem = reply.problem(403, "forbidden");
        assert_eq!(problem["code"], "person-needed");
    }
    assert!(platform.actors().is_empty(), "nobody was invited");
}

#[test]
fn a_service_token_opens_nothing_once_it_is_removed() {
    let platform = two_agencies();
    let roles = json!([role("viewer", Some("seoul"))]);
    let body = service_token("Wall", Some("seoul"), &roles);
    let made = platform
        .operator("POST", "/v1/service-tokens", Some(body))
        .expect(201);
    let token = format!("Bearer {}", made["token"].as_str().unwrap());
    let headers = [("authorization", token.as_str())];
    let devices = || platform.send("GET", "/v1/devices", &headers, None);
    devices().expect(200);
    let listed = platform.operator("GET", "/v1/service-tokens", None);
    assert!(listed.expect(200)["items"][0].get("token").is_none());
    let path = format!("/v1/service-tokens/{}", made["id"].as_str().unwrap());
    platform.operator("DELETE", &path, None).expect(204);
    devices().problem(401, "unauthenticated");
    platform
        .operator("DELETE", &path, None)
        .problem(404, "not-found");
}

#[test]
fn what_a_caller_sees_and_may_not_change_names_the_role_that_is_missing() {
    let platform = two_agencies();
    platform.device("dev-1", "seoul", "traffic.flow", &json!({}));
    let viewer = holder(&platform, "viewer", Some("seoul"));
    viewer
        .send(&platform, "GET", "/v1/devices/dev-1", None)
        .expect(200);
    let reply = viewer.send(&platform, "POST", "/v1/devices/dev-1/revoke", None);
    let problem = reply.problem(403, "forbidden");
    let detail = problem["detail"].as_str().unwrap();
    assert!(
        detail.contains("operator or agency-administrator"),
        "{detail}"
    );
    assert!(detail.contains("Ask an administrator"), "{detail}");
}

#[test]
fn who_installs_a_device_names_and_places_it_and_decides_nothing_else() {
    let platform = two_agencies();
    platform.device("gate-1", "seoul", "traffic.flow", &json!({}));
    let installer = holder(&platform, "installer", Some("seoul"));
    let ask = |method: &str, path: &str, body: Value| {
        installer.send(&platform, method, path, Some(&body))
    };
    let new = |more: &Value| {
        let mut body = json!({"id": "dev-1", "agency": "seoul", "model": "traffic.flow"});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        ask("POST", "/v1/devices", body)
    };
    new(&json!({"visibility": "public"})).problem(403, "forbidden");
    new(&json!({"thing": "gate-1"})).problem(403, "forbidden");
    new(&json!({"name": "세종대로 1"})).expect(201);
    let path = "/v1/devices/dev-1";
    let place = json!({"name": "세종대로 2", "location": {"lat": 37.5, "lon": 127.0}});
    ask("PATCH", path, place).expect(200);
    for more in [
        json!({"visibility": "public"}),
        json!({"licence": "KOGL-1"}),
        json!({"attribution": "x"}),
        json!({"expires": "2036-05-01T00:00:00Z"}),
        json!({"gateway": "gate-1"}),
    ] {
        ask("PATCH", path, more.clone()).problem(403, "forbidden");
        ask("PATCH", "/v1/devices/dev-2", more).problem(404, "not-found");
    }
}

#[test]
fn a_service_token_makes_none_that_outlives_it() {
    let platform = two_agencies();
    let seoul = holder(&platform, "agency-administrator", Some("seoul"));
    let mut body = service_token("Wall", Some("seoul"), &json!([]));
    body["until"] = days_ahead(3).into();
    let reply = seoul.send(&platform, "POST", "/v1/service-tokens", Some(&body));
    let detail = reply.problem(400, "invalid-body")["detail"].to_string();
    assert!(detail.contains("outlives"), "{detail}");
}

#[test]
fn what_another_agency_has_is_told_as_what_is_not_there() {
    let platform = two_agencies();
    let alias = json!({"alias": "00:1b:44:11:3a:b7"});
    platform.device("gate-1", "busan", "traffic.flow", &alias);
    platform.device("dev-1", "seoul", "traffic.flow", &json!({}));
    let seoul = holder(&platform, "operator", Some("seoul"));
    let told = |method: &str, path: &str, body: &Value| {
        let reply = seoul.send(&platform, method, path, Some(body));
        assert!(reply.status >= 400, "{}", reply.text);
        let mut problem = reply.json();
        problem.as_object_mut().unwrap().remove("request_id");
        assert!(!problem.to_string().contains("busan"), "{problem}");
        problem
    };
    let new = |name: &str, value: &str| json!({"id": "dev-2", "agency": "seoul", "model": "traffic.flow", name: value});
    for member in ["gateway", "thing"] {
        let there = told("POST", "/v1/devices", &new(member, "gate-1"));
        let absent = told("POST", "/v1/devices", &new(member, "gate-0"));
        let renamed = there.to_string().replace("gate-1", "gate-0");
        assert_eq!(renamed, absent.to_string(), "{member}");
    }
    let patch = |gateway: &str| {
        let path = "/v1/devices/dev-1";
        told("PATCH", path, &json!({"gateway": gateway})).to_string()
    };
    assert_eq!(patch("gate-1").replace("gate-1", "gate-0"), patch("gate-0"));
    let taken = told("POST", "/v1/devices", &new("alias", "00:1b:44:11:3a:b7"));
    assert_eq!(taken["code"], "alias-taken");
    assert!(!taken.to_string().contains("gate-1"), "{taken}");
    let mut replacement = alias;
    replacement["id"] = "dev-2".into();
    let taken = told("POST", "/v1/devices/dev-1/replace", &replacement);
    assert_eq!(taken["code"], "alias-taken");
    assert!(!taken.to_string().contains("gate-1"), "{taken}");

    // An id that a claim fixes is taken, as that of a device is.
    let reserving = json!({"agency": "busan", "model": "traffic.flow", "device": "gate-2"});
    platform
        .operator("POST", "/v1/claims", Some(reserving))
        .expect(201);
    let bodies = [
        ("/v1/devices", new("id", "ID")),
        (
            "/v1/claims",
            json!({"agency": "seoul", "model": "traffic.flow", "device": "ID"}),
        ),
        ("/v1/devices/dev-1/replace", json!({"id": "ID"})),
    ];
    for (path, body) in bodies {
        let body = |id: &str| -> Value {
            serde_json::from_str(&body.to_string().replace("ID", id)).unwrap()
        };
        let there = told("POST", path, &body("gate-1")).to_string();
        let reserved = told("POST", path, &body("gate-2")).to_string();
        assert_eq!(there.replace("gate-1", "gate-2"), reserved, "{path}");
    }
    let authorization = format!("Bearer {}", seoul.token.as_deref().unwrap());
    let headers = [
        ("authorization", authorization.as_str()),
        ("content-type", "text/csv"),
    ];
    let row = |id: &str| {
        let table = format!("id,agency,model\n{id},seoul,traffic.flow\n").into_bytes();
        let reply = platform.send("POST", "/v1/devices/import", &headers, Some(table));
        reply.json()["errors"].to_string()
    };
    assert!(row("gate-1").contains("device-exists"), "{}", row("gate-1"));
    assert_eq!(row("gate-1").replace("gate-1", "gate-2"), row("gate-2"));
}
