//! Where good engineers guess wrong.

use odata::{EntityType, Value, Version};
use serde_json::json;

use crate::world::{NOW, World, filter, holds, observation, options, refusal, value};

#[test]
fn null_equals_null_and_nothing_else() {
    for text in [
        "properties/nothing eq null",
        "properties/absent eq null",
        "properties/absent/deeper eq null",
        "null eq properties/absent",
        "properties/absent ne 'x'",
        "not (properties/absent eq 'x')",
        "properties/floor ne null",
        "properties/absent eq properties/nothing",
        // Nothing is less or greater than null: so these are false, and `not` of
        // them is true.
        "not (properties/absent gt 5)",
        "not (properties/absent le 5)",
        "not (properties/absent ge null)",
    ] {
        assert!(holds(text), "{text}");
    }
    for text in [
        "properties/absent eq 'x'",
        "properties/absent ne null",
        "properties/absent gt 5",
        "properties/absent lt 5",
        "null gt null",
        "null ge null",
        // A function of null is null, and so is its opposite.
        "startswith(properties/absent, 'x')",
        "not startswith(properties/absent, 'x')",
    ] {
        assert!(!holds(text), "{text}");
    }
}

#[test]
fn logic_has_three_values() {
    let (t, f, n) = ("true", "false", "null");
    for (left, right, and, or) in [
        (t, t, Some(true), Some(true)),
        (t, f, Some(false), Some(true)),
        (t, n, None, Some(true)),
        (f, f, Some(false), Some(false)),
        (f, n, Some(false), None),
        (n, n, None, None),
    ] {
        for (word, expected) in [("and", and), ("or", or)] {
            let expected = expected.map_or(Value::Null, Value::Bool);
            assert_eq!(value(&format!("{left} {word} {right}")), expected);
            assert_eq!(value(&format!("{right} {word} {left}")), expected);
        }
    }
    assert_eq!(value("not null"), Value::Null);
}

#[test]
fn an_untyped_value_is_of_the_type_that_it_has() {
    for text in [
        "properties/number eq '42'",
        "properties/number ne 42",
        "properties/floor ne '3'",
        "properties/on",
        "properties/on eq true",
        "not properties/off",
        "not (properties/name gt 5)",
    ] {
        assert!(holds(text), "{text}");
    }
    for text in [
        "properties/number eq 42",
        "properties/name gt 5",
        "properties/name lt 5",
        // True is not what is only not null.
        "properties/name",
        "properties/floor",
    ] {
        assert!(!holds(text), "{text}");
    }
}

/// `validTime` is from 09:00 to 10:00.
#[test]
fn an_interval_is_compared_with_an_instant() {
    for (word, before, start, middle, end, after) in [
        ("lt", false, false, false, true, true),
        ("le", false, false, false, true, true),
        ("gt", true, false, false, false, false),
        ("ge", true, true, false, false, false),
        ("eq", false, false, false, false, false),
        ("ne", true, true, true, true, true),
    ] {
        for (clock, expected) in [
            ("08:59:59", before),
            ("09:00:00", start),
            ("09:30:00", middle),
            ("10:00:00", end),
            ("10:00:01", after),
        ] {
            let text = format!("validTime {word} 2026-11-29T{clock}Z");
            assert_eq!(holds(&text), expected, "{text}");
        }
    }
}

#[test]
fn an_interval_that_is_an_instant_compares_as_one() {
    let mut world = World::default();
    world.add(
        EntityType::Observation,
        Version::V2_0,
        &json!({"phenomenonTime": "2026-11-29T09:00:00Z/2026-11-29T09:00:00Z"}),
    );
    for (text, expected) in [
        ("phenomenonTime eq 2026-11-29T09:00:00Z", true),
        ("phenomenonTime ne 2026-11-29T09:00:00Z", false),
        ("phenomenonTime le 2026-11-29T09:00:00Z", true),
        ("phenomenonTime ge 2026-11-29T09:00:00Z", true),
        ("phenomenonTime lt 2026-11-29T09:00:00Z", false),
        ("phenomenonTime gt 2026-11-29T09:00:00Z", false),
        ("phenomenonTime/start eq phenomenonTime/end", true),
    ] {
        let expr = filter(Version::V2_0, EntityType::Observation, text);
        assert_eq!(expr.holds(&world.row(0), NOW).unwrap(), expected, "{text}");
    }
}

#[test]
fn intervals_are_compared_with_intervals() {
    for (text, expected) in [
        (
            "validTime lt 2026-11-29T10:00:00Z/2026-11-29T11:00:00Z",
            true,
        ),
        (
            "validTime le 2026-11-29T10:00:00Z/2026-11-29T11:00:00Z",
            true,
        ),
        (
            "validTime gt 2026-11-29T08:00:00Z/2026-11-29T09:00:00Z",
            true,
        ),
        (
            "validTime lt 2026-11-29T09:30:00Z/2026-11-29T11:00:00Z",
            false,
        ),
        (
            "validTime eq 2026-11-29T09:00:00Z/2026-11-29T10:00:00Z",
            true,
        ),
        (
            "validTime le 2026-11-29T09:00:00Z/2026-11-29T10:00:00Z",
            true,
        ),
        (
            "validTime eq 2026-11-29T09:00:00Z/2026-11-29T11:00:00Z",
            false,
        ),
        ("validTime/start eq 2026-11-29T09:00:00Z", true),
        ("validTime/end eq 2026-11-29T10:00:00Z", true),
        // Of an instant both are the instant.
        ("phenomenonTime/start eq phenomenonTime/end", true),
    ] {
        assert_eq!(holds(text), expected, "{text}");
    }
}

#[test]
fn ne_is_the_opposite_of_eq_whatever_the_types() {
    let operands = [
        "null",
        "true",
        "1",
        "1.5",
        "'1'",
        "result",
        "id",
        "validTime",
        "resultTime",
        "2026-11-29",
        "2026-11-29T23:45:00Z",
        "properties/name",
        "properties/absent",
        "properties/tags",
        "duration'PT1H'",
        "time(resultTime)",
    ];
    for left in operands {
        for right in operands {
            let query = |word| format!("$filter={left} {word} {right}");
            let parsed = |word| options(Version::V2_0, EntityType::Observation, &query(word));
            let (Ok(eq), Ok(ne)) = (parsed("eq"), parsed("ne")) else {
                assert_eq!(parsed("eq").is_ok(), parsed("ne").is_ok());
                continue;
            };
            let world = observation();
            let holds = |options: odata::Options| {
                options.filter.unwrap().holds(&world.row(0), NOW).unwrap()
            };
            assert_ne!(holds(eq), holds(ne), "{left} and {right}");
        }
    }
}

#[test]
fn a_date_is_its_first_instant_in_utc() {
    for (text, expected) in [
        ("resultTime gt 2026-11-29", true),
        ("resultTime lt 2026-11-30", true),
        ("resultTime eq 2026-11-29", false),
        ("2026-11-29T00:00:00Z eq 2026-11-29", true),
        ("2026-11-29T00:00:00+09:00 lt 2026-11-29", true),
    ] {
        assert_eq!(holds(text), expected, "{text}");
    }
}

#[test]
fn times_are_written_in_many_ways() {
    for text in [
        "2026-11-29T23:45:00Z",
        "2026-11-30T08:45:00+09:00",
        "2026-11-30T08:45:00+0900",
        "2026-11-30T08:45:00+09",
        "2026-11-29T16:45:00-0700",
        "2026-11-29T23:45Z",
        "2026-11-29T23:45:00.000Z",
        "2026-11-29T23:45:00.000000000000Z",
    ] {
        assert!(holds(&format!("resultTime eq {text}")), "{text}");
    }
    let error = refusal("resultTime eq 2026-11-29T23:45:00");
    assert!(error.to_string().contains("an offset"), "{error}");
}

/// Most languages' libraries write a space as a plus, and a plus as `%2B`; people
/// write an offset as it is.
#[test]
fn a_plus_in_the_url_is_a_space_or_the_sign_of_an_offset() {
    let world = observation();
    for query in [
        "$filter=resultTime%20eq%202026-11-30T08:45:00+09:00",
        "$filter=resultTime+eq+2026-11-30T08:45:00+09:00",
        "$filter=resultTime+eq+2026-11-30T08:45:00%2B09:00",
        "$filter=resultTime+eq+2026-11-30T08:45:00+0900+and+id+eq+7",
        "%24filter=resultTime eq 2026-11-30T08:45:00%2B09:00",
        "$filter=hour(resultTime,'+09:00')+eq+8",
        "$filter=2026-11-30T08:45:00+09:00/2026-11-30T08:45:00+09:00+eq+resultTime",
    ] {
        let parsed = odata::parse_options(Version::V1_1, EntityType::Observation, query).unwrap();
        assert!(
            parsed.filter.unwrap().holds(&world.row(0), NOW).unwrap(),
            "{query}"
        );
    }
    let parsed = odata::parse_options(
        Version::V1_1,
        EntityType::Observation,
        "$orderby=resultTime+DESC,id+Asc",
    );
    let order = parsed.unwrap().order;
    assert_eq!((order[0].descending, order[1].descending), (true, false));
}

#[test]
fn text_may_hold_every_sign_that_separates() {
    for text in [
        "/", "?", "%26", ";", ",", "(", ")", "''", " and ", "%25", "$", "=", "%27%27",
    ] {
        let query = format!("$filter='a{text}b' eq 'a{text}b' and id eq 7");
        let parsed = odata::parse_options(Version::V2_0, EntityType::Observation, &query).unwrap();
        let world = observation();
        assert!(
            parsed.filter.unwrap().holds(&world.row(0), NOW).unwrap(),
            "{text}"
        );
    }
}

#[test]
fn the_id_has_two_names_and_two_types() {
    for text in [
        "id eq 7",
        "@iot.id eq 7",
        "id ne '7'",
        "not (id eq '7')",
        "Datastream/@iot.id eq 5",
    ] {
        assert!(holds(text), "{text}");
    }
    assert!(!holds("id eq '7'"));
}

#[test]
fn what_is_hidden_drops_the_row() {
    let mut world = observation();
    world.hide(0, "result");
    for text in [
        "result gt 5",
        "result le 5",
        "result eq null",
        "result ne null",
        "not (result gt 5)",
        "result gt 5 or id eq 7",
    ] {
        let expr = filter(Version::V2_0, EntityType::Observation, text);
        assert!(!expr.holds(&world.row(0), NOW).unwrap(), "{text}");
    }
    let other = filter(Version::V2_0, EntityType::Observation, "id eq 7");
    assert!(other.holds(&world.row(0), NOW).unwrap());
}
