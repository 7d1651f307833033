//! The operator's token switched off, and who logs in then.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use device_registry::{Actor, Grant, NewLogin, NewPerson, Registry, Role, SecondFactor};
use domain::PersonId;
use serde_json::json;
use tests::test_device::now;
use tests::{Start, TestPlatform};

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

fn log_in(platform: &TestPlatform, body: &serde_json::Value) -> u16 {
    let url = format!("{}/v1/session", platform.url());
    let agent = ureq::Agent::config_builder().http_status_as_error(false);
    let request = agent.build().new_agent().post(url);
    let request = request.header("content-type", "application/json");
    request.send(body.to_string()).unwrap().status().as_u16()
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
