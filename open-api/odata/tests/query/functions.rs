//! Each function and operator with values that the standards' words give.

use odata::{EntityType, Value, Version};
use serde_json::json;

use crate::world::{NOW, World, filter, holds, refusal, time, value};

fn all_hold(conditions: &[&str]) {
    for condition in conditions {
        assert!(holds(condition), "{condition}");
    }
}

fn none_holds(conditions: &[&str]) {
    for condition in conditions {
        assert!(!holds(condition), "{condition}");
    }
}

#[test]
fn comparisons() {
    all_hold(&[
        "result eq 21.5",
        "result ne 21",
        "result gt 21",
        "result ge 21.5",
        "result lt 22",
        "result le 21.5",
        "id eq 7",
        "7 eq id",
        "Datastream/name lt 'B'",
        "true gt false",
        "properties/floor eq 3.0",
        "9007199254740993 gt 9007199254740992.0",
        "9007199254740993 ne 9007199254740992",
        "duration'PT60M' eq duration'PT1H'",
        "duration'P1D' gt duration'PT23H59M'",
    ]);
    none_holds(&[
        "result eq 21",
        "result gt 21.5",
        "result lt 21.5",
        "id eq 8",
    ]);
}

#[test]
fn membership() {
    all_hold(&[
        "id in (1, 7)",
        "properties/name in ('roof','cellar')",
        "'a' in properties/tags",
        "20 in properties/list",
        "properties/nothing in (null)",
        "not ('c' in properties/tags)",
    ]);
    none_holds(&[
        "id in (1, 2)",
        "'c' in properties/tags",
        "'a' in properties/name",
        "'20' in properties/list",
        "'a' in properties/absent",
    ]);
}

#[test]
fn arithmetic() {
    for (text, expected) in [
        ("7 add 2", Value::Int(9)),
        ("7 sub 9", Value::Int(-2)),
        ("7 mul 2", Value::Int(14)),
        ("7 div 2", Value::Int(3)),
        ("-7 div 2", Value::Int(-3)),
        ("7 mod 2", Value::Int(1)),
        ("-7 mod 2", Value::Int(-1)),
        ("7.0 div 2", Value::Number(3.5)),
        ("7 mod 2.5", Value::Number(2.0)),
        ("result mul 2", Value::Number(43.0)),
        // What is read of a row is never known to be whole.
        ("properties/floor div 2", Value::Number(1.5)),
        ("properties/floor add 1", Value::Int(4)),
        ("1 div 0", Value::Null),
        ("1.0 div 0", Value::Null),
        ("5 mod 0", Value::Null),
        ("properties/name add 1", Value::Null),
        (
            "9223372036854775807 add 1",
            Value::Number(9_223_372_036_854_775_808.0),
        ),
        ("-result", Value::Number(-21.5)),
        ("-(3)", Value::Int(-3)),
    ] {
        assert_eq!(value(text), expected, "{text}");
    }
}

#[test]
fn arithmetic_of_times() {
    all_hold(&[
        "now() eq 2026-11-30T12:00:00Z",
        "now() sub duration'P1D' eq 2026-11-29T12:00:00Z",
        "now() add duration'PT12H' eq 2026-12-01",
        "duration'PT12H' add now() eq 2026-12-01T00:00:00Z",
        "now() sub 2026-11-30T11:00:00Z eq duration'PT1H'",
        "duration'PT1H' mul 2 eq duration'PT2H'",
        "2 mul duration'PT1H' eq duration'PT2H'",
        "duration'PT1H' div 2 eq duration'PT30M'",
        "duration'PT1H' sub duration'PT2H' eq -duration'PT1H'",
        "duration'-PT1H' lt duration'PT0S'",
        "validTime add duration'PT1H' eq 2026-11-29T10:00:00Z/2026-11-29T11:00:00Z",
        "date(resultTime) add duration'P2D' eq 2026-12-01",
        "phenomenonTime gt now() sub duration'P2D'",
        "resultTime sub phenomenonTime gt duration'PT14H'",
    ]);
    assert_eq!(value("9999-12-30T00:00:00Z add duration'P2D'"), Value::Null);
}

#[test]
fn texts() {
    all_hold(&[
        "contains(Datastream/name, 'temp')",
        "substringof('temp', Datastream/name)",
        "startswith(Datastream/name, 'Air''s')",
        "endswith(Datastream/name, 'ture')",
        "length(Datastream/name) eq 17",
        "length('한강') eq 2",
        "indexof('abcabc', 'c') eq 2",
        "indexof('한강물', '물') eq 2",
        "indexof('abc', 'x') eq -1",
        "substring('abcdef', 2) eq 'cdef'",
        "substring('abcdef', 2, 3) eq 'cde'",
        "substring('abc', 5) eq ''",
        "substring('abc', -2) eq 'abc'",
        "substring('abc', -2, 3) eq 'a'",
        "substring('abc', 1, 100) eq 'bc'",
        "tolower('ÄB') eq 'äb'",
        "toupper('äb') eq 'ÄB'",
        "trim(Datastream/description) eq 'padded'",
        "concat(concat('a', ', '), 'b') eq 'a, b'",
    ]);
    none_holds(&[
        "contains('temp', 'temperature')",
        "substringof('temperature', 'temp')",
        "startswith('abc', 'b')",
        "contains('abc', 'B')",
    ]);
}

#[test]
fn parts_of_times() {
    for (text, expected) in [
        ("year(resultTime)", 2026),
        ("month(resultTime)", 11),
        ("day(resultTime)", 29),
        ("hour(resultTime)", 23),
        ("minute(resultTime)", 45),
        ("second(phenomenonTime)", 15),
        ("hour(validTime)", 9),
        ("hour(phenomenonTime/start)", 9),
        ("totaloffsetminutes(resultTime)", 0),
        // Zones: names, offsets in each form, abbreviations, and of a row.
        ("day(resultTime, 'Asia/Seoul')", 30),
        ("hour(resultTime, 'Asia/Seoul')", 8),
        ("hour(resultTime, '+09:00')", 8),
        ("hour(resultTime, '+9')", 8),
        ("hour(resultTime, '+09')", 8),
        ("hour(resultTime, '+0930')", 9),
        ("hour(resultTime, '+5:00')", 4),
        ("minute(resultTime, '-03:30')", 15),
        ("hour(resultTime, 'KST')", 8),
        ("hour(resultTime, 'CEST')", 1),
        ("hour(resultTime, 'America/New_York')", 18),
        ("hour(2026-07-01T00:00:00Z, 'America/New_York')", 20),
        ("hour(resultTime, properties/zone)", 8),
        ("totaloffsetminutes(resultTime, 'Asia/Seoul')", 540),
        ("totaloffsetminutes(resultTime, '-03:30')", -210),
        ("year(2026-05-01)", 2026),
        ("day(date(resultTime))", 29),
        ("hour(time(resultTime))", 23),
    ] {
        assert_eq!(value(text), Value::Int(expected), "{text}");
    }
    assert_eq!(
        value("fractionalseconds(phenomenonTime)"),
        Value::Number(0.25)
    );
    assert_eq!(value("hour(resultTime, properties/name)"), Value::Null);
}

#[test]
fn dates_and_times_of_day() {
    all_hold(&[
        "date(resultTime) eq 2026-11-29",
        "date(resultTime, 'Asia/Seoul') eq 2026-11-30",
        "date(resultTime) eq date(validTime)",
        "time(resultTime) eq 23:45:00",
        "time(resultTime) gt 09:00",
        "time(resultTime, '+09:00') eq 08:45:00",
        "time(phenomenonTime) eq 09:30:15.25",
        "time(resultTime) ne validTime",
        "mindatetime() lt resultTime",
        "maxdatetime() gt resultTime",
    ]);
}

#[test]
fn intervals() {
    all_hold(&[
        "interval(2026-11-29T09:00:00Z, 2026-11-29T10:00:00Z) eq validTime",
        "interval(2026-11-29T09:00:00Z, duration'PT1H') eq validTime",
        "interval(properties/since, duration'PT1H') lt validTime",
        "interval(properties/since, 2026-01-02) eq \
         2026-01-01T00:00:00Z/2026-01-02T00:00:00Z",
    ]);
    let backwards = value("interval(2026-11-29T09:00:00Z, 2026-11-28T09:00:00Z)");
    assert_eq!(backwards, Value::Null);
    let start = time("2026-01-01T00:00:00Z");
    let end = time("2026-01-01T00:00:30Z");
    let short = value("interval(2026-01-01, duration'PT30S')");
    assert_eq!(short, Value::Interval(start, end));
    assert_eq!(
        value("2026-01-01T00:00:00Z/PT30S"),
        Value::Interval(start, end)
    );
}

#[test]
fn numbers() {
    for (text, expected) in [
        ("round(result)", Value::Number(22.0)),
        ("round(-21.5)", Value::Number(-22.0)),
        ("round(2.4)", Value::Number(2.0)),
        ("floor(result)", Value::Number(21.0)),
        ("ceiling(result)", Value::Number(22.0)),
        ("floor(-21.5)", Value::Number(-22.0)),
        ("ceiling(3)", Value::Int(3)),
        ("round(properties/name)", Value::Null),
    ] {
        assert_eq!(value(text), expected, "{text}");
    }
}

#[test]
fn distances_and_lengths_are_in_degrees() {
    for (text, expected) in [
        (
            "geo.distance(geography'POINT (0 0)', geography'POINT (3 4)')",
            5.0,
        ),
        (
            "geo.distance(ProximateFeatureOfInterest/feature, geography'POINT (127 37)')",
            0.5,
        ),
        (
            "geo.distance(geometry'POINT (5 1)', geometry'POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0))')",
            1.0,
        ),
        ("geo.length(geography'LINESTRING (0 0, 3 4, 3 5)')", 6.0),
        (
            "geo.length(geography'MULTILINESTRING ((0 0, 1 0), (5 5, 5 7))')",
            3.0,
        ),
        ("geo.length(geography'POINT (1 1)')", 0.0),
    ] {
        assert_eq!(value(text), Value::Number(expected), "{text}");
    }
}

/// The relations of Simple Features, over an area, places in and on it, lines and
/// another area.
#[test]
fn spatial_relations() {
    const AREA: &str = "geography'POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0))'";
    const OTHER: &str = "geography'POLYGON ((5 5, 15 5, 15 15, 5 15, 5 5))'";
    const INSIDE: &str = "geography'POINT (5 5)'";
    const EDGE: &str = "geography'POINT (10 5)'";
    const OUTSIDE: &str = "geography'POINT (11 5)'";
    const ACROSS: &str = "geography'LINESTRING (5 5, 15 5)'";
    const WITHIN: &str = "geography'LINESTRING (1 1, 2 2)'";
    const BESIDE: &str = "geography'POLYGON ((10 0, 20 0, 20 10, 10 10, 10 0))'";
    for (function, pairs, others) in [
        (
            "st_equals",
            vec![(AREA, AREA)],
            vec![(AREA, OTHER), (INSIDE, EDGE)],
        ),
        (
            "st_disjoint",
            vec![(AREA, OUTSIDE)],
            vec![(AREA, EDGE), (AREA, INSIDE)],
        ),
        (
            "st_touches",
            vec![(EDGE, AREA), (AREA, BESIDE)],
            vec![(INSIDE, AREA), (AREA, OTHER)],
        ),
        (
            "st_within",
            vec![(INSIDE, AREA), (WITHIN, AREA)],
            vec![(EDGE, AREA), (AREA, INSIDE)],
        ),
        (
            "st_overlaps",
            vec![(AREA, OTHER)],
            vec![(AREA, AREA), (INSIDE, AREA)],
        ),
        (
            "st_crosses",
            vec![(ACROSS, AREA)],
            vec![(WITHIN, AREA), (AREA, OTHER)],
        ),
        (
            "st_intersects",
            vec![(EDGE, AREA), (ACROSS, AREA)],
            vec![(OUTSIDE, AREA)],
        ),
        (
            "geo.intersects",
            vec![(EDGE, AREA), (INSIDE, AREA)],
            vec![(OUTSIDE, AREA)],
        ),
        (
            "st_contains",
            vec![(AREA, INSIDE), (AREA, WITHIN)],
            vec![(AREA, EDGE), (INSIDE, AREA)],
        ),
    ] {
        for (one, other) in pairs {
            let text = format!("{function}({one}, {other})");
            assert!(holds(&text), "{text}");
        }
        for (one, other) in others {
            let text = format!("{function}({one}, {other})");
            assert!(!holds(&text), "{text}");
        }
    }
    assert!(holds(&format!("st_relate({INSIDE}, {AREA}, 'T*F**F***')")));
    assert!(!holds(&format!(
        "st_relate({OUTSIDE}, {AREA}, 'T*F**F***')"
    )));
    assert!(holds(&format!(
        "st_within(ProximateFeatureOfInterest/feature, {})",
        "geometry'SRID=4326;POLYGON ((126 37, 128 37, 128 38, 126 38, 126 37))'"
    )));
}

/// A row may have what no constant may: nothing but a common point is asked of it.
#[test]
fn an_area_that_crosses_itself_has_few_relations() {
    let mut world = World::default();
    let bow_tie = json!({"location": [[[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]]});
    world.add(EntityType::Location, Version::V2_0, &bow_tie);
    let value = |text: &str| {
        let expr = filter(Version::V2_0, EntityType::Location, text);
        expr.evaluate(&world.row(0), NOW).unwrap().into_owned()
    };
    let area = "geography'POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0))'";
    assert_eq!(
        value(&format!("st_intersects(location, {area})")),
        Value::Bool(true)
    );
    assert_eq!(value(&format!("st_within(location, {area})")), Value::Null);
    assert_eq!(
        value(&format!("st_relate(location, {area}, 'T********')")),
        Value::Null
    );
}

#[test]
fn geometries_of_every_kind_are_read() {
    for text in [
        "POINT (1 2)",
        "point(1 2)",
        "POINT Z (1 2 3)",
        "POINT ZM (1 2 3 4)",
        "POINT (1 2 3)",
        "POINT (-1.5e1 +2)",
        "LINESTRING (1 2, 3 4)",
        "POLYGON ((0 0, 4 0, 4 4, 0 0), (1 0.5, 2 0.5, 2 1, 1 0.5))",
        "MULTIPOINT (1 2, 3 4)",
        "MULTIPOINT ((1 2), (3 4))",
        "MULTILINESTRING ((1 2, 3 4), (5 6, 7 8))",
        "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5)))",
        "GEOMETRYCOLLECTION (POINT (1 2), LINESTRING (1 2, 3 4))",
        "SRID=4326;POINT (1 2)",
        "srid=4326; POINT (1 2)",
    ] {
        let text = format!("geo.distance(geography'{text}', geometry'{text}') eq 0");
        assert!(holds(&text), "{text}");
    }
}

#[test]
fn casts() {
    for (text, expected) in [
        ("cast(properties/number, Edm.Int32)", Value::Int(42)),
        ("cast(properties/number, Edm.Decimal)", Value::Number(42.0)),
        ("cast(result, Edm.Int64)", Value::Int(21)),
        ("cast(result, Edm.String)", Value::Text("21.5".into())),
        (
            "cast(properties/on, Edm.String)",
            Value::Text("true".into()),
        ),
        ("cast('true', Edm.Boolean)", Value::Bool(true)),
        ("cast(properties/name, Edm.Double)", Value::Null),
        ("cast(properties/nothing, Edm.String)", Value::Null),
        (
            "cast(properties/since, Edm.DateTimeOffset)",
            Value::Time(time("2026-01-01T00:00:00Z")),
        ),
        ("cast('PT5M', Edm.Duration)", value("duration'PT5M'")),
        ("cast(resultTime, Edm.Date)", value("2026-11-29")),
        ("cast(resultTime, Edm.TimeOfDay)", value("23:45:00")),
        ("cast('09:30', Edm.TimeOfDay)", value("09:30:00")),
        ("cast(1e300, Edm.Int64)", Value::Null),
    ] {
        assert_eq!(value(text), expected, "{text}");
    }
    assert!(holds(
        "cast(result, Edm.Decimal) gt cast(properties/ratio, Edm.Decimal)"
    ));
    let error = refusal("cast(result, Edm.Guid) eq 1");
    assert!(error.to_string().contains("Edm.String"), "{error}");
}

#[test]
fn a_function_of_null_is_null() {
    for text in [
        "contains(properties/nothing, 'a')",
        "startswith('a', null)",
        "length(properties/absent)",
        "year(properties/absent)",
        "round(null)",
        "geo.distance(null, geography'POINT (0 0)')",
        "cast(null, Edm.Int32)",
        "interval(null, 2026-01-01)",
        "properties/absent add 1",
        "-properties/absent",
        "not properties/absent",
        // As for null, so for what a function has no meaning for.
        "contains(result, 'a')",
        "length(properties/floor)",
    ] {
        assert_eq!(value(text), Value::Null, "{text}");
    }
}
