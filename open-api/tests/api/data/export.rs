//! Exports over a store of many small files: one state of it, never stale, and
//! each audience its own.

use serde_json::{Value, json};

use crate::harness::{Platform, Reply, Setup};

const DAY: &str = "2024-05-01";

/// So few that the day lies in many files, and its end in the head.
const FLUSH_ROWS: usize = 64;

fn observed() -> (Platform, String) {
    let platform = Platform::set_up(Setup {
        flush_rows: FLUSH_ROWS,
        ..Setup::default()
    });
    let agency = platform.agency();
    let place =
        json!({"visibility": "public", "location": {"lat": 37.566_412, "lon": 126.977_968}});
    for id in ["air-1", "air-2"] {
        platform.device(id, &agency, "safety.air", &place);
    }
    for minute in 0..300 {
        // Late by turns, so that files overlap.
        let minute = if minute % 3 == 0 {
            299 - minute
        } else {
            minute
        };
        for id in ["air-1", "air-2"] {
            observe(
                &platform,
                id,
                1_714_521_600 + minute * 60,
                f64::from(minute) / 4.0,
            );
        }
    }
    (platform, format!("/v1/export/{DAY}/safety/{agency}.csv"))
}

fn observe(platform: &Platform, id: &str, time: i32, value: f64) {
    let reply = platform.publish(id, &json!({"t": time, "v": {"pm25": value}}));
    assert_eq!(reply.expect(200)["rejected"], 0);
}

fn lines(reply: &Reply) -> Vec<Vec<&str>> {
    assert_eq!(reply.status, 200, "{}", reply.text);
    let lines = reply.text.strip_suffix("\r\n").unwrap().split("\r\n");
    lines
        .skip(1)
        .map(|line| line.split(',').collect())
        .collect()
}

/// Datastream, time, value, revision and offset of each.
fn of_api(platform: &Platform) -> Vec<[String; 5]> {
    let mut all = Vec::new();
    for id in ["air-1", "air-2"] {
        let datastream = platform.datastream(id, "pm25");
        for item in platform.all(&format!(
            "/v1/datastreams/{datastream}/observations?limit=1000"
        )) {
            let text = |name: &str| match &item[name] {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            all.push([
                datastream.to_string(),
                text("phenomenon_time"),
                text("value"),
                text("revision"),
                text("offset"),
            ]);
        }
    }
    all
}

fn of_export(reply: &Reply) -> Vec<[String; 5]> {
    lines(reply)
        .iter()
        .map(|line| [line[0], line[7], line[9], line[13], line[14]].map(str::to_owned))
        .collect()
}

#[test]
fn an_export_is_what_the_api_answers_whatever_files_it_lies_in() {
    let (platform, path) = observed();
    let first = platform.get(&path);
    let expected = of_api(&platform);
    assert!(expected.len() > 300, "{}", expected.len());
    assert_eq!(of_export(&first), expected);

    // The same bytes, as long as nothing came.
    let again = platform.get(&path);
    assert_eq!(again.header("etag"), first.header("etag"));
    assert_eq!(again.header("last-modified"), first.header("last-modified"));

    // Late, corrected, and the same again: shown, shown, and nothing new.
    observe(&platform, "air-1", 1_714_521_600 + 30, 7.5);
    let late = platform.get(&path);
    assert_eq!(lines(&late).len(), expected.len() + 1);
    observe(&platform, "air-2", 1_714_521_600 + 60, 99.0);
    let corrected = platform.get(&path);
    assert_eq!(of_export(&corrected), of_api(&platform));
    assert_eq!(lines(&corrected).len(), expected.len() + 1);
    observe(&platform, "air-2", 1_714_521_600 + 60, 99.0);
    assert_eq!(platform.get(&path).header("etag"), corrected.header("etag"));
}

#[test]
fn the_two_audiences_are_never_mixed() {
    let (platform, path) = observed();
    let places = |reply: &Reply| -> Vec<[String; 2]> {
        let mut places: Vec<_> = lines(reply)
            .iter()
            .map(|line| [line[15], line[16]].map(str::to_owned))
            .collect();
        places.dedup();
        places
    };
    let public = platform.get(&path);
    let exact = platform.operator("GET", &path, None);
    for _ in 0..2 {
        assert_eq!(places(&platform.get(&path)), [["37.5665", "126.9775"]]);
        let exact = platform.operator("GET", &path, None);
        assert_eq!(places(&exact), [["37.566412", "126.977968"]]);
        assert_eq!(exact.header("cache-control"), Some("private, no-store"));
    }
    // A condition or a part of one says nothing of the other.
    let etag = exact.header("etag").unwrap();
    let foreign = [("range", "bytes=10-20"), ("if-range", etag)];
    let answer = platform.send("GET", &path, &foreign, None);
    assert_eq!((answer.status, answer.text), (200, public.text));
}

#[test]
fn another_sites_page_may_resume_a_public_file() {
    let (platform, path) = observed();
    let asked = [
        ("origin", "https://any.example"),
        ("access-control-request-method", "GET"),
        ("access-control-request-headers", "range, if-range"),
    ];
    let preflight = platform.send("OPTIONS", &path, &asked, None);
    assert_eq!(preflight.status, 204);
    let allowed = preflight.header("access-control-allow-headers").unwrap();
    assert!(
        allowed.contains("range") && allowed.contains("if-range"),
        "{allowed}"
    );
    let whole = platform.get(&path);
    let part = [("origin", "https://any.example"), ("range", "bytes=5-14")];
    let part = platform.send("GET", &path, &part, None);
    assert_eq!(part.status, 206);
    assert_eq!(part.text, whole.text[5..15]);
    let shown = part.header("access-control-expose-headers").unwrap();
    assert!(
        shown.contains("content-range") && shown.contains("etag"),
        "{shown}"
    );
}

#[test]
fn a_day_that_is_not_over_is_refused_with_the_time_when_it_is() {
    let platform = Platform::start();
    let problem = platform
        .get("/v1/export/9000-01-01")
        .problem(409, "not-yet");
    assert_eq!(problem["available_from"], "9000-01-02T00:00:00Z");
    platform
        .get("/v1/export/9999-99-99")
        .problem(400, "invalid-parameter");
    platform
        .get("/v1/export/9999-12-31")
        .problem(400, "invalid-parameter");
    let none = platform.get("/v1/export/2024-05-01").expect(200);
    assert_eq!(none["items"], json!([]));
}

#[test]
fn more_than_may_be_made_at_once_are_told_when_to_come_again() {
    const DAYS: i32 = 24;
    let platform = Platform::start();
    let agency = platform.agency();
    platform.device(
        "air-1",
        &agency,
        "safety.air",
        &json!({"visibility": "public"}),
    );
    for day in 0..DAYS {
        observe(
            &platform,
            "air-1",
            1_714_521_600 + day * 86_400,
            f64::from(day),
        );
    }
    let date = |day: i32| format!("2024-05-{:02}", day + 1);
    std::thread::scope(|scope| {
        for day in 0..DAYS {
            let (platform, agency) = (&platform, &agency);
            scope.spawn(move || {
                let path = format!("/v1/export/{}/safety/{agency}.csv", date(day));
                let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
                let made = loop {
                    // Whose quota lasts for all these questions.
                    let reply = platform.operator("GET", &path, None);
                    if reply.status == 200 {
                        break reply;
                    }
                    reply.problem(503, "unavailable");
                    assert!(reply.header("retry-after").is_some());
                    assert!(std::time::Instant::now() < deadline, "{path} is never made");
                    std::thread::yield_now();
                };
                assert_eq!(lines(&made).len(), 1);
                assert_eq!(lines(&made)[0][9], format!("{day}.0"));
            });
        }
    });
}
