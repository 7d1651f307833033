//! Claim codes and batch credentials over HTTP: what they open, and what not.

use serde_json::{Value, json};

use crate::harness::{Platform, Reply, Setup, in_a_year};

const KEY: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

fn enrolment(id: &str) -> Value {
    json!({"id": id, "keys": [{"public_key": KEY}], "location": {"lat": 37.5, "lon": 127.0}})
}

fn redeem(platform: &Platform, code: &Value, id: &str) -> Reply {
    platform.post(
        "/v1/claims/redeem",
        &json!({"code": code, "device": enrolment(id)}),
    )
}

fn enrol(platform: &Platform, credential: &str, id: &str) -> Reply {
    let bearer = format!("Bearer {credential}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    let body = enrolment(id).to_string().into_bytes();
    platform.send("POST", "/v1/batches/enrol", &headers, Some(body))
}

#[test]
fn an_installer_puts_a_device_into_service_with_a_code_alone() {
    let platform = Platform::start();
    let agency = platform.agency();
    let new = json!({"agency": agency, "model": "traffic.flow", "note": "가로등 17"});
    let made = platform
        .operator("POST", "/v1/claims", Some(new))
        .expect(201);
    let qr = made["qr"].as_str().unwrap();
    assert!(qr.starts_with("<svg ") && qr.ends_with("</svg>"), "{qr}");
    let code = &made["code"];
    let open = platform.post("/v1/claims/read", &json!({"code": code}));
    let open = open.expect(200);
    assert_eq!(
        (&open["model"], &open["note"], &open["device"]),
        (&json!("traffic.flow"), &json!("가로등 17"), &Value::Null)
    );
    let enrolled = redeem(&platform, code, "dev-1").expect(201);
    let seen = || {
        let asked = json!({"receipt": enrolled["receipt"]});
        platform.post("/v1/claims/first-data", &asked).expect(200)
    };
    assert_eq!(seen(), json!({"device": "dev-1", "last_seen": null}));
    let used = platform.post("/v1/claims/read", &json!({"code": code}));
    assert_eq!(used.problem(409, "conflict")["code"], "claim-used");
    let stranger = json!({"receipt": "x.AAAA"});
    let stranger = platform.post("/v1/claims/first-data", &stranger);
    stranger.problem(404, "not-found");
    let mut told = enrolled.clone();
    told.as_object_mut().unwrap().remove("receipt");
    assert_eq!(
        told,
        json!({"device": "dev-1", "agency": agency, "model": "traffic.flow", "name": "dev-1",
            "telemetry": "devices/dev-1/telemetry"})
    );
    assert_eq!(
        redeem(&platform, code, "dev-1").expect(201),
        enrolled,
        "asked again"
    );
    redeem(&platform, code, "dev-2").problem(409, "conflict");
    let device = platform
        .operator("GET", "/v1/devices/dev-1", None)
        .expect(200);
    assert_eq!(device["credentials"][0]["public_key"], KEY);

    let listed = platform.all("/v1/claims");
    assert_eq!(
        (&listed[0]["state"], &listed[0]["used_by"]),
        (&json!("used"), &json!("dev-1"))
    );
    assert!(
        !listed[0].to_string().contains(code.as_str().unwrap()),
        "shown once"
    );
    platform.get("/v1/claims").problem(401, "unauthenticated");
    let path = format!("/v1/claims/{}", listed[0]["id"].as_str().unwrap());
    platform
        .operator("DELETE", &path, None)
        .problem(409, "conflict");
}

#[test]
fn a_receipt_tells_nothing_of_what_is_another_agencys_by_now() {
    let platform = Platform::start();
    let [first, next] = [platform.agency(), platform.agency()];
    let new = json!({"agency": first, "model": "traffic.flow"});
    let made = platform.operator("POST", "/v1/claims", Some(new));
    let enrolled = redeem(&platform, &made.expect(201)["code"], "dev-1").expect(201);
    let asked = json!({"receipt": enrolled["receipt"]});
    let ask = || platform.post("/v1/claims/first-data", &asked);
    ask().expect(200);
    let to = Some(json!({"agency": next}));
    let transferred = platform.operator("POST", "/v1/devices/dev-1/transfer", to);
    transferred.expect(200);
    ask().problem(404, "not-found");
}

#[test]
fn codes_are_not_guessed() {
    let platform = Platform::set_up(Setup {
        quotas: open_api::Quotas {
            claim_codes_a_minute: std::num::NonZeroU32::new(3).unwrap(),
            ..open_api::Quotas::default()
        },
        ..Setup::default()
    });
    // Two typing errors, and one that is right and nobody's.
    for (code, status) in [
        ("7KQ4", 400),
        ("2222-2222-2223", 400),
        ("2222-2222-2222", 404),
    ] {
        assert_eq!(
            redeem(&platform, &json!(code), "dev-1").status,
            status,
            "{code}"
        );
    }
    let agency = platform.agency();
    let new = json!({"agency": agency, "model": "traffic.flow"});
    let made = platform
        .operator("POST", "/v1/claims", Some(new))
        .expect(201);
    redeem(&platform, &made["code"], "dev-1").problem(429, "quota-exceeded");
    let claim = made["claim"]["id"].as_str().unwrap();
    let deleted = platform.operator("DELETE", &format!("/v1/claims/{claim}"), None);
    assert_eq!(deleted.status, 204);
}

#[test]
fn a_batchs_credential_opens_the_enrolment_and_nothing_else() {
    let platform = Platform::start();
    let agency = platform.agency();
    let new = json!({"agency": agency, "model": "traffic.flow", "devices": 1,
        "expires": in_a_year()});
    let made = platform
        .operator("POST", "/v1/batches", Some(new))
        .expect(201);
    let credential = made["credential"].as_str().unwrap();
    enrol(&platform, credential, "dev-1").expect(201);
    enrol(&platform, credential, "dev-1").expect(201);
    let full = enrol(&platform, credential, "dev-2").problem(409, "conflict");
    assert_eq!(full["code"], "batch-full");
    let device = platform
        .operator("GET", "/v1/devices/dev-1", None)
        .expect(200);
    assert_eq!(device["credentials"][0]["public_key"], KEY);

    let bearer = format!("Bearer {credential}");
    let headers = [("authorization", bearer.as_str())];
    for (method, path) in [
        ("GET", "/v1/devices"),
        ("GET", "/v1/things"),
        ("GET", "/v1/batches"),
        ("POST", "/v1/devices/dev-1/telemetry"),
    ] {
        let reply = platform.send(method, path, &headers, None);
        assert_eq!(reply.status, 401, "{method} {path}: {}", reply.text);
    }
    let listed = platform.all("/v1/batches");
    assert_eq!(
        (&listed[0]["enrolled"], &listed[0]["devices"]),
        (&json!(1), &json!(1))
    );
    let path = format!("/v1/batches/{}", listed[0]["id"].as_str().unwrap());
    assert_eq!(platform.operator("DELETE", &path, None).status, 204);
    enrol(&platform, credential, "dev-1").problem(409, "conflict");
    enrol(&platform, "mdb_x", "dev-1").problem(401, "unauthenticated");
    let path = "/v1/batches/enrol";
    platform
        .post(path, &enrolment("dev-1"))
        .problem(401, "unauthenticated");
}
