//! Relations in space agree with each other and with the nine intersections, over
//! geometries on a small grid, where corners and edges often meet.

use odata::{EntityType, Version, parse_options};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;

use crate::world::{NOW, World, encoded};

fn corner() -> impl Strategy<Value = String> {
    (0..5_u8, 0..5_u8).prop_map(|(x, y)| format!("{x} {y}"))
}

fn ring() -> impl Strategy<Value = String> {
    vec(corner(), 3..6).prop_map(|corners| format!("({}, {})", corners.join(","), corners[0]))
}

/// Some of them are no valid geometry.
fn geometry() -> impl Strategy<Value = String> {
    let simple = prop_oneof![
        corner().prop_map(|at| format!("POINT ({at})")),
        vec(corner(), 2..5).prop_map(|line| format!("LINESTRING ({})", line.join(","))),
        ring().prop_map(|ring| format!("POLYGON ({ring})")),
        vec(corner(), 1..4).prop_map(|points| format!("MULTIPOINT ({})", points.join(","))),
        vec(ring(), 1..3).prop_map(|rings| format!("MULTIPOLYGON (({}))", rings.join("),("))),
    ];
    prop_oneof![
        5 => simple.clone(),
        1 => vec(simple, 1..3).prop_map(|all| format!("GEOMETRYCOLLECTION ({})", all.join(","))),
    ]
}

/// What the function says of two geometries; `None` where one is not valid.
fn says(function: &str, one: &str, other: &str, more: &str) -> Option<bool> {
    let text = format!("{function}(geography'{one}', geography'{other}'{more})");
    let query = format!("$filter={}", encoded(&text));
    let parsed = parse_options(Version::V2_0, EntityType::Observation, &query).ok()?;
    // Nothing of the row is asked for.
    let mut world = World::default();
    world.add(EntityType::Observation, Version::V2_0, &json!({}));
    Some(parsed.filter?.holds(&world.row(0), NOW).unwrap())
}

/// The patterns by which Simple Features defines a relation; it holds where one of
/// them matches.
const PATTERNS: &[(&str, &[&str])] = &[
    ("st_disjoint", &["FF*FF****"]),
    (
        "st_intersects",
        &["T********", "*T*******", "***T*****", "****T****"],
    ),
    (
        "geo.intersects",
        &["T********", "*T*******", "***T*****", "****T****"],
    ),
    ("st_touches", &["FT*******", "F**T*****", "F***T****"]),
    ("st_within", &["T*F**F***"]),
    ("st_contains", &["T*****FF*"]),
    ("st_equals", &["T*F**FFF*"]),
];

proptest! {
    #[test]
    fn relations_are_those_of_the_nine_intersections(one in geometry(), other in geometry()) {
        prop_assume!(says("st_intersects", &one, &other, "").is_some());
        // Of collections there are none.
        prop_assume!(!one.contains("COLLECTION") && !other.contains("COLLECTION"));
        for (function, patterns) in PATTERNS {
            let matches = |pattern: &&str| {
                says("st_relate", &one, &other, &format!(", '{pattern}'")) == Some(true)
            };
            let expected = patterns.iter().any(matches);
            let said = says(function, &one, &other, "");
            prop_assert_eq!(said, Some(expected), "{} of {} and {}", function, one, other);
        }
    }

    /// Whatever two geometries are given, there is an answer, and the other way
    /// round it is that of the opposite function.
    #[test]
    fn relations_have_their_opposites(one in geometry(), other in geometry()) {
        for (function, opposite) in [
            ("st_equals", "st_equals"),
            ("st_disjoint", "st_disjoint"),
            ("st_touches", "st_touches"),
            ("st_within", "st_contains"),
            ("st_overlaps", "st_overlaps"),
            ("st_crosses", "st_crosses"),
            ("st_intersects", "st_intersects"),
        ] {
            let (there, back) = (says(function, &one, &other, ""), says(opposite, &other, &one, ""));
            prop_assert_eq!(there, back, "{} of {} and {}", function, one, other);
        }
    }
}
