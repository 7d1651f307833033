//! Any bytes as the GeoJSON of a boundary: read, write, read, compare; and the
//! area answers for any place.

#![no_main]

use device_registry::{GeoJson, Shape};
use domain::Location;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(geometry) = serde_json::from_slice::<GeoJson>(bytes) else {
        return;
    };
    let Ok(shape) = Shape::try_from(geometry) else {
        return;
    };
    let text = serde_json::to_vec(&GeoJson::from(&shape)).expect("it has finite numbers only");
    let again: GeoJson = serde_json::from_slice(&text).expect("what was written is GeoJSON");
    assert_eq!(Shape::try_from(again), Ok(shape.clone()));

    let (south_west, north_east) = shape.corners();
    for ring in shape.polygons().iter().flatten() {
        for corner in ring {
            shape.contains(*corner);
            assert!((south_west.lat_e7()..=north_east.lat_e7()).contains(&corner.lat_e7()));
            assert!((south_west.lon_e7()..=north_east.lon_e7()).contains(&corner.lon_e7()));
        }
    }
    // East of the box there is nothing more to cross.
    let east = Location::from_e7(south_west.lat_e7(), north_east.lon_e7().saturating_add(1));
    assert!(!shape.contains(east));
});
