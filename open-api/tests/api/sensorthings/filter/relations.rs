//! Filters over places, and through relations.

use super::things_are;
use crate::sensorthings::city::city;
use crate::sensorthings::client::{Client, each};

const SEOUL: &str =
    "geography'POLYGON ((126.5 37.3, 127.3 37.3, 127.3 37.8, 126.5 37.8, 126.5 37.3))'";
const HALL: &str = "geography'POINT (126.9775 37.5665)'";
const LINE: &str = "geography'LINESTRING (126.9775 37.5665, 126.9885 37.5515)'";
/// Its western edge goes through the hall.
const TOUCHING: &str = "geography'POLYGON ((126.9775 37.5, 127.1 37.5, 127.1 37.6, \
    126.9775 37.6, 126.9775 37.5))'";

/// The public's places are the middles of cells, and so are they in filters.
#[test]
fn places_of_things() {
    let platform = city();
    let (seoul, hall, line, touching) = (SEOUL, HALL, LINE, TOUCHING);
    let all = &["flow-1", "flow-2", "signal-1"][..];
    let at_hall = &["flow-1", "signal-1"][..];
    let place = "Locations/location";
    for (filter, expected) in [
        (format!("st_within({place}, {seoul})"), all),
        (format!("st_within({place}, {seoul}) eq true"), all),
        (format!("geo.intersects({place}, {seoul})"), all),
        (format!("st_intersects({place}, {line})"), all),
        (format!("st_disjoint({place}, {seoul})"), &["river-1"]),
        (format!("st_equals({place}, {hall})"), at_hall),
        (format!("st_contains({seoul}, {place})"), all),
        (format!("st_touches({place}, {touching})"), at_hall),
        (format!("st_within({place}, {touching})"), &["flow-2"]),
        (format!("st_relate({place}, {seoul}, 'T*F**F***')"), all),
        (format!("st_crosses({place}, {seoul})"), &[]),
        (format!("st_overlaps({place}, {seoul})"), &[]),
        (format!("geo.distance({place}, {hall}) lt 0.001"), at_hall),
        (format!("geo.distance({place}, {hall}) gt 1"), &["river-1"]),
        (format!("geo.distance({place}, {hall}) lt 0.02"), all),
        (
            format!("geo.distance({place}, {hall}) lt 10 and name eq 'Suyeong'"),
            &["river-1"],
        ),
        (
            format!("not st_within({place}, {seoul})"),
            &["lot-1", "river-1"],
        ),
        (
            format!("geo.distance({place}, geography'SRID=4326;POINT (126.9775 37.5665)') le 0"),
            at_hall,
        ),
        (
            format!("geo.distance({place}, geometry'POINT (126.9775 37.5665)') le 0"),
            at_hall,
        ),
    ] {
        things_are(&platform, &filter, expected);
    }
}

#[test]
fn places_of_whatever_has_one() {
    let platform = city();
    let client = Client::public(&platform);
    let seoul = SEOUL;
    let near = format!("st_within(location, {seoul})");
    assert_eq!(client.passing("/Locations", &near), 3);
    assert_eq!(
        client.passing(
            "/HistoricalLocations",
            &format!("st_within(Locations/location, {seoul})")
        ),
        3
    );
    // Nine, nine and six fields.
    assert_eq!(
        client.passing("/Datastreams", &format!("st_within(observedArea, {seoul})")),
        24
    );
    assert_eq!(
        client.passing(
            "/Datastreams",
            &format!("st_within(Thing/Locations/location, {seoul})")
        ),
        24
    );
    let river = "geo.length(feature) gt 0";
    let found = client.page(&format!("/FeaturesOfInterest?$filter={river}"));
    assert_eq!(each(&found, "name"), ["Suyeong river"]);
    let across = "st_crosses(feature, geography'LINESTRING (129.15 35.16, 129.17 35.161)')";
    assert_eq!(client.passing("/FeaturesOfInterest", across), 1);
}

/// A plain path through a set means "some of it", as in 1.1's examples; all that
/// a condition says of one set it says of the same entity.
#[test]
fn relations_of_things() {
    let platform = city();
    for (filter, expected) in [
        ("Datastreams/properties/field eq 'level'", &["river-1"][..]),
        ("Datastreams/Observations/result gt 53", &["flow-1"]),
        (
            "Datastreams/Observations/result eq 12 and Datastreams/properties/field eq \
            'volume'",
            &["flow-1"],
        ),
        (
            "Datastreams/properties/field eq 'speed' and Datastreams/properties/field eq \
            'volume'",
            &[],
        ),
        (
            "Datastreams/any(d: d/properties/field eq 'phase')",
            &["signal-1"],
        ),
        (
            "Datastreams/any(d: d/properties/field eq 'speed') and Datastreams/any(e: \
            e/properties/field eq 'volume')",
            &["flow-1", "flow-2"],
        ),
        (
            "Datastreams/any(d: d/Observations/any(o: o/result eq 31))",
            &["flow-2"],
        ),
        (
            "Datastreams/any(d: d/Observations/any(o: o/result eq 12) and id eq 'signal-1')",
            &["signal-1"],
        ),
        ("not (Datastreams/properties/field eq 'battery')", &[]),
        (
            "Locations/any()",
            &["flow-1", "flow-2", "river-1", "signal-1"],
        ),
        ("not Locations/any()", &["lot-1"]),
        ("Datastreams/Sensor/id eq 'lot-1'", &["lot-1"]),
        (
            "Datastreams/phenomenonTime ge 2026-05-01T00:07:00Z",
            &["lot-1"],
        ),
    ] {
        things_are(&platform, filter, expected);
    }
    let speed = platform.datastream("flow-1", "speed");
    things_are(
        &platform,
        &format!("Datastreams/id eq {speed}"),
        &["flow-1"],
    );
}

#[test]
fn relations_from_every_set() {
    let platform = city();
    let client = Client::public(&platform);
    for (set, filter, expected) in [
        ("/Datastreams", "Thing/name eq 'lot'", 6),
        (
            "/Datastreams",
            "Thing/id eq 'lot-1' and substringof('spaces', name)",
            2,
        ),
        ("/Datastreams", "Thing/Locations/name eq 'signal'", 6),
        ("/Datastreams", "ObservedProperty/name eq 'Mean speed'", 2),
        ("/Datastreams", "Observations/result eq 12", 2),
        ("/Datastreams", "unitOfMeasurement/symbol eq 'km/h'", 2),
        ("/Datastreams", "phenomenonTime ne null", 7),
        ("/Observations", "Datastream/Thing/name eq 'signal'", 3),
        (
            "/Observations",
            "Datastream/ObservedProperty/name eq 'Mean speed'",
            12,
        ),
        (
            "/Observations",
            "FeatureOfInterest/name eq 'Suyeong river'",
            3,
        ),
        (
            "/Sensors",
            "Datastreams/Thing/properties/agency eq 'busan'",
            1,
        ),
        (
            "/ObservedProperties",
            "Datastreams/Observations/result eq 'red'",
            1,
        ),
        ("/FeaturesOfInterest", "Observations/result lt 0", 1),
        (
            "/Locations",
            "Things/Datastreams/properties/model eq 'traffic.flow'",
            2,
        ),
        ("/HistoricalLocations", "Thing/name eq 'signal'", 1),
    ] {
        assert_eq!(client.passing(set, filter), expected, "{set} {filter}");
    }
}
