//! `$resultFormat`: rows by datastream, CSV and GeoJSON; and that what a path
//! selects, filters and pages holds for each of them.

use serde_json::{Value, json};

use super::city::{AWKWARD, BEACH_CELL, CITY_HALL_CELL, NAMSAN_CELL, SPEEDS, city, datastream};
use super::client::Client;

#[test]
fn a_data_array_has_a_row_for_each_observation_by_datastream() {
    let platform = city();
    let client = Client::public(&platform);
    let groups = client.page("/Observations?$resultFormat=dataArray");
    let mut rows = 0;
    for group in &groups {
        let link = group["Datastream@iot.navigationLink"].as_str().unwrap();
        let found = client.page(&format!("{link}/Observations"));
        let components = group["components"].as_array().unwrap();
        for name in ["id", "phenomenonTime", "result", "resultTime"] {
            assert!(components.contains(&json!(name)), "{name}: {group}");
        }
        let expected: Vec<Value> = found
            .iter()
            .map(|one| {
                let cell = |name: &Value| match name.as_str().unwrap() {
                    "id" => one["@iot.id"].clone(),
                    name => one[name].clone(),
                };
                components.iter().map(cell).collect()
            })
            .collect();
        assert_eq!(group["dataArray"], json!(expected), "{link}");
        assert_eq!(group["dataArray@iot.count"], expected.len());
        rows += expected.len();
    }
    assert_eq!(rows as u64, client.count("/Observations"));
    assert_eq!(groups.len(), 7);
}

#[test]
fn a_data_array_is_selected_filtered_ordered_counted_and_paged() {
    let platform = city();
    let client = Client::public(&platform);
    let path = datastream(&platform, "flow-1", "speed");
    let query = "$resultFormat=dataArray&$select=phenomenonTime,result&$filter=result gt 45&\
        $orderby=result desc&$count=true";
    let page = client.get(&format!("{path}/Observations?{query}&$top=2"));
    let link = format!("{}{path}", client.service());
    let next = page["@iot.nextLink"].as_str().unwrap();
    assert_eq!(
        page,
        json!({
            "@iot.count": 6,
            "@iot.nextLink": next,
            "value": [{
                "Datastream@iot.navigationLink": link,
                "components": ["phenomenonTime", "result"],
                "dataArray@iot.count": 2,
                "dataArray": [["2026-05-01T00:02:00Z", 54.0], ["2026-05-01T00:07:00Z", 53.0]],
            }],
        })
    );
    let mut results = Vec::new();
    for group in client.all(&format!("{path}/Observations?{query}&$top=2")) {
        let rows = group["dataArray"].as_array().unwrap().clone();
        results.extend(rows.iter().map(|row| row[1].as_f64().unwrap()));
    }
    assert_eq!(results, [54.0, 53.0, 50.0, 49.0, 47.0, 46.0]);
    for wrong in [
        format!("{path}/Observations?$resultFormat=dataArray&$expand=Datastream"),
        "/Things?$resultFormat=dataArray".to_owned(),
    ] {
        client.refused(&wrong, 400, "invalid-parameter");
    }
}

/// RFC 4180, read by hand: rows of cells.
fn rows(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let mut is_quoted = false;
    let mut signs = text.chars().peekable();
    while let Some(sign) = signs.next() {
        match sign {
            '"' if is_quoted && signs.peek() == Some(&'"') => {
                signs.next();
                cell.push('"');
            }
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !is_quoted => {}
            '\n' if !is_quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            sign => cell.push(sign),
        }
    }
    assert!(
        row.is_empty() && cell.is_empty(),
        "the last line ends: {text}"
    );
    rows
}

#[test]
fn csv_has_a_header_of_paths_and_a_line_for_each_entity() {
    let platform = city();
    let client = Client::public(&platform);
    let table = |path: &str| {
        let reply = client.reply(path);
        let text = reply.expect_text(200).to_owned();
        assert_eq!(
            reply.header("content-type"),
            Some("text/csv; charset=utf-8")
        );
        assert!(text.ends_with("\r\n"), "{text}");
        rows(&text)
    };
    let path = datastream(&platform, "flow-2", "speed");
    let found = table(&format!(
        "{path}/Observations?$resultFormat=CSV&$select=phenomenonTime,result&\
            $expand=Datastream($select=unitOfMeasurement/symbol;$expand=Thing($select=name))"
    ));
    assert_eq!(
        found,
        [
            [
                "phenomenonTime",
                "result",
                "Datastream/unitOfMeasurement/symbol",
                "Datastream/Thing/name"
            ],
            ["2026-05-01T00:00:30Z", "30.0", "km/h", AWKWARD],
            ["2026-05-01T00:01:30Z", "31.0", "km/h", AWKWARD],
        ]
    );
    // Of many the first, where one is asked for; a complex value as JSON.
    let found =
        table("/Things?$resultFormat=CSV&$select=id&$expand=Locations($top=1;$select=location)");
    assert_eq!(found[0], ["@iot.id", "Locations/location"]);
    let place: Value = serde_json::from_str(&found[1][1]).unwrap();
    assert_eq!(
        place,
        json!({"type": "Point", "coordinates": CITY_HALL_CELL})
    );
    assert_eq!(found[3], ["lot-1", ""], "its place is not known");
    let latest = "Observations($select=result;$orderby=phenomenonTime desc)";
    let found = table(&format!(
        "{path}?$resultFormat=CSV&$select=id&$expand={latest}"
    ));
    assert_eq!(found[1][1], "31.0");
    // Without a selection there is everything.
    let found = table("/Observations?$resultFormat=CSV&$filter=result eq null");
    let result = found[0].iter().position(|name| name == "result").unwrap();
    assert_eq!((found.len(), found[1][result].as_str()), (2, ""));
    let one = table("/Things('flow-2')?$resultFormat=CSV&$select=name");
    assert_eq!(one, [["name"], [AWKWARD]]);
}

#[test]
fn geojson_has_a_feature_for_each_entity_with_its_first_geometry() {
    let platform = city();
    let client = Client::public(&platform);
    let collection = |path: &str| {
        let reply = client.reply(path);
        let json = reply.expect(200);
        assert_eq!(reply.header("content-type"), Some("application/geo+json"));
        assert_eq!(json["type"], "FeatureCollection");
        json["features"].as_array().unwrap().clone()
    };
    let features = collection(
        "/Things?$resultFormat=GeoJSON&$select=id,properties/agency&\
            $expand=Locations($top=1;$select=location)",
    );
    let places: Vec<&Value> = features.iter().map(|one| &one["geometry"]).collect();
    let point = |cell: [f64; 2]| json!({"type": "Point", "coordinates": cell});
    assert_eq!(
        places,
        [
            point(CITY_HALL_CELL),
            point(NAMSAN_CELL),
            Value::Null,
            point(BEACH_CELL),
            point(CITY_HALL_CELL)
        ]
        .each_ref()
    );
    assert_eq!(features[3]["type"], "Feature");
    assert_eq!(features[3]["properties"]["@iot.id"], "river-1");
    assert_eq!(features[3]["properties"]["properties/agency"], "busan");
    let features =
        collection("/FeaturesOfInterest?$resultFormat=GeoJSON&$filter=id eq 'feature:suyeong'");
    let line = json!({"type": "LineString", "coordinates": [BEACH_CELL, [129.1615, 35.1625]]});
    assert_eq!(features[0]["geometry"], line);
    let path = datastream(&platform, "flow-1", "speed");
    let latest = collection(&format!(
        "{path}?$resultFormat=GeoJSON&$expand=Observations($top=1;\
            $orderby=phenomenonTime desc;$select=result)"
    ));
    assert_eq!(latest[0]["geometry"], point(CITY_HALL_CELL));
    assert_eq!(latest[0]["properties"]["Observations/result"], SPEEDS[9]);
}

/// What is left out of a page can be had: also in these formats.
#[test]
fn tables_are_as_long_as_the_page_that_is_asked_for() {
    let platform = city();
    let client = Client::public(&platform);
    for (options, expected) in [
        ("$top=7", 7),
        ("$top=7&$skip=18", 2),
        ("$top=0", 0),
        ("$top=1000", 20),
    ] {
        let csv = client.reply(&format!("/Observations?$resultFormat=CSV&{options}"));
        assert_eq!(rows(csv.expect_text(200)).len(), 1 + expected, "{options}");
        let geojson = client.get(&format!("/Observations?$resultFormat=GeoJSON&{options}"));
        assert_eq!(
            geojson["features"].as_array().unwrap().len(),
            expected,
            "{options}"
        );
    }
    // Whoever asks for an unknown one gets none.
    let error = client.refused("/Things?$resultFormat=XML", 400, "invalid-parameter");
    assert_eq!(error["target"], "$resultFormat");
}
