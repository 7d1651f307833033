use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::*;

const NOW: i64 = 1_800_000_000;

fn token(typ: &Value, changes: &Value) -> String {
    let header = json!({"alg": "RS256", "typ": typ});
    let mut claims = json!({"iss": "https://login.example.kr", "aud": "madang", "iat": NOW,
        "jti": "1", "sub": "u1", "sid": "s1", "events": {EVENT: {}}});
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.AAAA", part(&header), part(&claims))
}

fn read_with(seen: &Seen, typ: &Value, changes: &Value) -> Result<LoggedOut, String> {
    let mut client = ClientConfig::new("https://login.example.kr").unwrap();
    client.client_id = "madang".to_owned();
    let text = token(typ, changes);
    let token = Token::split(WHAT, &text).unwrap();
    read(&token, &client, seen, NOW).map_err(|error| error.to_string())
}

#[test]
fn what_providers_send_ends_sessions() {
    for changes in [
        json!({}),
        json!({"aud": ["grafana", "madang"]}),
        json!({"exp": NOW + 120}),
        json!({"exp": 1e300}),
        json!({"typ": "Logout"}),
        json!({"iat": NOW - MAX_AGE_OF_TOKEN}),
    ] {
        let whom = read_with(&Seen::default(), &json!("logout+jwt"), &changes).unwrap();
        assert_eq!(whom.subject.as_deref(), Some("u1"), "{changes}");
        assert_eq!(whom.session.as_deref(), Some("s1"), "{changes}");
    }
    let of_session = json!({"sub": null});
    let whom = read_with(&Seen::default(), &json!("LOGOUT+JWT"), &of_session).unwrap();
    assert_eq!((whom.subject, whom.session), (None, Some("s1".to_owned())));
}

#[test]
fn another_token_ends_nothing() {
    for (typ, changes, why) in [
        (json!("JWT"), json!({}), "`typ`"),
        (json!(null), json!({}), "`typ`"),
        (
            json!("logout+jwt"),
            json!({"iss": "https://login.example.kr/"}),
            "`iss`",
        ),
        (json!("logout+jwt"), json!({"aud": "grafana"}), "`aud`"),
        (json!("logout+jwt"), json!({"events": {}}), "`events`"),
        (json!("logout+jwt"), json!({"nonce": "n"}), "`nonce`"),
        (json!("logout+jwt"), json!({"exp": NOW - LEEWAY}), "expired"),
        (
            json!("logout+jwt"),
            json!({"iat": NOW + LEEWAY + 1}),
            "`iat`",
        ),
        (
            json!("logout+jwt"),
            json!({"iat": NOW - MAX_AGE_OF_TOKEN - 1}),
            "10 minutes",
        ),
        (
            json!("logout+jwt"),
            json!({"sub": null, "sid": null}),
            "`sub`",
        ),
        (json!("logout+jwt"), json!({"jti": null}), "claims"),
    ] {
        let refusal = read_with(&Seen::default(), &typ, &changes).unwrap_err();
        assert!(refusal.contains(why), "{typ} {changes}: {refusal}");
    }
}

#[test]
fn a_token_is_taken_once() {
    let (seen, typ) = (Seen::default(), json!("logout+jwt"));
    assert!(read_with(&seen, &typ, &json!({})).is_ok());
    let again = read_with(&seen, &typ, &json!({})).unwrap_err();
    assert!(again.contains("`jti`"), "{again}");
    assert!(read_with(&seen, &typ, &json!({"jti": "2"})).is_ok());
}
