//! Readers of `/v1/stream` that lag: they cost no memory that grows and
//! slow nobody, and what the log no longer has is told to them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use firmware_sim::load::LoadReport;
use tests::{PATIENCE, Start, TestDevice, TestPlatform};

use crate::sessions::stuck_subscriber::{growth, load, shrink_receive_buffer};

/// How long the load lasts; the first part of it settles the server.
const SECONDS: u64 = 60;
/// Readers at once, each of them lagging.
const READERS: usize = 16;
/// What a reader takes, and how often: a few events a second.
const SIP_BYTES: usize = 512;
const SIP_EVERY: Duration = Duration::from_millis(200);
/// An event has more.
const LEAST_EVENT_BYTES: usize = 200;
/// How much more the server with the slow readers may grow once it has settled.
/// Each has a buffer of the log and a few chunks of events, from the beginning
/// on; what the allocator does differs from run to run.
const MOST_GROWTH_KIB: i64 = 8 * 1024;
/// No publisher is slowed by more.
const MOST_SLOWED: f64 = 1.05;
/// Half of the acknowledgements take a millisecond or two, of which 5 % is
/// less than the scheduler's whim.
const WHIM_MICROS: f64 = 1_000.0;

/// One event: its name, its id and its data.
struct Event {
    name: String,
    id: u64,
    data: serde_json::Value,
}

/// An operator's stream, over a socket that holds little.
struct Stream(BufReader<TcpStream>);

impl Stream {
    fn open(platform: &TestPlatform, from_offset: u64) -> Self {
        let mut socket = TcpStream::connect(platform.address("http")).unwrap();
        shrink_receive_buffer(&socket);
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        // Of HTTP/1.0, so that the body comes as it is.
        let request = format!(
            "GET /v1/stream?from_offset={from_offset} HTTP/1.0\r\nHost: x\r\n\
             Authorization: Bearer {}\r\n\r\n",
            platform.token()
        );
        socket.write_all(request.as_bytes()).unwrap();
        let mut stream = Self(BufReader::with_capacity(4_096, socket));
        let mut line = String::new();
        stream.0.read_line(&mut line).unwrap();
        assert!(line.contains(" 200 "), "{line}");
        while line.trim() != "" {
            line.clear();
            stream.0.read_line(&mut line).unwrap();
        }
        stream
    }

    /// The next event; comments between them are passed over.
    fn next(&mut self) -> Event {
        let (mut name, mut id, mut line) = (String::new(), 0, String::new());
        loop {
            line.clear();
            assert!(self.0.read_line(&mut line).unwrap() > 0, "the stream ended");
            match line.trim_end().split_once(": ") {
                Some(("event", text)) => name = text.to_owned(),
                Some(("id", text)) => id = text.parse().unwrap(),
                Some(("data", text)) => {
                    let data = serde_json::from_str(text).unwrap();
                    return Event { name, id, data };
                }
                _ => {}
            }
        }
    }

    /// Takes a little now and then; gives how many bytes it took.
    fn sip(mut self, over: &AtomicBool) -> usize {
        let (mut taken, mut bytes) = (0, [0; SIP_BYTES]);
        while !over.load(Ordering::Relaxed) {
            std::thread::sleep(SIP_EVERY);
            self.0.read_exact(&mut bytes).unwrap();
            taken += bytes.len();
        }
        taken
    }
}

#[test]
#[ignore = "a minute of load, run by .ci/run"]
fn readers_that_lag_cost_no_memory_and_slow_nobody() {
    let (calm, troubled) = (TestPlatform::start(), TestPlatform::start());
    let over = AtomicBool::new(false);
    let (calm_load, troubled_load, calm_growth, troubled_growth, sips) =
        std::thread::scope(|scope| {
            let calm_growth = scope.spawn(|| growth(&calm, &over));
            let troubled_growth = scope.spawn(|| growth(&troubled, &over));
            let readers: Vec<_> = (0..READERS)
                .map(|_| {
                    let stream = Stream::open(&troubled, 1);
                    scope.spawn(|| stream.sip(&over))
                })
                .collect();
            let calm_load = scope.spawn(|| load(&calm, SECONDS));
            let troubled_load = scope.spawn(|| load(&troubled, SECONDS));
            let loads = (calm_load.join(), troubled_load.join());
            // However a load has ended, the others must end too.
            over.store(true, Ordering::Relaxed);
            let sips: Vec<usize> = readers.into_iter().map(|it| it.join().unwrap()).collect();
            (
                loads.0.unwrap(),
                loads.1.unwrap(),
                calm_growth.join().unwrap(),
                troubled_growth.join().unwrap(),
                sips,
            )
        });
    eprintln!("without\n{calm_load}grown by {calm_growth} KiB");
    eprintln!("with {READERS} lagging readers\n{troubled_load}grown by {troubled_growth} KiB");
    // Each reads all the time, and has a small part of what there is.
    let there = usize::try_from(troubled_load.acknowledged).unwrap() * LEAST_EVENT_BYTES;
    assert!(
        sips.iter().all(|taken| (1..there / 50).contains(taken)),
        "{sips:?} of {there}"
    );
    assert!(calm_load.is_sound() && troubled_load.is_sound());
    assert!(troubled_growth < calm_growth + MOST_GROWTH_KIB);
    assert!(troubled_load.messages_per_second * MOST_SLOWED > calm_load.messages_per_second);
    let half = |load: &LoadReport| load.ack_latency_us.p50.unwrap() as f64;
    assert!(half(&troubled_load) < half(&calm_load) * MOST_SLOWED + WHIM_MICROS);
}

/// The least budget, in bytes.
const LOG_BUDGET: &str = "134217728";
/// Of one message.
const ROWS: u64 = 400;
/// Bytes of one message, which the log keeps since a part of it is refused.
const MESSAGE_BYTES: usize = 62_000;
/// More than the million rows of a flush, and three segments of the log, of
/// which the budget keeps two.
const MESSAGES: u64 = 2_700;
/// Messages under way at once.
const WINDOW: u64 = 16;

fn publish_much(device: &TestDevice, platform: &TestPlatform) {
    let mut client = device.connect(platform.address("mqtt"));
    for number in 0..MESSAGES + WINDOW {
        if number < MESSAGES {
            let rows = (0..ROWS - 1).map(|row| {
                let time = 1_767_225_600_000 + number * ROWS + row;
                format!("{{\"t\":{time},\"v\":{{\"pm25\":{}}}}}", row % 100)
            });
            // A text where a number belongs: refused, and kept as it came.
            let refused = std::iter::once("{\"v\":{\"pm25\":\"x\"}}".to_owned());
            let rows: Vec<String> = refused.chain(rows).collect();
            let mut payload = format!("[{}]", rows.join(","));
            let spaces = MESSAGE_BYTES.saturating_sub(payload.len());
            payload.extend(std::iter::repeat_n(' ', spaces));
            let id = u16::try_from(number % 60_000 + 1).unwrap();
            client
                .publish(&device.topic(), id, payload.as_bytes())
                .unwrap();
        }
        if number >= WINDOW {
            client.read().unwrap();
        }
    }
}

#[test]
#[ignore = "three minutes: a million rows, run by .ci/run"]
fn a_reader_that_is_overrun_is_told_of_the_gap_and_goes_on() {
    let start = Start {
        flags: vec!["--log-budget".to_owned(), LOG_BUDGET.to_owned()],
        ..Start::default()
    };
    let platform = TestPlatform::start_with(&start);
    let device = TestDevice::register(&platform, "air-1", "safety.air");
    let mut stream = Stream::open(&platform, 1);
    publish_much(&device, &platform);
    // Until the log has given space back.
    let first = tests::eventually("the log begins later", || {
        let event = Stream::open(&platform, 1).next();
        (event.name == "gap").then_some(event)
    });
    assert_eq!(first.data["from_offset"], 1);

    let (mut last, mut gap) = (0, None);
    while gap.is_none() {
        let event = stream.next();
        match event.name.as_str() {
            "gap" => gap = Some(event),
            _ => {
                assert_eq!(event.id, last + 1, "each frame once, in order");
                last = event.id;
            }
        }
    }
    let gap = gap.unwrap();
    let (from, to) = (&gap.data["from_offset"], &gap.data["to_offset"]);
    assert_eq!(from.as_u64(), Some(last + 1), "{}", gap.data);
    let to = to.as_u64().unwrap();
    assert!(to > last + 1 && to <= MESSAGES, "{}", gap.data);
    for expected in to..to + 20 {
        assert_eq!(stream.next().id, expected, "it goes on without a hole");
    }

    // The query that it names has what it missed, and no more.
    let datastream = device.datastream(&platform.anonymous(), "pm25");
    let fill = gap.data["fill"].as_str().unwrap();
    let fill = fill.replace("{id}", &datastream.to_string());
    let page = platform.get_json(&format!("{fill}&limit=1"));
    assert_eq!(
        page["items"][0]["offset"].as_u64(),
        Some(last + 1),
        "{page}"
    );
}
