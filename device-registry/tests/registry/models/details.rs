//! What a model says of itself beside its fields: purpose, owner, licence, and
//! how far apart readings are.

use device_registry::{Actor, AddedModel, ErrorClass, OperationError};
use serde_json::{Value, json};

use crate::harness::{TestRegistry, model, new_device};

fn tide() -> Value {
    json!({
        "id": "disaster.tide",
        "title": {"en": "Tide gauge", "ko": "조위"},
        "purpose": {"en": "Warns of floods at the coast", "ko": "해안 침수 경보"},
        "owner": "Busan, Coast Office",
        "licence": "CC-BY-4.0",
        "expected_interval_s": 60,
        "fields": [
            {"name": "level", "unit": "m", "title": {"en": "Level", "ko": "조위"}},
            {"name": "daily", "unit": "m", "expected_interval_s": 86_400,
             "title": {"en": "Mean of the day", "ko": "일평균"}},
            {"name": "battery", "unit": "%", "title": {"en": "Battery", "ko": "배터리"}}
        ]
    })
}

fn add(test: &TestRegistry, model: &Value) -> AddedModel {
    let json = model.to_string();
    test.registry
        .add_model(&Actor::OPERATOR, json.as_bytes())
        .unwrap()
}

#[test]
fn a_model_says_what_it_is_for_and_how_far_apart_readings_are() {
    let test = TestRegistry::new();
    add(&test, &tide());
    let test = test.reopen();
    let snapshot = test.registry.snapshot();
    let tide = snapshot.model(&model("disaster.tide")).unwrap();
    let details = &tide.details;
    assert_eq!(details.purpose.as_ref().unwrap().ko, "해안 침수 경보");
    assert_eq!(details.owner.as_deref(), Some("Busan, Coast Office"));
    assert_eq!(details.licence.as_ref().unwrap().0.as_ref(), "CC-BY-4.0");
    let interval = |field: &str| tide.field(field).unwrap().expected_interval_s;
    assert_eq!(
        ["level", "daily", "battery", "firmware"].map(interval),
        [Some(60), Some(86_400), None, None],
        "what every model has is reported at any time"
    );
    for built_in in snapshot.models() {
        let details = &built_in.details;
        let said = details.purpose.is_some() && details.owner.is_some();
        assert!(said && details.licence.is_some(), "{}", built_in.id);
    }
}

#[test]
fn a_device_without_a_licence_has_its_models() {
    let test = TestRegistry::new();
    add(&test, &tide());
    let licence = |id: &str, own: Option<&str>| {
        let mut new = new_device(id);
        new.model = model("disaster.tide");
        new.licence = own.map(|text| device_registry::Licence::parse(text).unwrap());
        let made = test
            .registry
            .register_device(&Actor::OPERATOR, new)
            .unwrap();
        made.datastreams.get(0).unwrap().licence.0.to_string()
    };
    assert_eq!(licence("tide-1", None), "CC-BY-4.0");
    assert_eq!(licence("tide-2", Some("KOGL-2")), "KOGL-2");
}

#[test]
fn a_new_version_tells_each_detail_that_it_changes() {
    let test = TestRegistry::new();
    let mut model = tide();
    add(&test, &model);
    model["purpose"] = Value::Null;
    model["owner"] = json!("Busan");
    model["licence"] = json!("KOGL-1");
    model["expected_interval_s"] = json!(30);
    model["fields"][1]["expected_interval_s"] = json!(3_600);
    let told: Vec<String> = add(&test, &model)
        .differences
        .iter()
        .map(|one| format!("{}: {one}", one.code()))
        .collect();
    assert_eq!(
        told,
        [
            "purpose: the purpose is not said, and was \"Warns of floods at the coast / 해안 침수 경보\"",
            "owner: the owner is \"Busan\", and was \"Busan, Coast Office\"",
            "licence: the licence is \"KOGL-1\", and was \"CC-BY-4.0\"",
            "interval: readings are expected every 30 seconds, and were every 60 seconds",
            "field-interval: readings of field daily are expected every 3600 seconds, and were every 86400 seconds",
        ]
    );
    // The field's own word goes: it follows the model from now on.
    model["fields"][1]["expected_interval_s"] = Value::Null;
    let codes: Vec<&str> = add(&test, &model)
        .differences
        .iter()
        .map(|one| one.code())
        .collect();
    assert_eq!(codes, ["field-interval"]);
}

#[test]
fn details_that_nobody_can_mean_are_refused() {
    let test = TestRegistry::new();
    for (name, value, word) in [
        ("expected_interval_s", json!(0), "expected_interval_s"),
        ("expected_interval_s", json!(2_678_401), "2678400"),
        ("licence", json!("KOGL-9"), "licence"),
        ("owner", json!(""), "owner"),
        (
            "purpose",
            json!({"en": "x", "ko": "x".repeat(1_025)}),
            "purpose",
        ),
        ("purpose", json!({"en": "x"}), "ko"),
    ] {
        let mut model = tide();
        model[name] = value;
        let json = model.to_string();
        let error = test
            .registry
            .add_model(&Actor::OPERATOR, json.as_bytes())
            .unwrap_err();
        assert_eq!(error.class(), ErrorClass::Invalid, "{name}");
        assert!(error.to_string().contains(word), "{error}");
    }
}
