//! A filter finds the same whether an index narrows the search or each entity is
//! looked at: random conditions, orders and pages over every set, against a naive
//! evaluation of what the API shows without any of them.

mod condition;
mod evaluate;
mod expands;
mod tables;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestCaseResult, TestRunner};
use serde_json::{Value, json};

use self::condition::{Condition, Seed, seed};
use self::evaluate::{Cell, compare};
use self::tables::{OBSERVATIONS, Path, TABLES, Table};
use super::city::{BEACH, CITY_HALL, NAMSAN, at, city, relocate};
use super::client::Client;
use crate::access::rights::holder;
use crate::harness::Platform;

const CASES: u32 = 320;
/// Indexes narrow observations most: of this many cases each set has one, and
/// observations have what is left.
const SHARES: usize = 12;
/// Sets that one expression may lead through.
const MAX_SETS: usize = 4;

fn config(cases: u32) -> Config {
    Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    }
}

/// The city with more things near each other, of which some moved, some are
/// restricted, and one brings its own places.
fn crowded_city() -> Platform {
    let platform = city();
    for number in 0..8 {
        let id = format!("pole-{number}");
        let step = f64::from(number) * 0.000_37;
        let (lat, lon) = (CITY_HALL.0 + step, CITY_HALL.1 - 2.0 * step);
        let visibility = if number % 3 == 2 {
            "restricted"
        } else {
            "public"
        };
        let more = json!({"name": format!("pole {}", number % 4), "visibility": visibility,
            "location": {"lat": lat, "lon": lon}});
        platform.device(&id, "seoul", "traffic.flow", &more);
        let values: Vec<Value> = (0..5)
            .map(|minute| {
                at(
                    minute * 2,
                    "15",
                    "speed",
                    &(30 + (number * 7 + minute as i32 * 11) % 23),
                )
            })
            .collect();
        platform.publish(&id, &json!(values)).expect(200);
    }
    relocate(&platform, "pole-1", Some(NAMSAN), "2026-05-01T00:03:00Z");
    relocate(&platform, "pole-1", Some(CITY_HALL), "2026-05-01T00:05:00Z");
    relocate(&platform, "pole-3", Some(BEACH), "2026-05-01T00:05:00Z");
    relocate(&platform, "pole-4", None, "2026-05-01T00:05:00Z");
    let own = json!({"t": "2026-05-01T00:02:30Z", "v": {"speed": 32, "queue": 4.5}, "loc": [BEACH.0, BEACH.1]});
    platform.publish("flow-2", &own).expect(200);
    // A correction, and one that comes late.
    platform
        .publish("flow-1", &at(3, "00", "speed", &44.5))
        .expect(200);
    platform
        .publish("flow-1", &at(0, "30", "speed", &30))
        .expect(200);
    platform
}

/// All entities of a set with what their paths lead through, as one reader sees
/// them.
struct Rows {
    table: &'static Table,
    entities: Vec<Value>,
    /// Of each path, what the entities have there.
    values: Vec<Vec<Cell>>,
}

impl Rows {
    fn of(client: &Client<'_>, table: &'static Table) -> Self {
        let path = format!("/{}?$top=10000&$expand={}", table.set, table.expand);
        let entities = client.page(&path);
        assert!(
            entities.len() > 5 && entities.len() < 1_000,
            "{}",
            table.set
        );
        let values = table.paths.iter().map(|path| {
            let found = entities.iter().flat_map(|entity| path.cells(entity));
            let mut values: Vec<Cell> = found.collect();
            values.sort_by(compare);
            values.dedup();
            values
        });
        Self {
            table,
            values: values.collect(),
            entities,
        }
    }
}

/// What is asked of a set.
#[derive(Clone, Debug)]
struct Case {
    reader: Index,
    set: Index,
    condition: Seed,
    order: Vec<(Index, bool)>,
    top: usize,
    skip: usize,
}

fn case() -> impl Strategy<Value = Case> {
    let order = vec((any::<Index>(), any::<bool>()), 0..3);
    let parts = (
        any::<Index>(),
        any::<Index>(),
        seed(),
        order,
        1..9_usize,
        0..4_usize,
    );
    parts.prop_map(|(reader, set, condition, order, top, skip)| Case {
        reader,
        set,
        condition,
        order,
        top,
        skip,
    })
}

#[test]
fn a_filter_finds_what_a_look_at_each_entity_does() {
    let platform = crowded_city();
    let share =
        json!({"agency": "seoul", "to": "busan", "position": "exact", "model": "traffic.flow"});
    platform
        .operator("POST", "/v1/shares", Some(share))
        .expect(201);
    let readers = [
        Client::public(&platform),
        Client::operator(&platform),
        Client::of(&platform, holder(&platform, "viewer", Some("busan"))),
    ];
    let rows: Vec<Vec<Rows>> = readers
        .iter()
        .map(|reader| TABLES.iter().map(|table| Rows::of(reader, table)).collect())
        .collect();
    let checked = TestRunner::new(config(CASES)).run(&case(), |case| {
        let reader = case.reader.index(readers.len());
        let share = case.set.index(SHARES);
        let set = if share < TABLES.len() {
            share
        } else {
            OBSERVATIONS
        };
        check(&readers[reader], &rows[reader][set], &case)
    });
    checked.unwrap_or_else(|failure| panic!("{failure}"));
}

fn check(client: &Client<'_>, rows: &Rows, case: &Case) -> TestCaseResult {
    let table = rows.table;
    let condition = Condition::of(&case.condition, table, &rows.values);
    prop_assume!(condition.sets() <= MAX_SETS);
    let filter = condition.text();
    let expected: Vec<&Value> = rows
        .entities
        .iter()
        .filter(|one| condition.holds(one))
        .collect();

    let set = format!("/{}?$filter={filter}", table.set);
    prop_assert_eq!(client.count(&set), expected.len() as u64, "{}", set);
    let orders: Vec<_> = case
        .order
        .iter()
        .map(|(path, descending)| {
            let path = &table.orders[path.index(table.orders.len())];
            (path, *descending)
        })
        .collect();
    let order = order_text(&orders);
    let whole = client.page(&format!(
        "{set}{order}&$expand={}&$top=10000",
        table.expand_for_order
    ));
    let sorted = |entities: &[Value]| {
        let mut ids = client.ids_of(entities);
        ids.sort_by_key(Value::to_string);
        ids
    };
    let expected: Vec<Value> = expected.into_iter().cloned().collect();
    prop_assert_eq!(sorted(&whole), sorted(&expected), "{}{}", set, order);
    for (one, next) in whole.iter().zip(whole.iter().skip(1)) {
        let mut by_keys = orders.iter().map(|(path, descending)| {
            let ascending = compare(&path.cell(one), &path.cell(next));
            if *descending {
                ascending.reverse()
            } else {
                ascending
            }
        });
        let decisive = by_keys.find(|ordering| ordering.is_ne());
        prop_assert!(
            decisive.is_none_or(|ordering| ordering.is_lt()),
            "{}{}: {} {}",
            set,
            order,
            one,
            next
        );
    }
    let paged = client.ids(&format!(
        "{set}{order}&$top={}&$skip={}",
        case.top, case.skip
    ));
    let rest = whole.iter().skip(case.skip).cloned().collect::<Vec<_>>();
    prop_assert_eq!(
        paged,
        client.ids_of(&rest),
        "{}{}&$top={}&$skip={}",
        set,
        order,
        case.top,
        case.skip
    );
    Ok(())
}

/// As an option that follows others; nothing where there is no order.
fn order_text(orders: &[(&Path, bool)]) -> String {
    if orders.is_empty() {
        return String::new();
    }
    let direction = |descending: bool| if descending { " desc" } else { "" };
    let items = orders.iter();
    let items = items.map(|(path, descending)| format!("{path}{}", direction(*descending)));
    format!("&$orderby={}", items.collect::<Vec<_>>().join(","))
}
