//! Random expressions over random rows, against an evaluation that is written
//! another way: of each condition it asks separately whether it is true and
//! whether it is false, and of each value what it is in the plainest of terms.

mod naive;
mod rows;
mod trees;

use odata::{EntityType, Implied, Row, Value, Version};
use proptest::prelude::*;

use crate::world::{NOW, filter};
use naive::Seen;

fn parsed(text: &str) -> odata::Expr {
    filter(Version::V1_1, EntityType::Datastream, text)
}

proptest! {
    #[test]
    fn both_evaluations_agree(condition in trees::condition(), row in rows::datastream()) {
        let text = condition.to_string();
        let expr = parsed(&text);
        let world = row.world();
        let value = match expr.evaluate(&world.row(0), NOW).unwrap() {
            Value::Bool(truth) => Value::Bool(truth),
            // An untyped value, which is as little true or false as null.
            _ => Value::Null,
        };
        let seen = Seen { row: &row, observation: None };
        let expected = match (seen.is_true(&condition), seen.is_false(&condition)) {
            (true, false) => Value::Bool(true),
            (false, true) => Value::Bool(false),
            (false, false) => Value::Null,
            (true, true) => panic!("{text} is true and false"),
        };
        prop_assert_eq!(value, expected, "{} over {:?}", text, row);
    }

    #[test]
    fn what_is_printed_parses_to_the_same(condition in trees::condition()) {
        let expr = parsed(&condition.to_string());
        let printed = expr.to_string();
        prop_assert_eq!(parsed(&printed), expr, "{} printed as {}", condition, printed);
    }

    /// Where every part of a condition names the set, all of it is about one row.
    #[test]
    fn a_plain_path_means_any(condition in trees::about_observations(), row in rows::datastream()) {
        let plain = condition.to_string().replace("o/", "Observations/");
        let any = format!("Observations/any(o: {condition})");
        let world = row.world();
        let holds = |text: &str| parsed(text).holds(&world.row(0), NOW).unwrap();
        prop_assert_eq!(holds(&plain), holds(&any), "{} over {:?}", any, row);
    }

    /// Nothing is implied that a row it holds for does not have; and where the
    /// bounds are said to be all, nothing else holds them.
    #[test]
    fn implied_bounds_are_true(condition in trees::condition(), row in rows::datastream()) {
        const PATHS: &[&[&str]] = &[&["id"], &["name"], &["phenomenonTime"], &["Thing", "name"]];
        let expr = parsed(&condition.to_string());
        let world = row.world();
        let holds = expr.holds(&world.row(0), NOW).unwrap();
        let keeps = |path: &[&str]| {
            let by = crate::world::options(
                Version::V1_1,
                EntityType::Datastream,
                &format!("$orderby={}", path.join("/")),
            );
            let by = &by.unwrap().order[0].by;
            let row = world.row(0);
            let value = by.evaluate(&row as &dyn Row, NOW).unwrap().into_owned();
            is_within(&value, &expr.implied(path, NOW))
        };
        for path in PATHS {
            prop_assert!(!holds || keeps(path), "{} over {:?}: {:?}", condition, row, path);
        }
        if row.is_instant() && expr.is_implied_by(PATHS, NOW) {
            let all = PATHS.iter().all(|path| keeps(path));
            prop_assert_eq!(all, holds, "{} over {:?}", condition, row);
        }
    }
}

fn is_within(value: &Value<'_>, implied: &Implied) -> bool {
    let id = match value {
        Value::Int(id) => Some(odata::Id::Number(*id as u64)),
        Value::Text(text) => Some(odata::Id::Text(text.as_ref().into())),
        _ => None,
    };
    let is_one = implied
        .ids
        .as_ref()
        .is_none_or(|ids| id.is_some_and(|id| ids.contains(&id)));
    let in_time = match value {
        Value::Time(start) | Value::Interval(start, _) => {
            (implied.time.from..implied.time.to).contains(start)
        }
        _ => implied.time == odata::TimeBounds::default(),
    };
    let number = match value {
        Value::Int(whole) => Some(*whole as f64),
        Value::Number(number) => Some(*number),
        _ => None,
    };
    let in_range = implied
        .number
        .is_none_or(|(least, most)| number.is_some_and(|it| (least..=most).contains(&it)));
    let is_text = implied
        .text
        .as_ref()
        .is_none_or(|text| *value == Value::Text(text.as_str().into()));
    is_one && in_time && in_range && is_text
}

#[test]
fn conditions_print_as_they_are_read() {
    for text in [
        "not (name eq 'a')",
        "(1 add 2) mul 3 eq 9",
        "1 sub (2 sub 3) eq 2",
        "-(-(1)) eq 1",
        "(name eq 'a' and id eq 1) and true",
        "name in ('a', 'b''c')",
        "Observations/any(o: o/result gt 5 and name eq 'x')",
        "Observations/any()",
        "phenomenonTime gt 2026-01-01T00:00:00Z/2026-01-02T00:00:00Z",
        "cast(properties/a, Edm.Double) eq 1.5",
        "hour(resultTime, 'Asia/Seoul') eq 5",
        "st_within(observedArea, geography'POINT (1 2.5)')",
        "duration'PT5M' eq now() sub now()",
        "1.0 eq 1e300",
    ] {
        let expr = parsed(text);
        assert_eq!(parsed(&expr.to_string()), expr, "{text}");
    }
}
