//! Bulk import: all or none, NDJSON and CSV.

use std::ops::ControlFlow;

use device_registry::{Actor, ImportRow, ImportStep, ImportTerms, NewDevice};
use serde_json::json;

use crate::access::rights::holder;
use crate::harness::{Platform, Reply};

fn import(platform: &Platform, query: &str, kind: &str, body: &str) -> Reply {
    let token = format!("Bearer {}", platform.token);
    let headers = [("authorization", token.as_str()), ("content-type", kind)];
    let path = format!("/v1/devices/import{query}");
    platform.send("POST", &path, &headers, Some(body.as_bytes().to_vec()))
}

#[test]
fn many_devices_come_in_one_go() {
    let platform = Platform::start();
    let agency = platform.agency();
    let lines: Vec<String> = (0..500)
        .map(|number| json!({"id": format!("d{number:03}"), "agency": agency, "model": "traffic.flow", "location": {"lat": 37.5, "lon": 127.0}}).to_string())
        .collect();
    let body = lines.join("\n");
    let tried = import(&platform, "?dry_run=true", "application/x-ndjson", &body).expect(200);
    assert_eq!(
        (&tried["rows"], &tried["created"], &tried["errors"]),
        (&json!(500), &json!(0), &json!([]))
    );
    assert_eq!(
        platform.operator("GET", "/v1/devices", None).expect(200)["items"],
        json!([])
    );
    let done = import(&platform, "", "application/x-ndjson", &body).expect(200);
    assert_eq!(
        done,
        json!({"dry_run": false, "encoding": "utf-8", "rows": 500, "created": 500, "updated": 0, "unchanged": 0, "faults": 0, "errors": []})
    );
    assert_eq!(platform.all("/v1/devices?limit=200").len(), 500);
}

#[test]
fn one_fault_stops_all_and_names_its_line() {
    let platform = Platform::start();
    let agency = platform.agency();
    let body = format!(
        "{{\"id\":\"a\",\"agency\":\"{agency}\",\"model\":\"traffic.flow\"}}\n\n{{\"id\":\"b/c\",\"agency\":\"{agency}\",\"model\":\"traffic.flow\"}}\nnot json\n{{\"id\":\"a\",\"agency\":\"{agency}\",\"model\":\"traffic.flow\"}}\n"
    );
    let tried = import(&platform, "?dry_run=true", "application/x-ndjson", &body).expect(200);
    let lines: Vec<u64> = tried["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["line"].as_u64().unwrap())
        .collect();
    assert_eq!(lines, [3, 4, 5], "{tried}");
    let problem =
        import(&platform, "", "application/x-ndjson", &body).problem(422, "import-refused");
    assert_eq!(problem["errors"].as_array().unwrap().len(), 3);
    assert_eq!(
        platform.operator("GET", "/v1/devices", None).expect(200)["items"],
        json!([])
    );
}

#[test]
fn a_row_names_the_sensor_of_its_device() {
    let platform = Platform::start();
    let agency = platform.agency();
    let table = format!(
        "id,agency,model,sensor_serial\nd1,{agency},traffic.flow,0A2B33\nd2,{agency},traffic.flow,\n"
    );
    let done = import(&platform, "", "text/csv", &table).expect(200);
    assert_eq!(done["created"], 2, "{done}");
    let line =
        json!({"id": "d3", "agency": agency, "model": "traffic.flow", "sensor_serial": "0A2B34"});
    import(&platform, "", "application/x-ndjson", &line.to_string()).expect(200);
    for (device, serials) in [
        ("d1", vec!["0A2B33"]),
        ("d2", vec![]),
        ("d3", vec!["0A2B34"]),
    ] {
        let sensors = platform.all(&format!("/v1/devices/{device}/sensors"));
        let found: Vec<&str> = sensors
            .iter()
            .map(|sensor| sensor["serial"].as_str().unwrap())
            .collect();
        assert_eq!(found, serials);
    }
    let bad = format!(
        "id,agency,model,thing,sensor_serial\nd4,{agency},traffic.flow,,0A2B35\nd5,{agency},traffic.flow,d1,0A2B36\n"
    );
    let problem = import(&platform, "", "text/csv", &bad).problem(422, "import-refused");
    let fault = &problem["errors"][0];
    assert_eq!(
        (&fault["line"], &fault["column"], &fault["code"]),
        (
            &json!(3),
            &json!("sensor_serial"),
            &json!("sensor-of-standing-thing")
        ),
        "{problem}"
    );
}

#[test]
fn a_table_does_too() {
    let platform = Platform::start();
    let agency = platform.agency();
    let good = format!(
        "\u{feff}id,agency,model,name,lat,lon,visibility\r\nd1,{agency},traffic.flow,\"Sejong-daero, 1\",37.5,127.0,public\r\nd2,{agency},safety.air,,,,\r\n"
    );
    assert_eq!(
        import(&platform, "", "text/csv; charset=utf-8", &good).expect(200)["created"],
        2
    );
    let device = platform.operator("GET", "/v1/devices/d1", None).expect(200);
    assert_eq!(
        (&device["name"], &device["location"]["lat"]),
        (&json!("Sejong-daero, 1"), &json!(37.5))
    );
    let bad = format!(
        "id,agency,model,lat,lon\nd3,{agency},traffic.flow,37.5,\nd4,{agency},traffic.flow,x,127\n"
    );
    let problem = import(&platform, "", "text/csv", &bad).problem(422, "import-refused");
    assert_eq!(problem["errors"][0]["line"], 2, "{problem}");
    assert_eq!(problem["errors"][1]["line"], 3, "{problem}");
    import(&platform, "", "text/csv", "id,agency,modle\nx,y,z\n").problem(422, "import-refused");
    import(&platform, "", "application/json", "[]").problem(415, "unsupported-media-type");
}

/// The lines of a report's faults.
fn fault_lines(problem: &serde_json::Value) -> Vec<u64> {
    let errors = problem["errors"].as_array().unwrap();
    errors
        .iter()
        .map(|error| error["line"].as_u64().unwrap())
        .collect()
}

#[test]
fn a_fault_is_told_by_the_line_that_an_editor_shows() {
    let platform = Platform::start();
    let agency = platform.agency();
    let good = format!("{agency},traffic.flow");
    for end in ["\n", "\r\n"] {
        let rows = [
            "\u{feff}id,agency,model,name".to_owned(),
            format!("d1,{good},one"),
            String::new(),
            format!("d 2,{good},two"),
            format!("d3,{good},\"a name{end}on two lines\""),
            format!("d/4,{good},four"),
            String::new(),
            String::new(),
            format!("d5,{good},five,too many cells"),
        ];
        let body = rows.join(end);
        let problem = import(&platform, "", "text/csv", &body).problem(422, "import-refused");
        // A name has no line's end: its row begins on line 5.
        assert_eq!(fault_lines(&problem), [4, 5, 7, 10], "{end:?}: {problem}");
        let cells = problem["errors"][3]["message"].as_str().unwrap();
        assert_eq!(cells, "the line has 5 cells, and the header has 4");
    }
}

#[test]
fn a_table_of_another_kind_is_refused_with_the_way_to_save_it() {
    let platform = Platform::start();
    let agency = platform.agency();
    // Neither UTF-8 nor CP949: Latin 1.
    let latin1 = b"id,agency,model,name\nd1,x,traffic.flow,caf\xe9\n".to_vec();
    let utf16: Vec<u8> = "\u{feff}id,agency\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let semicolons = format!("id;agency;model\nd1;{agency};traffic.flow\n").into_bytes();
    let index = format!(",id,agency,model\n0,d1,{agency},traffic.flow\n").into_bytes();
    let typing = format!("id,agency,model,nmae\nd1,{agency},traffic.flow,x\n").into_bytes();
    let token = format!("Bearer {}", platform.token);
    let headers = [
        ("authorization", token.as_str()),
        ("content-type", "Text/Csv"),
    ];
    for (body, cure) in [
        (
            latin1,
            "save the table as \"CSV UTF-8\", separated by commas",
        ),
        (
            utf16,
            "save the table as \"CSV UTF-8\", separated by commas",
        ),
        (
            semicolons,
            "save the table as \"CSV UTF-8\", separated by commas",
        ),
        (index, "index=False"),
        (typing, "Did you mean name"),
    ] {
        let reply = platform.send("POST", "/v1/devices/import", &headers, Some(body));
        let problem = reply.problem(422, "import-refused");
        // Once, and not for each line.
        assert_eq!(problem["errors"].as_array().unwrap().len(), 1, "{problem}");
        let error = &problem["errors"][0];
        let told = format!("{} {}", error["message"], error["cure"]);
        assert!(told.replace("\\\"", "\"").contains(cure), "{told}");
    }
}

/// Of a Korean spreadsheet, in its own letters.
fn in_cp949(agency: &str) -> Vec<u8> {
    let name = [0xc1, 0xbe, 0xb7, 0xce];
    [
        format!("id,agency,model,name\r\nd1,{agency},traffic.flow,").as_bytes(),
        &name,
        b"\r\n",
    ]
    .concat()
}

#[test]
fn a_table_in_cp949_is_read_and_said_to_be() {
    let platform = Platform::start();
    let agency = platform.agency();
    let token = format!("Bearer {}", platform.token);
    let import = |query: &str, kind: &str, body: Vec<u8>| {
        let headers = [("authorization", token.as_str()), ("content-type", kind)];
        let path = format!("/v1/devices/import?upsert=true{query}");
        platform.send("POST", &path, &headers, Some(body))
    };
    for kind in [
        "text/csv",
        "text/csv; charset=\"CP949\"",
        "text/csv;charset=euc-kr",
    ] {
        let done = import("", kind, in_cp949(&agency)).expect(200);
        assert_eq!(done["encoding"], "cp949", "{kind}");
    }
    let device = platform.operator("GET", "/v1/devices/d1", None).expect(200);
    assert_eq!(device["name"], "종로");
    // The charset that a client names holds.
    let problem =
        import("", "text/csv; charset=utf-8", in_cp949(&agency)).problem(422, "import-refused");
    let message = problem["errors"][0]["message"].as_str().unwrap();
    assert!(
        message.starts_with("line 2 of the table is no UTF-8"),
        "{message}"
    );
    import("", "text/csv; charset=koi8-r", in_cp949(&agency)).problem(422, "import-refused");
    let korean = "id,agency,model,name\nd2,{agency},traffic.flow,종로\n";
    let utf8 = korean.replace("{agency}", &agency);
    let done = import("", "text/csv", utf8.into_bytes()).expect(200);
    assert_eq!(
        (&done["encoding"], &done["created"]),
        (&json!("utf-8"), &json!(1))
    );
}

#[test]
fn the_good_rows_come_in_where_that_is_asked_for() {
    let platform = Platform::start();
    let agency = platform.agency();
    let table = format!(
        "id,agency,model,lat,lon\nd1,{agency},traffic.flow,37.5,127\nd2,busan,traffic.flow,,\nd3,{agency},traffic.flow,x,127\nd4,{agency},traffic.flow,37.5,\n"
    );
    let done = import(&platform, "?mode=good", "text/csv", &table).expect(200);
    assert_eq!((&done["created"], &done["faults"]), (&json!(1), &json!(3)));
    let faults: Vec<(u64, &str)> = done["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| {
            assert!(!error["cure"].as_str().unwrap().is_empty(), "{error}");
            (
                error["line"].as_u64().unwrap(),
                error["column"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(faults, [(3, "agency"), (4, "lat"), (5, "lon")]);
    // The same rows again: what stands is as they say.
    let mended = table
        .replace("busan", &agency)
        .replace(",x,127", ",,")
        .replace("37.5,\n", ",\n");
    let done = import(&platform, "?upsert=true", "text/csv", &mended).expect(200);
    assert_eq!(
        (&done["created"], &done["unchanged"]),
        (&json!(3), &json!(1))
    );
    import(&platform, "?mode=some", "text/csv", &table).problem(400, "invalid-parameter");
}

#[test]
fn each_step_and_each_fault_is_a_line_where_that_is_asked_for() {
    let platform = Platform::start();
    let agency = platform.agency();
    let lines: Vec<String> = (0..2_500)
        .map(|number| {
            let agency = if number % 2 == 0 {
                "nowhere"
            } else {
                agency.as_str()
            };
            json!({"id": format!("d{number}"), "agency": agency, "model": "traffic.flow"})
                .to_string()
        })
        .collect();
    let token = format!("Bearer {}", platform.token);
    let headers = [
        ("authorization", token.as_str()),
        ("content-type", "application/x-ndjson"),
        ("accept", "application/x-ndjson"),
    ];
    let body = Some(lines.join("\n").into_bytes());
    let reply = platform.send("POST", "/v1/devices/import?mode=good", &headers, body);
    let lines: Vec<serde_json::Value> = reply
        .expect_text(200)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let errors = lines.iter().filter(|line| line["error"].is_object());
    // More than an answer in one document has.
    assert_eq!(errors.count(), 1_250);
    let steps = |name: &str| -> Vec<u64> {
        lines
            .iter()
            .filter_map(|line| line["progress"][name].as_u64())
            .collect()
    };
    assert_eq!(steps("read"), [1_000, 2_000]);
    assert_eq!(steps("checked"), [1_000, 2_000]);
    assert_eq!(steps("registered").last(), Some(&1_250));
    let report = &lines.last().unwrap()["report"];
    assert_eq!(
        (&report["created"], &report["faults"]),
        (&json!(1_250), &json!(1_250))
    );
}

#[test]
fn a_byte_order_mark_before_lines_is_passed_over() {
    let platform = Platform::start();
    let agency = platform.agency();
    let body =
        format!("\u{feff}{{\"id\":\"d1\",\"agency\":\"{agency}\",\"model\":\"traffic.flow\"}}\r\n");
    let done = import(&platform, "", "Application/X-NDJSON", &body).expect(200);
    assert_eq!(done["created"], 1);
}

#[test]
fn whether_another_agencys_device_is_revoked_is_not_told() {
    let platform = Platform::start();
    let [own, other] = [platform.agency(), platform.agency()];
    for id in ["active-1", "revoked-1"] {
        platform.device(id, &other, "traffic.flow", &json!({}));
    }
    let revoked = platform.operator("POST", "/v1/devices/revoked-1/revoke", None);
    revoked.expect(200);
    let asker = holder(&platform, "operator", Some(&own));
    let authorization = format!("Bearer {}", asker.token.unwrap());
    let headers = [
        ("authorization", authorization.as_str()),
        ("content-type", "application/x-ndjson"),
    ];
    let told = |id: &str| {
        let row = json!({"id": id, "agency": own, "model": "traffic.flow"}).to_string();
        let path = "/v1/devices/import?dry_run=true&upsert=true";
        let reply = platform.send("POST", path, &headers, Some(row.into_bytes()));
        reply.expect(200)["errors"].to_string().replace(id, "ID")
    };
    assert_eq!(told("revoked-1"), told("active-1"));
}

#[test]
fn whose_an_alias_is_that_an_import_brings_in_is_not_told() {
    const ALIAS: &str = "02:00:00:00:00:01";
    let platform = Platform::start();
    let [own, other] = [platform.agency(), platform.agency()];
    let asker = holder(&platform, "operator", Some(&own));
    let rows = (0..300).map(|number| {
        let id = format!("incoming-{number}").parse().unwrap();
        let (agency, model) = (other.parse().unwrap(), "traffic.flow".parse().unwrap());
        let mut device = NewDevice::new(id, agency, model);
        device.alias = (number == 299).then(|| ALIAS.to_owned());
        let device = Ok(device);
        ImportRow {
            line: number + 1,
            device,
        }
    });
    let mut answers = Vec::new();
    let report = platform.registry.import_devices(
        &Actor::OPERATOR,
        rows,
        ImportTerms::APPLY,
        |step| {
            // Some have come in, and the last one has not.
            if matches!(step, ImportStep::Kept(count) if count < 300) {
                let new =
                    json!({"id": "own-1", "agency": own, "model": "traffic.flow", "alias": ALIAS});
                answers.push(asker.send(&platform, "POST", "/v1/devices", Some(&new)));
            }
            ControlFlow::Continue(())
        },
    );
    assert_eq!(report.unwrap().registered, 300);
    let answer = answers
        .first()
        .expect("it was asked while the import went on");
    assert_eq!(answer.problem(409, "conflict")["code"], "alias-taken");
    assert!(!answer.text.contains("incoming"), "{}", answer.text);
}
