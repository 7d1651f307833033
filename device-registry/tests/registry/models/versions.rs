//! What a new version of a model changes, and all that keeps it from being one.

use device_registry::{Actor, AddModelError, ErrorClass, ModelVersion, OperationError};

use super::{LEVEL, LID, bin};
use crate::harness::{TestRegistry, model};

#[test]
fn a_new_version_tells_what_it_changes() {
    let test = TestRegistry::new();
    let add = |json: &[u8]| test.registry.add_model(&Actor::OPERATOR, json).unwrap();
    let first = add(&bin(&format!("{LEVEL}, {LID}")));
    assert_eq!(first.differences, []);

    let level = LEVEL
        .replace("100", "120")
        .replace("Fill level", "Filled share");
    let lid = LID.replace(r#""closed""#, r#""closed", "ajar""#);
    let weight = r#"{"name": "weight", "unit": "kg", "title": {"en": "Weight", "ko": "무게"}}"#;
    let grown = bin(&format!("{level}, {lid}, {weight}"));
    let grown = String::from_utf8(grown)
        .unwrap()
        .replace("Waste bin", "Bin")
        .replace(r#""fields""#, r#""retention_days": 30, "fields""#)
        .into_bytes();
    let second = add(&grown);
    assert_eq!(second.model.version, ModelVersion(2));
    let told: Vec<_> = second
        .differences
        .iter()
        .map(|one| {
            let field = one.field().map(|field| field.as_str());
            (one.code(), field, one.to_string())
        })
        .collect();
    let expected = [
        ("title", None, r#"the title was "Waste bin / 쓰레기통""#),
        (
            "retention",
            None,
            "observations are kept for 30 days, and were for ever",
        ),
        (
            "field-title",
            Some("level"),
            r#"the title of field level was "Fill level / 적재율""#,
        ),
        (
            "range",
            Some("level"),
            "the plausible range of field level is 0 to 120, and was 0 to 100",
        ),
        ("code-added", Some("lid"), r#"field lid may be "ajar" too"#),
        ("field-added", Some("weight"), "field weight is new"),
    ];
    let expected = expected.map(|(code, field, text)| (code, field, text.to_owned()));
    assert_eq!(told, expected);
    assert_eq!(add(&grown).differences, [], "it stands already");

    let freed = String::from_utf8(grown).unwrap();
    let freed = freed.replace(r#""codes": ["open", "closed", "ajar"], "#, "");
    let third = add(freed.as_bytes());
    let codes: Vec<_> = third.differences.iter().map(|one| one.code()).collect();
    assert_eq!(codes, ["codes-freed"]);
}

#[test]
fn all_faults_of_a_version_are_named_at_once() {
    let test = TestRegistry::new();
    let weight = r#"{"name": "weight", "unit": "kg", "title": {"en": "Weight", "ko": "무게"}}"#;
    let add = |json: &[u8]| test.registry.add_model(&Actor::OPERATOR, json);
    add(&bin(&format!("{LEVEL}, {LID}, {weight}"))).unwrap();
    let level = LEVEL.replace('%', "1");
    let lid = LID.replace(r#""open", "#, "");
    let error = add(&bin(&format!("{level}, {lid}"))).unwrap_err();
    assert!(
        matches!(&error, AddModelError::Incompatible { faults, .. } if faults.len() == 3),
        "{error}"
    );
    let text = error.to_string();
    for part in [
        "field level would change its unit",
        "field lid would lose its code \"open\"",
        "field weight is missing",
    ] {
        assert!(text.contains(part), "{text}");
    }
    assert_eq!(error.class(), ErrorClass::Conflict);
    let snapshot = test.registry.snapshot();
    let stands = snapshot.model(&model("safety.bin")).unwrap();
    assert_eq!(stands.version, ModelVersion(1));
}
