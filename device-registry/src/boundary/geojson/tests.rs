//! Geometries that are read and written, and each fault of one.

use super::*;

fn read(json: &str) -> Result<Shape, GeoJsonError> {
    serde_json::from_str::<GeoJson>(json).unwrap().try_into()
}

#[test]
fn what_was_read_is_written() {
    for json in [
        r#"{"type":"Polygon","coordinates":[[[126.9,37.5],[127.0,37.5],[127.0,37.6],[126.9,37.5]]]}"#,
        r#"{"type":"MultiPolygon","coordinates":[[[[126.1234567,37.5],[127.0,37.5],[127.0,37.6],[126.1234567,37.5]]],[[[0.0,0.0],[1.0,0.0],[0.0,1.0],[0.0,0.0]]]]}"#,
    ] {
        let shape = read(json).unwrap();
        let written = serde_json::to_string(&GeoJson::from(&shape)).unwrap();
        assert_eq!(written, json);
        assert_eq!(read(&written), Ok(shape));
    }
}

#[test]
fn a_third_member_and_a_strange_one_are_passed_over() {
    let json = r#"{"bbox":[0,0,1,1],"type":"Polygon",
            "coordinates":[[[0,0,7.5],[1,0,7],[0,1,7],[0,0,7.5]]]}"#;
    assert_eq!(read(json).unwrap().vertices(), 3);
}

#[test]
fn each_fault_is_told() {
    let ring = |ring: &str| read(&format!(r#"{{"type":"Polygon","coordinates":[{ring}]}}"#));
    for (rings, words) in [
        (
            "[[37.5,126.9],[37.5,127],[37.6,127],[37.5,126.9]]",
            "longitude comes first",
        ),
        (
            "[[958000,1952000],[1,1],[0,1],[958000,1952000]]",
            "degrees of WGS 84",
        ),
        ("[[0,0],[1,0],[0,0]]", "ring 0 has fewer than 4"),
        ("[[0,0],[1,0],[0,1],[0,2]]", "ring 0 is open"),
        (
            "[[0,0],[1,0],[0,1],[0,0]],[[0,0],[1,1],[2,2],[0,0]]",
            "ring 1 has no area",
        ),
        ("[[0],[1],[0],[0]]", "a position is [longitude, latitude]"),
        ("", "no polygon"),
    ] {
        let error = ring(rings).unwrap_err().to_string();
        assert!(error.contains(words), "{rings}: {error}");
    }
    assert_eq!(
        read(r#"{"type":"MultiPolygon","coordinates":[]}"#),
        Err(GeoJsonError::Shape(ShapeError::Empty))
    );
}
