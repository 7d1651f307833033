use serde_json::json;

use super::*;

const NOW: i64 = 1_800_000_000;

fn refusal(changes: &Value) -> Option<String> {
    let mut claims = json!({"iss": "https://login.example.kr", "sub": "u1", "aud": "madang",
        "exp": NOW + 300, "iat": NOW, "nonce": "n"});
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    let claims: IdClaims = serde_json::from_value(claims).unwrap();
    let mut client = ClientConfig::new("https://login.example.kr").unwrap();
    client.client_id = "madang".to_owned();
    let checked = claims.check(&client, "n", NOW);
    checked.err().map(|error| error.to_string())
}

#[test]
fn what_providers_send_is_taken() {
    for changes in [
        json!({}),
        json!({"aud": ["madang"]}),
        json!({"aud": ["madang", "grafana"], "azp": "madang"}),
        json!({"exp": NOW - LEEWAY + 1, "iat": NOW - 300}),
        json!({"exp": 1e300}),
        json!({"iat": NOW + LEEWAY}),
        json!({"auth_time": NOW - MAX_AGE_OF_LOGIN}),
    ] {
        assert_eq!(refusal(&changes), None, "{changes}");
    }
}

#[test]
fn what_is_for_another_login_client_or_time_is_refused() {
    for (changes, why) in [
        (json!({"iss": "https://login.example.kr/"}), "`iss`"),
        (json!({"aud": "grafana"}), "`aud`"),
        (json!({"aud": []}), "`aud`"),
        (json!({"aud": ["madang", "grafana"]}), "several clients"),
        (
            json!({"aud": ["madang", "grafana"], "azp": "grafana"}),
            "`azp`",
        ),
        (json!({"azp": "grafana"}), "`azp`"),
        (json!({"nonce": "m"}), "`nonce`"),
        (json!({"nonce": null}), "`nonce`"),
        (json!({"sub": ""}), "`sub`"),
        (json!({"exp": NOW - LEEWAY}), "expired"),
        (json!({"iat": NOW + LEEWAY + 1}), "`iat`"),
        (json!({"iat": NOW - MAX_AGE_OF_TOKEN - 1}), "10 minutes"),
        (json!({"auth_time": NOW + LEEWAY + 1}), "future"),
        (
            json!({"auth_time": NOW - MAX_AGE_OF_LOGIN - LEEWAY - 1}),
            "older",
        ),
    ] {
        let refusal = refusal(&changes).unwrap_or_default();
        assert!(refusal.contains(why), "{changes}: {refusal}");
    }
}

#[test]
fn groups_are_a_text_or_texts_by_name_or_path() {
    let claims = json!({"groups": ["a", 1, "b"], "role": "c", "realm_access": {"roles": ["d"]},
        "https://example.kr/groups": ["e"]});
    let claims = claims.as_object().unwrap();
    let found = |name| groups(claims, name).map(|them| them.join(" "));
    assert_eq!(found("groups").as_deref(), Some("a b"));
    assert_eq!(found("role").as_deref(), Some("c"));
    assert_eq!(found("realm_access.roles").as_deref(), Some("d"));
    assert_eq!(found("https://example.kr/groups").as_deref(), Some("e"));
    assert_eq!(found("others"), None);
}
