//! The landing pages: which sets there are, and what of the standards is claimed.

use serde_json::{Value, json};

use super::city::city;
use super::client::Client;
use crate::harness::{Platform, Setup};

const SETS_1_1: [&str; 8] = [
    "Things",
    "Locations",
    "HistoricalLocations",
    "Datastreams",
    "Sensors",
    "ObservedProperties",
    "Observations",
    "FeaturesOfInterest",
];

/// Functions of the standard that a filter may call.
const FUNCTIONS_2_0: [&str; 14] = [
    "contains",
    "startswith",
    "indexof",
    "substring",
    "tolower",
    "trim",
    "year",
    "fractionalseconds",
    "now",
    "round",
    "geo.distance",
    "st_within",
    "st_relate",
    "any",
];

fn names(page: &Value) -> Vec<&str> {
    let sets = page["value"].as_array().unwrap().iter();
    sets.map(|set| set["name"].as_str().unwrap()).collect()
}

/// `req/resource-path/resource-path-to-entities`, the service's root.
#[test]
fn it_lists_each_set_with_its_url_with_or_without_the_last_slash() {
    let platform = city();
    let client = Client::public(&platform);
    let page = client.get("");
    assert_eq!(names(&page), SETS_1_1);
    assert_eq!(client.get("/"), page);
    for set in page["value"].as_array().unwrap() {
        let url = set["url"].as_str().unwrap();
        let name = set["name"].as_str().unwrap();
        assert_eq!(url, format!("{}/{name}", client.service()));
        let found = client.page(url);
        assert!(!found.is_empty(), "{url}");
    }
    let client = client.v2_0();
    let page = client.get("");
    assert_eq!(client.get("/"), page);
    let mut sets = SETS_1_1.to_vec();
    sets[7] = "Features";
    sets.push("FeatureTypes");
    assert_eq!(names(&page), sets);
    for set in page["value"].as_array().unwrap() {
        client.page(set["url"].as_str().unwrap());
    }
}

#[test]
fn it_claims_the_classes_that_are_tested_here_and_no_others() {
    let platform = city();
    let client = Client::public(&platform);
    let base = "http://www.opengis.net/spec/iot_sensing/1.1/req";
    assert_eq!(
        client.get("")["serverSettings"]["conformance"],
        json!([
            format!("{base}/datamodel"),
            format!("{base}/resource-path/resource-path-to-entities"),
            format!("{base}/request-data"),
        ])
    );
    let settings = client.v2_0().get("")["serverSettings"].clone();
    let base = "http://www.opengis.net/spec/sensorthings/2.0/req-class";
    assert_eq!(
        settings["conformance"],
        json!([format!("{base}/datamodel/core"), format!("{base}/api/read")])
    );
    let functions = settings["functions"].as_array().unwrap();
    for name in FUNCTIONS_2_0 {
        assert!(functions.contains(&json!(name)), "{name}");
    }
}

#[test]
fn links_lead_to_the_public_address_and_to_no_host_that_a_stranger_names() {
    let setup = Setup {
        public_url: Some("https://madang.example"),
        ..Setup::default()
    };
    let platform = Platform::set_up(setup);
    platform.public_device("dev-1", "traffic.flow");
    platform.public_device("dev-2", "traffic.flow");
    let service = "https://madang.example/sta/v1.1";
    for host in ["madang.example", "stranger.example"] {
        let headers = [("host", host)];
        let page = platform.send("GET", "/sta/v1.1/Things?$top=1", &headers, None);
        let page = page.expect(200);
        let thing = &page["value"][0];
        assert_eq!(thing["@iot.selfLink"], format!("{service}/Things('dev-1')"));
        let next = page["@iot.nextLink"].as_str().unwrap();
        assert!(next.starts_with(&format!("{service}/Things?")), "{next}");
    }
}

/// What reads does not write.
#[test]
fn nothing_is_written_and_a_head_is_a_get_without_its_body() {
    let platform = city();
    let body = json!({"name": "x", "description": "y"});
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        for path in ["/sta/v1.1/Things", "/sta/v2.0/Things('flow-1')"] {
            let reply = platform.operator(method, path, Some(body.clone()));
            reply.problem(405, "method-not-allowed");
        }
    }
    let head = platform.send("HEAD", "/sta/v1.1/Things", &[], None);
    assert_eq!(
        (head.expect_text(200), head.header("content-type")),
        ("", Some("application/json"))
    );
    let head = platform.send("HEAD", "/sta/v1.1/Things('none')", &[], None);
    head.expect_text(404);
}
