//! What the broker itself costs, without platform and storage: `cargo bench -p mqtt
//! --bench path`. Plain numbers, no statistics: one run on an idle machine.
//!
//! CPU time is that of the broker's own threads, read from /proc; the clients
//! of this process do not count.
#![allow(clippy::unwrap_used)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use domain::{Offset, Timestamp};
use mqtt::codec::{Connect, Properties, Publish, Qos};
use mqtt::testing::acknowledge;
use mqtt::{BoundListener, Broker, Config, ServiceSet};
use transport::{
    AccessControl, Admission, Backlog, BacklogPage, ConnectionEvent, Denial, InboundMessage,
    Listener, LogPosition, LoginAttempt, MessageSink, Missed, NotStaged, Protocol, PublishRight,
    Realm, Receipt, Refusal, RejectCause, RetainedEnd, RetainedSource, SessionChange, SessionStore,
    SinkFault, StoredSession, SubscribeRight, TopicFilter,
};

#[derive(Default)]
struct Open;

type NullServices = ServiceSet<Open, Null, Null, Null, Null>;

impl AccessControl for Open {
    type Principal = ();
    fn authenticate(&self, attempt: &LoginAttempt<'_>) -> Result<Admission<()>, Refusal> {
        Ok(Admission {
            principal: (),
            session_owner: attempt.client_id.into(),
            realm: Realm::Platform,
            agency: None,
            max_keep_alive: 0,
            max_session_expiry: u32::MAX,
            lasts: None,
        })
    }
    fn challenge(&self, _: &LoginAttempt<'_>, _: &str) -> Result<Vec<u8>, Refusal> {
        Ok(Vec::new())
    }
    fn answer(
        &self,
        attempt: &LoginAttempt<'_>,
        _: &[u8],
        _: &[u8],
    ) -> Result<Admission<()>, Refusal> {
        self.authenticate(attempt)
    }
    fn owner_admitted(&self, _: &str) -> Result<(), Refusal> {
        Ok(())
    }
    fn publish_right(&self, _: &(), _: &str) -> Result<PublishRight, Denial> {
        Ok(PublishRight::Telemetry)
    }
    fn subscribe_right(&self, _: &(), _: &str) -> SubscribeRight {
        SubscribeRight::Granted
    }
    fn still_admitted(&self, _: &()) -> Result<Option<Duration>, Refusal> {
        Ok(None)
    }
    fn generation(&self) -> u64 {
        0
    }
    fn record(&self, _: ConnectionEvent<'_>) {}
}

#[derive(Default)]
struct Null(AtomicU64);

#[derive(Clone, Copy)]
struct Number(u64);

impl Receipt for Number {
    fn offset(&self) -> Offset {
        Offset::new(self.0)
    }
    fn readable(&self) -> bool {
        true
    }
}

impl MessageSink<()> for Null {
    type Staged = Number;
    type Receipt = Number;
    fn stage(&self, _: &(), _: &InboundMessage<'_>) -> Result<Number, NotStaged> {
        Ok(Number(self.0.fetch_add(1, Ordering::Relaxed)))
    }
    fn stage_reject(
        &self,
        _: &(),
        _: &InboundMessage<'_>,
        _: RejectCause,
    ) -> Result<Number, SinkFault> {
        Ok(Number(self.0.fetch_add(1, Ordering::Relaxed)))
    }
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(0)
    }
    async fn commit(&self, staged: Vec<Number>) -> Result<Vec<Number>, SinkFault> {
        Ok(staged)
    }
}

impl SessionStore for Null {
    fn load(&self) -> Result<Vec<StoredSession>, SinkFault> {
        Ok(Vec::new())
    }
    fn save(
        &self,
        _: Vec<SessionChange>,
    ) -> impl Future<Output = Result<(), SinkFault>> + Send + 'static {
        std::future::ready(Ok(()))
    }
}

impl Backlog<()> for Null {
    fn end(&self) -> LogPosition {
        LogPosition::default()
    }
    async fn read(
        &self,
        _: &(),
        _: &[Missed],
        from: LogPosition,
    ) -> Result<BacklogPage, SinkFault> {
        Ok(BacklogPage {
            next: from,
            at_end: true,
            ..BacklogPage::default()
        })
    }
}

impl RetainedSource<()> for Null {
    type Place = ();

    fn retained(
        &self,
        (): &(),
        _: &TopicFilter,
        (): &mut (),
        _: &mut usize,
        _: &mut dyn FnMut(&str, Bytes) -> ControlFlow<()>,
    ) -> RetainedEnd {
        RetainedEnd::Done
    }
}

const PAYLOAD: &[u8] = br#"{"t": "2026-05-01T09:00:00.123456+09:00", "v": {"speed": 57.25}, "seq": 123456, "loc": [37.5665, 126.9780]}"#;

fn connect(protocol: Protocol, id: &str) -> Connect<'_> {
    Connect {
        protocol,
        clean_start: true,
        keep_alive: 60,
        properties: Properties::NONE,
        client_id: id,
        will: None,
        user_name: Some(id),
        password: Some(b"pass"),
    }
}

fn publishes(protocol: Protocol, topic: &str, count: u16) -> Vec<u8> {
    let mut bytes = Vec::new();
    for packet_id in 1..=count {
        let publish = Publish {
            duplicate: false,
            qos: Qos::AtLeastOnce,
            retain: false,
            topic,
            packet_id,
            properties: Properties::NONE,
            payload: PAYLOAD,
        };
        publish.encode(protocol, &mut bytes);
    }
    bytes
}

/// Decode, session, stage, receipt, PUBACK: nanoseconds a message.
fn session_path(protocol: Protocol) -> f64 {
    const ROUNDS: u32 = 20_000;
    let bytes = publishes(protocol, "devices/dev-000001/telemetry", 100);
    let sink = Null::default();
    let stage = || Number(sink.0.fetch_add(1, Ordering::Relaxed));
    let start = Instant::now();
    acknowledge(&connect(protocol, "d"), &bytes, ROUNDS, stage);
    start.elapsed().as_nanos() as f64 / f64::from(ROUNDS) / 100.0
}

/// CPU seconds of the broker's workers, from the scheduler's own account
/// (nanoseconds).
fn worker_cpu() -> f64 {
    let mut total = 0.0;
    for task in std::fs::read_dir("/proc/self/task").unwrap().flatten() {
        let name = std::fs::read_to_string(task.path().join("comm")).unwrap_or_default();
        if name.starts_with("mqtt-") {
            let account =
                std::fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
            let nanos: f64 = account
                .split(' ')
                .next()
                .and_then(|it| it.parse().ok())
                .unwrap_or(0.0);
            total += nanos / 1e9;
        }
    }
    total
}

/// Bytes of this process in memory.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4_096
}

fn open(address: SocketAddr, id: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut bytes = Vec::new();
    connect(Protocol::V311, id).encode(&mut bytes);
    stream.write_all(&bytes).unwrap();
    let mut connack = [0; 4];
    stream.read_exact(&mut connack).unwrap();
    assert_eq!(connack, [0x20, 2, 0, 0]);
    stream
}

fn pipelined(address: SocketAddr, publishers: usize, rounds: usize) -> (f64, f64) {
    const WINDOW: u16 = 100;
    let mut streams: Vec<_> = (0..publishers)
        .map(|n| open(address, &format!("p{n}")))
        .collect();
    let bytes = publishes(Protocol::V311, "devices/dev-000001/telemetry", WINDOW);
    let mut acks = vec![0; 4 * usize::from(WINDOW)];
    let (cpu, start) = (worker_cpu(), Instant::now());
    for _ in 0..rounds {
        for stream in &mut streams {
            stream.write_all(&bytes).unwrap();
        }
        for stream in &mut streams {
            stream.read_exact(&mut acks).unwrap();
        }
    }
    let millions = (publishers * rounds * usize::from(WINDOW)) as f64 / 1e6;
    (
        (worker_cpu() - cpu) / millions,
        millions * 1e6 / start.elapsed().as_secs_f64(),
    )
}

fn paced(address: SocketAddr, publishers: usize, per_second: usize, seconds: usize) -> f64 {
    let mut streams: Vec<_> = (0..publishers)
        .map(|n| open(address, &format!("q{n}")))
        .collect();
    let bytes = publishes(Protocol::V311, "devices/dev-000001/telemetry", 1);
    let gap = Duration::from_secs(1) / (publishers * per_second) as u32;
    let mut ack = [0; 4];
    let (cpu, start) = (worker_cpu(), Instant::now());
    let total = publishers * per_second * seconds;
    for n in 0..total {
        // Sleeping is coarse: what is late is sent at once.
        while start.elapsed() < gap * n as u32 {
            std::thread::sleep(Duration::from_micros(50));
        }
        let stream = &mut streams[n % publishers];
        if n >= publishers {
            stream.read_exact(&mut ack).unwrap();
        }
        stream.write_all(&bytes).unwrap();
    }
    (worker_cpu() - cpu) / (total as f64 / 1e6)
}

fn idle(address: SocketAddr, count: usize) -> (f64, f64) {
    let mut streams = Vec::with_capacity(count);
    let (before, start) = (resident(), Instant::now());
    for n in 0..count {
        streams.push(open(address, &format!("idle-{n:06}")));
    }
    let rate = count as f64 / start.elapsed().as_secs_f64();
    let each = (resident().saturating_sub(before)) as f64 / count as f64;
    (each, rate)
}

fn main() {
    for protocol in [Protocol::V311, Protocol::V5] {
        let nanos = session_path(protocol);
        println!(
            "decode, session, PUBACK, MQTT {}: {nanos:.0} ns a message",
            protocol.as_str()
        );
    }
    let sockets = mqtt::bind("127.0.0.1:0".parse().unwrap(), 0).unwrap();
    let address = sockets.address();
    let listener = BoundListener {
        kind: Listener::Mqtt,
        sockets,
        tls: None,
    };
    let handle = Broker::start(
        Config::default(),
        &Arc::new(NullServices::default()),
        vec![listener],
        std::future::pending(),
    )
    .unwrap();
    let (bytes, rate) = idle(address, 5_000);
    println!(
        "idle connections: {bytes:.0} bytes each, {rate:.0} made a second by one client thread"
    );
    let deadline = Instant::now() + Duration::from_secs(10);
    while handle.stats().listeners[0].connections > 0 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(10));
    }
    for (publishers, rounds) in [(1, 10_000), (50, 400), (1_000, 20)] {
        let (cpu, rate) = pipelined(address, publishers, rounds);
        println!(
            "pipelined, {publishers} publishers: {cpu:.3} CPU s a million, {rate:.0} messages a second"
        );
    }
    let cpu = paced(address, 1_000, 10, 5);
    println!("paced, 1,000 publishers x 10 a second: {cpu:.1} CPU s a million");
}
