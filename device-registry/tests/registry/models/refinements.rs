//! What an agency says otherwise of one of the platform's models.

use device_registry::{
    Actor, AddedRefinement, AuditQuery, ErrorClass, MAX_AGENCY_VERSIONS, ModelOrigin, ModelVersion,
    OldCredentials, OperationError, RefineModelError, Refinement, Transfer,
};
use serde_json::{Value, json};

use crate::harness::{TestRegistry, agency, device, model, new_device};

const TIDE: &str = "disaster.tide";

fn tide(max: i64, more: &str) -> Vec<u8> {
    format!(
        r#"{{"id": "{TIDE}", "title": {{"en": "Tide gauge", "ko": "조위"}},
        "expected_interval_s": 600, "fields": [
        {{"name": "level", "unit": "m", "min": -5, "max": {max}, "title": {{"en": "Level", "ko": "조위"}}}}{more}]}}"#
    )
    .into_bytes()
}

/// With `seoul` and `busan`, each with a device of a model, and what Busan says of
/// the model.
fn refined(refinement: &Value) -> TestRegistry {
    let test = TestRegistry::two_agencies();
    let registry = &test.registry;
    registry.add_model(&Actor::OPERATOR, &tide(20, "")).unwrap();
    for of in ["seoul", "busan"] {
        let mut new = new_device(&format!("{of}-1"));
        new.agency = agency(of);
        new.model = model(TIDE);
        registry.register_device(&Actor::OPERATOR, new).unwrap();
    }
    refine(&test, refinement).unwrap();
    test
}

fn refine(test: &TestRegistry, refinement: &Value) -> Result<AddedRefinement, RefineModelError> {
    let refinement: Refinement = serde_json::from_value(refinement.clone()).unwrap();
    test.registry
        .refine_model(&Actor::OPERATOR, &agency("busan"), &model(TIDE), refinement)
}

/// Range and interval of a device's level, by its model and by its datastream.
fn level(test: &TestRegistry, id: &str) -> (Option<f64>, Option<f64>, Option<u32>) {
    let snapshot = test.registry.snapshot();
    let device = snapshot.device(id).unwrap();
    let field = device.model.field("level").unwrap();
    let datastream = device.datastream("level").unwrap();
    assert_eq!(datastream.definition, Some(field));
    (field.min, field.max, field.expected_interval_s)
}

fn version(test: &TestRegistry, id: &str) -> u32 {
    test.registry.snapshot().device(id).unwrap().model.version.0
}

fn narrower() -> Value {
    json!({"expected_interval_s": 60, "retention_days": 30,
        "fields": [{"name": "level", "max": 8}]})
}

#[test]
fn it_counts_for_the_devices_of_its_agency_alone() {
    let test = refined(&narrower());
    assert_eq!(level(&test, "busan-1"), (Some(-5.0), Some(8.0), Some(60)));
    assert_eq!(level(&test, "seoul-1"), (Some(-5.0), Some(20.0), Some(600)));
    assert_eq!(
        (version(&test, "busan-1"), version(&test, "seoul-1")),
        (2, 1)
    );
    // For those that come later too, and after a restart.
    let mut new = new_device("busan-2");
    new.agency = agency("busan");
    new.model = model(TIDE);
    test.registry
        .register_device(&Actor::OPERATOR, new)
        .unwrap();
    assert_eq!(level(&test, "busan-2"), level(&test, "busan-1"));
    let snapshot = test.registry.snapshot();
    let kept = |of: &str| snapshot.retention_days(&agency(of), &model(TIDE));
    assert_eq!((kept("busan"), kept("seoul")), (Some(30), None));
    let before = test.registry.snapshot();
    let test = test.kill();
    assert!(*before == *test.registry.snapshot());

    let transfer = Transfer {
        from: agency("busan"),
        to: agency("seoul"),
        credentials: OldCredentials::Keep,
    };
    test.registry
        .transfer_device(&Actor::OPERATOR, &device("busan-1"), &transfer)
        .unwrap();
    assert_eq!(level(&test, "busan-1"), level(&test, "seoul-1"));
}

#[test]
fn it_says_what_it_changes_and_nothing_takes_it_back() {
    let test = refined(&narrower());
    let again = refine(&test, &narrower()).unwrap();
    assert_eq!(again.differences, []);
    assert_eq!(version(&test, "busan-1"), 2, "as it stands already");
    let told = |refinement: &Value| -> Vec<String> {
        let added = refine(&test, refinement).unwrap();
        added.differences.iter().map(ToString::to_string).collect()
    };
    assert_eq!(
        told(&json!({"fields": [{"name": "level", "max": 9}]})),
        [
            "readings are expected every 600 seconds, and were every 60 seconds",
            "observations are kept for ever, and were for 30 days",
            "the plausible range of field level is -5 to 9, and was -5 to 8",
        ]
    );
    told(&json!({}));
    assert_eq!(level(&test, "busan-1"), level(&test, "seoul-1"));
    let asked = AuditQuery {
        kind: Some("refinement".to_owned()),
        agency: Some("busan".to_owned()),
        limit: 10,
        ..AuditQuery::default()
    };
    let entries = test.registry.audit(&asked).unwrap();
    assert_eq!(entries.len(), 3);
    assert!(
        entries
            .iter()
            .all(|entry| entry.object == "disaster.tide@busan")
    );
}

#[test]
fn a_new_version_of_the_model_is_refined_too() {
    let test = refined(&narrower());
    let wave = r#", {"name": "wave", "unit": "m", "title": {"en": "Wave", "ko": "파고"}}"#;
    let added = test.registry.add_model(&Actor::OPERATOR, &tide(10, wave));
    assert_eq!(added.unwrap().model.version, ModelVersion(3));
    assert_eq!(
        (version(&test, "busan-1"), version(&test, "seoul-1")),
        (4, 3)
    );
    assert_eq!(level(&test, "busan-1"), (Some(-5.0), Some(8.0), Some(60)));
    let snapshot = test.registry.snapshot();
    assert!(
        snapshot
            .device("busan-1")
            .unwrap()
            .datastream("wave")
            .is_some()
    );
    // What does not fit any more is as the new version says.
    test.registry
        .add_model(&Actor::OPERATOR, &tide(5, wave))
        .unwrap();
    assert_eq!(level(&test, "busan-1"), (Some(-5.0), Some(5.0), Some(60)));
    let before = test.registry.snapshot();
    let test = test.reopen();
    assert!(*before == *test.registry.snapshot());

    let versions = test
        .registry
        .model_versions(&model(TIDE), ModelVersion(1), 10)
        .unwrap();
    let shown: Vec<_> = versions
        .iter()
        .map(|one| {
            let level = one.model.field("level").unwrap().max;
            (one.model.version.0, one.origin, one.agency.is_some(), level)
        })
        .collect();
    let (of_agency, of_operator) = (ModelOrigin::Agency, ModelOrigin::Operator);
    assert_eq!(
        shown,
        [
            (2, of_agency, true, Some(8.0)),
            (3, of_operator, false, Some(10.0)),
            (4, of_agency, true, Some(8.0)),
            (5, of_operator, false, Some(5.0)),
            (6, of_agency, true, Some(5.0)),
        ]
    );
    let codes: Vec<_> = versions[2]
        .differences
        .iter()
        .map(|one| one.code())
        .collect();
    assert_eq!(codes, ["interval", "retention", "range"], "of the model");
}

#[test]
fn what_would_be_another_model_is_refused_with_every_fault() {
    let test = refined(&json!({}));
    let wrong = json!({"fields": [
        {"name": "level", "max": 30}, {"name": "depth"}, {"name": "firmware", "min": 1},
        {"name": "level", "min": 3, "max": 1}
    ]});
    let error = refine(&test, &wrong).unwrap_err();
    assert_eq!(error.class(), ErrorClass::Invalid);
    let text = error.to_string();
    for part in [
        "the range of field level is -5 to 20 in the model",
        "no field depth",
        "field firmware is no number",
        "field level stands twice",
        "`min` of field level is above its `max`",
    ] {
        assert!(text.contains(part), "{text}");
    }
    for wrong in [
        json!({"expected_interval_s": 0}),
        json!({"retention_days": 0}),
        json!({"title": {"en": "", "ko": "x"}}),
    ] {
        assert!(refine(&test, &wrong).is_err(), "{wrong}");
    }
    for unknown in [
        json!({"unit": "cm"}),
        json!({"fields": [{"name": "level", "unit": "cm"}]}),
    ] {
        assert!(serde_json::from_value::<Refinement>(unknown).is_err());
    }
    let own = String::from_utf8(tide(20, ""))
        .unwrap()
        .replace(TIDE, "disaster.tide~busan");
    test.registry
        .add_model(&Actor::OPERATOR, own.as_bytes())
        .unwrap();
    let refused = |of: &str, id: &str| {
        let nothing = Refinement::default();
        let refused =
            test.registry
                .refine_model(&Actor::OPERATOR, &agency(of), &model(id), nothing);
        refused.unwrap_err().code()
    };
    assert_eq!(refused("busan", "disaster.tide~busan"), "model-of-agency");
    assert_eq!(refused("busan", "disaster.none"), "unknown-model");
    assert_eq!(refused("daegu", TIDE), "unknown-agency");
}

#[test]
fn an_agency_refines_a_model_so_many_times_and_no_more() {
    let test = refined(&narrower());
    let at = |max: u32| json!({"fields": [{"name": "level", "max": f64::from(max % 20)}]});
    for time in 1..MAX_AGENCY_VERSIONS {
        refine(&test, &at(time)).unwrap();
    }
    let refused = refine(&test, &narrower()).unwrap_err();
    assert_eq!(
        (refused.code(), refused.class()),
        ("too-many-versions", ErrorClass::Conflict)
    );
    // What says nothing new is no version.
    refine(&test, &at(MAX_AGENCY_VERSIONS - 1)).unwrap();
    // Another agency has its own.
    let other = serde_json::from_value(narrower()).unwrap();
    let of_seoul =
        test.registry
            .refine_model(&Actor::OPERATOR, &agency("seoul"), &model(TIDE), other);
    of_seoul.unwrap();
}
