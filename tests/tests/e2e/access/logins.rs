//! People who log in: by the command line's invitation, and without the
//! operator's token.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use device_registry::{Actor, Grant, NewLogin, NewPerson, Registry, Role, SecondFactor};
use domain::PersonId;
use serde_json::{Value, json};
use tests::test_device::now;
use tests::{Start, TestPlatform};

use crate::operation::backup::{madang, text};

const PASSWORD: &str = "correct horse battery";

/// An administrator of the platform who has set a password, and no app.
fn administrator(data: &Path) {
    let registry = Registry::open(data, now).unwrap();
    let new = NewPerson {
        id: PersonId::new("kim").unwrap(),
        name: "김민수".to_owned(),
        agency: None,
        grants: vec![Grant::new(Role::PlatformAdministrator, None).unwrap()],
    };
    let person = registry.create_person(&Actor::OPERATOR, new).unwrap();
    let invited = registry.invite_person(&Actor::OPERATOR, &person).unwrap();
    let login = NewLogin {
        password: PASSWORD,
        code: None,
    };
    let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
    registry
        .accept_invitation(here, &invited.text, login, |_| SecondFactor::Optional)
        .unwrap();
}

fn start(flags: &[&str]) -> Start {
    Start {
        flags: flags.iter().map(|flag| (*flag).into()).collect(),
        ..Start::default()
    }
}

/// The answer's status, its body and its cookie.
fn post(platform: &TestPlatform, path: &str, body: &Value) -> (u16, Value, String) {
    let url = format!("{}{path}", platform.url());
    let agent = ureq::Agent::config_builder().http_status_as_error(false);
    let request = agent.build().new_agent().post(url);
    let request = request.header("content-type", "application/json");
    let mut answer = request.send(body.to_string()).unwrap();
    let cookie = answer.headers().get("set-cookie");
    let cookie = cookie.map_or("", |cookie| cookie.to_str().unwrap());
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let text = answer.body_mut().read_to_string().unwrap();
    let body = serde_json::from_str(&text).unwrap();
    (answer.status().as_u16(), body, cookie)
}

fn log_in(platform: &TestPlatform, body: &Value) -> u16 {
    post(platform, "/v1/session", body).0
}

fn stands(platform: &TestPlatform, cookie: &str) -> bool {
    let request = ureq::get(format!("{}/v1/session", platform.url()));
    request.header("cookie", cookie).call().is_ok()
}

#[test]
fn a_person_is_invited_and_disabled_from_the_command_line() {
    let platform = TestPlatform::start();
    let operator = |args: &[&str]| {
        let data = text(platform.data());
        let output = madang(&[&["operator"], args, &["--data", data]].concat());
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let link = operator(&["add", "kim", "--name", "김민수", "--role", "auditor"]);
    let (page, invitation) = link.trim().split_once("#invitation=").unwrap();
    assert_eq!(page, format!("{}/ops", platform.url()));
    let body = json!({"invitation": invitation, "password": PASSWORD});
    assert_eq!(post(&platform, "/v1/invitation/accept", &body).0, 201);
    let person = json!({"name": "kim", "password": PASSWORD});
    let (status, shown, cookie) = post(&platform, "/v1/session", &person);
    assert_eq!((status, &shown["id"]), (201, &json!("kim")));
    assert!(stands(&platform, &cookie));
    assert_eq!(operator(&["list"]), "kim\t김민수\tauditor\t\n");

    operator(&["disable", "kim"]);
    assert!(!stands(&platform, &cookie), "it has ended with the command");
    assert_eq!(log_in(&platform, &person), 401);
    assert_eq!(operator(&["list"]), "kim\t김민수\tauditor\tdisabled\n");
    operator(&["enable", "kim"]);
    assert_eq!(log_in(&platform, &person), 201);
    operator(&["invite", "kim"]);
    assert_eq!(log_in(&platform, &person), 401, "a new one has to be set");
}

#[test]
fn the_token_is_switched_off_once_somebody_else_can_log_in() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let refused = |flags: &[&str]| {
        let Err((status, said)) = TestPlatform::try_on(&data, &start(flags)) else {
            panic!("nobody could log in any more");
        };
        assert_eq!(status.code(), Some(1), "{said}");
        assert!(said.contains("--admin-token is off"), "{said}");
    };
    refused(&["--admin-token", "off"]);
    administrator(&data);
    // An administrator without an app, which administrators need.
    refused(&["--admin-token", "off"]);
    let flags = ["--admin-token", "off", "--second-factor", "nobody"];
    let platform = TestPlatform::on(&data, &start(&flags));
    assert!(platform.operator().agencies().next().unwrap().is_err());
    assert_eq!(log_in(&platform, &json!({"token": platform.token()})), 401);
    let person = json!({"name": "kim", "password": PASSWORD});
    assert_eq!(log_in(&platform, &person), 201);
    platform.stop();

    let platform = TestPlatform::on(&data, &Start::default());
    assert_eq!(log_in(&platform, &json!({"token": platform.token()})), 201);
    assert_eq!(log_in(&platform, &person), 401, "it needs an app now");
}
