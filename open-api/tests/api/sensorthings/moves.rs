//! HistoricalLocations from real moves, and where an observation was made.

use serde_json::{Value, json};

use super::city::{
    BEACH, BEACH_CELL, CITY_HALL, CITY_HALL_CELL, NAMSAN, NAMSAN_CELL, SPEEDS, at, city,
    datastream, relocate,
};
use super::client::{Client, each};

const FIRST_MOVE: &str = "2026-05-01T00:03:00Z";
const SECOND_MOVE: &str = "2026-05-01T00:06:00Z";

fn coordinates(locations: &[Value]) -> Vec<&Value> {
    let places = locations.iter();
    places.map(|one| &one["location"]["coordinates"]).collect()
}

#[test]
fn each_move_is_a_historical_location_with_the_place_that_it_led_to() {
    let platform = city();
    let client = Client::public(&platform);
    relocate(&platform, "flow-1", Some(NAMSAN), FIRST_MOVE);
    relocate(&platform, "flow-1", Some(BEACH), SECOND_MOVE);
    let path = "/Things('flow-1')/HistoricalLocations?$orderby=time&$expand=Locations,Thing";
    let found = client.page(path);
    let times = each(&found, "time");
    assert_eq!(times.len(), 3);
    assert_eq!(times[1..], [FIRST_MOVE, SECOND_MOVE]);
    let places: Vec<&Value> = found
        .iter()
        .map(|one| &one["Locations"][0]["location"]["coordinates"])
        .collect();
    assert_eq!(
        places,
        [json!(CITY_HALL_CELL), json!(NAMSAN_CELL), json!(BEACH_CELL)].each_ref()
    );
    assert!(found.iter().all(|one| one["Thing"]["@iot.id"] == "flow-1"));
    // It is where it went last, and nowhere else.
    let now = client.page("/Things('flow-1')/Locations");
    assert_eq!(coordinates(&now), [&json!(BEACH_CELL)]);
    let there = client.page("/Locations?$filter=Things/id eq 'flow-1'");
    assert_eq!(client.ids_of(&there), client.ids_of(&now));
    // A place where it was has a history and nothing that stands there.
    let was = &found[0]["Locations"][0]["@iot.selfLink"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(client.page(&format!("{was}/Things")), [] as [Value; 0]);
    let history = client.page(&format!("{was}/HistoricalLocations"));
    assert_eq!(client.ids_of(&history), [found[0]["@iot.id"].clone()]);
    // The time of the datastream's area is now.
    let area = client.get(&datastream(&platform, "flow-1", "speed"))["observedArea"].clone();
    assert_eq!(area["coordinates"], json!(BEACH_CELL));
    let filter = format!("time ge {SECOND_MOVE} and time lt 2026-05-02 and Thing/id eq 'flow-1'");
    assert_eq!(client.passing("/HistoricalLocations", &filter), 1);
    // By the same path as a filter, whichever place is the present one.
    for (place, expected) in [(CITY_HALL_CELL, 0), (NAMSAN_CELL, 0), (BEACH_CELL, 1)] {
        let [lon, lat] = place;
        let near = format!(
            "geo.distance(Locations/location, geography'POINT ({lon} {lat})') lt 0.0001 and \
                id eq 'flow-1'"
        );
        assert_eq!(client.passing("/Things", &near), expected, "{place:?}");
        let near = format!(
            "geo.distance(Locations/location, geography'POINT ({lon} {lat})') lt 0.0001 and \
                Thing/id eq 'flow-1'"
        );
        assert_eq!(
            client.passing("/HistoricalLocations", &near),
            1,
            "{place:?}"
        );
    }
}

#[test]
fn an_observation_is_about_the_place_of_its_time() {
    let platform = city();
    let client = Client::public(&platform);
    relocate(&platform, "flow-1", Some(NAMSAN), FIRST_MOVE);
    relocate(&platform, "flow-1", Some(BEACH), SECOND_MOVE);
    let set = format!(
        "{}/Observations?$expand=FeatureOfInterest",
        datastream(&platform, "flow-1", "speed")
    );
    let found = client.all(&set);
    for (minute, one) in found.iter().enumerate() {
        let expected = match minute {
            0..3 => CITY_HALL_CELL,
            3..6 => NAMSAN_CELL,
            _ => BEACH_CELL,
        };
        let feature = &one["FeatureOfInterest"]["feature"];
        assert_eq!(feature["coordinates"], json!(expected), "minute {minute}");
    }
    // Of each place its own observations.
    let link = |minute: usize| {
        found[minute]["FeatureOfInterest"]["@iot.selfLink"]
            .as_str()
            .unwrap()
    };
    let speeds = |minute: usize| {
        let path = format!(
            "{}/Observations?$filter=Datastream/properties/field%20eq%20'speed'",
            link(minute)
        );
        let found = client.all(&path);
        found
            .iter()
            .map(|one| one["result"].as_f64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(speeds(0), SPEEDS[..3]);
    assert_eq!(speeds(4), SPEEDS[3..6]);
    assert_eq!(speeds(9), SPEEDS[6..]);
    assert_eq!(client.count(&format!("{}/Observations", link(4))), 4);
    // What comes late lies where its thing was then.
    platform
        .publish("flow-1", &at(2, "30", "speed", &1.0))
        .expect(200);
    assert_eq!(speeds(0), [&SPEEDS[..3], &[1.0]].concat());
    let at_beach = format!(
        "geo.distance(FeatureOfInterest/feature, geography'POINT ({} {})') lt 0.0001 and \
            result gt 40",
        BEACH_CELL[0], BEACH_CELL[1]
    );
    assert_eq!(client.passing("/Observations", &at_beach), 4);
}

#[test]
fn an_observation_with_a_place_of_its_own_is_about_that() {
    let platform = city();
    let client = Client::public(&platform);
    let own = json!({"t": "2026-05-01T00:02:30Z", "v": {"speed": 32}, "loc": [BEACH.0, BEACH.1]});
    platform.publish("flow-2", &own).expect(200);
    let set = format!("{}/Observations", datastream(&platform, "flow-2", "speed"));
    let found = client.page(&format!("{set}?$expand=FeatureOfInterest"));
    let places: Vec<&Value> = found
        .iter()
        .map(|one| &one["FeatureOfInterest"]["feature"]["coordinates"])
        .collect();
    assert_eq!(
        places,
        [json!(NAMSAN_CELL), json!(NAMSAN_CELL), json!(BEACH_CELL)].each_ref()
    );
    let exact = Client::operator(&platform);
    let exact = exact.page(&format!(
        "{set}?$expand=FeatureOfInterest&$filter=result eq 32"
    ));
    let place = &exact[0]["FeatureOfInterest"]["feature"]["coordinates"];
    assert_eq!(*place, json!([BEACH.1, BEACH.0]));
    // The feature is found by its id, with its observation.
    let id = &found[2]["FeatureOfInterest"]["@iot.id"];
    let link = found[2]["FeatureOfInterest"]["@iot.selfLink"]
        .as_str()
        .unwrap();
    assert_eq!(client.get(link)["@iot.id"], *id);
    let about = client.all(&format!("{link}/Observations"));
    assert_eq!(each(&about, "result"), [32.0]);
    let by_id = format!("id eq '{}'", id.as_str().unwrap());
    assert_eq!(client.passing("/FeaturesOfInterest", &by_id), 1);
    // The thing itself has not moved.
    assert_eq!(
        coordinates(&client.page("/Things('flow-2')/Locations")),
        [&json!(NAMSAN_CELL)]
    );
    assert_eq!(client.count("/Things('flow-2')/HistoricalLocations"), 1);
}

/// What the public sees as one place is one stay.
#[test]
fn moves_within_a_cell_are_for_who_may_see_them() {
    let platform = city();
    let nearby = (CITY_HALL.0 + 0.000_3, CITY_HALL.1 - 0.000_3);
    relocate(&platform, "flow-1", Some(nearby), FIRST_MOVE);
    for (client, expected) in [
        (Client::public(&platform), 1),
        (Client::operator(&platform), 2),
    ] {
        for set in [
            "Things('flow-1')/HistoricalLocations",
            "HistoricalLocations?$filter=Thing/id eq 'flow-1'",
        ] {
            assert_eq!(client.all(&format!("/{set}")).len(), expected, "{set}");
        }
        let path = "/FeaturesOfInterest?$filter=name eq '세종대로 1'";
        assert_eq!(client.all(path).len(), expected);
        let path = format!("/HistoricalLocations?$filter=time eq {FIRST_MOVE}");
        assert_eq!(client.all(&path).len(), expected - 1);
    }
}

#[test]
fn a_thing_whose_place_is_no_longer_known_has_a_past_and_no_place() {
    let platform = city();
    let client = Client::public(&platform);
    relocate(&platform, "flow-1", None, FIRST_MOVE);
    assert_eq!(client.count("/Things('flow-1')/Locations"), 0);
    assert_eq!(client.count("/Things('flow-1')/HistoricalLocations"), 1);
    assert_eq!(client.passing("/Things", "not Locations/any()"), 2);
    let set = format!(
        "{}/Observations?$expand=FeatureOfInterest",
        datastream(&platform, "flow-1", "speed")
    );
    let found = client.page(&set);
    let feature = |minute: usize| found[minute]["FeatureOfInterest"].clone();
    assert_eq!(feature(0)["feature"]["coordinates"], json!(CITY_HALL_CELL));
    assert!(
        feature(5)["@iot.id"].is_string() && feature(5).get("feature").is_none_or(Value::is_null)
    );
    // What was observed nowhere is about its thing all the same.
    let about = client.all(&format!(
        "{}/Observations",
        feature(5)["@iot.selfLink"].as_str().unwrap()
    ));
    assert_eq!(about.len(), 8, "seven speeds and the volume");
}
