//! Why an API key does not open MQTT, row by row.

use device_registry::ApiKeyError;
use domain::Timestamp;
use sdk::api::{Application, NewApplication};
use tests::test_device::now;

use super::{Bench, seconds_from_now};

/// What was sent, and the key that the cure leads to.
struct Case {
    sent: String,
    expected: ApiKeyError,
    cured: String,
}

type Row = fn(&Bench) -> Case;

macro_rules! table {
    ($($pattern:pat => $row:ident,)*) => {
        /// The row of a reason. A reason without one does not compile.
        fn row_of(error: &ApiKeyError) -> &'static str {
            match error {
                $($pattern => stringify!($row),)*
            }
        }

        const ROWS: &[(&str, Row)] = &[$((stringify!($row), $row)),*];
    };
}

table! {
    ApiKeyError::Form => form,
    ApiKeyError::Checksum => checksum,
    ApiKeyError::Unknown => unknown,
    ApiKeyError::Revoked(_) => revoked,
    ApiKeyError::Expired(_) => expired,
}

#[test]
fn each_cure_of_a_refused_api_key_leads_in() {
    let bench = Bench::start();
    for (name, row) in ROWS {
        let case = row(&bench);
        assert_eq!(
            row_of(&case.expected),
            *name,
            "the row is of another reason"
        );
        let login = format!("app-{name}");
        assert_ne!(bench.log_in(&login, &login, &case.sent), 0, "{name}");
        let event = bench.refusal(&login);
        assert_eq!(event.cure, case.expected.cure(), "{name}: {event:?}");
        let expected = case.expected.to_string();
        // But for the time at its end.
        let words = expected.split(" at ").next().unwrap();
        assert!(event.reason.starts_with(words), "{name}: {event:?}");
        assert_eq!(bench.log_in(&login, &login, &case.cured), 0, "{name}");
    }
}

const TIME: Timestamp = Timestamp::from_micros(0);

fn application(bench: &Bench) -> Application {
    let new = NewApplication {
        name: "rivers".to_owned(),
        contact: "dev@example.com".to_owned(),
    };
    bench.operator.create_application(&new).unwrap()
}

/// One more key of an application.
fn another_key(bench: &Bench, application: &Application, terms: &serde_json::Value) -> String {
    let path = format!("/v1/applications/{}/keys", application.id);
    let made = bench.post(&path, terms);
    made["key"].as_str().unwrap().to_owned()
}

fn form(bench: &Bench) -> Case {
    let key = application(bench).key.key;
    Case {
        sent: key[..30].to_owned(),
        expected: ApiKeyError::Form,
        cured: key,
    }
}

fn checksum(bench: &Bench) -> Case {
    let key = application(bench).key.key;
    let (start, last) = key.split_at(key.len() - 1);
    let other = if last == "A" { "B" } else { "A" };
    Case {
        sent: format!("{start}{other}"),
        expected: ApiKeyError::Checksum,
        cured: key,
    }
}

/// A key of another platform.
fn unknown(bench: &Bench) -> Case {
    Case {
        sent: application(&Bench::start()).key.key,
        expected: ApiKeyError::Unknown,
        cured: application(bench).key.key,
    }
}

fn revoked(bench: &Bench) -> Case {
    let application = application(bench);
    let cured = another_key(bench, &application, &serde_json::json!({"kind": "secret"}));
    let path = format!(
        "/v1/applications/{}/keys/{}",
        application.id, application.key.id
    );
    ureq::delete(format!("{}{path}", bench.platform.url()))
        .header(
            "Authorization",
            format!("Bearer {}", bench.platform.token()),
        )
        .call()
        .unwrap();
    Case {
        sent: application.key.key,
        expected: ApiKeyError::Revoked(TIME),
        cured,
    }
}

fn expired(bench: &Bench) -> Case {
    let application = application(bench);
    let soon = seconds_from_now(1);
    let terms = serde_json::json!({"kind": "secret", "expires": soon.to_string()});
    let sent = another_key(bench, &application, &terms);
    while now() <= soon {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    Case {
        sent,
        expected: ApiKeyError::Expired(TIME),
        cured: application.key.key,
    }
}
