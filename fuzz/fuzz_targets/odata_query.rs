//! A request of SensorThings: any path and any query, parsed within the limits,
//! printed, and evaluated over small rows, which all relations lead to again.
//!
//! The first byte chooses the version and the entity type that the query is about;
//! then the path, a line feed and the query, as they stand in a URL.

#![no_main]

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::sync::LazyLock;

use domain::Timestamp;
use geo_types::{Geometry, Point, polygon};
use libfuzzer_sys::fuzz_target;
use odata::limits::{MAX_EXPAND_DEPTH, MAX_EXPANDS, MAX_LIST_ITEMS, MAX_PATH_SEGMENTS, MAX_TOP};
use odata::{
    Attribute, EntityType, Expand, Expr, Kind, Options, OptionsErrorKind, Relation, Row, RowError,
    SortKey, Value, Version, Visitor, parse_options, parse_path,
};

/// 2026-11-30T12:00:00Z.
const NOW: Timestamp = Timestamp::from_micros(1_796_040_000_000_000);
const HOUR: i64 = 3_600_000_000;

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, text)) = bytes.split_first() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(text) else {
        return;
    };
    let version = match kind & 1 {
        0 => Version::V1_1,
        _ => Version::V2_0,
    };
    let of = EntityType::ALL[usize::from(kind >> 1) % EntityType::ALL.len()];
    let (path, query) = text.split_once('\n').unwrap_or((text, ""));
    if let Ok(path) = parse_path(version, path) {
        assert!(path.steps.len() <= MAX_PATH_SEGMENTS);
    }
    match parse_options(version, of, query) {
        Ok(options) => {
            let mut expands = 0;
            check(version, of, &options, 0, &mut expands);
            assert!(expands <= MAX_EXPANDS);
        }
        // Whatever it says, it can be said.
        Err(error) => assert!(error.to_string().len() < 4_096),
    }
});

fn check(version: Version, of: EntityType, options: &Options, depth: usize, expands: &mut usize) {
    assert!(depth <= MAX_EXPAND_DEPTH);
    assert!(options.order.len() <= MAX_LIST_ITEMS);
    assert!(
        options
            .top
            .max(options.skip)
            .is_none_or(|number| number <= MAX_TOP)
    );
    let row = SomeRow { is_second: false };
    if let Some(filter) = &options.filter {
        let holds = filter.holds(&row, NOW).expect("no row fails");
        print_and_parse(version, of, filter);
        for path in [
            &["id"][..],
            &["phenomenonTime"],
            &["result"],
            &["Locations", "location"],
        ] {
            let implied = filter.implied(path, NOW);
            if let ["id"] = path {
                let is_seven = implied
                    .ids
                    .is_none_or(|ids| ids.contains(&odata::Id::Number(7)));
                assert!(is_seven || !holds, "{filter}");
            }
        }
    }
    let key = SortKey::of(&options.order, &row, NOW).expect("no row fails");
    let other = SortKey::of(&options.order, &SomeRow { is_second: true }, NOW).expect("nor this");
    let token = serde_json::to_string(&key).expect("a key can be written");
    let again: SortKey = serde_json::from_str(&token).expect("what was written is a key");
    assert_eq!(again, key, "{token}");
    let ordering = key.compare(&other, &options.order);
    assert_eq!(other.compare(&again, &options.order), ordering.reverse());
    for Expand {
        relation, options, ..
    } in &options.expand
    {
        *expands += 1;
        check(version, relation.target, options, depth + 1, expands);
    }
}

/// What is printed means the same, unless its brackets are too deep or its
/// constants too long to be read again.
fn print_and_parse(version: Version, of: EntityType, filter: &Expr) {
    let printed = filter.to_string();
    let query = format!(
        "$filter={}",
        printed.replace('%', "%25").replace('&', "%26")
    );
    match parse_options(version, of, &query) {
        Ok(options) => {
            let again = options.filter.expect("a filter was given");
            assert_eq!(again.to_string(), printed);
            let row = SomeRow { is_second: false };
            let value = |expr: &Expr| expr.evaluate(&row, NOW).expect("no row fails").into_owned();
            assert_eq!(value(&again), value(filter), "{printed}");
        }
        Err(error) => assert!(
            matches!(error.kind, OptionsErrorKind::Limit(_)),
            "{printed}: {error}"
        ),
    }
}

/// One of two rows that have a value of every attribute.
struct SomeRow {
    is_second: bool,
}

static JSON: LazyLock<serde_json::Value> = LazyLock::new(|| {
    serde_json::json!({
        "a": 1, "b": "text", "c": [1, "a", null], "d": {"e": 2.5}, "t": "2026-11-29T00:00:00Z",
    })
});

impl Row for SomeRow {
    fn value(&self, attribute: &'static Attribute) -> Result<Value<'_>, RowError> {
        let later = |micros: i64| Timestamp::from_micros(NOW.as_micros() + micros);
        Ok(match (attribute.kind, self.is_second) {
            (Kind::Id, false) => Value::Int(7),
            (Kind::Id, true) => Value::Text("a'b".into()),
            (Kind::Text, _) => Value::Text("한강 a'b".into()),
            (Kind::Time, false) | (Kind::Interval, true) => Value::Time(later(-HOUR)),
            (Kind::Time, true) => Value::Null,
            (Kind::Interval, false) => Value::Interval(later(-HOUR), later(HOUR)),
            (Kind::Json, _) => Value::Json(Cow::Borrowed(&*JSON)),
            (Kind::Any, false) => Value::Number(21.5),
            (Kind::Any, true) => Value::Text("21.5".into()),
            (Kind::Geometry, false) => {
                Value::Geometry(Cow::Owned(Geometry::Point(Point::new(127.0, 37.5))))
            }
            (Kind::Geometry, true) => Value::Geometry(Cow::Owned(Geometry::Polygon(polygon![
                (x: 126.0, y: 37.0), (x: 128.0, y: 37.0), (x: 128.0, y: 38.0), (x: 126.0, y: 37.0),
            ]))),
        })
    }

    fn one(&self, _: &'static Relation) -> Result<Option<Box<dyn Row + '_>>, RowError> {
        Ok(Some(Box::new(SomeRow {
            is_second: !self.is_second,
        })))
    }

    fn each(&self, _: &'static Relation, visit: Visitor<'_>) -> Result<(), RowError> {
        for is_second in [false, true] {
            if let ControlFlow::Break(()) = visit(&SomeRow { is_second })? {
                break;
            }
        }
        Ok(())
    }
}
