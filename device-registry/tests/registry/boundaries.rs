//! Boundaries: drawn, drawn anew, taken away, and kept over a restart.

use device_registry::{
    Actor, ErrorClass, GeoJson, MAX_BOUNDARIES, NewBoundary, OperationError, PutBoundaryError,
};
use domain::BoundaryName;

use crate::harness::{TestRegistry, place};

fn name(text: &str) -> BoundaryName {
    BoundaryName::new(text).unwrap()
}

/// A square of one degree, whose south-west corner is 37, `west`.
fn square(text: &str, west: f64) -> NewBoundary {
    let corners = [
        (37.0, west),
        (37.0, west + 1.0),
        (38.0, west + 1.0),
        (38.0, west),
        (37.0, west),
    ];
    let ring = corners.map(|(lat, lon)| vec![lon, lat]).to_vec();
    NewBoundary {
        name: name(text),
        title_en: "A square".to_owned(),
        title_ko: "네모".to_owned(),
        geometry: GeoJson::Polygon(vec![ring]),
    }
}

#[test]
fn a_boundary_is_the_same_after_a_restart() {
    let test = TestRegistry::empty();
    let put = test
        .registry
        .put_boundary(&Actor::OPERATOR, square("a", 126.0))
        .unwrap();
    assert!(!put.replaced && put.boundary.changed == test.now());
    test.pass_seconds(5);
    let put = test
        .registry
        .put_boundary(&Actor::OPERATOR, square("a", 127.0))
        .unwrap();
    assert!(put.replaced && put.boundary.changed == test.now());
    test.registry
        .put_boundary(&Actor::OPERATOR, square("b", 128.25))
        .unwrap();
    test.registry
        .put_boundary(&Actor::OPERATOR, square("c", 129.0))
        .unwrap();
    test.registry
        .remove_boundary(&Actor::OPERATOR, &name("c"))
        .unwrap();
    let before = test.registry.snapshot();
    let test = test.kill();
    let after = test.registry.snapshot();
    assert_eq!(*before, *after);
    let names: Vec<&str> = after.boundaries().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    let b = after.boundary(&name("b")).unwrap();
    assert!(b.shape.contains(place(37.5, 129.0)) && !b.shape.contains(place(37.5, 128.2)));
}

#[test]
fn what_is_refused_changes_nothing() {
    let test = TestRegistry::empty();
    test.registry
        .put_boundary(&Actor::OPERATOR, square("a", 126.0))
        .unwrap();
    let untitled = NewBoundary {
        title_ko: " ".to_owned(),
        ..square("a", 127.0)
    };
    let flat = NewBoundary {
        geometry: GeoJson::Polygon(vec![vec![vec![1.0, 1.0]; 4]]),
        ..square("a", 127.0)
    };
    for (new, code) in [(untitled, "invalid-title"), (flat, "invalid-geometry")] {
        let error = test
            .registry
            .put_boundary(&Actor::OPERATOR, new)
            .unwrap_err();
        assert_eq!((error.code(), error.class()), (code, ErrorClass::Invalid));
    }
    let error = test
        .registry
        .remove_boundary(&Actor::OPERATOR, &name("b"))
        .unwrap_err();
    assert_eq!(error.class(), ErrorClass::NotFound);
    let snapshot = test.registry.snapshot();
    let a = snapshot.boundary(&name("a")).unwrap();
    assert!(a.shape.contains(place(37.5, 126.5)));
}

#[test]
fn corners_have_a_limit_in_all() {
    let test = TestRegistry::empty();
    let ring: Vec<Vec<f64>> = (0..50_000)
        .map(|step| vec![f64::from(step) / 1_000.0, f64::from(step % 2)])
        .chain([vec![0.0, 0.0]])
        .collect();
    let long = |number: usize| NewBoundary {
        geometry: GeoJson::Polygon(vec![ring.clone()]),
        ..square(&format!("long-{number}"), 126.0)
    };
    let taken = (0..).take_while(|number| {
        test.registry
            .put_boundary(&Actor::OPERATOR, long(*number))
            .is_ok()
    });
    assert_eq!(taken.take(MAX_BOUNDARIES).count(), 20);
    let error = test
        .registry
        .put_boundary(&Actor::OPERATOR, long(20))
        .unwrap_err();
    assert!(matches!(error, PutBoundaryError::TooManyVertices));
    // In another's place there is room.
    test.registry
        .put_boundary(&Actor::OPERATOR, long(7))
        .unwrap();
}
