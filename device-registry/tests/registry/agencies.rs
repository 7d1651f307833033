//! Agencies: made once, kept over a restart.

use device_registry::{
    Actor, AgencyPatch, CreateAgencyError, ErrorClass, MAX_RETENTION_DAYS, NewAgency,
    OperationError, PatchAgencyError,
};

use crate::harness::{TestRegistry, agency, model};

#[test]
fn an_agency_is_made_once_and_stays() {
    let test = TestRegistry::new();
    let again = NewAgency {
        id: agency("seoul"),
        name: "Another".to_owned(),
    };
    let error = test
        .registry
        .create_agency(&Actor::OPERATOR, again)
        .unwrap_err();
    assert!(matches!(error, CreateAgencyError::Exists(_)));
    assert_eq!(error.class(), ErrorClass::Conflict);
    assert_eq!(error.code(), "agency-exists");

    let test = test.reopen();
    let snapshot = test.registry.snapshot();
    assert_eq!(
        snapshot.agency(&agency("seoul")).unwrap().name,
        "서울특별시"
    );
    assert_eq!(snapshot.agencies().count(), 1);
}

#[test]
fn a_name_says_something() {
    let test = TestRegistry::empty();
    for name in ["", "  ", "two\nlines", &"x".repeat(257)] {
        let new = NewAgency {
            id: agency("seoul"),
            name: name.to_owned(),
        };
        let error = test
            .registry
            .create_agency(&Actor::OPERATOR, new)
            .unwrap_err();
        assert_eq!(error.class(), ErrorClass::Invalid, "{name:?}");
    }
    assert_eq!(test.registry.snapshot().agencies().count(), 0);
}

/// What the agency `seoul` says of `traffic.flow`.
fn keep(test: &TestRegistry, days: Option<u32>) -> Result<(), PatchAgencyError> {
    let retention_days = [(model("traffic.flow"), days)].into();
    let patch = AgencyPatch { retention_days };
    test.registry
        .patch_agency(&Actor::OPERATOR, &agency("seoul"), &patch)
        .map(|_| ())
}

#[test]
fn an_agencys_word_on_retention_stays_and_can_be_taken_back() {
    let test = TestRegistry::new();
    let (seoul, flow) = (agency("seoul"), model("traffic.flow"));
    assert_eq!(test.registry.snapshot().retention_days(&seoul, &flow), None);
    keep(&test, Some(400)).unwrap();
    let test = test.reopen();
    let snapshot = test.registry.snapshot();
    assert_eq!(snapshot.retention_days(&seoul, &flow), Some(400));
    assert_eq!(snapshot.retention_days(&agency("busan"), &flow), None);
    let air = model("safety.air");
    assert_eq!(snapshot.retention_days(&seoul, &air), None);
    keep(&test, None).unwrap();
    let test = test.kill();
    assert_eq!(test.registry.snapshot().retention_days(&seoul, &flow), None);
}

#[test]
fn a_retention_that_is_none_changes_nothing() {
    let test = TestRegistry::new();
    keep(&test, Some(MAX_RETENTION_DAYS)).unwrap();
    for days in [0, MAX_RETENTION_DAYS + 1] {
        let error = keep(&test, Some(days)).unwrap_err();
        assert_eq!(error.code(), "invalid-retention");
        assert_eq!(error.class(), ErrorClass::Invalid);
    }
    // Of two, one is unknown: neither is taken.
    let patch = AgencyPatch {
        retention_days: [
            (model("safety.air"), Some(9)),
            (model("safety.none"), Some(9)),
        ]
        .into(),
    };
    let error = test
        .registry
        .patch_agency(&Actor::OPERATOR, &agency("seoul"), &patch)
        .unwrap_err();
    assert_eq!(error.code(), "unknown-model");
    let unknown = test
        .registry
        .patch_agency(&Actor::OPERATOR, &agency("busan"), &patch);
    assert_eq!(unknown.unwrap_err().class(), ErrorClass::NotFound);
    let test = test.reopen();
    let snapshot = test.registry.snapshot();
    let said = &snapshot.agency(&agency("seoul")).unwrap().retention_days;
    assert_eq!(*said, [(model("traffic.flow"), MAX_RETENTION_DAYS)].into());
}

#[test]
fn a_models_retention_holds_where_the_agency_says_nothing() {
    let test = TestRegistry::new();
    let file = |days: &str| {
        format!(
            r#"{{"id": "traffic.bicycle", "title": {{"en": "Bicycles", "ko": "자전거"}}{days},
                "fields": [{{"name": "speed", "unit": "km/h", "title": {{"en": "Speed", "ko": "속도"}}}}]}}"#
        )
    };
    let add = |days: &str| {
        test.registry
            .add_model(&Actor::OPERATOR, file(days).as_bytes())
    };
    let days = || {
        let snapshot = test.registry.snapshot();
        snapshot.retention_days(&agency("seoul"), &model("traffic.bicycle"))
    };
    add("").unwrap();
    assert_eq!(days(), None);
    add(r#", "retention_days": 30"#).unwrap();
    assert_eq!(days(), Some(30));
    for wrong in ["0", "36501", "-3", "1.5", "\"x\""] {
        let wrong = add(&format!(r#", "retention_days": {wrong}"#));
        assert_eq!(wrong.unwrap_err().code(), "invalid-model");
    }
    let own = [(model("traffic.bicycle"), Some(7))].into();
    test.registry
        .patch_agency(
            &Actor::OPERATOR,
            &agency("seoul"),
            &AgencyPatch {
                retention_days: own,
            },
        )
        .unwrap();
    assert_eq!(days(), Some(7));
    let test = test.reopen();
    let snapshot = test.registry.snapshot();
    let bicycle = snapshot.model(&model("traffic.bicycle")).unwrap();
    assert_eq!((bicycle.retention_days, bicycle.version.0), (Some(30), 2));
}
