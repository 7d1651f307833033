//! Who gets in: a table of logins, each with the reason that the operator is
//! told.

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use device_registry::{
    Actor, AuthError, AuthErrorKind, DevicePatch, Exposure, NewKey, PasswordTerms, Patch,
    SignatureAlgorithm, authenticate_jwt, verify_signature,
};
use domain::Timestamp;

use crate::harness::{DeviceKey, START_SECONDS, TestRegistry, device, new_device};

const HEADER: &str = r#"{"alg":"EdDSA","typ":"JWT"}"#;

fn claims(sub: &str, aud: &str, iat: i64, exp: i64) -> String {
    format!(r#"{{"sub":"{sub}","aud":"{aud}","iat":{iat},"exp":{exp}}}"#)
}

/// `dev-1` with an Ed25519 key of seed 1.
fn registered() -> TestRegistry {
    let test = TestRegistry::new();
    let mut new = new_device("dev-1");
    new.keys = vec![DeviceKey::ed25519(1).public()];
    test.registry
        .register_device(&Actor::Operator, new)
        .unwrap();
    test
}

/// The refusal's code, or `in`.
fn attempt(test: &TestRegistry, login: &str, token: &str) -> &'static str {
    let snapshot = test.registry.snapshot();
    let outcome = snapshot
        .login(login)
        .and_then(|device| authenticate_jwt(device, token.as_bytes(), "madang", test.now()));
    match outcome {
        Ok(_) => "in",
        Err(error) => {
            assert!(!error.to_string().is_empty() && !error.cure().is_empty());
            error.code()
        }
    }
}

#[test]
fn a_token_gets_in_exactly_where_it_should() {
    let test = registered();
    let key = DeviceKey::ed25519(1);
    let now = START_SECONDS;
    let hour = now + 3_600;
    let day = 24 * 3_600;
    let token = |claims: String| key.token(HEADER, &claims);
    let with = |iat, exp| token(claims("dev-1", "madang", iat, exp));
    for (what, token, expected) in [
        ("a usual one", with(now, hour), "in"),
        (
            "fractions of seconds",
            token(format!(
                r#"{{"sub":"dev-1","aud":"madang","iat":{now}.5,"exp":{hour}.25}}"#
            )),
            "in",
        ),
        (
            "an array of audiences",
            token(format!(
                r#"{{"sub":"dev-1","aud":["x","madang"],"iat":{now},"exp":{hour}}}"#
            )),
            "in",
        ),
        (
            "no audience of ours",
            token(format!(
                r#"{{"sub":"dev-1","aud":["x","y"],"iat":{now},"exp":{hour}}}"#
            )),
            "token-audience",
        ),
        (
            "another audience",
            token(claims("dev-1", "elsewhere", now, hour)),
            "token-audience",
        ),
        (
            "no audience",
            token(format!(r#"{{"sub":"dev-1","iat":{now},"exp":{hour}}}"#)),
            "token-claim-missing",
        ),
        (
            "another device's name",
            token(claims("dev-2", "madang", now, hour)),
            "token-subject",
        ),
        (
            "no exp",
            token(format!(r#"{{"sub":"dev-1","aud":"madang","iat":{now}}}"#)),
            "token-claim-missing",
        ),
        ("24 hours", with(now, now + day), "in"),
        (
            "more than 24 hours",
            with(now, now + day + 1),
            "token-lifetime",
        ),
        ("exp before iat", with(now, now - 1), "token-lifetime"),
        ("a clock 10 minutes fast", with(now + 600, hour), "in"),
        (
            "a clock faster than that",
            with(now + 601, hour),
            "token-issued-ahead",
        ),
        (
            "milliseconds",
            with(now * 1_000, hour * 1_000),
            "token-issued-ahead",
        ),
        (
            "expired within the skew",
            with(now - 3_600, now - 600),
            "in",
        ),
        (
            "expired beyond it",
            with(now - 3_600, now - 601),
            "token-expired",
        ),
        (
            "valid only later",
            token(format!(
                r#"{{"sub":"dev-1","aud":"madang","iat":{now},"exp":{hour},"nbf":{}}}"#,
                now + 700
            )),
            "token-not-before",
        ),
        (
            "a time without end",
            token(format!(
                r#"{{"sub":"dev-1","aud":"madang","iat":1e300,"exp":{hour}}}"#
            )),
            "token-claim-type",
        ),
        (
            "claims twice",
            token(format!(
                r#"{{"sub":"dev-2","sub":"dev-1","aud":"madang","iat":{now},"exp":{hour}}}"#
            )),
            "token-form",
        ),
        (
            "claims that are no object",
            token("[1]".to_owned()),
            "token-form",
        ),
        (
            "another's signature",
            DeviceKey::ed25519(2).token(HEADER, &claims("dev-1", "madang", now, hour)),
            "wrong-key",
        ),
        (
            "a critical extension",
            key.token(
                r#"{"alg":"EdDSA","crit":["b64"]}"#,
                &claims("dev-1", "madang", now, hour),
            ),
            "token-form",
        ),
        ("no token", "hunter2".to_owned(), "token-form"),
        ("four parts", "a.b.c.d".to_owned(), "token-form"),
        ("nothing", String::new(), "token-form"),
        ("a long one", "a".repeat(4_097), "token-too-long"),
    ] {
        assert_eq!(attempt(&test, "dev-1", &token), expected, "{what}");
    }
    assert_eq!(attempt(&test, "dev-9", &with(now, hour)), "unknown-device");
}

#[test]
fn the_registry_decides_the_algorithm() {
    let test = registered();
    let now = START_SECONDS;
    let body = claims("dev-1", "madang", now, now + 60);
    let key = DeviceKey::ed25519(1);
    for header in [
        r#"{"alg":"none"}"#,
        r#"{"alg":"None"}"#,
        r#"{"alg":"ES256"}"#,
        r#"{"alg":"HS256"}"#,
        r#"{"alg":"eddsa"}"#,
        r#"{"alg":""}"#,
    ] {
        let token = key.token(header, &body);
        assert_eq!(
            attempt(&test, "dev-1", &token),
            "token-algorithm",
            "{header}"
        );
    }
    // Unsigned, with and without the algorithm's right name.
    for header in [r#"{"alg":"none"}"#, HEADER] {
        let parts = [header, body.as_str()].map(|part| URL_SAFE_NO_PAD.encode(part));
        let outcome = attempt(&test, "dev-1", &format!("{}.", parts.join(".")));
        assert!(
            matches!(outcome, "token-algorithm" | "wrong-key"),
            "{outcome}"
        );
    }
    // The public key as an HMAC secret is the classic confusion.
    let public = key.public().public_key;
    let parts = [r#"{"alg":"HS256"}"#, body.as_str()].map(|part| URL_SAFE_NO_PAD.encode(part));
    let signed = parts.join(".");
    let secret = URL_SAFE_NO_PAD.decode(public).unwrap();
    let mac = ring::hmac::sign(
        &ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &secret),
        signed.as_bytes(),
    );
    let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac));
    assert_eq!(attempt(&test, "dev-1", &token), "token-algorithm");
}

/// RFC 9864 names EdDSA with Ed25519 `Ed25519`, and newer libraries write that.
#[test]
fn both_names_of_ed25519_are_one_algorithm() {
    let test = TestRegistry::new();
    for (number, (registered, named)) in [
        ("EdDSA", "EdDSA"),
        ("EdDSA", "Ed25519"),
        ("Ed25519", "EdDSA"),
        ("Ed25519", "Ed25519"),
        ("", "Ed25519"),
    ]
    .into_iter()
    .enumerate()
    {
        let id = format!("dev-{number}");
        let key = DeviceKey::ed25519(number as u8 + 1);
        let mut new = new_device(&id);
        new.keys = vec![NewKey {
            alg: registered.to_owned(),
            ..key.public()
        }];
        test.registry
            .register_device(&Actor::Operator, new)
            .unwrap();
        let body = claims(&id, "madang", START_SECONDS, START_SECONDS + 60);
        let token = key.token(&format!(r#"{{"alg":"{named}","typ":"JWT"}}"#), &body);
        assert_eq!(attempt(&test, &id, &token), "in", "{registered} {named}");
    }
    // It does not open an ES256 key's device.
    let mut new = new_device("es");
    new.keys = vec![DeviceKey::es256().public()];
    test.registry
        .register_device(&Actor::Operator, new)
        .unwrap();
    let body = claims("es", "madang", START_SECONDS, START_SECONDS + 60);
    let token = DeviceKey::ed25519(1).token(r#"{"alg":"Ed25519"}"#, &body);
    assert_eq!(attempt(&test, "es", &token), "token-algorithm");
}

/// What was seen is named, and so is the claim.
#[test]
fn a_claim_of_the_wrong_type_is_told_as_that() {
    let test = registered();
    let key = DeviceKey::ed25519(1);
    let good = serde_json::json!({
        "sub": "dev-1", "aud": "madang", "iat": START_SECONDS, "exp": START_SECONDS + 60,
        "nbf": START_SECONDS,
    });
    let told = |header: &str, claims: &str| {
        let snapshot = test.registry.snapshot();
        let device = snapshot.device("dev-1").unwrap();
        let token = key.token(header, claims);
        authenticate_jwt(device, token.as_bytes(), "madang", test.now())
            .map_err(|error| (error.to_string(), error.cure()))
    };
    for (claim, value, reason) in [
        (
            "exp",
            r#""1777593660""#,
            "is a text (\"1777593660\"), and no number of seconds",
        ),
        (
            "iat",
            r#""now""#,
            "is a text (\"now\"), and no number of seconds",
        ),
        (
            "nbf",
            "true",
            "is a boolean (true), and no number of seconds",
        ),
        ("exp", "[1]", "is an array, and no number of seconds"),
        ("exp", "{}", "is an object, and no number of seconds"),
        (
            "exp",
            "1e300",
            "is a number (1e+300), and no number of seconds",
        ),
        ("sub", "7", "is a number (7), and no text"),
        ("aud", "7", "is a number (7), and no text"),
        ("aud", "[7]", "is a number (7), and no text"),
    ] {
        let mut claims = good.clone();
        claims[claim] = serde_json::from_str(value).unwrap();
        let (said, cure) = told(HEADER, &claims.to_string()).unwrap_err();
        assert_eq!(said, format!("the token's `{claim}` {reason}"));
        let named = match claim {
            "sub" | "aud" => claim,
            _ => "without quotes",
        };
        assert!(cure.contains(named), "{cure}");
    }
    for claim in ["sub", "aud", "iat", "exp"] {
        for absent in [true, false] {
            let mut claims = good.clone();
            match absent {
                true => drop(claims.as_object_mut().unwrap().remove(claim)),
                false => claims[claim] = serde_json::Value::Null,
            }
            let (said, _) = told(HEADER, &claims.to_string()).unwrap_err();
            assert_eq!(said, format!("the token has no `{claim}`"));
        }
    }
    let (said, cure) = told("{}", &good.to_string()).unwrap_err();
    assert!(
        said.contains("`alg`") && cure.contains("Ed25519"),
        "{said}: {cure}"
    );
    let (said, _) = told(r#"{"alg":8}"#, &good.to_string()).unwrap_err();
    assert_eq!(said, "the token's `alg` is a number (8), and no text");
    // The right one, with each claim in the other form that it may have.
    let mut claims = good;
    claims["aud"] = serde_json::json!(["madang"]);
    claims["exp"] = serde_json::json!(START_SECONDS as f64 + 60.5);
    assert!(told(HEADER, &claims.to_string()).is_ok());
}

#[test]
fn es256_gets_in_beside_ed25519() {
    let test = registered();
    let es256 = DeviceKey::es256();
    let added = test
        .registry
        .add_key(&Actor::Operator, &device("dev-1"), &es256.public())
        .unwrap();
    let body = claims("dev-1", "madang", START_SECONDS, START_SECONDS + 60);
    let token = es256.token(r#"{"alg":"ES256"}"#, &body);
    let snapshot = test.registry.snapshot();
    let dev_1 = snapshot.device("dev-1").unwrap();
    let proven = authenticate_jwt(dev_1, token.as_bytes(), "madang", test.now());
    assert_eq!(proven, Ok(added.id));
    // Its signature under the other algorithm's name proves nothing.
    assert_eq!(
        attempt(&test, "dev-1", &es256.token(HEADER, &body)),
        "wrong-key"
    );
    let old = DeviceKey::ed25519(1).token(HEADER, &body);
    assert_eq!(attempt(&test, "dev-1", &old), "in");
}

#[test]
fn a_revoked_and_an_expired_device_stay_outside() {
    let test = registered();
    let body = claims("dev-1", "madang", START_SECONDS, START_SECONDS + 3_600);
    let token = DeviceKey::ed25519(1).token(HEADER, &body);
    let message_signature = DeviceKey::ed25519(1).sign(b"message");
    let signed = |test: &TestRegistry| {
        let snapshot = test.registry.snapshot();
        let dev_1 = snapshot.device("dev-1").unwrap();
        let algorithm = SignatureAlgorithm::Ed25519;
        verify_signature(dev_1, algorithm, b"message", &message_signature, test.now())
    };
    assert_eq!(attempt(&test, "dev-1", &token), "in");
    assert!(signed(&test).is_ok());

    let patch = DevicePatch {
        expires: Patch::Set(Timestamp::from_micros(test.now().as_micros() + 1_000_000)),
        ..DevicePatch::default()
    };
    test.registry
        .patch_device(&Actor::Operator, &device("dev-1"), patch)
        .unwrap();
    assert_eq!(attempt(&test, "dev-1", &token), "in");
    test.pass_seconds(1);
    assert_eq!(attempt(&test, "dev-1", &token), "device-expired");
    assert_eq!(signed(&test).unwrap_err().kind(), AuthErrorKind::Expired);

    test.registry
        .revoke_device(&Actor::Operator, &device("dev-1"))
        .unwrap();
    assert_eq!(attempt(&test, "dev-1", &token), "device-revoked");
    assert_eq!(signed(&test).unwrap_err(), AuthError::Revoked);
}

#[test]
fn a_signature_counts_for_its_message_and_its_key_only() {
    let test = registered();
    let snapshot = test.registry.snapshot();
    let dev_1 = snapshot.device("dev-1").unwrap();
    let signature = DeviceKey::ed25519(1).sign(b"message");
    let verify = |algorithm, message: &[u8], signature: &[u8]| {
        verify_signature(dev_1, algorithm, message, signature, test.now())
    };
    let ed25519 = SignatureAlgorithm::Ed25519;
    assert_eq!(
        verify(ed25519, b"message", &signature),
        Ok(dev_1.credentials[0].id)
    );
    assert_eq!(
        verify(ed25519, b"massage", &signature),
        Err(AuthError::WrongKey)
    );
    assert_eq!(
        verify(ed25519, b"message", &signature[..63]),
        Err(AuthError::WrongKey)
    );
    assert_eq!(
        verify(ed25519, b"message", &[0; 64]),
        Err(AuthError::WrongKey)
    );
    let other = verify(SignatureAlgorithm::Es256, b"message", &signature);
    assert!(matches!(other, Err(AuthError::NoCredential { .. })));
}

#[test]
fn an_expired_key_is_told_as_such() {
    let test = registered();
    let mut key = DeviceKey::ed25519(2).public();
    key.expires = Some(Timestamp::from_micros(test.now().as_micros() + 1_000_000));
    test.registry
        .add_key(&Actor::Operator, &device("dev-1"), &key)
        .unwrap();
    let body = claims("dev-1", "madang", START_SECONDS, START_SECONDS + 3_600);
    let token = DeviceKey::ed25519(2).token(HEADER, &body);
    assert_eq!(attempt(&test, "dev-1", &token), "in");
    test.pass_seconds(1);
    assert_eq!(attempt(&test, "dev-1", &token), "credential-expired");
}

#[test]
fn a_password_gets_in_protected_or_from_where_it_may() {
    let test = TestRegistry::new();
    let made = test
        .registry
        .register_device(&Actor::Operator, new_device("dev-1"))
        .unwrap();
    let terms = |networks: &[&str]| PasswordTerms {
        networks: networks.iter().map(ToString::to_string).collect(),
        expires: None,
    };
    let free = test
        .registry
        .make_password(&Actor::Operator, &made.id, terms(&[]))
        .unwrap();
    let bound = test
        .registry
        .make_password(&Actor::Operator, &made.id, terms(&["10.20.0.0/16"]))
        .unwrap();
    let test = test.reopen();
    let attempt = |password: &str, exposure| {
        let snapshot = test.registry.snapshot();
        let dev_1 = snapshot.device("dev-1").unwrap();
        test.registry
            .authenticate_password(dev_1, password.as_bytes(), exposure, test.now())
    };
    let from = |peer: &str| Exposure::Plaintext {
        peer: peer.parse::<IpAddr>().unwrap(),
    };
    assert_eq!(
        attempt(&free.password, Exposure::Protected),
        Ok(free.credential.id)
    );
    assert_eq!(
        attempt(&free.password, from("127.0.0.1")),
        Ok(free.credential.id)
    );
    assert_eq!(attempt(&free.password, from("::1")), Ok(free.credential.id));
    let refused = attempt(&free.password, from("10.20.1.1")).unwrap_err();
    assert_eq!(refused.code(), "password-unprotected");
    assert_eq!(
        attempt(&bound.password, from("10.20.1.1")),
        Ok(bound.credential.id)
    );
    assert_eq!(
        attempt(&bound.password, from("::ffff:10.20.1.1")),
        Ok(bound.credential.id)
    );
    assert!(attempt(&bound.password, from("10.21.1.1")).is_err());
    for wrong in ["", "x", &free.password[1..], &"x".repeat(10_000)] {
        let outcome = attempt(wrong, Exposure::Protected);
        assert_eq!(outcome, Err(AuthError::WrongPassword), "{wrong:.10}");
    }
    test.registry
        .remove_credential(&Actor::Operator, &made.id, free.credential.id)
        .unwrap();
    assert!(attempt(&free.password, Exposure::Protected).is_err());
}

proptest::proptest! {
    /// Whatever a header and claims say under the device's own signature: it is
    /// let in only by what is right, and told why it is not otherwise.
    #[test]
    fn any_claims_are_right_or_are_told_why_not(
        alg in one_of(&[r#""EdDSA""#, r#""Ed25519""#, r#""ES256""#, r#"7"#, r#"null"#, r#"[]"#]),
        sub in one_of(&[r#""dev-1""#, r#""dev-2""#, r#"7"#, r#"null"#, r#"[]"#]),
        aud in one_of(&[r#""madang""#, r#""x""#, r#"["madang"]"#, r#"["x","madang"]"#, r#"[7]"#, r#"7"#, r#"{}"#, r#"null"#]),
        iat in one_of(&[r#"1777593600"#, r#"1777593600.5"#, r#""1777593600""#, r#"-1"#, r#"1e300"#, r#"null"#]),
        exp in one_of(&[r#"1777593700"#, r#"1777593700.5"#, r#""1777593700""#, r#"true"#, r#"17775937000"#, r#"null"#]),
        nbf in one_of(&[r#"1777593600"#, r#"1777599999"#, r#""x""#, r#"null"#]),
    ) {
        let test = PROPERTY.get_or_init(|| std::sync::Mutex::new(registered())).lock().unwrap();
        let claims = format!(
            r#"{{"sub":{sub},"aud":{aud},"iat":{iat},"exp":{exp},"nbf":{nbf}}}"#
        );
        let token = DeviceKey::ed25519(1).token(&format!(r#"{{"alg":{alg}}}"#), &claims);
        let right = [r#""EdDSA""#, r#""Ed25519""#].contains(&alg)
            && sub == r#""dev-1""#
            && [r#""madang""#, r#"["madang"]"#, r#"["x","madang"]"#].contains(&aud)
            && ["1777593600", "1777593600.5"].contains(&iat)
            && ["1777593700", "1777593700.5"].contains(&exp)
            && ["1777593600", "null"].contains(&nbf);
        proptest::prop_assert_eq!(attempt(&test, "dev-1", &token) == "in", right, "{}", claims);
    }
}

/// One registry for all cases of a property.
static PROPERTY: std::sync::OnceLock<std::sync::Mutex<TestRegistry>> = std::sync::OnceLock::new();

fn one_of(
    texts: &'static [&'static str],
) -> impl proptest::strategy::Strategy<Value = &'static str> {
    proptest::sample::select(texts)
}
