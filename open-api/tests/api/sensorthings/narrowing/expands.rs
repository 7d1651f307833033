//! Expanded sets: filtered, ordered, counted and paged by options of their own, for
//! each entity that they belong to.

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{TestCaseResult, TestRunner};
use serde_json::Value;

use super::condition::{Condition, Seed, seed};
use super::{MAX_SETS, Rows, config, crowded_city};
use crate::sensorthings::client::Client;
use crate::sensorthings::narrowing::tables::TABLES;

const CASES: u32 = 64;

/// Sets, and relations to sets.
const RELATIONS: [(&str, &str, &str); 7] = [
    ("Things", "Datastreams", "Datastreams"),
    ("Things", "HistoricalLocations", "HistoricalLocations"),
    ("HistoricalLocations", "Locations", "Locations"),
    ("Datastreams", "Observations", "Observations"),
    ("Sensors", "Datastreams", "Datastreams"),
    ("ObservedProperties", "Datastreams", "Datastreams"),
    ("FeaturesOfInterest", "Observations", "Observations"),
];

/// What is asked of a relation.
#[derive(Clone, Debug)]
struct Case {
    reader: Index,
    relation: Index,
    condition: Seed,
    order: (Index, bool),
    top: usize,
    skip: usize,
}

fn case() -> impl Strategy<Value = Case> {
    let order = (any::<Index>(), any::<bool>());
    let cut = (1..9_usize, 0..4_usize);
    let parts = (any::<Index>(), any::<Index>(), seed(), order, cut);
    parts.prop_map(|(reader, relation, condition, order, (top, skip))| Case {
        reader,
        relation,
        condition,
        order,
        top,
        skip,
    })
}

#[test]
fn an_expanded_set_is_what_its_options_leave_of_it() {
    let platform = crowded_city();
    let readers = [Client::public(&platform), Client::operator(&platform)];
    let rows: Vec<Vec<Rows>> = readers
        .iter()
        .map(|reader| TABLES.iter().map(|table| Rows::of(reader, table)).collect())
        .collect();
    let checked = TestRunner::new(config(CASES)).run(&case(), |case| {
        let reader = case.reader.index(readers.len());
        check(&readers[reader], &rows[reader], &case)
    });
    checked.unwrap_or_else(|failure| panic!("{failure}"));
}

fn check(client: &Client<'_>, rows: &[Rows], case: &Case) -> TestCaseResult {
    let (set, relation, target) = RELATIONS[case.relation.index(RELATIONS.len())];
    let of = |set: &str| rows.iter().find(|rows| rows.table.set == set).unwrap();
    let (parents, children) = (of(set), of(target));
    let condition = Condition::of(&case.condition, children.table, &children.values);
    prop_assume!(condition.sets() <= MAX_SETS);
    let passing: Vec<&Value> = children
        .entities
        .iter()
        .filter(|child| condition.holds(child))
        .map(|child| &child["@iot.id"])
        .collect();

    let orders = children.table.orders;
    let order = &orders[case.order.0.index(orders.len())];
    let direction = if case.order.1 { "desc" } else { "asc" };
    let filter = condition.text();
    let options = [
        format!("$filter={filter}"),
        format!("$orderby={order} {direction}"),
        format!("$top={}", case.top),
        format!("$skip={}", case.skip),
        "$count=true".to_owned(),
        "$select=id".to_owned(),
    ];
    let path = format!(
        "/{set}?$top=10000&$select=id&$expand={relation}({})",
        options.join(";")
    );
    let found = client.page(&path);
    prop_assert_eq!(
        client.ids_of(&found),
        client.ids_of(&parents.entities),
        "{}",
        path
    );
    for (entity, parent) in found.iter().zip(&parents.entities) {
        let own = client.ids_of(parent[relation].as_array().unwrap());
        let expected: Vec<&Value> = own.iter().filter(|id| passing.contains(id)).collect();
        let count = &entity[format!("{relation}@iot.count")];
        prop_assert_eq!(count, expected.len(), "{} {}", path, entity["@iot.id"]);
        let mut ids = client.ids_of(entity[relation].as_array().unwrap());
        prop_assert!(ids.len() <= case.top);
        if let Some(next) = entity[format!("{relation}@iot.nextLink")].as_str() {
            ids.extend(client.ids(next));
        }
        prop_assert_eq!(
            ids.len(),
            expected.len().saturating_sub(case.skip),
            "{} {}",
            path,
            entity
        );
        prop_assert!(
            ids.iter().all(|id| expected.contains(&id)),
            "{} {}",
            path,
            entity
        );
        // The same as by the path, in the same order.
        if ids.len() > case.top {
            let link = parent["@iot.selfLink"].as_str().unwrap();
            let link = link.strip_prefix(&client.service()).unwrap();
            let by_path = client.ids(&format!("{link}/{relation}?{}", options.join("&")));
            prop_assert_eq!(ids, by_path, "{} {}", path, entity);
        }
    }
    Ok(())
}
