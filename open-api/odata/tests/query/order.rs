//! The order of rows, and keys that outlive them.

use std::cmp::Ordering;

use odata::{EntityType, OrderItem, SortKey, Value, Version, compare_keys};
use serde_json::json;

use crate::world::{NOW, World, options, time, value};

#[test]
fn null_comes_first_then_types_then_values() {
    let values = [
        Value::Null,
        Value::Bool(false),
        Value::Bool(true),
        Value::Int(-5),
        Value::Number(-4.5),
        Value::Int(3),
        Value::Number(3.5),
        Value::Number(10.0),
        Value::Int(9_007_199_254_740_993),
        Value::Text("".into()),
        Value::Text("10".into()),
        Value::Text("9".into()),
        Value::Text("a".into()),
        Value::Time(time("2026-01-01T00:00:00Z")),
        Value::Interval(time("2026-01-01T00:00:00Z"), time("2026-01-01T00:00:01Z")),
        Value::Time(time("2026-01-01T00:00:01Z")),
        value("2026-01-01"),
        value("2026-01-02"),
        value("09:00:00"),
        value("duration'-PT1S'"),
        value("duration'PT1S'"),
    ];
    for (index, one) in values.iter().enumerate() {
        for (other_index, other) in values.iter().enumerate() {
            assert_eq!(
                compare_keys(one, other),
                index.cmp(&other_index),
                "{one:?} {other:?}"
            );
        }
    }
    assert_eq!(
        compare_keys(&Value::Int(3), &Value::Number(3.0)),
        Ordering::Equal
    );
}

fn order(text: &str) -> Vec<OrderItem> {
    options(
        Version::V2_0,
        EntityType::Observation,
        &format!("$orderby={text}"),
    )
    .unwrap()
    .order
}

/// Results of rows in an order, by their keys as they come back from a token.
fn sorted(results: &[serde_json::Value], text: &str) -> Vec<serde_json::Value> {
    let mut world = World::default();
    for (id, result) in results.iter().enumerate() {
        let attributes = json!({"id": id, "result": result});
        world.add(EntityType::Observation, Version::V2_0, &attributes);
    }
    let order = order(text);
    let mut rows: Vec<_> = results
        .iter()
        .enumerate()
        .map(|(index, result)| {
            let key = SortKey::of(&order, &world.row(index), NOW).unwrap();
            let token = serde_json::to_string(&key).unwrap();
            let again: SortKey = serde_json::from_str(&token).unwrap();
            assert_eq!(again, key, "{token}");
            (again, result.clone())
        })
        .collect();
    rows.sort_by(|(one, _), (other, _)| one.compare(other, &order));
    rows.into_iter().map(|(_, result)| result).collect()
}

#[test]
fn rows_are_sorted_by_their_keys() {
    let results = [
        json!("b"),
        json!(2),
        json!(null),
        json!(1.5),
        json!(10),
        json!("a"),
        json!(true),
    ];
    let ascending = [
        json!(null),
        json!(true),
        json!(1.5),
        json!(2),
        json!(10),
        json!("a"),
        json!("b"),
    ];
    assert_eq!(sorted(&results, "result"), ascending);
    let mut descending = ascending.to_vec();
    descending.reverse();
    assert_eq!(sorted(&results, "result desc"), descending);
    // Equal ones by the next item.
    let equal = [json!(1), json!(2), json!(1.0)];
    assert_eq!(
        sorted(&equal, "result,id desc"),
        [json!(1.0), json!(1), json!(2)]
    );
    assert_eq!(
        sorted(&equal, "result desc,id"),
        [json!(2), json!(1), json!(1.0)]
    );
}

#[test]
fn every_value_survives_a_token() {
    let world = crate::world::observation();
    let text = "result,id,Datastream/name,resultTime,validTime,date(resultTime),time(resultTime),\
                duration'PT1.5S',properties/absent,properties/on,properties/floor,\
                1.5e300,9007199254740993";
    let order = order(text);
    let key = SortKey::of(&order, &world.row(0), NOW).unwrap();
    let token = serde_json::to_vec(&key).unwrap();
    let again: SortKey = serde_json::from_slice(&token).unwrap();
    assert_eq!(again, key);
    assert_eq!(again.len(), order.len());
    assert_eq!(again.compare(&key, &order), Ordering::Equal);
    for (value, item) in again.values().zip(&order) {
        assert_eq!(
            value,
            item.by.evaluate(&world.row(0), NOW).unwrap(),
            "{}",
            item.by
        );
    }
}

/// Found by fuzzing: as a number of JSON it came back with another last bit.
#[test]
fn a_number_survives_a_token_to_its_last_bit() {
    for number in [
        "-9223380.352647757",
        "9.223372036822337e24",
        "1e308",
        "5e-324",
        "0.1",
    ] {
        let order = order(number);
        let key = SortKey::of(&order, &crate::world::observation().row(0), NOW).unwrap();
        let token = serde_json::to_string(&key).unwrap();
        let again: SortKey = serde_json::from_str(&token).unwrap();
        assert_eq!(again.compare(&key, &order), Ordering::Equal, "{token}");
    }
}

/// What somebody made up is no key, or one that can be compared.
#[test]
fn a_token_that_is_made_up_is_refused() {
    for token in [
        r#"[{"n":"NaN"}]"#,
        r#"[{"n":1.5}]"#,
        r#"[{"x":1}]"#,
        "{}",
        r#"["1"]"#,
    ] {
        assert!(serde_json::from_str::<SortKey>(token).is_err(), "{token}");
    }
    let short: SortKey = serde_json::from_str(r#"[{"i":1}]"#).unwrap();
    let long: SortKey = serde_json::from_str(r#"[{"i":1},{"s":"a"}]"#).unwrap();
    assert_eq!(short.compare(&long, &order("id,id")), Ordering::Equal);
}

#[test]
fn objects_and_arrays_have_no_order() {
    let order = order("properties/tags,properties/deep");
    let key = SortKey::of(&order, &crate::world::observation().row(0), NOW).unwrap();
    assert_eq!(key.values().collect::<Vec<_>>(), [Value::Null, Value::Null]);
    assert_eq!(
        compare_keys(&value("properties/tags"), &Value::Null),
        Ordering::Equal
    );
}

#[test]
fn what_is_hidden_sorts_as_null() {
    let mut world = crate::world::observation();
    world.hide(0, "result");
    let order = order("result");
    let key = SortKey::of(&order, &world.row(0), NOW).unwrap();
    assert_eq!(key.values().collect::<Vec<_>>(), [Value::Null]);
}
