//! Who may not see something learns nothing of it.

mod positions;

use serde_json::{Value, json};

use super::city::{HIDDEN, THINGS, city, relocate};
use super::client::Client;
use crate::access::rights::holder;
use crate::harness::Platform;

const SETS: [&str; 8] = [
    "Things",
    "Locations",
    "HistoricalLocations",
    "Datastreams",
    "Sensors",
    "ObservedProperties",
    "Observations",
    "FeaturesOfInterest",
];
/// What leads from an entity of a set to the hidden thing.
const TO_THING: [(&str, &str); 8] = [
    ("Things", "id"),
    ("Locations", "Things/id"),
    ("HistoricalLocations", "Thing/id"),
    ("Datastreams", "Thing/id"),
    ("Sensors", "Datastreams/Thing/id"),
    ("ObservedProperties", "Datastreams/Thing/id"),
    ("Observations", "Datastream/Thing/id"),
    ("FeaturesOfInterest", "Observations/Datastream/Thing/id"),
];
/// Of the restricted thing alone.
const UNIT: &str = "flow-9";

/// A city whose restricted thing has everything that a thing may have: moves, a
/// field beyond its model, a feature, and an observation with its own place.
fn furnished() -> Platform {
    let platform = city();
    relocate(
        &platform,
        UNIT,
        Some((37.571_2, 126.971_2)),
        "2026-05-01T00:06:00Z",
    );
    let own = json!({"t": "2026-05-01T00:07:00Z", "v": {"speed": 98, HIDDEN: 97}, "loc": [37.572_2, 126.972_2]});
    platform.publish(UNIT, &own).expect(200);
    let feature = json!({
        "agency": "seoul", "kind": HIDDEN, "things": [UNIT],
        "title": {"en": HIDDEN, "ko": HIDDEN},
        "geometry": {"type": "Point", "coordinates": [126.97, 37.57]},
    });
    let made = platform.operator("PUT", "/v1/features/hidden", Some(feature));
    made.expect(201);
    platform
}

/// Whoever has nothing to do with the hidden thing, in both versions.
fn strangers(platform: &Platform) -> [Client<'_>; 4] {
    let stranger = || Client::of(platform, holder(platform, "operator", Some("busan")));
    [
        Client::public(platform),
        Client::public(platform).v2_0(),
        stranger(),
        stranger().v2_0(),
    ]
}

fn set_name(client: &Client<'_>, set: &str) -> String {
    client.name(set)
}

#[test]
fn it_is_in_no_set_whatever_is_asked_of_it() {
    let platform = furnished();
    let owner = Client::operator(&platform);
    assert_eq!(owner.passing("/Things", &format!("id eq '{UNIT}'")), 1);
    for client in strangers(&platform) {
        for set in SETS {
            let set = set_name(&client, set);
            for options in ["", "&$orderby=id desc", "&$top=1&$count=true", "&$skip=1"] {
                let mut next = Some(format!("/{set}?{options}"));
                while let Some(path) = next {
                    let reply = client.reply(&path);
                    let page = reply.expect(200);
                    for word in [UNIT, HIDDEN, "feature:hidden"] {
                        assert!(!reply.text.contains(word), "{path}: {}", reply.text);
                    }
                    next = client.next_link(&page);
                }
            }
        }
        assert_eq!(client.passing("/Observations", "result ge 97"), 0);
        assert_eq!(client.passing("/Things", "true"), THINGS.len());
        assert_eq!(client.count("/Observations"), 20);
    }
    assert_eq!(owner.passing("/Observations", "result ge 97"), 3);
    assert_eq!(owner.count("/Observations"), 23);
}

#[test]
fn no_filter_finds_it_and_no_order_or_expand_shows_it() {
    let platform = furnished();
    let owner = Client::operator(&platform);
    for client in strangers(&platform) {
        for (set, thing) in TO_THING {
            let filter = format!("{thing} eq '{UNIT}'");
            let name = set_name(&client, set);
            assert_eq!(client.passing(&format!("/{name}"), &filter), 0, "{set}");
            assert!(owner.passing(&format!("/{set}"), &filter) > 0, "{set}");
        }
        for filter in [
            format!("Datastreams/any(d: d/Sensor/id eq '{UNIT}')"),
            "Datastreams/Observations/result ge 97".to_owned(),
            format!("name eq '{HIDDEN}' or properties/devices/0 eq '{UNIT}'"),
            "geo.distance(Locations/location, geography'POINT (126.9712 37.5712)') lt 0.002"
                .to_owned(),
        ] {
            assert_eq!(client.passing("/Things", &filter), 0, "{filter}");
            assert!(owner.passing("/Things", &filter) > 0, "{filter}");
        }
        // The same property, feature and time are others' too.
        for path in [
            "/ObservedProperties?$top=1000&$expand=Datastreams($expand=Thing,Observations)"
                .to_owned(),
            "/Things?$expand=Datastreams($expand=Observations($orderby=result desc)),\
                Locations($expand=Things)"
                .to_owned(),
            format!(
                "/{}?$expand=Observations($expand=Datastream)",
                set_name(&client, "FeaturesOfInterest")
            ),
            "/Datastreams?$orderby=phenomenonTime desc,Thing/name&$expand=Thing,Sensor".to_owned(),
            "/Observations?$orderby=result desc&$expand=Datastream($expand=Thing)".to_owned(),
        ] {
            let text = client.reply(&path).expect_text(200).to_owned();
            let seen = owner
                .reply(&path.replace("/Features?", "/FeaturesOfInterest?"))
                .text;
            for word in [UNIT, HIDDEN, "99.0", "98.0", "97.0"] {
                assert!(!text.contains(word), "{word} in {path}");
            }
            assert!(seen.contains(UNIT), "{path}");
        }
    }
}

/// What an answer says, without the id that was asked for.
fn words(client: &Client<'_>, path: &str, id: &str) -> (u16, Value) {
    let reply = client.reply(path);
    let problem = reply.json();
    let text = problem["error"].to_string().replace(id, "ID");
    (reply.status, Value::from(text))
}

/// Each of its ids is as one that nobody has.
#[test]
fn its_ids_are_as_those_of_nothing() {
    let platform = furnished();
    let owner = Client::operator(&platform);
    for (set, thing) in TO_THING {
        let filter = format!("/{set}?$filter={thing} eq '{UNIT}'&$top=3");
        for entity in owner.page(&filter) {
            let id = match &entity["@iot.id"] {
                Value::String(text) => format!("'{text}'"),
                number => number.to_string(),
            };
            // The standard's models are public.
            if set == "ObservedProperties" && !id.contains(HIDDEN) {
                continue;
            }
            let absent = match id.parse::<u64>() {
                Ok(_) => "4000000".to_owned(),
                Err(_) => "'nobody:1'".to_owned(),
            };
            for client in strangers(&platform) {
                let set = set_name(&client, set);
                for end in [
                    "",
                    "/$ref",
                    "/id",
                    "/Datastreams",
                    "/Observations?$count=true",
                ] {
                    let hidden = words(&client, &format!("/{set}({id}){end}"), &id);
                    let none = words(&client, &format!("/{set}({absent}){end}"), &absent);
                    assert_eq!(hidden.0, 404, "{set}({id}){end}");
                    assert_eq!(hidden, none, "{set}({id}){end}");
                }
                let within = format!("/Things('flow-1')/Datastreams({id})");
                assert_eq!(client.reply(&within).status, 404, "{within}");
            }
        }
    }
}

/// What is broken is told in the same words, whoever is asked about.
#[test]
fn errors_tell_nothing_of_it() {
    let platform = furnished();
    let client = Client::public(&platform);
    for (hidden, none) in [
        (
            format!("/Things?$filter=id eq '{UNIT}' and"),
            "/Things?$filter=id eq 'nobody' and",
        ),
        (
            format!("/Things?$orderby={HIDDEN}"),
            "/Things?$orderby=nothing",
        ),
        (
            format!("/Datastreams?$filter=properties/{HIDDEN} eq 1 foo"),
            "/Datastreams?$filter=properties/nothing eq 1 foo",
        ),
    ] {
        let told = |path: &str, word: &str| {
            client.refused(path, 400, "invalid-parameter")["message"]
                .as_str()
                .unwrap()
                .replace(word, "X")
                .split(" at position")
                .next()
                .unwrap()
                .to_owned()
        };
        assert_eq!(told(&hidden, HIDDEN), told(none, "nothing"));
    }
}

/// A link that somebody else was given shows what its reader sees.
#[test]
fn a_next_link_of_somebody_else_shows_no_more() {
    let platform = furnished();
    let owner = Client::operator(&platform);
    let client = Client::public(&platform);
    for set in SETS {
        for order in ["", "&$orderby=id", "&$orderby=id desc"] {
            let mut next = Some(format!("/{set}?$count=true&$top=2{order}"));
            let mut pages = 0;
            while let Some(path) = next {
                let reply = client.reply(&path);
                reply.expect(200);
                for word in [UNIT, HIDDEN] {
                    // The link itself may say where it goes on.
                    let told = reply.text.split("\"value\":").nth(1).unwrap();
                    assert!(!told.contains(word), "{path}: {told}");
                }
                assert_eq!(
                    reply.json()["@iot.count"],
                    client.count(&format!("/{set}")),
                    "{path}"
                );
                next = owner.next_link(&owner.get(&path));
                pages += 1;
            }
            assert!(pages > 1, "{set}");
        }
    }
}

#[test]
fn a_whole_agency_or_a_thing_that_is_restricted_later_goes_at_once() {
    let platform = city();
    let client = Client::public(&platform);
    assert_eq!(client.passing("/Things", "properties/agency eq 'busan'"), 1);
    let page = client.get("/Observations?$filter=Datastream/Thing/id eq 'river-1'&$top=1");
    let next = client.next_link(&page).unwrap();
    let restrict = json!({"visibility": "restricted"});
    platform
        .operator("PATCH", "/v1/devices/river-1", Some(restrict))
        .expect(200);
    assert_eq!(client.passing("/Things", "properties/agency eq 'busan'"), 0);
    assert_eq!(client.page(&next), [] as [Value; 0]);
    assert_eq!(client.count("/Observations"), 17);
    for set in SETS {
        let text = client.reply(&format!("/{set}?$top=10000")).text;
        assert!(
            !text.contains("river-1") && !text.contains("Suyeong"),
            "{set}: {text}"
        );
    }
    client.refused("/FeaturesOfInterest('feature:suyeong')", 404, "not-found");
    let own = Client::of(&platform, holder(&platform, "viewer", Some("busan")));
    assert_eq!(own.passing("/Things", "properties/agency eq 'busan'"), 1);
    assert_eq!(own.count("/Observations"), 20);
}
