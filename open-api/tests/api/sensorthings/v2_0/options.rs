//! `conf/api/read/options`: what may be asked of a set.

use serde_json::{Value, json};

use super::client;
use crate::sensorthings::city::{AWKWARD, SPEEDS, THINGS, city, datastream};
use crate::sensorthings::client::{each, entities};

/// `conf/api/read/options/precedence`: each pair of neighbours.
#[test]
fn operators_bind_in_their_order() {
    let platform = city();
    let client = client(&platform);
    let set = format!("{}/Observations", datastream(&platform, "flow-1", "speed"));
    for (plain, bracketed, other_way) in [
        ("result mul 2 in (94)", "result mul (2 in (94))", None),
        ("-2 mul result lt -100", "(-2 mul result) lt -100", None),
        (
            "result add 2 mul 10 eq 67",
            "result add (2 mul 10) eq 67",
            Some("(result add 2) mul 10 eq 67"),
        ),
        (
            "result sub 4 add 3 eq 46",
            "(result sub 4) add 3 eq 46",
            Some("result sub (4 add 3) eq 46"),
        ),
        ("result add 1 gt 50", "(result add 1) gt 50", None),
        ("result gt 45 eq true", "(result gt 45) eq true", None),
        (
            "result eq 47 and result gt 40",
            "(result eq 47) and (result gt 40)",
            None,
        ),
        (
            "result eq 39 or result gt 50 and result lt 54",
            "result eq 39 or (result gt 50 and result lt 54)",
            Some("(result eq 39 or result gt 60) and result lt 54 and false"),
        ),
        (
            "not true or result gt 45",
            "(not true) or result gt 45",
            Some("not (true or result gt 45)"),
        ),
    ] {
        if plain.contains(" in ") {
            // `in` binds tighter than arithmetic, which has no meaning then.
            client.refused(&format!("{set}?$filter={plain}"), 400, "invalid-parameter");
            continue;
        }
        let found = client.ids(&format!("{set}?$filter={plain}"));
        assert_eq!(
            found,
            client.ids(&format!("{set}?$filter={bracketed}")),
            "{plain}"
        );
        assert!(!found.is_empty(), "{plain}");
        if let Some(other) = other_way {
            assert_ne!(
                found,
                client.ids(&format!("{set}?$filter={other}")),
                "{other}"
            );
        }
    }
}

/// `conf/api/read/options/filter`: what 2.0 has beyond 1.1.
#[test]
fn filters_of_2_0_know_lists_lambdas_zones_intervals_and_casts() {
    let platform = city();
    let client = client(&platform);
    let speeds = format!("{}/Observations", datastream(&platform, "flow-1", "speed"));
    for (set, filter, expected) in [
        ("/Things", "id in ('lot-1','flow-1')", 2),
        ("/Things", "'river-1' in properties/devices", 1),
        (
            "/Things",
            "Datastreams/any(d: d/resultType/uom/code eq 'km/h')",
            2,
        ),
        ("/Datastreams", "resultType/type eq 'Category'", 1),
        (
            "/Datastreams",
            "phenomenonTime/start ge 2026-05-01T00:07:00Z",
            1,
        ),
        (
            "/Datastreams",
            "phenomenonTime/end ge 2026-05-01T00:09:00Z",
            2,
        ),
        ("/Datastreams", "phenomenonTime lt 2026-05-01T00:08:00Z", 5),
        (
            "/Datastreams",
            "ObservedProperties/any(p: contains(p/name, 'speed'))",
            2,
        ),
        (&speeds, "hour(phenomenonTime, 'Asia/Seoul') eq 9", 10),
        (
            &speeds,
            "hour(phenomenonTime, '+05:30') eq 5 and minute(phenomenonTime, '+05:30') eq 33",
            1,
        ),
        (
            &speeds,
            "date(phenomenonTime, 'America/New_York') eq 2026-04-30",
            10,
        ),
        (
            &speeds,
            "totaloffsetminutes(phenomenonTime, 'KST') eq 540",
            10,
        ),
        (
            &speeds,
            "phenomenonTime ge 2026-05-01T00:03:00Z and phenomenonTime lt 2026-05-01T00:05:00Z",
            2,
        ),
        (&speeds, "cast(result, Edm.String) eq '47'", 1),
        (&speeds, "cast(result, Edm.Int64) eq 47", 1),
        (&speeds, "result in (47,54,99)", 2),
        (
            "/Datastreams",
            "phenomenonTime eq interval(2026-05-01T00:00:00Z, duration'PT9M')",
            1,
        ),
        (
            "/Features",
            "DatastreamsUltimate/any(d: d/Thing/id eq 'river-1')",
            1,
        ),
        (
            "/Observations",
            "ProximateFeatureOfInterest/name eq '세종대로 1'",
            11,
        ),
    ] {
        assert_eq!(client.passing(set, filter), expected, "{set} {filter}");
    }
}

/// `conf/api/read/options/select`: on all paths.
#[test]
fn selects_leave_what_is_named() {
    let platform = city();
    let client = client(&platform);
    let path = datastream(&platform, "flow-1", "speed");
    let context = |path: &str| client.get(path)["@context"].clone();
    for (path, expected) in [
        (
            "/Things('lot-1')?$select=id,name".to_owned(),
            json!({"id": "lot-1", "name": "lot"}),
        ),
        (
            format!("{path}?$select=resultType/uom"),
            json!({"resultType": {"uom": {"code": "km/h"}}}),
        ),
        (
            format!("{path}/Thing?$select=Datastreams"),
            json!({"Datastreams@navigationLink": format!("{}/Things('flow-1')/Datastreams", client.service())}),
        ),
    ] {
        let mut expected = expected;
        expected["@context"] = context(&path);
        assert_eq!(client.get(&path), expected, "{path}");
    }
    let set = client.page("/Things?$select=name&$orderby=name&$top=2");
    assert_eq!(set, [json!({"name": AWKWARD}), json!({"name": "Suyeong"})]);
}

/// `select_distinct` is listed by itself, and is not: so it is not offered.
#[test]
fn distinct_values_are_refused_as_they_are_not_offered() {
    let platform = city();
    let client = client(&platform);
    let page = client.get("");
    let claimed = page["serverSettings"]["conformance"].to_string();
    let reply = client.reply("/Things?$select=distinct:properties/agency");
    if claimed.contains("select_distinct") {
        let found = entities(&reply.expect(200));
        let agencies: Vec<&Value> = each(&found, "properties")
            .into_iter()
            .map(|one| &one["agency"])
            .collect();
        assert_eq!(agencies, ["busan", "seoul"]);
    } else {
        reply.problem(501, "unsupported-option");
    }
}

/// `conf/api/read/options/expand`.
#[test]
fn expands_nest_with_options() {
    let platform = city();
    let client = client(&platform);
    let number = platform.datastream("flow-1", "speed");
    let path = format!(
        "/Things('flow-1')?$select=id&$expand=Datastreams($select=id;$filter=id eq {number};$count=true;\
         $expand=ObservedProperties($select=name),Observations($select=result;$top=2;$skip=1;$count=true))"
    );
    let found = client.get(&path);
    assert_eq!(found["Datastreams@count"], 1);
    let datastream = &found["Datastreams"][0];
    assert_eq!(
        datastream["ObservedProperties"],
        json!([{"name": "Mean speed"}])
    );
    assert_eq!(
        datastream["Observations"],
        json!([{"result": SPEEDS[1]}, {"result": SPEEDS[2]}])
    );
    assert_eq!(datastream["Observations@count"], 10);
    let next = datastream["Observations@nextLink"].as_str().unwrap();
    let rest = client.all(next);
    assert_eq!(
        each(&rest, "result"),
        SPEEDS[3..].iter().collect::<Vec<_>>()
    );
}

/// `conf/api/read/options/top_skip`, `count`, `orderby` and `pagination`.
#[test]
fn pages_go_on_where_the_one_before_ended() {
    let platform = city();
    let client = client(&platform);
    let ten = client.ids("/Things?$top=10");
    assert_eq!(ten, THINGS);
    assert_eq!(
        client.ids_of(&client.page("/Things?$top=2&$skip=1")),
        ten[1..3]
    );
    let first = client.get("/Things?$top=2");
    assert_eq!(client.ids_of(&entities(&first)), ten[..2]);
    let second = client.get(first["@nextLink"].as_str().unwrap());
    assert_eq!(client.ids_of(&entities(&second)), ten[2..4]);
    let third = client.get(second["@nextLink"].as_str().unwrap());
    assert_eq!(client.ids_of(&entities(&third)), ten[4..]);
    assert!(third.get("@nextLink").is_none());
    assert_eq!(client.get("/Things?$count=true")["@count"], 5);
    for absent in ["", "?$count=false"] {
        assert!(
            client
                .get(&format!("/Things{absent}"))
                .get("@count")
                .is_none()
        );
    }
    for (order, expected) in [
        ("id", ["flow-1", "flow-2", "lot-1", "river-1", "signal-1"]),
        (
            "id asc",
            ["flow-1", "flow-2", "lot-1", "river-1", "signal-1"],
        ),
        (
            "id desc",
            ["signal-1", "river-1", "lot-1", "flow-2", "flow-1"],
        ),
        (
            "properties/agency desc,id desc",
            ["signal-1", "lot-1", "flow-2", "flow-1", "river-1"],
        ),
    ] {
        assert_eq!(
            client.ids(&format!("/Things?$orderby={order}&$top=2")),
            expected,
            "{order}"
        );
    }
}

/// `conf/api/read/options/format`: the three levels of metadata.
#[test]
fn metadata_is_full_minimal_or_none() {
    let platform = city();
    let client = client(&platform);
    let page = |format: &str| {
        let reply = client.reply(&format!(
            "/Things?$top=1&$count=true&$expand=Locations&$format={format}"
        ));
        let page = reply.expect(200);
        assert!(
            reply
                .header("content-type")
                .unwrap()
                .starts_with("application/json")
        );
        page
    };
    let names = |json: &Value| -> Vec<String> {
        let names = json.as_object().unwrap().keys();
        names.filter(|name| name.contains('@')).cloned().collect()
    };
    let full = page("application/json;metadata=full");
    for same in ["json", "application/json"] {
        assert_eq!(page(same)["value"], full["value"], "{same}");
    }
    assert_eq!(names(&full), ["@context", "@count", "@nextLink"]);
    assert_eq!(
        names(&full["value"][0]),
        [
            "@id",
            "Datastreams@navigationLink",
            "HistoricalLocations@navigationLink"
        ]
    );
    let minimal = page("application/json;metadata=minimal");
    assert_eq!(names(&minimal), ["@context", "@count", "@nextLink"]);
    let none = page("application/json;metadata=none");
    assert_eq!(names(&none), ["@count", "@nextLink"]);
    for page in [&minimal, &none] {
        let thing = &page["value"][0];
        assert_eq!(names(thing), [] as [String; 0]);
        assert_eq!(names(&thing["Locations"][0]), [] as [String; 0]);
        assert_eq!(
            (&thing["id"], &thing["name"]),
            (&full["value"][0]["id"], &full["value"][0]["name"])
        );
    }
    // The pages that follow are of the same level.
    let next = client.get(none["@nextLink"].as_str().unwrap());
    assert_eq!(names(&next), ["@count", "@nextLink"]);
    let error = client.refused(
        "/Things?$format=application/json;metadata=some",
        400,
        "invalid-parameter",
    );
    assert_eq!(error["target"], "$format");
}
