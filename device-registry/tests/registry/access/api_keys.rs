//! Applications, their keys, and the operator's token.

use device_registry::{
    Actor, ApiKeyError, ApiKeyKind, CreateKeyError, NewApiKey, NewApplication, OperationError,
};
use domain::{ApplicationId, Timestamp};

use crate::harness::{TestRegistry, open_at};

fn application() -> NewApplication {
    NewApplication {
        name: "Rain map".to_owned(),
        contact: "dev@example.org".to_owned(),
    }
}

fn publishable(origins: &[&str]) -> NewApiKey {
    NewApiKey {
        kind: ApiKeyKind::Publishable,
        origins: origins.iter().map(ToString::to_string).collect(),
        expires: None,
    }
}

#[test]
fn a_key_works_at_once_and_after_a_restart() {
    let test = TestRegistry::empty();
    let created = test
        .registry
        .create_application(&Actor::OPERATOR, application())
        .unwrap();
    assert!(created.key.text.starts_with("mdk_"));
    let key = test
        .registry
        .authenticate_api_key(&created.key.text)
        .unwrap();
    assert_eq!(key.application, created.application.id);
    assert_eq!(key.last_used(), Some(test.now()));
    test.registry.flush_last_uses().unwrap();
    let used = test.now();

    let test = test.reopen();
    let snapshot = test.registry.snapshot();
    assert_eq!(
        snapshot.api_key(key.id.as_str()).unwrap().last_used(),
        Some(used)
    );
    assert!(
        test.registry
            .authenticate_api_key(&created.key.text)
            .is_ok()
    );
    let of_application: Vec<_> = snapshot.keys_of(&created.application.id).collect();
    assert_eq!(of_application.len(), 1);
}

#[test]
fn a_wrong_text_opens_nothing_and_says_why() {
    let test = TestRegistry::empty();
    let created = test
        .registry
        .create_application(&Actor::OPERATOR, application())
        .unwrap();
    let text = created.key.text;
    let attempt = |text: &str| test.registry.authenticate_api_key(text).unwrap_err();
    assert_eq!(attempt(""), ApiKeyError::Form);
    assert_eq!(attempt("Bearer x"), ApiKeyError::Form);
    assert_eq!(attempt(&text[..66]), ApiKeyError::Form);
    let last = if text.ends_with('0') { "1" } else { "0" };
    assert_eq!(
        attempt(&format!("{}{last}", &text[..66])),
        ApiKeyError::Checksum
    );
    // A sound key of another platform.
    let other = TestRegistry::empty();
    let stranger = other
        .registry
        .create_application(&Actor::OPERATOR, application())
        .unwrap();
    assert_eq!(attempt(&stranger.key.text), ApiKeyError::Unknown);
}

#[test]
fn two_live_keys_of_a_kind_rotate() {
    let test = TestRegistry::empty();
    let created = test
        .registry
        .create_application(&Actor::OPERATOR, application())
        .unwrap();
    let id = &created.application.id;
    let second = test
        .registry
        .create_key(&Actor::OPERATOR, id, NewApiKey::secret())
        .unwrap();
    let full = test
        .registry
        .create_key(&Actor::OPERATOR, id, NewApiKey::secret());
    assert!(matches!(full, Err(CreateKeyError::Full)));
    let browser = publishable(&["https://example.org"]);
    test.registry
        .create_key(&Actor::OPERATOR, id, browser)
        .unwrap();

    let generation = test.registry.generation();
    test.registry
        .revoke_key(&Actor::OPERATOR, id, &created.key.key.id)
        .unwrap();
    assert!(test.registry.generation() > generation);
    let refused = test.registry.authenticate_api_key(&created.key.text);
    assert_eq!(refused.unwrap_err(), ApiKeyError::Revoked(test.now()));
    assert!(test.registry.authenticate_api_key(&second.text).is_ok());
    test.registry
        .create_key(&Actor::OPERATOR, id, NewApiKey::secret())
        .unwrap();
    let stranger = ApplicationId::new("app-x").unwrap();
    let error = test
        .registry
        .revoke_key(&Actor::OPERATOR, &stranger, &second.key.id)
        .unwrap_err();
    assert_eq!(error.code(), "unknown-key");
}

#[test]
fn a_key_ends_at_its_time() {
    let test = TestRegistry::empty();
    let created = test
        .registry
        .create_application(&Actor::OPERATOR, application())
        .unwrap();
    let at = Timestamp::from_micros(test.now().as_micros() + 5_000_000);
    let mut new = NewApiKey::secret();
    new.expires = Some(at);
    let key = test
        .registry
        .create_key(&Actor::OPERATOR, &created.application.id, new)
        .unwrap();
    assert!(test.registry.authenticate_api_key(&key.text).is_ok());
    test.pass_seconds(5);
    let refused = test.registry.authenticate_api_key(&key.text);
    assert_eq!(refused.unwrap_err(), ApiKeyError::Expired(at));
}

#[test]
fn a_publishable_key_is_bound_to_origins() {
    let test = TestRegistry::empty();
    let created = test
        .registry
        .create_application(&Actor::OPERATOR, application())
        .unwrap();
    let id = &created.application.id;
    for bad in [
        publishable(&[]),
        publishable(&["example.org"]),
        publishable(&["https://example.org/path"]),
        publishable(&["https://*"]),
        publishable(&["null"]),
        publishable(&["https://a.example"; 17]),
        NewApiKey {
            origins: vec!["https://example.org".to_owned()],
            ..NewApiKey::secret()
        },
    ] {
        let error = test
            .registry
            .create_key(&Actor::OPERATOR, id, bad.clone())
            .err()
            .unwrap();
        assert_eq!(error.code(), "invalid-origin", "{bad:?}");
    }
    let origins = ["https://Example.org:443", "http://localhost:5173"];
    let key = test
        .registry
        .create_key(&Actor::OPERATOR, id, publishable(&origins))
        .unwrap();
    assert!(key.text.starts_with("mdk_pub_"));
    let test = test.reopen();
    let key = test.registry.authenticate_api_key(&key.text).unwrap();
    assert!(key.allows_origin("https://example.org"));
    assert!(key.allows_origin("http://localhost:5173"));
    assert!(!key.allows_origin("https://example.org.evil.example"));
    assert!(!key.allows_origin("http://example.org"));
}

#[test]
fn the_first_operator_has_a_token_that_stays() {
    use std::os::unix::fs::PermissionsExt;

    let test = TestRegistry::empty();
    let path = test.dir.path().join("admin.token");
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let token = std::fs::read_to_string(&path).unwrap();
    let token = token.trim();
    assert!(token.starts_with("mdo_"));
    let test = test.reopen();
    assert!(test.registry.authenticate_operator(token));
    for wrong in ["", "mdo_", &token[1..], &format!("{token} ")] {
        assert!(!test.registry.authenticate_operator(wrong), "{wrong}");
    }
    std::fs::write(&path, "admin").unwrap();
    let dir = test.dir;
    drop(test.registry);
    let error = open_at(dir.path()).unwrap_err().to_string();
    assert!(error.contains("admin.token"), "{error}");
}
