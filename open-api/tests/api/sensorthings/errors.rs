//! What is wrong with a request, told in a problem's form and OData's at once:
//! which option, where in it, and what may stand there.

use serde_json::Value;

use super::city::city;
use super::client::Client;

fn message(error: &Value) -> &str {
    error["message"].as_str().unwrap()
}

#[test]
fn a_mistake_in_an_option_tells_its_place_and_what_was_expected() {
    let platform = city();
    for client in [Client::public(&platform), Client::public(&platform).v2_0()] {
        for (query, position, expected) in [
            ("$filter=", 0, "an attribute"),
            ("$filter=name", 0, "a condition"),
            ("$filter=name eq", 7, "a constant"),
            ("$filter=name eq 'lot", 12, "the quote that ends the text"),
            ("$filter=name eq 'lot' and", 17, "an attribute"),
            ("$filter=name eq 'lot')", 13, "its end"),
            ("$filter=(name eq 'lot'", 14, "\")\""),
            ("$filter=name equals 'lot'", 5, "an operator"),
            ("$filter=name eq 'lot' 'x'", 14, "an operator"),
            ("$filter=colour eq 'red'", 0, "name"),
            ("$filter=name eq 'x' or colour eq 1", 15, "name"),
            (
                "$filter=shorten(name) eq 'x'",
                0,
                "a function of the standard",
            ),
            (
                "$filter=length(name, 2) eq 1",
                11,
                "it takes no more arguments",
            ),
            ("$filter=length() eq 1", 7, "an attribute"),
            ("$filter=substringof(name) eq true", 16, "one more argument"),
            ("$filter=length(5) eq 1", 7, "a text in quotes"),
            ("$filter=name gt 5", 8, "to compare with"),
            ("$filter=id eq 2026-05-01T00:00:00", 6, "an offset"),
            ("$filter=geo.distance(name, name) lt 1", 13, "a geometry"),
            ("$filter=Datastreams eq 1", 11, "\"/\""),
            ("$orderby=name up", 5, "asc, desc"),
            ("$orderby=name,", 5, "an attribute"),
            ("$orderby=colour", 0, "name"),
            ("$select=name,colour", 5, "name"),
            ("$select=", 0, "name"),
            ("$expand=Colours", 0, "Datastreams"),
            ("$top=ten", 0, "a whole number"),
            ("$top=1x", 1, "its end"),
            ("$skip=-1", 0, "a whole number"),
            ("$count=maybe", 0, "true or false"),
            ("$resultFormat=XML", 0, "CSV"),
        ] {
            let path = format!("/Things?{query}");
            let error = client.refused(&path, 400, "invalid-parameter");
            let option = query.split('=').next().unwrap();
            assert_eq!(error["target"], option, "{path}: {error}");
            let said = message(&error);
            assert!(
                said.contains(&format!("at position {position}")),
                "{path}: {said}"
            );
            assert!(said.contains(expected), "{path}: {said}");
        }
    }
}

#[test]
fn positions_count_in_what_was_meant_and_not_in_its_encoding() {
    let platform = city();
    let client = Client::public(&platform);
    let plain = client.refused(
        "/Things?$filter=name eq 'a b' foo",
        400,
        "invalid-parameter",
    );
    let encoded = client.refused(
        "/Things?%24filter=%6Eame%20eq%20%27a%20b%27%20foo",
        400,
        "invalid-parameter",
    );
    assert_eq!(message(&plain), message(&encoded));
    let broken = client.refused("/Things?$filter=name eq '%FF'", 400, "invalid-parameter");
    assert!(
        message(&broken).contains("percent-encoded UTF-8"),
        "{broken}"
    );
    let cut = client.refused("/Things?$filter=name eq '%4'", 400, "invalid-parameter");
    assert!(message(&cut).contains("percent-encoded"), "{cut}");
}

/// Of an expand's option the innermost is named, with its place in the whole.
#[test]
fn a_mistake_in_a_nested_option_is_told_as_one_of_its_own() {
    let platform = city();
    let client = Client::public(&platform);
    for (expand, target, position) in [
        ("Datastreams($top=x)", "$top", 17),
        ("Datastreams($filter=name eq)", "$filter", 27),
        (
            "Datastreams($expand=Observations($orderby=colour))",
            "$orderby",
            42,
        ),
        ("Datastreams($colour=1)", "$colour", 12),
    ] {
        let reply = client.reply(&format!("/Things?$expand={expand}"));
        let error = reply.json()["error"].clone();
        assert_eq!(error["target"], target, "{expand}: {error}");
        if target == "$colour" {
            reply.problem(501, "unsupported-option");
            continue;
        }
        reply.problem(400, "invalid-parameter");
        let said = message(&error);
        assert!(
            said.contains(&format!("at position {position}")),
            "{expand}: {said}"
        );
    }
}

/// 501, rather than an answer to another question.
#[test]
fn an_option_that_is_not_offered_is_refused_and_one_of_others_is_ignored() {
    let platform = city();
    for client in [Client::public(&platform), Client::public(&platform).v2_0()] {
        for option in [
            "$search=x",
            "$apply=x",
            "$compute=x",
            "$levels=2",
            "$index=1",
            "$foo=1",
            "$deltatoken=1",
        ] {
            let error = client.refused(&format!("/Things?{option}"), 501, "unsupported-option");
            assert_eq!(error["target"], option.split('=').next().unwrap());
        }
        let plain = client.get("/Things");
        for foreign in ["x=1", "utm_source=y", "x", "&&", "f=%20"] {
            let got = client.get(&format!("/Things?{foreign}"));
            assert_eq!(got["value"], plain["value"], "{foreign}");
        }
        let twice = client.refused("/Things?$top=1&$top=2", 400, "invalid-parameter");
        assert!(message(&twice).contains("twice"), "{twice}");
    }
    let client = Client::public(&platform);
    // Case does not matter; a name without its sign is an option in 2.0 alone, as in
    // OData 4.01.
    assert_eq!(client.page("/Things?$TOP=1").len(), 1);
    assert_eq!(client.page("/Things?top=1").len(), 5);
    let client = client.v2_0();
    assert_eq!(client.page("/Things?$TOP=1").len(), 1);
    assert_eq!(client.page("/Things?top=1").len(), 1);
}

#[test]
fn a_path_that_leads_nowhere_tells_what_there_is() {
    let platform = city();
    let client = Client::public(&platform);
    for (path, word) in [
        ("/Colours", "Things"),
        ("/Things('flow-1')/Colours", "Datastreams"),
        ("/Things('flow-1')/colour", "name"),
        ("/Things('none')", "Thing('none')"),
        ("/Observations(1)/FeatureOfInterests", "FeatureOfInterest"),
        ("/Things(flow-1)", "single quotes"),
        ("/MultiDatastreams", "MultiDatastreams"),
        ("/Things/$ref/x", "$ref"),
        ("/FeatureTypes", "Things"),
    ] {
        let error = client.refused(path, 404, "not-found");
        assert!(message(&error).contains(word), "{path}: {error}");
    }
    for path in ["/sta", "/sta/v1.0/Things", "/sta/v3.0", "/sta/v1.1Things"] {
        platform.get(path).problem(404, "not-found");
    }
}

/// As large as a request may be, and one more.
#[test]
fn each_limit_is_named_where_it_is_passed() {
    let platform = city();
    let client = Client::public(&platform);
    let deep = format!("{}true{}", "(".repeat(70), ")".repeat(70));
    let list = vec!["'x'"; 300].join(",");
    let points: Vec<String> = (0..1_100)
        .map(|at| format!("{} 1", f64::from(at) / 100.0))
        .collect();
    let long = "x".repeat(17_000);
    let segments = "/Datastreams(1)/Thing".repeat(10);
    let deeper =
        |sets: String, depth: u32| format!("Datastreams/any(d{depth}: d{depth}/Thing/{sets})");
    let sets = (0..9).fold("id eq 'x'".to_owned(), deeper);
    for (query, limit) in [
        (format!("$filter={deep}"), "64"),
        (format!("$filter=id in ({list})"), "256"),
        (
            format!(
                "$filter=geo.length(geography'LINESTRING ({})') gt 1",
                points.join(",")
            ),
            "1024",
        ),
        (format!("$filter=name eq '{long}'"), "16384"),
        (format!("$filter=properties{} eq 1", "/a".repeat(20)), "16"),
        (format!("$filter={sets}"), "8"),
        (format!("$top={}", 1_u64 << 54), "9007199254740991"),
        (format!("$orderby={}", vec!["name"; 300].join(",")), "256"),
    ] {
        let error = client.refused(&format!("/Things?{query}"), 400, "invalid-parameter");
        assert!(message(&error).contains(limit), "{limit}: {error}");
    }
    let error = client.refused(&format!("/Things('flow-1'){segments}"), 404, "not-found");
    assert!(message(&error).contains("16 segments"), "{error}");
    let error = client.refused(
        "/Things?$orderby=name&$skip=200000",
        400,
        "invalid-parameter",
    );
    assert!(message(&error).contains("next links"), "{error}");
}
