//! Paths into the value of an attribute, and expressions that are nothing else.

use odata::{EntityType, Version};

use crate::world::{filter, holds, options};

#[test]
fn a_path_leads_into_json() {
    for text in [
        "properties/floor eq 3",
        "properties/deep/er/most eq 'x'",
        "properties/my-key eq 1",
        "properties/2024 eq 'year'",
        "properties/list/1 eq 20",
        "properties/list/7 eq null",
        "properties/floor/deeper eq null",
        "result/field eq null",
        "properties ne null",
        "properties/deep eq properties/deep",
    ] {
        assert!(holds(text), "{text}");
    }
}

#[test]
fn a_name_of_the_language_may_be_an_attribute_too() {
    let expr = filter(
        Version::V1_1,
        EntityType::HistoricalLocation,
        "time gt 2026-01-01",
    );
    assert_eq!(expr.to_string(), "time gt 2026-01-01");
    assert!(holds("properties/and eq null and properties/eq eq null"));
    assert!(holds("properties/length eq null"));
}

#[test]
fn an_order_tells_its_path() {
    for (text, expected) in [
        ("phenomenonTime", Some(vec!["phenomenonTime"])),
        ("@iot.id", Some(vec!["id"])),
        ("Datastream/id", Some(vec!["Datastream", "id"])),
        ("parameters/a/b", Some(vec!["parameters", "a", "b"])),
        (
            "phenomenonTime/start",
            Some(vec!["phenomenonTime", "start"]),
        ),
        ("result add 1", None),
        ("length('a')", None),
    ] {
        let query = format!("$orderby={text}");
        let options = options(Version::V1_1, EntityType::Observation, &query).unwrap();
        assert_eq!(options.order[0].by.as_path(), expected, "{text}");
    }
}
