//! Rows about tokens: one thing in it is not as it should be.

use device_registry::AuthError;
use tests::TestDevice;
use tests::test_device::{AUDIENCE, now};

use super::{Case, TIME};
use crate::cures::Bench;

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

pub(super) fn token_too_long(bench: &Bench) -> Option<Case<'_>> {
    let expected = AuthError::TokenTooLong { bytes: 0 };
    of_token(bench, expected, |device| {
        token(device, HEADER, |claims| {
            claims["note"] = "x".repeat(5_000).into();
        })
    })
}

pub(super) fn token_form(bench: &Bench) -> Option<Case<'_>> {
    let expected = AuthError::TokenForm("its header is not in base64url");
    of_token(bench, expected, |_| "a.b.c".to_owned())
}

pub(super) fn algorithm(bench: &Bench) -> Option<Case<'_>> {
    let expected = AuthError::Algorithm {
        token: "HS256".to_owned(),
        registered: "for EdDSA",
    };
    of_token(bench, expected, |device| {
        token(device, r#"{"alg":"HS256"}"#, |_| {})
    })
}

pub(super) fn subject(bench: &Bench) -> Option<Case<'_>> {
    let expected = AuthError::Subject {
        found: String::new(),
    };
    of_token(bench, expected, |device| {
        token(device, HEADER, |claims| claims["sub"] = "another".into())
    })
}

pub(super) fn audience(bench: &Bench) -> Option<Case<'_>> {
    let expected = AuthError::Audience {
        found: String::new(),
        expected: String::new(),
    };
    of_token(bench, expected, |device| {
        token(device, HEADER, |claims| claims["aud"] = "another".into())
    })
}

pub(super) fn missing_claim(bench: &Bench) -> Option<Case<'_>> {
    of_token(bench, AuthError::MissingClaim("exp"), |device| {
        token(device, HEADER, |claims| {
            claims.as_object_mut().unwrap().remove("exp");
        })
    })
}

pub(super) fn claim_type(bench: &Bench) -> Option<Case<'_>> {
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

pub(super) fn lifetime(bench: &Bench) -> Option<Case<'_>> {
    of_token(bench, AuthError::Lifetime { seconds: 90_000 }, |device| {
        token(device, HEADER, |claims| {
            claims["exp"] = (claims["iat"].as_i64().unwrap() + 90_000).into();
        })
    })
}

pub(super) fn token_expired(bench: &Bench) -> Option<Case<'_>> {
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

pub(super) fn issued_ahead(bench: &Bench) -> Option<Case<'_>> {
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

pub(super) fn not_before(bench: &Bench) -> Option<Case<'_>> {
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

/// A device with a key whose firmware sends some password.
pub(super) fn no_token(bench: &Bench) -> Option<Case<'_>> {
    of_token(bench, AuthError::NoToken, |_| "secret".to_owned())
}
