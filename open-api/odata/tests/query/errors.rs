//! What is told of a query that is not understood: the place, what stands there,
//! and what was expected.

use odata::{EntityType, OptionsErrorKind, Version};

use crate::world::{options, refusal};

/// A filter, the place where it is refused, what stands there, and what was expected.
const REFUSALS: &[(&str, usize, &str, &str)] = &[
    ("", 0, "its end", "an attribute, a constant"),
    ("result gt", 9, "its end", "an attribute, a constant"),
    ("result gt 5 and", 15, "its end", "an attribute, a constant"),
    ("result gt 5 5", 12, "\"5\"", "an operator"),
    ("result greater 5", 7, "\"greater\"", "an operator"),
    (
        "reslut gt 5",
        0,
        "\"reslut\"",
        "one of id, phenomenonTime, result",
    ),
    ("(result gt 5", 12, "its end", "\")\""),
    ("result gt 5)", 11, "\")\"", "its end"),
    ("Datastream/nome eq 'x'", 11, "\"nome\"", "one of id, name"),
    ("Datastream eq null", 10, "\" \"", "\"/\" and an attribute"),
    (
        "Datastream/name eq 'x",
        21,
        "its end",
        "the quote that ends",
    ),
    ("Datastream/name/x eq 'x'", 16, "\"x\"", "no path into name"),
    (
        "phenomenonTime/middle gt 2026-01-01",
        15,
        "\"middle\"",
        "start or end",
    ),
    ("properties/ eq 1", 11, "\" \"", "the name of a member"),
    ("frobnicate(result)", 0, "\"frobnicate\"", "a function"),
    ("length() eq 1", 7, "\")\"", "an attribute, a constant"),
    ("length('a', 'b') eq 1", 10, "\",\"", "no more arguments"),
    ("startswith('a') eq true", 14, "\")\"", "one more argument"),
    ("now(1) eq null", 4, "\"1\"", "no argument"),
    ("length(5) eq 1", 7, "a number", "a text in quotes"),
    ("year('2026') eq 1", 5, "\"2026\"", "a time"),
    (
        "hour(resultTime, 'Mars/Olympus') eq 1",
        17,
        "\"Mars/Olympus\"",
        "a time zone",
    ),
    (
        "hour(resultTime, '+25:00') eq 1",
        17,
        "\"+25:00\"",
        "a time zone",
    ),
    ("round('a') eq 1", 6, "\"a\"", "a number"),
    (
        "cast(result, Edm.Guid) eq 1",
        13,
        "\"Edm.Guid\"",
        "one of Edm.String",
    ),
    ("result in ()", 11, "\")\"", "an attribute, a constant"),
    ("result in (1", 12, "its end", "\",\" or \")\""),
    ("id in ('a', true)", 12, "a condition", "an id"),
    ("1 in 2", 5, "\"2\"", "a list in brackets"),
    ("result eq 1.2.3", 10, "\"1.2.3\"", "a number"),
    ("result eq 12ab", 10, "\"12ab\"", "a number"),
    (
        "resultTime gt 2026-13-01T00:00:00Z",
        14,
        "\"2026-13-01T00:00:00Z\"",
        "a time",
    ),
    (
        "resultTime gt 2026-02-30",
        14,
        "\"2026-02-30\"",
        "a number, or a time",
    ),
    (
        "resultTime gt 2026-01-01T00:00:00",
        14,
        "\"2026-01-01T00:00:00\"",
        "an offset",
    ),
    (
        "validTime eq 2026-01-02T00:00:00Z/2026-01-01T00:00:00Z",
        13,
        "\"2026-01-01T00:00:00Z\"",
        "not before the start",
    ),
    (
        "now() sub duration'1 hour' gt resultTime",
        18,
        "\"'\"",
        "days, hours",
    ),
    (
        "now() sub duration'P1M' gt resultTime",
        18,
        "\"'\"",
        "days, hours",
    ),
    (
        "Datastreams/any(d: d/name eq 'x')",
        0,
        "\"Datastreams\"",
        "one of id",
    ),
    ("not", 0, "\"not\"", "one of id"),
    ("- 'a' eq 1", 2, "a text in quotes", "a number"),
    ("-2026-01-01 eq 1", 1, "\"2026-01-01\"", "a number after"),
];

#[test]
fn the_place_and_what_was_expected_are_told() {
    for (text, position, found, expected) in REFUSALS {
        let error = refusal(text);
        let OptionsErrorKind::Unexpected {
            found: found_here,
            expected: expected_here,
        } = &error.kind
        else {
            panic!("{text}: {error}");
        };
        assert_eq!(error.option, "$filter", "{text}");
        assert_eq!(error.position, *position, "{text}: {error}");
        assert_eq!(found_here, found, "{text}");
        assert!(expected_here.contains(expected), "{text}: {error}");
    }
}

#[test]
fn types_that_never_meet_are_refused() {
    for (text, position, found) in [
        ("Datastream/name eq 5", 19, "a number"),
        ("Datastream/name gt 2026-01-01", 19, "a date"),
        ("resultTime gt '2026-01-01T00:00:00Z'", 14, "a text"),
        ("resultTime gt 5", 14, "a number"),
        ("id eq true", 6, "a condition"),
        ("1 eq '1'", 5, "a text"),
        ("duration'PT1H' gt 5", 18, "a number"),
        ("properties gt 5", 14, "a number"),
        ("properties eq 'x'", 14, "a text"),
        ("Datastream/name", 0, "a text"),
        ("result add 1", 0, "a value"),
        ("5", 0, "a number"),
        ("5 and true", 0, "a number"),
        ("true and 5", 9, "a number"),
        ("not 5", 4, "a number"),
        ("not Datastream/name eq 'x'", 4, "a text"),
        ("'a' add 'b' eq 'ab'", 4, "a text in quotes add"),
        ("resultTime add resultTime gt resultTime", 11, "a time"),
        ("resultTime mul 2 gt resultTime", 11, "a time"),
        ("geo.length(5) gt 1", 11, "a number"),
        (
            "Datastream/observedArea gt Datastream/observedArea",
            27,
            "a geometry",
        ),
    ] {
        if text == "result add 1" {
            // Untyped: it may be a condition for all that is known.
            continue;
        }
        let error = refusal(text);
        assert_eq!(error.position, position, "{text}: {error}");
        assert!(error.to_string().contains(found), "{text}: {error}");
    }
}

#[test]
fn geometries_are_refused() {
    for (wkt, expected) in [
        ("", "POINT"),
        ("CIRCLE (1 2)", "POINT"),
        ("POINT", "\"(\""),
        ("POINT EMPTY", "\"(\""),
        ("POINT (1)", "a coordinate"),
        ("POINT (1 x)", "a coordinate"),
        ("POINT (1 2 3 4 5)", "\")\""),
        ("POINT (1 2", "\")\""),
        ("POINT (1 2) POINT (1 2)", "the end of the geometry"),
        ("POINT (1e9 2)", "degrees"),
        ("POINT (nan 2)", "a coordinate"),
        ("LINESTRING (1 2)", "two points"),
        ("POLYGON ((0 0, 1 0, 1 1))", "ends where it starts"),
        ("POLYGON ((0 0, 1 0, 1 1, 2 2))", "ends where it starts"),
        ("POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))", "valid"),
        ("POLYGON ((0 0, 0 1, 0 3, 0 0))", "back on itself"),
        (
            "POLYGON ((0 0, 4 0, 4 4, 6 4, 4 4, 0 4, 0 0))",
            "back on itself",
        ),
        ("SRID=3857;POINT (1 2)", "SRID=4326"),
    ] {
        let error = refusal(&format!(
            "st_within(Datastream/observedArea, geography'{wkt}')"
        ));
        assert!(error.to_string().contains(expected), "{wkt}: {error}");
    }
    // The place is that in the option.
    let error = refusal("geo.length(geography'LINESTRING (1 2, 3 x)') gt 1");
    assert_eq!(error.position, 40);
}

#[test]
fn variables_are_new_names() {
    let refused = |text: &str| {
        let query = format!("$filter={text}");
        options(Version::V2_0, EntityType::Thing, &query)
            .unwrap_err()
            .to_string()
    };
    for text in [
        "Datastreams/any(name: name/name eq 'x')",
        "Datastreams/any(Locations: Locations/name eq 'x')",
        "Datastreams/any(d: d/Observations/any(d: d/result eq 5))",
        "Datastreams/any(: name eq 'x')",
        "Datastreams/any(d/name eq 'x')",
        "Datastreams/any(null: name eq 'x')",
    ] {
        let error = refused(text);
        assert!(error.contains("variable"), "{text}: {error}");
    }
    // Only within its brackets.
    let outside = "Datastreams/any(d: d/name eq 'x') and d/name eq 'x'";
    assert!(refused(outside).contains("\"d\""), "{}", refused(outside));
    assert!(refused("Datastreams/any(d: d eq 5)").contains("\"d\""));
    assert!(refused("Datastreams/any(d: d/name)").contains("a condition"));
}

#[test]
fn an_error_is_one_plain_sentence() {
    for (query, sentence) in [
        (
            "$filter=reslut gt 5",
            "$filter has \"reslut\" at position 0, where one of id, time, Thing, Locations is \
             expected",
        ),
        ("$apply=x", "$apply is not supported"),
        ("$top=1&$top=2", "$top is given twice"),
        (
            "$top=x",
            "$top has \"x\" at position 0, where a whole number, 0 or more is expected",
        ),
        (
            "$expand=Thing($top=x)",
            "$top has \"x\" at position 11, where a whole number, 0 or more is expected",
        ),
        (
            "$count=maybe",
            "$count has \"maybe\" at position 0, where true or false is expected",
        ),
    ] {
        let error = options(Version::V1_1, EntityType::HistoricalLocation, query).unwrap_err();
        assert_eq!(error.to_string(), sentence);
    }
}

#[test]
fn a_long_piece_is_cut() {
    let error = refusal(&format!("{} eq 5", "ㄱ".repeat(1_000)));
    assert!(error.to_string().len() < 400, "{error}");
}
