//! The index against a walk over all edges; holes, islands and neighbours.

use proptest::prelude::*;

use super::*;

fn at(lat: i32, lon: i32) -> Location {
    Location::from_e7(lat, lon)
}

fn ring(corners: &[(i32, i32)]) -> Ring {
    corners.iter().map(|&(lat, lon)| at(lat, lon)).collect()
}

/// Slowly, by fractions of i128, over all edges.
fn crosses_odd(polygons: &[Polygon], place: Location) -> bool {
    let mut odd = false;
    for ring in polygons.iter().flatten() {
        for corner in 0..ring.len() {
            let (one, two) = (ring[corner], ring[(corner + 1) % ring.len()]);
            let (low, high) = if one.lat_e7() <= two.lat_e7() {
                (one, two)
            } else {
                (two, one)
            };
            if place.lat_e7() < low.lat_e7() || place.lat_e7() >= high.lat_e7() {
                continue;
            }
            let rise = i128::from(high.lat_e7()) - i128::from(low.lat_e7());
            let run = i128::from(high.lon_e7()) - i128::from(low.lon_e7());
            let up = i128::from(place.lat_e7()) - i128::from(low.lat_e7());
            let there = i128::from(low.lon_e7()) * rise + run * up;
            odd ^= i128::from(place.lon_e7()) * rise < there;
        }
    }
    odd
}

fn corner() -> impl Strategy<Value = Location> {
    prop_oneof![
        // Near each other, so that corners, edges and places meet.
        4 => (-6..6i32, -6..6i32).prop_map(|(lat, lon)| at(lat, lon)),
        1 => (-900_000_000..=900_000_000i32, -1_800_000_000..=1_800_000_000i32)
            .prop_map(|(lat, lon)| at(lat, lon)),
    ]
}

fn polygons() -> impl Strategy<Value = Vec<Polygon>> {
    let ring = prop::collection::vec(corner(), 3..40);
    prop::collection::vec(prop::collection::vec(ring, 1..4), 1..4)
}

proptest! {
    #[test]
    fn the_index_finds_what_a_walk_over_all_edges_finds(
        polygons in polygons(),
        places in prop::collection::vec(corner(), 1..60),
    ) {
        let flat = polygons.iter().flatten().any(|ring| is_flat(ring));
        let shape = Shape::new(polygons.clone());
        prop_assert_eq!(shape.is_err(), flat);
        if let Ok(shape) = shape {
            for place in places {
                prop_assert_eq!(shape.contains(place), crosses_odd(&polygons, place), "{:?}", place);
            }
        }
    }

    #[test]
    fn the_way_round_and_the_first_corner_do_not_matter(
        ring in prop::collection::vec(corner(), 3..20),
        turn in 0..20usize,
        places in prop::collection::vec(corner(), 1..40),
    ) {
        prop_assume!(!is_flat(&ring));
        let mut other = ring.clone();
        other.reverse();
        let turn = turn % other.len();
        other.rotate_left(turn);
        let one = Shape::new(vec![vec![ring]]).unwrap();
        let other = Shape::new(vec![vec![other]]).unwrap();
        for place in places {
            prop_assert_eq!(one.contains(place), other.contains(place));
        }
    }
}

#[test]
fn a_hole_is_outside_and_an_island_in_it_inside() {
    let square = |size: i32| ring(&[(-size, -size), (-size, size), (size, size), (size, -size)]);
    let shape = Shape::new(vec![vec![square(30), square(20)], vec![square(10)]]).unwrap();
    for (place, inside) in [(0, true), (15, false), (25, true), (35, false)] {
        assert_eq!(shape.contains(at(0, place)), inside, "{place}");
        assert_eq!(shape.contains(at(place, 0)), inside, "{place}");
    }
    assert_eq!(shape.corners(), (at(-30, -30), at(30, 30)));
    assert_eq!(shape.vertices(), 12);
}

#[test]
fn neighbours_share_an_edge_and_no_place() {
    let west = Shape::new(vec![vec![ring(&[(0, 0), (0, 10), (10, 14), (10, 0)])]]).unwrap();
    let east = Shape::new(vec![vec![ring(&[(0, 10), (0, 30), (10, 30), (10, 14)])]]).unwrap();
    for lat in 0..10 {
        for lon in 0..30 {
            let found = [&west, &east].map(|shape| shape.contains(at(lat, lon)));
            assert_eq!(
                found.iter().filter(|found| **found).count(),
                1,
                "{lat} {lon}"
            );
        }
    }
}

#[test]
fn what_has_no_area_is_refused() {
    assert_eq!(Shape::new(Vec::new()), Err(ShapeError::Empty));
    assert_eq!(Shape::new(vec![Vec::new()]), Err(ShapeError::Empty));
    let line = ring(&[(0, 0), (5, 5), (9, 9)]);
    let sound = ring(&[(0, 0), (5, 0), (0, 5)]);
    let flat = Shape::new(vec![vec![sound.clone(), line]]);
    assert_eq!(flat, Err(ShapeError::Flat(1)));
    let many = vec![vec![sound]; MAX_RINGS + 1];
    assert_eq!(Shape::new(many), Err(ShapeError::TooManyRings));
    let long: Ring = (0..=MAX_VERTICES as i32).map(|n| at(n % 2, n)).collect();
    let long = Shape::new(vec![vec![long]]);
    assert_eq!(long, Err(ShapeError::TooManyVertices));
}
