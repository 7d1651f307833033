//! Why a device is not let in, row by row.

use std::net::IpAddr;

use device_registry::{
    Actor, AuthError, Exposure, NewAgency, NewKey, PasswordTerms, Registry,
    authenticate_certificate,
};
use domain::{AgencyId, DeviceId, ModelId, ThingId, Timestamp};
use sdk::api::PublicKeyDocument;
use tests::TestDevice;
use tests::test_device::{AUDIENCE, now};

use super::{Bench, seconds_from_now};

/// What was provoked, and what does away with it.
struct Case<'a> {
    /// The name that it came under.
    login: String,
    /// What the event has to say, but for times in it.
    expected: AuthError,
    /// Does what the cure says; gives the id and the password that lead in.
    cure: Box<dyn FnOnce() -> (String, String) + 'a>,
}

impl<'a> Case<'a> {
    fn of(
        device: &TestDevice,
        expected: AuthError,
        cure: impl FnOnce() -> (String, String) + 'a,
    ) -> Self {
        Self {
            login: device.id.to_string(),
            expected,
            cure: Box::new(cure),
        }
    }
}

/// `None`: the row has looked at the registry itself, since no client of this
/// machine can provoke it over a socket.
type Row = for<'a> fn(&'a Bench) -> Option<Case<'a>>;

macro_rules! table {
    ($($pattern:pat => $row:ident,)*) => {
        /// The row of a reason. A reason without one does not compile.
        fn row_of(error: &AuthError) -> &'static str {
            match error {
                $($pattern => stringify!($row),)*
            }
        }

        const ROWS: &[(&str, Row)] = &[$((stringify!($row), $row)),*];
    };
}

table! {
    AuthError::UnknownDevice => unknown_device,
    AuthError::Revoked => revoked,
    AuthError::DeviceExpired { .. } => device_expired,
    AuthError::NoCredential { .. } => no_credential,
    AuthError::CredentialExpired { .. } => credential_expired,
    AuthError::TokenTooLong { .. } => token_too_long,
    AuthError::TokenForm(_) => token_form,
    AuthError::Algorithm { .. } => algorithm,
    AuthError::WrongKey => wrong_key,
    AuthError::WrongCertificate => wrong_certificate,
    AuthError::CertificateKey => certificate_key,
    AuthError::Subject { .. } => subject,
    AuthError::Audience { .. } => audience,
    AuthError::MissingClaim(_) => missing_claim,
    AuthError::ClaimType { .. } => claim_type,
    AuthError::Lifetime { .. } => lifetime,
    AuthError::TokenExpired { .. } => token_expired,
    AuthError::IssuedAhead { .. } => issued_ahead,
    AuthError::NotBefore { .. } => not_before,
    AuthError::WrongPassword => wrong_password,
    AuthError::NoToken => no_token,
    AuthError::Unprotected { .. } => unprotected,
}

/// The words of a reason, without its figures and what stands in quotes.
fn words(text: &str) -> String {
    let unquoted: String = text.split('"').step_by(2).collect();
    unquoted
        .split_whitespace()
        .filter(|word| word.chars().all(|it| !it.is_ascii_digit()))
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn each_cure_of_a_refused_login_leads_in() {
    let bench = Bench::start();
    for (name, row) in ROWS {
        let Some(case) = row(&bench) else { continue };
        assert_eq!(
            row_of(&case.expected),
            *name,
            "the row is of another reason"
        );
        let event = bench.refusal(&case.login);
        assert_eq!(event.cure, case.expected.cure(), "{name}: {event:?}");
        let expected = words(&case.expected.to_string());
        assert_eq!(words(&event.reason), expected, "{name}");
        let (id, password) = (case.cure)();
        let code = bench.log_in(&id, &id, &password);
        assert_eq!(
            code, 0,
            "{name}: the cure {:?} does not lead in",
            event.cure
        );
    }
}

/// A token of the device's in which one thing is changed.
fn token(device: &TestDevice, header: &str, change: impl FnOnce(&mut serde_json::Value)) -> String {
    let issued = now().as_micros() / 1_000_000;
    let mut claims = serde_json::json!({
        "sub": device.id.as_str(), "aud": AUDIENCE, "iat": issued, "exp": issued + 3_600,
    });
    change(&mut claims);
    let signed = format!(
        "{}.{}",
        base64url(header.as_bytes()),
        base64url(claims.to_string().as_bytes())
    );
    let signature = device.key.sign(signed.as_bytes());
    format!("{signed}.{}", base64url(&signature))
}

const HEADER: &str = r#"{"alg":"EdDSA"}"#;

fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let padded = [chunk, &[0; 2]].concat();
        let bits = u32::from_be_bytes([0, padded[0], padded[1], padded[2]]);
        for place in 0..=chunk.len() {
            let six = (bits >> (18 - 6 * place)) & 63;
            text.push(char::from(ALPHABET[six as usize]));
        }
    }
    text
}

/// Refused with that token; the cure is a usual one.
fn of_token<'a>(
    bench: &'a Bench,
    expected: AuthError,
    token: impl FnOnce(&TestDevice) -> String,
) -> Option<Case<'a>> {
    let device = bench.device();
    let id = device.id.to_string();
    assert_ne!(bench.log_in(&id, &id, &token(&device)), 0);
    let login = device.id.clone();
    let mut case = Case::of(&device, expected, || unreachable!());
    case.cure = Box::new(move || (login.to_string(), device.token()));
    Some(case)
}

/// For values that only stand in an event's figures.
const TIME: Timestamp = Timestamp::from_micros(0);

fn unknown_device(bench: &Bench) -> Option<Case<'_>> {
    let device = bench.unregistered();
    let id = device.id.to_string();
    assert_ne!(bench.log_in(&id, &id, &device.token()), 0);
    let registration = device.registration("safety.air");
    let mut case = Case::of(&device, AuthError::UnknownDevice, || unreachable!());
    case.cure = Box::new(move || {
        bench.operator.register_device(&registration).unwrap();
        (id, device.token())
    });
    Some(case)
}

fn revoked(bench: &Bench) -> Option<Case<'_>> {
    let device = bench.device();
    let id = device.id.to_string();
    bench.operator.revoke_device(&device.id).unwrap();
    assert_ne!(bench.log_in(&id, &id, &device.token()), 0);
    Some(Case::of(&device, AuthError::Revoked, move || {
        let thing = ThingId::new(id).unwrap();
        let anew = bench.register(|new| new.thing = Some(thing));
        (anew.id.to_string(), anew.token())
    }))
}

fn device_expired(bench: &Bench) -> Option<Case<'_>> {
    let device = bench.register(|new| new.expires = Some(seconds_from_now(-60)));
    let id = device.id.to_string();
    assert_ne!(bench.log_in(&id, &id, &device.token()), 0);
    let mut case = Case::of(
        &device,
        AuthError::DeviceExpired { at: TIME },
        || unreachable!(),
    );
    case.cure = Box::new(move || {
        let later = seconds_from_now(3_600).to_string();
        bench.patch(&device, &serde_json::json!({"expires": later}));
        (id, device.token())
    });
    Some(case)
}

fn no_credential(bench: &Bench) -> Option<Case<'_>> {
    let device = bench.register(|new| new.keys = Vec::new());
    let id = device.id.to_string();
    assert_ne!(bench.log_in(&id, &id, "anything"), 0);
    let expected = AuthError::NoCredential {
        wanted: "a password",
    };
    let mut case = Case::of(&device, expected, || unreachable!());
    case.cure = Box::new(move || {
        let made = bench.operator.make_password(&device.id, &[]).unwrap();
        (id, made.password)
    });
    Some(case)
}

fn credential_expired(bench: &Bench) -> Option<Case<'_>> {
    let device = bench.register(|new| new.keys = Vec::new());
    let id = device.id.to_string();
    let soon = seconds_from_now(1);
    let terms = serde_json::json!({"expires": soon.to_string()});
    let made = bench.post(&format!("/v1/devices/{id}/password"), &terms);
    let password = made["password"].as_str().unwrap().to_owned();
    while now() <= soon {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_ne!(bench.log_in(&id, &id, &password), 0);
    let mut case = Case::of(
        &device,
        AuthError::CredentialExpired { at: TIME },
        || unreachable!(),
    );
    case.cure = Box::new(move || {
        let made = bench.operator.make_password(&device.id, &[]).unwrap();
        (id, made.password)
    });
    Some(case)
}

fn token_too_long(bench: &Bench) -> Option<Case<'_>> {
    let expected = AuthError::TokenTooLong { bytes: 0 };
    of_token(bench, expected, |device| {
        token(device, HEADER, |claims| {
            claims["note"] = "x".repeat(5_000).into();
        })
    })
}

fn token_form(bench: &Bench) -> Option<Case<'_>> {
    let expected = AuthError::TokenForm("its header is not in base64url");
    of_token(bench, expected, |_| "a.b.c".to_owned())
}

fn algorithm(bench: &Bench) -> Option<Case<'_>> {
    let expected = AuthError::Algorithm {
        token: "HS256".to_owned(),
        registered: "for EdDSA",
    };
    of_token(bench, expected, |device| {
        token(device, r#"{"alg":"HS256"}"#, |_| {})
    })
}

fn wrong_key(bench: &Bench) -> Option<Case<'_>> {
    let device = bench.device();
    let id = device.id.to_string();
    let other = TestDevice::unregistered(&id);
    assert_ne!(bench.log_in(&id, &id, &other.token()), 0);
    Some(Case::of(&device, AuthError::WrongKey, move || {
        let key = PublicKeyDocument::from(other.key.public_key());
        bench.operator.add_key(&other.id, &key).unwrap();
        (id, other.token())
    }))
}

fn subject(bench: &Bench) -> Option<Case<'_>> {
    let expected = AuthError::Subject {
        found: String::new(),
    };
    of_token(bench, expected, |device| {
        token(device, HEADER, |claims| claims["sub"] = "another".into())
    })
}

fn audience(bench: &Bench) -> Option<Case<'_>> {
    let expected = AuthError::Audience {
        found: String::new(),
        expected: String::new(),
    };
    of_token(bench, expected, |device| {
        token(device, HEADER, |claims| claims["aud"] = "another".into())
    })
}

fn missing_claim(bench: &Bench) -> Option<Case<'_>> {
    of_token(bench, AuthError::MissingClaim("exp"), |device| {
        token(device, HEADER, |claims| {
            claims.as_object_mut().unwrap().remove("exp");
        })
    })
}

fn claim_type(bench: &Bench) -> Option<Case<'_>> {
    let expected = AuthError::ClaimType {
        claim: "exp",
        wanted: "number of seconds",
        found: r#"a text ("1")"#.to_owned(),
    };
    of_token(bench, expected, |device| {
        token(device, HEADER, |claims| {
            claims["exp"] = claims["exp"].to_string().into();
        })
    })
}

fn lifetime(bench: &Bench) -> Option<Case<'_>> {
    of_token(bench, AuthError::Lifetime { seconds: 90_000 }, |device| {
        token(device, HEADER, |claims| {
            claims["exp"] = (claims["iat"].as_i64().unwrap() + 90_000).into();
        })
    })
}

fn token_expired(bench: &Bench) -> Option<Case<'_>> {
    let expected = AuthError::TokenExpired {
        at: TIME,
        seconds: 7_500,
    };
    of_token(bench, expected, |device| {
        token(device, HEADER, |claims| {
            let issued = claims["iat"].as_i64().unwrap();
            claims["iat"] = (issued - 11_100).into();
            claims["exp"] = (issued - 7_500).into();
        })
    })
}

fn issued_ahead(bench: &Bench) -> Option<Case<'_>> {
    let expected = AuthError::IssuedAhead {
        at: TIME,
        seconds: 7_500,
    };
    of_token(bench, expected, |device| {
        token(device, HEADER, |claims| {
            let issued = claims["iat"].as_i64().unwrap();
            claims["iat"] = (issued + 7_500).into();
            claims["exp"] = (issued + 8_000).into();
        })
    })
}

fn not_before(bench: &Bench) -> Option<Case<'_>> {
    let expected = AuthError::NotBefore {
        at: TIME,
        seconds: 7_500,
    };
    of_token(bench, expected, |device| {
        token(device, HEADER, |claims| {
            claims["nbf"] = (claims["iat"].as_i64().unwrap() + 7_500).into();
        })
    })
}

fn wrong_password(bench: &Bench) -> Option<Case<'_>> {
    let device = bench.register(|new| new.keys = Vec::new());
    let id = device.id.to_string();
    bench.operator.make_password(&device.id, &[]).unwrap();
    assert_ne!(bench.log_in(&id, &id, "wrong"), 0);
    let mut case = Case::of(&device, AuthError::WrongPassword, || unreachable!());
    case.cure = Box::new(move || {
        let made = bench.operator.make_password(&device.id, &[]).unwrap();
        (id, made.password)
    });
    Some(case)
}

/// A device with a key whose firmware sends some password.
fn no_token(bench: &Bench) -> Option<Case<'_>> {
    of_token(bench, AuthError::NoToken, |_| "secret".to_owned())
}

/// A registry by itself, with one device of a key.
fn registry() -> (tempfile::TempDir, Registry, TestDevice) {
    let folder = tempfile::tempdir().unwrap();
    let registry = Registry::open(folder.path(), now).unwrap();
    let agency = AgencyId::new("seoul").unwrap();
    let new = NewAgency {
        id: agency.clone(),
        name: "Seoul".to_owned(),
    };
    registry.create_agency(&Actor::Operator, new).unwrap();
    let device = TestDevice::unregistered("row");
    let model = ModelId::new("safety.air").unwrap();
    let new = device_registry::NewDevice {
        keys: vec![key_of(&device)],
        ..device_registry::NewDevice::new(device.id.clone(), agency, model)
    };
    registry.register_device(&Actor::Operator, new).unwrap();
    (folder, registry, device)
}

fn key_of(device: &TestDevice) -> NewKey {
    NewKey {
        alg: "EdDSA".to_owned(),
        public_key: device.key.public_key_base64url(),
        expires: None,
    }
}

/// SubjectPublicKeyInfo of Ed25519 (RFC 8410): a fixed beginning and the key.
fn spki(device: &TestDevice) -> Vec<u8> {
    let head = [
        0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
    ];
    [&head[..], &device.key.public_key().to_bytes()].concat()
}

fn by_certificate(registry: &Registry, id: &DeviceId, spki: &[u8]) -> Result<(), AuthError> {
    let snapshot = registry.snapshot();
    authenticate_certificate(snapshot.device(id.as_str()).unwrap(), spki, now()).map(|_| ())
}

fn wrong_certificate(_: &Bench) -> Option<Case<'_>> {
    let (_folder, registry, device) = registry();
    let other = TestDevice::unregistered("row");
    let refused = by_certificate(&registry, &device.id, &spki(&other)).unwrap_err();
    assert_eq!(row_of(&refused), "wrong_certificate");
    assert!(refused.cure().contains("register the public key"));
    registry
        .add_key(&Actor::Operator, &device.id, &key_of(&other))
        .unwrap();
    assert_eq!(by_certificate(&registry, &device.id, &spki(&other)), Ok(()));
    None
}

fn certificate_key(_: &Bench) -> Option<Case<'_>> {
    let (_folder, registry, device) = registry();
    let refused = by_certificate(&registry, &device.id, b"some other key").unwrap_err();
    assert_eq!(row_of(&refused), "certificate_key");
    assert!(refused.cure().contains("Ed25519"));
    assert_eq!(
        by_certificate(&registry, &device.id, &spki(&device)),
        Ok(())
    );
    None
}

/// From another machine, without TLS.
fn unprotected(_: &Bench) -> Option<Case<'_>> {
    let (_folder, registry, device) = registry();
    let peer: IpAddr = "192.0.2.7".parse().unwrap();
    let attempt = |password: &str, exposure| {
        let snapshot = registry.snapshot();
        let device = snapshot.device(device.id.as_str()).unwrap();
        registry
            .authenticate_password(device, password.as_bytes(), exposure, now())
            .map(|_| ())
    };
    let made = registry
        .make_password(&Actor::Operator, &device.id, PasswordTerms::default())
        .unwrap();
    let refused = attempt(&made.password, Exposure::Plaintext { peer }).unwrap_err();
    assert_eq!(row_of(&refused), "unprotected");
    // Both ways out that the cure names.
    assert!(refused.cure().contains("TLS") && refused.cure().contains("network"));
    assert_eq!(attempt(&made.password, Exposure::Protected), Ok(()));
    let terms = PasswordTerms {
        networks: vec!["192.0.2.0/24".to_owned()],
        ..PasswordTerms::default()
    };
    let bound = registry
        .make_password(&Actor::Operator, &device.id, terms)
        .unwrap();
    assert_eq!(
        attempt(&bound.password, Exposure::Plaintext { peer }),
        Ok(())
    );
    None
}

/// What the listener itself says of a login.
#[test]
fn a_login_that_lacks_something_is_told_what() {
    let bench = Bench::start();
    let device = bench.device();
    let id = device.id.as_str();
    // Another client id than its own.
    assert_eq!(bench.log_in("another", id, &device.token()), 2);
    let event = bench.refusal(id);
    assert!(
        event.cure.contains("the device's id as the client id"),
        "{event:?}"
    );
    assert_eq!(bench.log_in(id, id, &device.token()), 0);
    // No password.
    assert_ne!(bench.log_in(id, id, ""), 0);
    let event = bench.refusal(id);
    assert!(event.reason.contains("a device sends a JWT"), "{event:?}");
    // No user name, and one that is only the addition of a library.
    for user in ["", "?SDK=1"] {
        assert_ne!(bench.log_in(id, user, &device.token()), 0);
        let event = bench.refusal(user);
        assert!(event.reason.contains("a device sends its id"), "{event:?}");
    }
}

/// Two clients with one identity: each throws the other out.
#[test]
fn the_second_of_two_devices_with_one_key_is_told_to_be_registered() {
    let bench = Bench::start();
    let device = bench.device();
    let mqtt = bench.platform.address("mqtt");
    let mut first = device.connect(mqtt);
    let _second = device.connect(mqtt);
    assert!(first.read().is_err(), "thrown out");
    let taken_over = || {
        let events = bench.operator.device_events(&device.id, None);
        let mut events = events.collect_all().unwrap();
        events.retain(|event| event.kind == "taken-over");
        events
    };
    let event = taken_over().remove(0);
    assert!(
        event
            .cure
            .contains("register the second as a device of its own"),
        "{event:?}"
    );
    // As it says.
    let other = bench.device();
    let mut beside = other.connect(mqtt);
    beside
        .publish(&other.topic(), 1, br#"{"pm25": 1}"#)
        .unwrap();
    assert_eq!(beside.read().unwrap().kind(), 4);
    assert_eq!(taken_over().len(), 1);

    // With a password the client id is free, and that is the nearer cure.
    let of_password = bench.register(|new| new.keys = Vec::new());
    let made = bench.operator.make_password(&of_password.id, &[]).unwrap();
    let id = of_password.id.as_str();
    let connect = |client: &str| {
        let mut mqtt = tests::BareClient::open(mqtt).unwrap();
        assert_eq!(mqtt.connect(client, id, &made.password).unwrap(), 0);
        mqtt
    };
    let mut first = connect("one");
    let mut second = connect("one");
    assert!(first.read().is_err(), "thrown out");
    let events = bench.operator.device_events(&of_password.id, None);
    let events = events.collect_all().unwrap();
    let told = events
        .iter()
        .find(|event| event.kind == "taken-over")
        .unwrap();
    assert!(told.cure.contains("give each its own"), "{told:?}");
    let mut third = connect("another");
    for mqtt in [&mut second, &mut third] {
        mqtt.publish(&of_password.topic(), 1, br#"{"pm25": 1}"#)
            .unwrap();
        assert_eq!(mqtt.read().unwrap().kind(), 4);
    }
}
