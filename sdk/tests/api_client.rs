//! The API client against a scripted server on a real socket: what it sends,
//! and what it makes of the answers.

#![allow(clippy::unwrap_used)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use domain::payload::ContentFormat;
use domain::{AgencyId, DatastreamId, DeviceId, ModelId, Offset, Timestamp, Value};
use sdk::DeviceKey;
use sdk::api::{
    ApiClient, ApiCredential, ApiError, Bearer, DatastreamFilter, ImportMode, NewDevice,
    ObservationQuery, Position, StreamEvent, StreamQuery,
};

/// A request as the server saw it: the first line, headers and body.
struct Seen {
    line: String,
    headers: Vec<String>,
    body: String,
}

impl Seen {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find_map(|header| {
            let (found, value) = header.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// Answers connection after connection with the next of `answers`.
fn server(answers: Vec<String>) -> (SocketAddr, Receiver<Seen>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, seen) = channel();
    thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            sender.send(read_request(&stream)).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    (address, seen)
}

fn read_request(stream: &TcpStream) -> Seen {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let line = line.trim_end().to_owned();
        if line.is_empty() {
            break;
        }
        lines.push(line);
    }
    let line = lines.remove(0);
    let mut seen = Seen {
        line,
        headers: lines,
        body: String::new(),
    };
    let length = seen
        .header("content-length")
        .map_or(0, |l| l.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    seen.body = String::from_utf8(body).unwrap();
    seen
}

fn reply(status: &str, content_type: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn json(body: &str) -> String {
    reply("200 OK", "application/json", body)
}

fn client(address: SocketAddr) -> ApiClient {
    let credential = ApiCredential::Bearer("mdo_token\n".to_owned());
    ApiClient::connect(&format!("http://{address}/"), credential).unwrap()
}

fn observation(offset: u64, value: &str) -> String {
    format!(
        r#"{{"phenomenon_time":"2026-05-01T00:00:00Z","result_time":"2026-05-01T00:00:01.25Z",
            "value":{value},"quality":"good","revision":0,"offset":{offset}}}"#
    )
}

#[test]
fn a_list_is_followed_to_its_end_on_the_same_server() {
    let first = format!(
        r#"{{"items":[{}],"next":"https://public.example/v1/datastreams/5/observations?cursor=b%3D"}}"#,
        observation(1, "1.5")
    );
    let second = format!(
        r#"{{"items":[{},{}],"next":null}}"#,
        observation(2, "null"),
        observation(3, r#""on""#)
    );
    let (address, seen) = server(vec![json(&first), json(&second)]);
    let query = ObservationQuery {
        from: Some(Timestamp::from_micros(0)),
        limit: Some(1),
        ..ObservationQuery::default()
    };
    let all = client(address)
        .observations(DatastreamId::new(5), &query)
        .collect_all()
        .unwrap();
    let values: Vec<_> = all.into_iter().map(|item| item.value).collect();
    assert_eq!(
        values,
        [
            Some(Value::Number(1.5)),
            None,
            Some(Value::Text("on".into()))
        ]
    );
    let requests: Vec<Seen> = seen.iter().take(2).collect();
    assert_eq!(
        requests[0].line,
        "GET /v1/datastreams/5/observations?from=1970-01-01T00:00:00Z&limit=1 HTTP/1.1"
    );
    assert_eq!(
        requests[1].line,
        "GET /v1/datastreams/5/observations?cursor=b%3D HTTP/1.1"
    );
    for request in &requests {
        assert_eq!(request.header("authorization"), Some("Bearer mdo_token"));
    }
}

#[test]
fn a_refusal_carries_what_the_problem_says() {
    let problem = r#"{"type":"/problems/exists","title":"Exists","status":409,"detail":"seoul is there","request_id":"r-1"}"#;
    let (address, seen) = server(vec![reply(
        "409 Conflict",
        "application/problem+json",
        problem,
    )]);
    let error = client(address)
        .create_agency(&AgencyId::new("seoul").unwrap(), "서울")
        .unwrap_err();
    assert!(error.is_conflict());
    let text = error.to_string();
    for part in ["POST", "/v1/agencies", "409", "seoul is there", "r-1"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert_eq!(seen.recv().unwrap().body, r#"{"id":"seoul","name":"서울"}"#);
}

#[test]
fn an_answer_that_is_no_problem_document_is_quoted() {
    let (address, _seen) = server(vec![reply(
        "502 Bad Gateway",
        "text/html",
        "<h1>proxy</h1>",
    )]);
    let error = client(address).healthz().unwrap_err();
    assert_eq!(error.status(), Some(502));
    assert!(error.to_string().contains("<h1>proxy</h1>"), "{error}");
}

#[test]
fn a_page_that_fails_ends_the_list() {
    let (address, _seen) = server(vec![
        json(r#"{"items":[],"next":"/v1/datastreams?cursor=x"}"#),
        reply(
            "500 Internal Server Error",
            "application/problem+json",
            "{}",
        ),
    ]);
    let mut list = client(address).datastreams(&DatastreamFilter::default());
    assert!(matches!(list.next(), Some(Err(ApiError::Refused { .. }))));
    assert!(list.next().is_none());
}

#[test]
fn a_connection_that_ends_without_an_answer_is_no_refusal() {
    let (address, _seen) = server(vec![String::new()]);
    let error = client(address).healthz().unwrap_err();
    assert!(matches!(error, ApiError::Transport { .. }), "{error:?}");
    assert_eq!(error.status(), None);
}

#[test]
fn an_import_is_one_object_a_line() {
    let (address, seen) = server(vec![json(
        r#"{"dry_run":true,"rows":2,"created":0,"errors":[{"line":2,"code":"bad-key","message":"a weak key"}]}"#,
    )]);
    let key = DeviceKey::generate().unwrap();
    let devices = ["a", "b"].map(|id| NewDevice {
        location: Some(Position {
            lat: 37.5,
            lon: 127.0,
        }),
        keys: vec![key.public_key().into()],
        ..NewDevice::new(
            DeviceId::new(id).unwrap(),
            AgencyId::new("seoul").unwrap(),
            ModelId::new("traffic.flow").unwrap(),
        )
    });
    let report = client(address)
        .import_devices(&devices, ImportMode::DryRun)
        .unwrap();
    assert_eq!(
        (report.rows, report.created, report.errors[0].line),
        (2, 0, 2)
    );
    let request = seen.recv().unwrap();
    assert_eq!(
        request.line,
        "POST /v1/devices/import?dry_run=true HTTP/1.1"
    );
    assert_eq!(request.header("content-type"), Some("application/x-ndjson"));
    let lines: Vec<serde_json::Value> = request
        .body
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(
        lines[0],
        serde_json::json!({
            "id": "a", "agency": "seoul", "model": "traffic.flow",
            "location": {"lat": 37.5, "lon": 127.0},
            "keys": [{"alg": "EdDSA", "public_key": key.public_key_base64url()}],
        })
    );
}

#[test]
fn a_device_proves_itself_in_place_of_the_clients_credential() {
    let (address, seen) = server(vec![json(
        r#"{"offset":17,"stored":2,"duplicates":0,"rejected":0}"#,
    )]);
    let device = DeviceId::new("dev-1").unwrap();
    let receipt = client(address)
        .send_telemetry(
            &device,
            Bearer::Password("secret"),
            ContentFormat::CompactJson,
            br#"{"pm25":1}"#,
        )
        .unwrap();
    assert_eq!((receipt.offset, receipt.stored), (Offset::new(17), 2));
    let request = seen.recv().unwrap();
    assert_eq!(
        request.header("authorization"),
        Some("Basic ZGV2LTE6c2VjcmV0")
    );
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.body, r#"{"pm25":1}"#);
}

#[test]
fn a_stream_yields_frames_and_gaps_and_knows_where_to_go_on() {
    let body = concat!(
        ": keep-alive\n\n",
        "event: gap\ndata: {\"from_offset\":3,\"to_offset\":9,\"fill\":\"/v1/x\"}\n\n",
        "id: 9\n",
        "data: {\"offset\":9,\"result_time\":\"2026-05-01T00:00:00Z\",\"device\":\"d\",\"thing\":\"d\",\n",
        "data: \"agency\":\"a\",\"domain\":\"traffic\",\"model\":\"traffic.flow\",\"location\":null,\"observations\":[\n",
        "data: {\"datastream\":5,\"field\":\"speed\",\"unit\":\"km/h\",\"phenomenon_time\":\"2026-05-01T00:00:00Z\",\n",
        "data: \"value\":31.5,\"quality\":\"good\",\"revision\":0}]}\n\n",
        "id: 10\ndata: {\"cut off",
    );
    let (address, seen) = server(vec![reply("200 OK", "text/event-stream", body)]);
    let query = StreamQuery {
        after: Some(Offset::new(2)),
        domain: Some("traffic".to_owned()),
        ..StreamQuery::default()
    };
    let mut stream = client(address).stream(&query).unwrap();
    assert_eq!(stream.last_offset(), Some(Offset::new(2)));
    let StreamEvent::Gap(gap) = stream.next().unwrap().unwrap() else {
        panic!("a gap comes first");
    };
    assert_eq!(
        (gap.from_offset, gap.to_offset),
        (Offset::new(3), Offset::new(9))
    );
    let StreamEvent::Frame(frame) = stream.next().unwrap().unwrap() else {
        panic!("then a frame");
    };
    assert_eq!(frame.observations[0].value, Some(Value::Number(31.5)));
    assert!(stream.next().is_none(), "half an event is none");
    assert_eq!(stream.last_offset(), Some(Offset::new(9)));
    let request = seen.recv().unwrap();
    assert_eq!(request.line, "GET /v1/stream?domain=traffic HTTP/1.1");
    assert_eq!(request.header("last-event-id"), Some("2"));
}
