//! `req/request-data/orderby`, `top`, `skip`, `count` and
//! `pagination`: each entity once, in the order that was asked for.

use serde_json::{Value, json};

use super::city::{SPEEDS, THINGS, at, city, datastream};
use super::client::{Client, each, entities};

#[test]
fn top_and_skip_cut_what_the_order_gives() {
    let platform = city();
    let client = Client::public(&platform);
    let all = client.ids("/Things");
    for (options, expected) in [
        ("$top=2", &all[..2]),
        ("$top=2&$skip=1", &all[1..3]),
        ("$skip=4", &all[4..]),
        ("$skip=5", &[][..]),
        ("$top=100000", &all[..]),
        ("$top=0", &[][..]),
    ] {
        let page = client.get(&format!("/Things?{options}"));
        assert_eq!(client.ids_of(&entities(&page)), expected, "{options}");
        let is_last = expected.is_empty() || expected.last() == all.last();
        assert_eq!(client.next_link(&page).is_none(), is_last, "{options}");
        assert!(page.get("@iot.count").is_none(), "{options}");
    }
    // What was skipped stays so on the pages that follow.
    assert_eq!(client.ids("/Things?$top=2&$skip=1"), all[1..]);
    for wrong in [
        "$top=-1",
        "$top=x",
        "$top=1.5",
        "$top=",
        "$skip=-1",
        "$skip=all",
    ] {
        let error = client.refused(&format!("/Things?{wrong}"), 400, "invalid-parameter");
        assert_eq!(error["target"], wrong.split('=').next().unwrap());
    }
}

#[test]
fn count_is_of_what_the_filter_leaves_whatever_page_is_asked_for() {
    let platform = city();
    let client = Client::public(&platform);
    let speeds = format!("{}/Observations", datastream(&platform, "flow-1", "speed"));
    for (path, expected) in [
        ("/Things?", 5),
        ("/Things?$top=2&", 5),
        ("/Things?$skip=3&$top=1&", 5),
        ("/Things?$top=0&", 5),
        ("/Things?$expand=Datastreams&", 5),
        ("/Things?$filter=properties/agency eq 'busan'&", 1),
        ("/Things('flow-2')/Locations?", 1),
        ("/Observations?", 20),
        ("/Observations?$filter=result gt 45&", 6),
        ("/Observations?$orderby=result&$top=1&", 20),
        (&format!("{speeds}?"), 10),
        (
            &format!("{speeds}?$filter=phenomenonTime ge 2026-05-01T00:05:00Z&$top=1&"),
            5,
        ),
        (
            &format!("{speeds}?$filter=phenomenonTime ge 2026-05-01T00:05:00Z and result lt 50&"),
            4,
        ),
    ] {
        let page = client.get(&format!("{path}$count=true"));
        assert_eq!(page["@iot.count"], expected, "{path}");
        // It stands before what it counts.
        let text = client.reply(&format!("{path}$count=true")).text;
        assert!(text.find("@iot.count").unwrap() < text.find("\"value\"").unwrap());
        let page = client.get(&format!("{path}$count=false"));
        assert!(page.get("@iot.count").is_none(), "{path}");
    }
    for wrong in ["yes", "TRUE", "1", ""] {
        let error = client.refused(&format!("/Things?$count={wrong}"), 400, "invalid-parameter");
        assert_eq!(error["target"], "$count");
    }
}

#[test]
fn order_is_by_one_key_or_several_either_way() {
    let platform = city();
    let client = Client::public(&platform);
    let speeds = format!("{}/Observations", datastream(&platform, "flow-1", "speed"));
    let mut sorted = SPEEDS;
    sorted.sort_by(f64::total_cmp);
    assert_eq!(
        each(&client.all(&format!("{speeds}?$orderby=result")), "result"),
        sorted.each_ref()
    );
    assert_eq!(
        each(
            &client.all(&format!("{speeds}?$orderby=result asc&$top=3")),
            "result"
        ),
        sorted.each_ref()
    );
    sorted.reverse();
    assert_eq!(
        each(
            &client.all(&format!("{speeds}?$orderby=result desc")),
            "result"
        ),
        sorted.each_ref()
    );
    let newest: Vec<f64> = SPEEDS.iter().rev().copied().collect();
    for options in [
        "$orderby=phenomenonTime desc",
        "$orderby=phenomenonTime desc&$top=3",
    ] {
        let found = client.all(&format!("{speeds}?{options}"));
        assert_eq!(
            each(&found, "result"),
            newest.iter().collect::<Vec<_>>(),
            "{options}"
        );
    }
    let by_two = client.ids("/Things?$orderby=properties/agency,id desc");
    assert_eq!(by_two, ["river-1", "signal-1", "lot-1", "flow-2", "flow-1"]);
    let by_expression = client.ids("/Things?$orderby=length(name) desc,id");
    assert_eq!(
        by_expression,
        ["flow-2", "river-1", "flow-1", "signal-1", "lot-1"]
    );
}

#[test]
fn order_goes_through_relations_to_one() {
    let platform = city();
    let client = Client::public(&platform);
    let found = client.all(
        "/Observations?$orderby=Datastream/Thing/id desc,phenomenonTime&\
        $expand=Datastream($expand=Thing)&$top=4",
    );
    let things: Vec<&str> = found
        .iter()
        .map(|one| one["Datastream"]["Thing"]["@iot.id"].as_str().unwrap())
        .collect();
    let mut expected = Vec::new();
    for (thing, count) in [
        ("signal-1", 3),
        ("river-1", 3),
        ("lot-1", 1),
        ("flow-2", 2),
        ("flow-1", 11),
    ] {
        expected.extend(std::iter::repeat_n(thing, count));
    }
    assert_eq!(things, expected);
    let times: Vec<&str> = found
        .iter()
        .take(3)
        .map(|one| one["phenomenonTime"].as_str().unwrap())
        .collect();
    assert!(times.is_sorted(), "{times:?}");
    let error = client.refused(
        "/Things?$orderby=Datastreams/name",
        400,
        "invalid-parameter",
    );
    assert_eq!(error["target"], "$orderby");
}

/// Null comes first ascending, and last descending.
#[test]
fn nulls_have_their_place_in_the_order() {
    let platform = city();
    let client = Client::public(&platform);
    let levels = format!("{}/Observations", datastream(&platform, "river-1", "level"));
    let [null, low, high] = [Value::Null, json!(-0.5), json!(1.25)];
    for top in [1, 2, 100] {
        let found = client.all(&format!("{levels}?$orderby=result&$top={top}"));
        assert_eq!(each(&found, "result"), [&null, &low, &high]);
        let found = client.all(&format!("{levels}?$orderby=result desc&$top={top}"));
        assert_eq!(each(&found, "result"), [&high, &low, &null]);
    }
    // Numbers, texts and nulls beside each other: by type, and each page goes on.
    let all = client.all("/Observations?$orderby=result&$top=2");
    let results = each(&all, "result");
    assert_eq!(results.len() as u64, client.count("/Observations"));
    assert!(results[0].is_null() && results[1].is_number());
    assert!(
        results[results.len() - 2..]
            .iter()
            .all(|one| one.is_string())
    );
    let mut backwards = client.all("/Observations?$orderby=result desc&$top=2");
    // The id is ascending either way: among equals there is none here but 47.
    backwards.reverse();
    assert_eq!(each(&backwards, "result"), results);
    // Datastreams without observations have no time.
    let found = client.all("/Datastreams?$orderby=phenomenonTime,id&$top=7");
    let first_time = found
        .iter()
        .position(|one| one.get("phenomenonTime").is_some())
        .unwrap();
    assert!(
        first_time > 10
            && found[first_time..]
                .iter()
                .all(|one| one.get("phenomenonTime").is_some())
    );
    assert_eq!(found.len() as u64, client.count("/Datastreams"));
}

#[test]
fn next_links_lead_through_every_set_once_however_it_is_ordered() {
    let platform = city();
    for client in [
        Client::public(&platform),
        Client::operator(&platform).v2_0(),
    ] {
        let feature = client.name("FeaturesOfInterest");
        for (set, orders) in [
            (
                "Things",
                ["id desc", "name", "name desc", "properties/agency"],
            ),
            (
                "Locations",
                [
                    "id",
                    "name desc",
                    "encodingType",
                    "properties/position desc",
                ],
            ),
            (
                "HistoricalLocations",
                ["time", "time desc", "id desc", "Thing/name"],
            ),
            (
                "Datastreams",
                [
                    "phenomenonTime desc",
                    "name",
                    "Thing/name desc",
                    "properties/agency",
                ],
            ),
            (
                "Sensors",
                ["name", "id desc", "properties/model", "description"],
            ),
            (
                "ObservedProperties",
                ["name", "id desc", "properties/model", "definition desc"],
            ),
            (
                "Observations",
                [
                    "phenomenonTime",
                    "phenomenonTime desc",
                    "result",
                    "Datastream/name",
                ],
            ),
            (&feature, ["id", "name", "description", "id desc"]),
        ] {
            let mut whole: Vec<String> = client
                .ids(&format!("/{set}?$top=10000"))
                .iter()
                .map(Value::to_string)
                .collect();
            assert_eq!(
                whole.len() as u64,
                client.count(&format!("/{set}")),
                "{set}"
            );
            whole.sort();
            let orders = orders.map(|order| format!("$orderby={order}"));
            for order in std::iter::once("").chain(orders.iter().map(String::as_str)) {
                for top in [1, 3] {
                    let path = format!("/{set}?{order}&$top={top}");
                    let mut paged: Vec<String> =
                        client.ids(&path).iter().map(Value::to_string).collect();
                    let (first, last) = (paged.first().cloned(), paged.last().cloned());
                    paged.sort();
                    assert_eq!(paged, whole, "{path}: {first:?} to {last:?}");
                }
            }
        }
    }
}

/// What was there when the first page was asked for comes once, whatever is added
/// between two pages.
#[test]
fn entities_that_come_meanwhile_neither_repeat_nor_hide_others() {
    for order in [
        "",
        "$orderby=phenomenonTime&",
        "$orderby=phenomenonTime desc&",
        "$orderby=result&",
        "$orderby=result desc&",
    ] {
        let platform = city();
        let client = Client::public(&platform);
        let before = client.ids("/Observations");
        let mut next = Some(format!("/Observations?{order}$top=5"));
        let (mut seen, mut round) = (Vec::new(), 0);
        while let Some(path) = next {
            let page = client.get(&path);
            seen.extend(client.ids_of(&entities(&page)));
            next = client.next_link(&page);
            round += 1;
            // Before and after what has been read, and of a datastream before it.
            let values = [
                at(30 + round, "00", "speed", &0.5),
                at(0, &format!("{round:02}"), "speed", &200.0),
            ];
            for device in ["flow-1", "flow-2"] {
                platform.publish(device, &json!(values)).expect(200);
            }
            assert!(round < 29, "{order}");
        }
        for id in &before {
            let times = seen.iter().filter(|one| *one == id).count();
            assert_eq!(times, 1, "{order} {id}");
        }
        let mut once = seen.clone();
        once.sort_by_key(Value::to_string);
        once.dedup();
        assert_eq!(once.len(), seen.len(), "{order}");
    }
}

#[test]
fn things_that_come_and_go_meanwhile_hide_no_others() {
    let platform = city();
    let client = Client::public(&platform);
    for (order, expected) in [
        ("", THINGS),
        (
            "$orderby=id desc&",
            ["signal-1", "river-1", "lot-1", "flow-2", "flow-1"],
        ),
    ] {
        let first = client.get(&format!("/Things?{order}$top=2"));
        let last = &entities(&first)[1]["@iot.id"];
        let restrict = |visibility: &str| {
            let patch = json!({"visibility": visibility});
            let path = format!("/v1/devices/{}", last.as_str().unwrap());
            platform.operator("PATCH", &path, Some(patch)).expect(200);
        };
        restrict("restricted");
        let rest = client.ids(&client.next_link(&first).unwrap());
        assert_eq!(rest, expected[2..], "{order}");
        restrict("public");
    }
}

/// The last one of a page is gone when the next one is asked for.
#[test]
fn a_page_goes_on_after_an_entity_that_is_gone() {
    let platform = city();
    let river = json!({
        "agency": "seoul", "kind": "road", "things": ["flow-1", "flow-2", "signal-1"],
        "title": {"en": "Ring road", "ko": "순환로"},
        "geometry": {"type": "Point", "coordinates": [126.99, 37.55]},
    });
    let made = platform.operator("PUT", "/v1/features/ring", Some(river));
    made.expect(201);
    let client = Client::public(&platform).v2_0();
    let path = "/Features('feature:ring')/DatastreamsUltimate?$top=12";
    let all = client.ids("/Features('feature:ring')/DatastreamsUltimate");
    let first = client.get(path);
    let gone = client.ids_of(&entities(&first))[11].clone();
    let sender = client.get(&format!("/Datastreams({gone})"))["properties"]["device"].clone();
    let patch = json!({"visibility": "restricted"});
    let device = format!("/v1/devices/{}", sender.as_str().unwrap());
    platform.operator("PATCH", &device, Some(patch)).expect(200);
    let left: Vec<Value> = all[12..]
        .iter()
        .filter(|id| client.reply(&format!("/Datastreams({id})")).status == 200)
        .cloned()
        .collect();
    assert!(!left.is_empty());
    assert_eq!(client.ids(&client.next_link(&first).unwrap()), left);
}

#[test]
fn a_token_that_nobody_gave_is_refused() {
    let platform = city();
    let client = Client::public(&platform);
    for token in ["x", "", "bnVsbA", "eyJuIjotMX0", "%25"] {
        for path in [
            "/Things?",
            "/Observations?",
            "/Observations?$orderby=result&",
        ] {
            let path = format!("{path}$skiptoken={token}");
            let error = client.refused(&path, 400, "invalid-parameter");
            assert_eq!(error["target"], "$skiptoken", "{path}");
        }
    }
    // One of another order, or of another set, leads nowhere either.
    let token = |path: &str| {
        let link = client.next_link(&client.get(path)).unwrap();
        link.split("$skiptoken=").nth(1).unwrap().to_owned()
    };
    let of_things = token("/Things?$top=1");
    let ordered = token("/Things?$top=1&$orderby=name");
    let of_observations = token("/Observations?$top=1");
    for (path, token) in [
        ("/Datastreams?", &of_things),
        ("/Observations?", &of_things),
        ("/Things?", &ordered),
        ("/Things?$orderby=name,id&", &ordered),
        ("/Things?", &of_observations),
        ("/Datastreams?", &of_observations),
    ] {
        client.refused(
            &format!("{path}$skiptoken={token}"),
            400,
            "invalid-parameter",
        );
    }
}
