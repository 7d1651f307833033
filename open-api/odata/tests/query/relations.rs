//! Expressions that lead through relations: to one, and through sets by a plain
//! path or by `any`.

use odata::{EntityType, Version};
use serde_json::json;

use crate::world::{NOW, World, filter, holds, options};

/// Three Things: the first has two Datastreams, "a" with results 1 and 9, "b" with
/// 5; the second one, "c", without Observations; the third none.
fn things() -> World {
    let mut world = World::default();
    let version = Version::V1_1;
    for (id, name) in [(1, "one"), (2, "two"), (3, "three")] {
        world.add(EntityType::Thing, version, &json!({"id": id, "name": name}));
    }
    for (thing, id, name, results) in [
        (0, 10, "a", vec![1, 9]),
        (0, 11, "b", vec![5]),
        (1, 12, "c", vec![]),
    ] {
        let attributes = json!({"id": id, "name": name});
        let datastream = world.add(EntityType::Datastream, version, &attributes);
        world.relate(thing, "Datastreams", datastream);
        world.relate(datastream, "Thing", thing);
        for result in results {
            let attributes = json!({"result": result});
            let observation = world.add(EntityType::Observation, version, &attributes);
            world.relate(datastream, "Observations", observation);
            world.relate(observation, "Datastream", datastream);
        }
    }
    world
}

/// Of which Things, by number, a filter holds.
fn found(text: &str) -> Vec<usize> {
    let world = things();
    let expr = filter(Version::V1_1, EntityType::Thing, text);
    // The text that it prints means the same.
    let again = filter(Version::V1_1, EntityType::Thing, &expr.to_string());
    assert_eq!(again, expr, "{text} prints as {expr}");
    let holds = |index: &usize| expr.holds(&world.row(*index), NOW).unwrap();
    (0..3).filter(holds).map(|index| index + 1).collect()
}

#[test]
fn relations_to_one() {
    for text in [
        "Datastream/name eq 'Air''s temperature'",
        "Datastream/id eq 5",
        "Datastream/Thing/name eq null",
        "st_within(ProximateFeatureOfInterest/feature, \
         geography'POLYGON ((126 37, 128 37, 128 38, 126 38, 126 37))')",
    ] {
        assert!(holds(text), "{text}");
    }
}

#[test]
fn a_plain_path_through_a_set_means_some_row() {
    assert_eq!(found("Datastreams/name eq 'a'"), [1]);
    assert_eq!(found("Datastreams/name ne 'a'"), [1, 2]);
    assert_eq!(found("Datastreams/id gt 0"), [1, 2]);
    assert_eq!(found("startswith(Datastreams/name, 'c')"), [2]);
    assert_eq!(found("Datastreams/Observations/result gt 5"), [1]);
    // No row at all is no row with a null.
    assert_eq!(found("Datastreams/name eq null"), [0; 0]);
}

#[test]
fn all_plain_paths_through_one_set_mean_one_row() {
    assert_eq!(
        found("Datastreams/name eq 'a' and Datastreams/id eq 10"),
        [1]
    );
    assert_eq!(
        found("Datastreams/name eq 'a' and Datastreams/id eq 11"),
        [0; 0]
    );
    // What stands between them does not part them.
    assert_eq!(
        found("Datastreams/name eq 'a' and id eq 1 and Datastreams/id eq 11"),
        [0; 0]
    );
    assert_eq!(
        found("Datastreams/Observations/result gt 1 and Datastreams/Observations/result lt 9"),
        [1]
    );
    assert_eq!(
        found(
            "Datastreams/name eq 'a' and Datastreams/Observations/result gt 1 and \
             Datastreams/Observations/result lt 9"
        ),
        [0; 0]
    );
    // The sides of one comparison.
    assert_eq!(
        found("Datastreams/id mod 2 eq Datastreams/id mod 2"),
        [1, 2]
    );
}

#[test]
fn what_does_not_name_the_set_holds_without_it() {
    assert_eq!(found("name eq 'three' or Datastreams/name eq 'c'"), [2, 3]);
    assert_eq!(found("not (Datastreams/name eq 'a')"), [2, 3]);
    assert_eq!(
        found("not (Datastreams/name eq 'a' and Datastreams/id eq 11)"),
        [1, 2, 3]
    );
    assert_eq!(
        found("Datastreams/name eq 'a' or Datastreams/name eq 'c'"),
        [1, 2]
    );
}

#[test]
fn any_binds_its_own_row() {
    for (text, expected) in [
        ("Datastreams/any(d: d/name eq 'a')", vec![1]),
        ("Datastreams/any(d:d/name eq 'a' and d/id eq 11)", vec![]),
        (
            "Datastreams/any(d: d/name eq 'a') and Datastreams/any(e: e/name eq 'b')",
            vec![1],
        ),
        (
            "Datastreams/any(d: d/name eq 'a') and Datastreams/any(d: d/name eq 'b')",
            vec![1],
        ),
        ("not Datastreams/any(d: d/name eq 'a')", vec![2, 3]),
        ("Datastreams/any()", vec![1, 2]),
        ("not Datastreams/any()", vec![3]),
        (
            "Datastreams/any(d: d/Observations/any(o: o/result gt 5))",
            vec![1],
        ),
        (
            "Datastreams/any(d: d/Observations/any(o: o/result eq 5 and d/name eq 'b'))",
            vec![1],
        ),
        (
            "Datastreams/any(d: d/Observations/any(o: o/result eq 5 and d/name eq 'a'))",
            vec![],
        ),
        ("Datastreams/any(d: not d/Observations/any())", vec![2]),
        // A name without the variable belongs to the outer row.
        (
            "Datastreams/any(d: d/name eq 'c' and name eq 'two')",
            vec![2],
        ),
        ("Datastreams/any(d: d/name eq 'c' and name eq 'c')", vec![]),
        // Through a relation to one, and through a set by a plain path.
        ("Datastreams/any(d: d/Thing/name eq 'two')", vec![2]),
        (
            "Datastreams/Observations/any(o: o/result eq 5) and Datastreams/name eq 'b'",
            vec![1],
        ),
        (
            "Datastreams/Observations/any(o: o/result eq 5) and Datastreams/name eq 'a'",
            vec![],
        ),
        // A plain path within.
        ("Datastreams/any(d: d/Observations/result gt 5)", vec![1]),
        (
            "Datastreams/any(d: d/Observations/result gt 1 and d/Observations/result lt 9)",
            vec![1],
        ),
        (
            "Datastreams/any(d: d/name eq 'b' and Datastreams/name eq 'a')",
            vec![1],
        ),
    ] {
        assert_eq!(found(text), expected, "{text}");
    }
}

#[test]
fn a_hidden_attribute_is_true_of_no_row_of_a_set() {
    let mut world = things();
    world.hide(3, "name");
    let holds = |text: &str| {
        let expr = filter(Version::V1_1, EntityType::Thing, text);
        expr.holds(&world.row(0), NOW).unwrap()
    };
    assert!(!holds("Datastreams/name eq 'a'"));
    assert!(!holds("Datastreams/any(d: d/name ne 'b')"));
    // The other Datastream is seen.
    assert!(holds("Datastreams/name eq 'b'"));
}

#[test]
fn plain_paths_work_in_both_versions_and_so_does_any() {
    for version in [Version::V1_1, Version::V2_0] {
        for text in [
            "Datastreams/name eq 'a'",
            "Datastreams/any(d: d/name eq 'a')",
        ] {
            let query = format!("$filter={text}");
            assert!(
                options(version, EntityType::Thing, &query).is_ok(),
                "{text}"
            );
        }
    }
}

#[test]
fn the_names_are_those_of_the_version() {
    for (version, text, is_known) in [
        (Version::V1_1, "FeatureOfInterest/name eq 'x'", true),
        (Version::V2_0, "FeatureOfInterest/name eq 'x'", false),
        (
            Version::V1_1,
            "ProximateFeatureOfInterest/name eq 'x'",
            false,
        ),
        (
            Version::V2_0,
            "ProximateFeatureOfInterest/name eq 'x'",
            true,
        ),
        (
            Version::V1_1,
            "Datastream/ObservedProperty/name eq 'x'",
            true,
        ),
        // The singular of a relation to many, as 2.0's examples write it.
        (
            Version::V2_0,
            "Datastream/ObservedProperty/name eq 'x'",
            true,
        ),
        (
            Version::V2_0,
            "Datastream/ObservedProperties/name eq 'x'",
            true,
        ),
        (Version::V1_1, "FeatureOfInterest/name eq 'x'", true),
        (Version::V2_0, "FeatureOfInterest/name eq 'x'", false),
        (Version::V1_1, "parameters/a eq 'x'", true),
        (Version::V2_0, "parameters/a eq 'x'", false),
        (
            Version::V1_1,
            "Datastream/unitOfMeasurement/symbol eq 'x'",
            true,
        ),
        (Version::V2_0, "Datastream/resultType/uom/code eq 'x'", true),
    ] {
        let parsed = options(version, EntityType::Observation, &format!("$filter={text}"));
        assert_eq!(parsed.is_ok(), is_known, "{version} {text}");
    }
}
