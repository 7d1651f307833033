//! Which tokens lead in, claim by claim.

use device_registry::authenticate_jwt;

use super::{HEADER, attempt, claims, registered};
use crate::harness::{DeviceKey, START_SECONDS, TestRegistry};

const NOW: i64 = START_SECONDS;
const HOUR: i64 = NOW + 3_600;
const DAY: i64 = 24 * 3_600;

/// Signed by the key that is registered.
fn token(claims: &str) -> String {
    DeviceKey::ed25519(1).token(HEADER, claims)
}

fn with_times(iat: i64, exp: i64) -> String {
    token(&claims("dev-1", "madang", iat, exp))
}

/// What each is, and what comes of it: `in`, or the refusal's code.
fn check(tokens: &[(&str, String, &str)]) {
    let test = registered();
    for (what, token, expected) in tokens {
        assert_eq!(attempt(&test, "dev-1", token), *expected, "{what}");
    }
}

#[test]
fn a_token_is_for_this_device_and_this_platform() {
    check(&[
        (
            "an array of audiences",
            token(&format!(
                r#"{{"sub":"dev-1","aud":["x","madang"],"iat":{NOW},"exp":{HOUR}}}"#
            )),
            "in",
        ),
        (
            "no audience of ours",
            token(&format!(
                r#"{{"sub":"dev-1","aud":["x","y"],"iat":{NOW},"exp":{HOUR}}}"#
            )),
            "token-audience",
        ),
        (
            "another audience",
            token(&claims("dev-1", "elsewhere", NOW, HOUR)),
            "token-audience",
        ),
        (
            "no audience",
            token(&format!(r#"{{"sub":"dev-1","iat":{NOW},"exp":{HOUR}}}"#)),
            "token-claim-missing",
        ),
        (
            "another device's name",
            token(&claims("dev-2", "madang", NOW, HOUR)),
            "token-subject",
        ),
    ]);
    let test = registered();
    assert_eq!(
        attempt(&test, "dev-9", &with_times(NOW, HOUR)),
        "unknown-device"
    );
}

#[test]
fn a_token_holds_for_a_day_at_most_with_ten_minutes_of_skew() {
    check(&[
        (
            "fractions of seconds",
            token(&format!(
                r#"{{"sub":"dev-1","aud":"madang","iat":{NOW}.5,"exp":{HOUR}.25}}"#
            )),
            "in",
        ),
        (
            "no exp",
            token(&format!(r#"{{"sub":"dev-1","aud":"madang","iat":{NOW}}}"#)),
            "token-claim-missing",
        ),
        ("24 hours", with_times(NOW, NOW + DAY), "in"),
        (
            "more than 24 hours",
            with_times(NOW, NOW + DAY + 1),
            "token-lifetime",
        ),
        ("exp before iat", with_times(NOW, NOW - 1), "token-lifetime"),
        ("a clock 10 minutes fast", with_times(NOW + 600, HOUR), "in"),
        (
            "a clock faster than that",
            with_times(NOW + 601, HOUR),
            "token-issued-ahead",
        ),
        (
            "milliseconds",
            with_times(NOW * 1_000, HOUR * 1_000),
            "token-issued-ahead",
        ),
        (
            "expired within the skew",
            with_times(NOW - 3_600, NOW - 600),
            "in",
        ),
        (
            "expired beyond it",
            with_times(NOW - 3_600, NOW - 601),
            "token-expired",
        ),
        (
            "valid only later",
            token(&format!(
                r#"{{"sub":"dev-1","aud":"madang","iat":{NOW},"exp":{HOUR},"nbf":{}}}"#,
                NOW + 700
            )),
            "token-not-before",
        ),
        (
            "a time without end",
            token(&format!(
                r#"{{"sub":"dev-1","aud":"madang","iat":1e300,"exp":{HOUR}}}"#
            )),
            "token-claim-type",
        ),
    ]);
}

#[test]
fn a_token_is_signed_by_the_device_and_well_formed() {
    check(&[
        ("a usual one", with_times(NOW, HOUR), "in"),
        (
            "claims twice",
            token(&format!(
                r#"{{"sub":"dev-2","sub":"dev-1","aud":"madang","iat":{NOW},"exp":{HOUR}}}"#
            )),
            "token-form",
        ),
        ("claims that are no object", token("[1]"), "token-form"),
        (
            "another's signature",
            DeviceKey::ed25519(2).token(HEADER, &claims("dev-1", "madang", NOW, HOUR)),
            "wrong-key",
        ),
        (
            "a critical extension",
            DeviceKey::ed25519(1).token(
                r#"{"alg":"EdDSA","crit":["b64"]}"#,
                &claims("dev-1", "madang", NOW, HOUR),
            ),
            "token-form",
        ),
        ("no token", "hunter2".to_owned(), "token-form"),
        ("four parts", "a.b.c.d".to_owned(), "token-form"),
        ("nothing", String::new(), "token-form"),
        ("a long one", "a".repeat(4_097), "token-too-long"),
    ]);
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
            if absent {
                claims.as_object_mut().unwrap().remove(claim);
            } else {
                claims[claim] = serde_json::Value::Null;
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
