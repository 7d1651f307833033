//! Models of an agency's own.

use device_registry::{
    Actor, AuditQuery, ErrorClass, MAX_AGENCY_VERSIONS, NewBatch, NewClaim, OldCredentials,
    OperationError, Replacement, Transfer,
};
use domain::Timestamp;

use crate::harness::{DeviceKey, TestRegistry, agency, device, model, new_device};

const OWN: &str = "disaster.tide~seoul";

fn tide(id: &str) -> Vec<u8> {
    format!(
        r#"{{"id": "{id}", "title": {{"en": "Tide gauge", "ko": "조위"}}, "fields": [
        {{"name": "level", "unit": "m", "title": {{"en": "Level", "ko": "조위"}}}}]}}"#
    )
    .into_bytes()
}

/// With `seoul`, `busan` and a model of Seoul's own.
fn with_own_model() -> TestRegistry {
    let test = TestRegistry::two_agencies();
    let registry = &test.registry;
    registry.add_model(&Actor::OPERATOR, &tide(OWN)).unwrap();
    test
}

#[test]
fn models_of_two_agencies_and_of_the_platform_do_not_clash() {
    let test = with_own_model();
    for id in ["disaster.tide~busan", "disaster.tide"] {
        let other = String::from_utf8(tide(id))
            .unwrap()
            .replace("\"m\"", "\"cm\"");
        let added = test.registry.add_model(&Actor::OPERATOR, other.as_bytes());
        assert_eq!(added.unwrap().model.version.0, 1, "{id}");
    }
    let nobody = test
        .registry
        .add_model(&Actor::OPERATOR, &tide("disaster.tide~daegu"));
    let nobody = nobody.unwrap_err();
    assert_eq!(
        (nobody.code(), nobody.class()),
        ("unknown-agency", ErrorClass::Invalid)
    );
    let before = test.registry.snapshot();
    let test = test.reopen();
    assert!(*before == *test.registry.snapshot());
    // Its entry is its agency's.
    let asked = AuditQuery {
        object: Some(OWN.to_owned()),
        limit: 10,
        ..AuditQuery::default()
    };
    let entries = test.registry.audit(&asked).unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].agency.as_deref(), Some("seoul"));
}

#[test]
fn only_its_owner_puts_new_devices_of_it_into_service() {
    let test = with_own_model();
    let registry = &test.registry;
    let ends = Timestamp::from_micros(test.now().as_micros() + 86_400_000_000);
    for (of, refused) in [("seoul", None), ("busan", Some("model-of-another-agency"))] {
        let mut new = new_device(&format!("tide-{of}"));
        new.agency = agency(of);
        new.model = model(OWN);
        let registered = registry.register_device(&Actor::OPERATOR, new);
        assert_eq!(registered.err().map(|error| error.code()), refused);
        let claim = NewClaim {
            agency: agency(of),
            model: model(OWN),
            device: None,
            note: String::new(),
            expires: ends,
        };
        let claimed = registry.create_claim(&Actor::OPERATOR, claim);
        assert_eq!(claimed.err().map(|error| error.code()), refused);
        let batch = NewBatch {
            agency: agency(of),
            model: model(OWN),
            name: String::new(),
            id_prefix: None,
            most: 1,
            expires: ends,
        };
        let made = registry.create_batch(&Actor::OPERATOR, batch);
        assert_eq!(made.err().map(|error| error.code()), refused);
    }
}

#[test]
fn one_that_is_given_away_keeps_its_model_and_is_replaced_by_its_like() {
    let test = with_own_model();
    let registry = &test.registry;
    let mut new = new_device("tide-1");
    new.model = model(OWN);
    registry.register_device(&Actor::OPERATOR, new).unwrap();
    let transfer = Transfer {
        from: agency("seoul"),
        to: agency("busan"),
        credentials: OldCredentials::Keep,
    };
    let moved = registry
        .transfer_device(&Actor::OPERATOR, &device("tide-1"), &transfer)
        .unwrap();
    assert_eq!(moved.model.id, model(OWN));
    let next = Replacement {
        id: device("tide-2"),
        model: None,
        alias: None,
        name: None,
        keys: vec![DeviceKey::ed25519(9).public()],
        expires: None,
    };
    let replaced = registry
        .replace_device(&Actor::OPERATOR, &device("tide-1"), next)
        .unwrap();
    assert_eq!(
        (&replaced.model.id, &replaced.agency),
        (&model(OWN), &agency("busan"))
    );
}

#[test]
fn an_agencys_own_model_has_so_many_versions_and_no_more() {
    let test = with_own_model();
    let titled = |number: u32| {
        let text = String::from_utf8(tide(OWN)).unwrap();
        let text = text.replace("Tide gauge", &format!("Tide gauge {}", number % 2));
        test.registry.add_model(&Actor::OPERATOR, text.as_bytes())
    };
    for number in 2..=MAX_AGENCY_VERSIONS {
        assert_eq!(titled(number).unwrap().model.version.0, number);
    }
    let refused = titled(MAX_AGENCY_VERSIONS + 1).unwrap_err();
    assert_eq!(
        (refused.code(), refused.class()),
        ("too-many-versions", ErrorClass::Conflict)
    );
}
