//! People who log in by name, over HTTP.

use std::time::{Duration, Instant};

use device_registry::{Actor, Grant, NewPerson, PersonPatch, Role};
use domain::{AgencyId, PersonId};
use open_api::{LoginPolicy, SecondFactorFor};
use ring::hmac;
use serde_json::{Value, json};

use crate::harness::{Platform, Reply, Setup};

const PASSWORD: &str = "correct horse battery";
/// Longer than any wait that a test runs into.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the authenticator app shows, so many steps of 30 s from now.
fn code(secret: &str, steps: i64) -> String {
    let mut bits = 0_u128;
    let mut key = Vec::new();
    for (index, letter) in secret.bytes().enumerate() {
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let value = alphabet.iter().position(|it| *it == letter).unwrap();
        bits = bits << 5 | value as u128;
        if index % 8 == 7 {
            key.extend_from_slice(&(bits as u64).to_be_bytes()[3..]);
            bits = 0;
        }
    }
    let now = std::time::SystemTime::now();
    let now = now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let step = (now / 30).checked_add_signed(steps).unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let at = usize::from(tag[19] & 0xf);
    let word = u32::from_be_bytes(tag[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", word % 1_000_000)
}

/// Somebody's account.
pub(crate) fn person(platform: &Platform, id: &str, agency: Option<AgencyId>, grants: Vec<Grant>) {
    let new = NewPerson {
        id: PersonId::new(id).unwrap(),
        name: "김민수".to_owned(),
        agency,
        grants,
    };
    let made = platform.registry.create_person(&Actor::OPERATOR, new);
    made.unwrap();
}

/// With `kim`, of these roles.
fn with_kim(setup: Setup, grants: Vec<Grant>) -> Platform {
    let platform = Platform::set_up(setup);
    person(&platform, "kim", None, grants);
    platform
}

fn administrator() -> Vec<Grant> {
    vec![Grant::new(Role::PlatformAdministrator, None).unwrap()]
}

fn invite(platform: &Platform) -> String {
    let made = platform
        .operator("POST", "/v1/operators/kim/invitation", None)
        .expect(201);
    made["invitation"].as_str().unwrap().to_owned()
}

/// Kim takes an invitation, without an app.
fn accept(platform: &Platform) {
    let body = json!({"invitation": invite(platform), "password": PASSWORD});
    platform.post("/v1/invitation/accept", &body).expect(201);
}

fn log_in(platform: &Platform, body: &Value) -> Reply {
    platform.post("/v1/session", body)
}

fn cookie(reply: &Reply) -> String {
    reply.expect(201);
    let cookie = reply.header("set-cookie").unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

fn by_session(
    platform: &Platform,
    cookie: &str,
    method: &str,
    path: &str,
    body: Option<Value>,
) -> Reply {
    let headers = [
        ("cookie", cookie),
        ("sec-fetch-site", "same-origin"),
        ("content-type", "application/json"),
    ];
    let body = body.map(|body| body.to_string().into_bytes());
    platform.send(method, path, &headers, body)
}

fn in_as_kim(platform: &Platform) -> String {
    cookie(&log_in(
        platform,
        &json!({"name": "kim", "password": PASSWORD}),
    ))
}

fn reason(reply: &Reply) -> String {
    let problem = reply.problem(401, "unauthenticated");
    problem["code"].as_str().unwrap().to_owned()
}

#[test]
fn a_person_logs_in_with_password_and_code() {
    let platform = with_kim(Setup::default(), administrator());
    let invitation = invite(&platform);
    let open = platform
        .post("/v1/invitation", &json!({"invitation": invitation}))
        .expect(200);
    assert_eq!(
        (&open["id"], &open["code_required"]),
        (&json!("kim"), &json!(true))
    );
    let secret = open["secret"].as_str().unwrap();
    assert!(open["uri"].as_str().unwrap().contains(secret));
    let mut body = json!({"invitation": invitation, "password": PASSWORD});
    let without = platform.post("/v1/invitation/accept", &body);
    assert_eq!(without.problem(400, "invalid-body")["code"], "code-missing");
    body["code"] = json!(code(secret, -1));
    let accepted = platform.post("/v1/invitation/accept", &body).expect(201);
    let recovery = accepted["recovery_codes"].as_array().unwrap();
    assert_eq!(recovery.len(), 10);
    platform
        .post("/v1/invitation/accept", &body)
        .problem(404, "not-found");

    let mut login = json!({"name": "kim", "password": PASSWORD});
    assert_eq!(reason(&log_in(&platform, &login)), "code-needed");
    login["code"] = json!("000000");
    assert_eq!(reason(&log_in(&platform, &login)), "wrong-code");
    login["code"] = json!(code(secret, 0));
    let session = cookie(&log_in(&platform, &login));
    assert_eq!(reason(&log_in(&platform, &login)), "wrong-code", "replayed");
    login["code"] = recovery[0].clone();
    log_in(&platform, &login).expect(201);
    assert_eq!(reason(&log_in(&platform, &login)), "wrong-code", "used");

    let shown = by_session(&platform, &session, "GET", "/v1/session", None).expect(200);
    assert_eq!(shown["id"], "kim");
    assert_eq!(
        shown["roles"],
        json!([{"role": "platform-administrator", "agency": null}])
    );
    let agency = json!({"id": "seoul", "name": "서울특별시"});
    platform.actors();
    by_session(&platform, &session, "POST", "/v1/agencies", Some(agency)).expect(201);
    assert_eq!(
        platform.actors()[0].to_string(),
        "person:kim by session from 127.0.0.1"
    );
}

#[test]
fn wrong_names_and_wrong_passwords_look_the_same() {
    let platform = with_kim(Setup::default(), Vec::new());
    accept(&platform);
    let answer = |name: &str| {
        let reply = log_in(
            &platform,
            &json!({"name": name, "password": "not the password"}),
        );
        let mut problem = reply.problem(401, "unauthenticated");
        problem["request_id"] = Value::Null;
        problem
    };
    assert_eq!(answer("kim"), answer("lee"));
    assert_eq!(answer("kim"), answer("no such name!"));
}

#[test]
fn who_fails_again_and_again_waits_and_gets_in_then() {
    let platform = with_kim(Setup::default(), Vec::new());
    accept(&platform);
    let wrong = json!({"name": "kim", "password": "not the password"});
    let right = json!({"name": "kim", "password": PASSWORD});
    for _ in 0..6 {
        assert_eq!(reason(&log_in(&platform, &wrong)), "wrong-name-or-password");
    }
    let delayed = log_in(&platform, &right);
    assert_eq!(
        delayed.problem(429, "quota-exceeded")["code"],
        "login-delayed"
    );
    let wait: u64 = delayed.header("retry-after").unwrap().parse().unwrap();
    assert_eq!(wait, 1);
    // It passes by itself.
    let give_up = Instant::now() + PATIENCE;
    while log_in(&platform, &right).status != 201 {
        assert!(Instant::now() < give_up, "it never passes");
        std::thread::sleep(Duration::from_millis(200));
    }
    // And begins anew.
    assert_eq!(reason(&log_in(&platform, &wrong)), "wrong-name-or-password");
    log_in(&platform, &right).expect(201);
}

#[test]
fn a_session_ends_with_what_it_was_opened_under() {
    let platform = with_kim(Setup::default(), Vec::new());
    accept(&platform);
    let ends = |change: &dyn Fn()| {
        let session = in_as_kim(&platform);
        by_session(&platform, &session, "GET", "/v1/session", None).expect(200);
        change();
        by_session(&platform, &session, "GET", "/v1/session", None).problem(401, "unauthenticated");
    };
    let patch = |patch: PersonPatch| {
        let snapshot = platform.registry.snapshot();
        let looked_at = snapshot.person("kim").unwrap();
        let patched = platform
            .registry
            .patch_person(&Actor::OPERATOR, looked_at, patch);
        patched.unwrap();
    };
    let enabled = |enabled| PersonPatch {
        enabled: Some(enabled),
        ..PersonPatch::default()
    };
    ends(&|| patch(enabled(false)));
    let refused = log_in(&platform, &json!({"name": "kim", "password": PASSWORD}));
    assert_eq!(reason(&refused), "wrong-name-or-password");
    patch(enabled(true));
    ends(&|| {
        patch(PersonPatch {
            grants: Some(vec![Grant::new(Role::Auditor, None).unwrap()]),
            ..PersonPatch::default()
        });
    });
    // A name is nothing that a session hangs on.
    let session = in_as_kim(&platform);
    patch(PersonPatch {
        name: Some("김민지".to_owned()),
        ..PersonPatch::default()
    });
    by_session(&platform, &session, "GET", "/v1/session", None).expect(200);
    ends(&|| accept(&platform));
}

#[test]
fn a_person_changes_its_password_and_sees_its_sessions() {
    let platform = with_kim(Setup::default(), Vec::new());
    accept(&platform);
    let (first, second) = (in_as_kim(&platform), in_as_kim(&platform));
    let list = by_session(&platform, &first, "GET", "/v1/sessions", None).expect(200);
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    let other = items.iter().find(|item| item["current"] == false).unwrap();
    assert_eq!(other["address"], "127.0.0.1");
    let path = format!("/v1/sessions/{}", other["id"].as_str().unwrap());
    let anonymous = platform.send("DELETE", &path, &[], None);
    anonymous.problem(401, "unauthenticated");
    // Another's session is none of the operator's own.
    platform
        .operator("DELETE", &path, None)
        .problem(404, "not-found");
    by_session(&platform, &first, "DELETE", &path, None).expect(204);
    by_session(&platform, &second, "GET", "/v1/session", None).problem(401, "unauthenticated");

    let change = |so_far: &str, new: &str| {
        let body = json!({"password": so_far, "new_password": new});
        by_session(
            &platform,
            &first,
            "POST",
            "/v1/session/password",
            Some(body),
        )
    };
    let new = "an entirely other one";
    let wrong = change(new, new).problem(400, "invalid-body");
    assert_eq!(wrong["code"], "wrong-password");
    let poor = change(PASSWORD, "kim").problem(400, "invalid-body");
    assert_eq!(poor["code"], "poor-password");
    let third = cookie(&change(PASSWORD, new));
    by_session(&platform, &first, "GET", "/v1/session", None).problem(401, "unauthenticated");
    by_session(&platform, &third, "GET", "/v1/session", None).expect(200);
    let old = log_in(&platform, &json!({"name": "kim", "password": PASSWORD}));
    assert_eq!(reason(&old), "wrong-name-or-password");
}

#[test]
fn who_administers_nothing_does_nothing_of_an_operators() {
    let platform = with_kim(Setup::default(), Vec::new());
    accept(&platform);
    let session = in_as_kim(&platform);
    by_session(&platform, &session, "GET", "/v1/devices", None).problem(403, "forbidden");
    by_session(
        &platform,
        &session,
        "POST",
        "/v1/operators/kim/invitation",
        None,
    )
    .problem(403, "forbidden");
    platform
        .post("/v1/operators/kim/invitation", &json!({}))
        .problem(401, "unauthenticated");
}

#[test]
fn nobody_invites_itself() {
    let setup = Setup {
        login: LoginPolicy {
            second_factor: SecondFactorFor::Nobody,
            ..LoginPolicy::default()
        },
        ..Setup::default()
    };
    let platform = with_kim(setup, administrator());
    person(&platform, "lee", None, Vec::new());
    accept(&platform);
    let session = in_as_kim(&platform);
    let invite = |id: &str| {
        let path = format!("/v1/operators/{id}/invitation");
        by_session(&platform, &session, "POST", &path, None)
    };
    invite("lee").expect(201);
    invite("kim").problem(403, "forbidden");
    by_session(&platform, &session, "GET", "/v1/session", None).expect(200);
}

#[test]
fn the_operators_token_can_be_switched_off() {
    let setup = || Setup {
        login: LoginPolicy {
            operator_token: false,
            second_factor: SecondFactorFor::Nobody,
        },
        ..Setup::default()
    };
    let platform = with_kim(setup(), administrator());
    platform
        .operator("GET", "/v1/devices", None)
        .problem(401, "unauthenticated");
    log_in(&platform, &json!({"token": platform.token})).problem(401, "unauthenticated");
    let snapshot = platform.registry.snapshot();
    let person = snapshot.person("kim").unwrap();
    let invited = platform.registry.invite_person(&Actor::OPERATOR, person);
    let body = json!({"invitation": invited.unwrap().text, "password": PASSWORD});
    platform.post("/v1/invitation/accept", &body).expect(201);
    let session = in_as_kim(&platform);
    by_session(&platform, &session, "GET", "/v1/devices", None).expect(200);
}

#[test]
fn what_is_half_a_login_is_refused_by_name() {
    let platform = Platform::start();
    for body in [
        json!({}),
        json!({"name": "kim"}),
        json!({"password": PASSWORD}),
        json!({"token": platform.token, "name": "kim"}),
        json!({"name": "kim", "password": PASSWORD, "token": platform.token}),
    ] {
        log_in(&platform, &body).problem(400, "invalid-body");
    }
}
