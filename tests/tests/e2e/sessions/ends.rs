//! How a kept session ends: with its key, by time, and by a fault of its file.

use std::path::Path;
use std::time::Duration;

use sdk::api::{Application, NewApplication};
use tests::peers::look_for;
use tests::test_platform::is_fault;
use tests::{Start, TestPlatform, eventually};

use crate::operation::backup::{madang, text};
use crate::sessions::client::{Login, SessionClient, Version};
use crate::sessions::kept::{City, receive_all};

/// In the data folder.
const SESSIONS_FILE: &str = "sessions.db";

/// How many sessions, and subscriptions of theirs, are kept by a platform that
/// has ended, as `madang doctor` counts them.
fn kept(data: &Path) -> (usize, usize) {
    let looked = madang(&["doctor", "--data", text(data), "--json"]);
    let report: serde_json::Value = serde_json::from_slice(&looked.stdout).unwrap();
    let lines = report["others"].as_array().unwrap().iter();
    let line = lines
        .filter_map(|line| line.as_str()?.strip_prefix(text(&data.join(SESSIONS_FILE))))
        .next()
        .unwrap_or_else(|| panic!("no word of the sessions in {report}"));
    let mut numbers = line.split(' ').filter_map(|word| word.parse().ok());
    (numbers.next().unwrap(), numbers.next().unwrap())
}

fn revoke_key(platform: &TestPlatform, application: &Application) {
    let (id, key) = (&application.id, &application.key.id);
    let url = format!("{}/v1/applications/{id}/keys/{key}", platform.url());
    let answer = ureq::delete(url)
        .header("Authorization", format!("Bearer {}", platform.token()))
        .call();
    assert_eq!(answer.unwrap().status(), 204);
}

/// A session that is away while its API key is revoked, at two moments.
#[test]
fn a_session_goes_with_the_key_that_it_was_made_with() {
    for killed in [false, true] {
        let (city, platform) = City::build();
        let login = city.app(Version::V5);
        let (mut app, _) = SessionClient::connect(platform.address("mqtt"), &login);
        assert_eq!(app.subscribe("open/#").unwrap(), 1);
        app.disconnect();
        platform.stop();
        assert_eq!(kept(&city.data()), (1, 1));

        let platform = city.start();
        revoke_key(&platform, &city.application);
        let platform = if killed {
            city.restart_after_kill(platform)
        } else {
            platform
        };
        // The same client id with another key is another owner's session.
        let other = platform
            .operator()
            .create_application(&NewApplication {
                name: "another".to_owned(),
                contact: "dev@example.com".to_owned(),
            })
            .unwrap();
        let other_login = Login {
            password: other.key.key.clone(),
            ..login
        };
        let (other_app, present) = SessionClient::connect(platform.address("mqtt"), &other_login);
        assert!(!present, "killed: {killed}");
        other_app.disconnect();
        // Within a second of the revocation; a loaded machine gets more.
        let mut platform = Some(platform);
        eventually("the revoked key's session is gone", || {
            platform.take().unwrap().stop();
            let gone = kept(&city.data()) == (1, 0);
            platform = Some(city.start());
            gone.then_some(())
        });
        // The one that is left is the other's.
        let mqtt = platform.as_ref().unwrap().address("mqtt");
        let (_, present) = SessionClient::connect(mqtt, &other_login);
        assert!(present, "killed: {killed}");
    }
}

/// Longer than the sessions of one second; only time makes them expire.
const EXPIRED: Duration = Duration::from_millis(1_500);

/// A session of one second that is there while it lasts, and left alone then.
fn leave_a_short_session(city: &City, platform: &TestPlatform) -> Login {
    let login = Login {
        expiry: 1,
        ..city.app(Version::V5)
    };
    let mqtt = platform.address("mqtt");
    let (mut app, present) = SessionClient::connect(mqtt, &login);
    assert!(!present);
    assert_eq!(app.subscribe("open/#").unwrap(), 1);
    app.disconnect();
    let (app, present) = SessionClient::connect(mqtt, &login);
    assert!(present, "it lasts for a second");
    app.disconnect();
    login
}

#[test]
fn a_session_expires_while_the_platform_runs() {
    let (city, platform) = City::build();
    let login = leave_a_short_session(&city, &platform);
    std::thread::sleep(EXPIRED);
    let (app, present) = SessionClient::connect(platform.address("mqtt"), &login);
    assert!(!present);
    app.disconnect();
    // Nobody comes back to this one: it goes by itself.
    std::thread::sleep(EXPIRED);
    platform.stop();
    assert_eq!(kept(&city.data()), (0, 0));
}

#[test]
fn a_session_expires_while_the_platform_is_stopped() {
    let (city, platform) = City::build();
    let login = leave_a_short_session(&city, &platform);
    platform.stop();
    std::thread::sleep(EXPIRED);
    let platform = city.start();
    let (_, present) = SessionClient::connect(platform.address("mqtt"), &login);
    assert!(!present);
}

#[test]
fn a_damaged_file_of_sessions_is_refused_until_its_loss_is_accepted() {
    let (city, platform) = City::build();
    let login = city.app(Version::V5);
    let (mut app, _) = SessionClient::connect(platform.address("mqtt"), &login);
    app.subscribe("open/#").unwrap();
    app.disconnect();
    city.publish(&platform, 1..=3);
    platform.stop();
    let file = city.data().join(SESSIONS_FILE);
    let garbage = vec![0xa5; 10_000];
    std::fs::write(&file, &garbage).unwrap();

    let Err((status, said)) = TestPlatform::try_on(&city.data(), &Start::default()) else {
        panic!("it came up over a damaged file");
    };
    assert!(is_fault(status), "{status}");
    assert!(
        said.contains("sessions.db") && said.contains("doctor"),
        "{said}"
    );
    assert_eq!(std::fs::read(&file).unwrap(), garbage, "untouched");
    let data = city.data();
    let accept = ["doctor", "--data", text(&data), "--repair", "--accept-loss"];
    let repaired = madang(&accept);
    assert!(repaired.status.success(), "{repaired:?}");
    let aside = std::fs::read_dir(city.data())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| text(path).contains("sessions.db.aside-"))
        .unwrap();
    assert_eq!(std::fs::read(aside).unwrap(), garbage);
    let platform = city.start();
    let (mut app, present) = SessionClient::connect(platform.address("mqtt"), &login);
    assert!(!present, "it begins anew");
    app.subscribe("open/#").unwrap();
    city.publish(&platform, [4]);
    receive_all(&mut app, 4..=4);
    assert_eq!(city.stored(&platform), [1.0, 2.0, 3.0, 4.0]);
}

#[test]
fn a_failed_save_grants_nothing_and_ends_with_1() {
    let Some(strace) = look_for("strace") else {
        return;
    };
    let (city, platform) = City::build();
    let login = city.app(Version::V5);
    let (mut app, _) = SessionClient::connect(platform.address("mqtt"), &login);
    assert_eq!(app.subscribe("open/+/+/+/+/pm10").unwrap(), 1);
    app.disconnect();
    platform.stop();

    let wal = format!("{}-wal", city.data().join(SESSIONS_FILE).display());
    let wrapper = [
        strace.to_str().unwrap(),
        "-f",
        "-q",
        "-P",
        &wal,
        "-e",
        "trace=fdatasync,fsync",
        "-e",
        "inject=fdatasync,fsync:error=EIO:when=3+",
        "-o",
        "/dev/null",
    ];
    let start = Start {
        wrapper: wrapper.map(String::from).to_vec(),
        ..Start::default()
    };
    let mut platform = TestPlatform::on(&city.data(), &start);
    // The other doors stand until then.
    city.publish(&platform, [1]);
    let (mut app, _) = SessionClient::connect(platform.address("mqtt"), &login);
    let mut granted = Vec::new();
    for number in 0..100 {
        let filter = format!("open/seoul/safety/air/thing-{number}/#");
        match app.subscribe(&filter) {
            Ok(code) => {
                assert_eq!(code, 1);
                granted.push(filter);
            }
            Err(_) => break,
        }
    }
    assert!(granted.len() < 100, "the fault never showed");
    let status = platform.wait();
    assert!(is_fault(status), "{status}");

    // What was granted is there, and at most the one that was under way.
    let (_, subscriptions) = kept(&city.data());
    assert!(subscriptions <= 1 + granted.len() + 1, "{subscriptions}");
    let platform = city.start();
    let (mut app, present) = SessionClient::connect(platform.address("mqtt"), &login);
    assert!(present);
    for filter in &granted {
        assert!(app.unsubscribe(filter).unwrap(), "{filter} is lost");
    }
}
