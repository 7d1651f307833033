//! Keys of browsers, by the page that they come from.

use device_registry::{Actor, NewApiKey, NewApplication};
use domain::Timestamp;

use super::*;

#[test]
fn a_browsers_key_opens_mqtt_from_its_own_pages_only() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::open(dir.path(), || Timestamp::from_micros(0)).unwrap();
    let created = registry
        .create_application(
            &Actor::OPERATOR,
            NewApplication {
                name: "rivers".to_owned(),
                contact: "dev@example.com".to_owned(),
            },
        )
        .unwrap();
    let browsers = NewApiKey {
        kind: ApiKeyKind::Publishable,
        origins: vec!["https://app.example".to_owned()],
        expires: None,
    };
    let browsers = registry
        .create_key(&Actor::OPERATOR, &created.application.id, browsers)
        .unwrap();
    let admitted = |key: &str, origin| {
        admit_application(&registry, key.as_bytes(), origin, Timestamp::from_micros(0))
            .map(|admission| admission.session_owner)
            .map_err(|refusal| refusal.kind)
    };
    let secret = created.key.text.as_str();
    assert!(admitted(secret, None).is_ok());
    assert!(admitted(secret, Some("https://other.example")).is_ok());
    let owner = Ok(format!("key:{}", browsers.key.id));
    assert_eq!(admitted(&browsers.text, Some("https://app.example")), owner);
    for elsewhere in [None, Some("https://other.example"), Some("null")] {
        let refused = Err(RefusalKind::NotAuthorized);
        assert_eq!(admitted(&browsers.text, elsewhere), refused);
    }
}
