//! Who must not notice an attack: a publisher with QoS 1, a stream, and a probe
//! of `/readyz`, each from an address of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};
use tests::{PATIENCE, TestDevice, TestPlatform, eventually};

/// Nobody waits longer than this in 99 of 100 cases.
const MOST_P99: Duration = Duration::from_millis(500);
/// A message and a probe each so often, as a busy sensor and a strict balancer.
const PERIOD: Duration = Duration::from_millis(25);
/// An attack that is over soon is watched for as many messages.
const LEAST_MESSAGES: usize = 40;
/// Between the last message and the end of the stream.
const STREAM_PATIENCE: Duration = Duration::from_secs(10);

const PUBLISHER: Ipv4Addr = Ipv4Addr::new(127, 0, 1, 1);
const READER: Ipv4Addr = Ipv4Addr::new(127, 0, 1, 2);
const PROBE: Ipv4Addr = Ipv4Addr::new(127, 0, 1, 3);

/// A TCP connection from an address of the loopback range.
pub(crate) fn connect_from(from: Ipv4Addr, to: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::new(IpAddr::V4(from), 0).into())?;
    socket.connect_timeout(&to.into(), PATIENCE)?;
    let stream = TcpStream::from(socket);
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// The attacker's addresses: many, and none of a witness.
pub(crate) fn attacker(number: usize) -> Ipv4Addr {
    let low = u8::try_from(number % 200).unwrap() + 1;
    Ipv4Addr::new(127, 0, 2, low)
}

type Sent = Arc<Mutex<Vec<Instant>>>;

pub(crate) struct Witness {
    over: Arc<AtomicBool>,
    /// When each message left.
    sent: Sent,
    publisher: JoinHandle<Vec<Duration>>,
    probe: JoinHandle<Vec<Duration>>,
    reader: JoinHandle<Vec<Duration>>,
    memory: u64,
}

/// What it saw.
#[derive(Debug)]
pub(crate) struct Seen {
    /// Of an acknowledgement, an answer, and an event: 99 of 100 took less.
    pub acknowledged: Duration,
    pub answered: Duration,
    /// From the publisher's hands to the stream's reader.
    pub streamed: Duration,
    pub messages: usize,
    /// KiB that the process has more than at the beginning.
    pub grown: i64,
}

impl Witness {
    pub(crate) fn start(platform: &TestPlatform) -> Self {
        let device = TestDevice::register(platform, "witness", "safety.air");
        let over = Arc::new(AtomicBool::new(false));
        let (mqtt, http) = (platform.address("mqtt"), platform.address("http"));
        let sent = Sent::default();
        let reader = read(&over, &sent, http, &platform.token());
        let publisher = publish(&over, &sent, mqtt, device);
        let probe = {
            let over = Arc::clone(&over);
            std::thread::spawn(move || repeat(&over, || ready(http)))
        };
        Self {
            over,
            sent,
            publisher,
            probe,
            reader,
            memory: resident(platform),
        }
    }

    /// Ends it, says what it saw, and fails where somebody waited too long.
    pub(crate) fn finish(self, platform: &TestPlatform, most_grown_kib: i64) -> Seen {
        eventually("the publisher has sent enough", || {
            let enough = self.sent.lock().unwrap().len() >= LEAST_MESSAGES;
            (enough || self.publisher.is_finished()).then_some(())
        });
        let grown = resident(platform).cast_signed() - self.memory.cast_signed();
        self.over.store(true, Ordering::Relaxed);
        let published = self.publisher.join().expect("the publisher was served");
        let answers = self.probe.join().expect("the probe was answered");
        let streamed = self.reader.join().expect("the stream went on");
        let seen = Seen {
            acknowledged: percentile(&published),
            answered: percentile(&answers),
            streamed: percentile(&streamed),
            messages: published.len(),
            grown,
        };
        println!(
            "{} messages, {} KiB more: {seen:?}",
            seen.messages, seen.grown
        );
        assert_eq!(
            streamed.len(),
            published.len(),
            "each message is streamed once"
        );
        assert!(seen.streamed <= MOST_P99, "{seen:?}");
        assert!(seen.acknowledged <= MOST_P99, "{seen:?}");
        assert!(seen.answered <= MOST_P99, "{seen:?}");
        assert!(grown <= most_grown_kib, "{seen:?}");
        seen
    }
}

fn repeat(over: &AtomicBool, mut act: impl FnMut()) -> Vec<Duration> {
    let mut took = Vec::new();
    while !over.load(Ordering::Relaxed) {
        let begun = Instant::now();
        act();
        took.push(begun.elapsed());
        std::thread::sleep(PERIOD.saturating_sub(begun.elapsed()));
    }
    took
}

fn publish(
    over: &Arc<AtomicBool>,
    sent: &Sent,
    mqtt: SocketAddr,
    device: TestDevice,
) -> JoinHandle<Vec<Duration>> {
    let (over, sent) = (Arc::clone(over), Arc::clone(sent));
    let stream = connect_from(PUBLISHER, mqtt).unwrap();
    let mut client = tests::BareClient::over(stream);
    let id = device.id.as_str().to_owned();
    assert_eq!(client.connect(&id, &id, &device.token()).unwrap(), 0);
    std::thread::spawn(move || {
        let mut number = 0u16;
        repeat(&over, || {
            number += 1;
            let time = 1_777_593_600_000 + u64::from(number);
            let payload = format!("{{\"t\":{time},\"v\":{{\"pm25\":{}}}}}", number % 100);
            sent.lock().unwrap().push(Instant::now());
            client
                .publish(&device.topic(), number, payload.as_bytes())
                .unwrap();
            let answer = client.read().unwrap();
            assert_eq!((answer.kind(), answer.id()), (4, number));
        })
    })
}

/// How long each of the witness's own messages took to come.
fn read(
    over: &Arc<AtomicBool>,
    sent: &Sent,
    http: SocketAddr,
    token: &str,
) -> JoinHandle<Vec<Duration>> {
    let (over, sent) = (Arc::clone(over), Arc::clone(sent));
    let mut stream = connect_from(READER, http).unwrap();
    let request = format!(
        "GET /v1/stream?device=witness HTTP/1.0\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(1)))
        .unwrap();
    let mut lines = BufReader::new(stream);
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    assert!(line.contains(" 200 "), "{line}");
    std::thread::spawn(move || {
        let (mut took, mut ended) = (Vec::new(), None::<Instant>);
        let mut line = String::new();
        loop {
            line.clear();
            match lines.read_line(&mut line) {
                Ok(0) => panic!("the stream was ended"),
                Ok(_) if line.starts_with("event: gap") => panic!("the stream has a gap"),
                Ok(_) if line.starts_with("data:") => {
                    took.push(sent.lock().unwrap()[took.len()].elapsed());
                }
                // Nothing for a second, or another line.
                _ => {}
            }
            if over.load(Ordering::Relaxed) {
                let since = *ended.get_or_insert_with(Instant::now);
                let whole = took.len() == sent.lock().unwrap().len();
                if whole || since.elapsed() > STREAM_PATIENCE {
                    return took;
                }
            }
        }
    })
}

/// One probe, over a connection of its own.
fn ready(http: SocketAddr) {
    let answer = get(PROBE, http, "/readyz", "").unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// One GET, over a connection of its own; the whole answer.
pub(crate) fn get(
    from: Ipv4Addr,
    http: SocketAddr,
    path: &str,
    headers: &str,
) -> std::io::Result<String> {
    let mut stream = connect_from(from, http)?;
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {http}\r\nConnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn percentile(took: &[Duration]) -> Duration {
    let mut sorted = took.to_vec();
    sorted.sort_unstable();
    sorted
        .get(sorted.len() * 99 / 100)
        .copied()
        .unwrap_or_default()
}

/// KiB of the server that are in memory.
pub(crate) fn resident(platform: &TestPlatform) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", platform.pid())).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Waits until the platform answers its probe again.
pub(crate) fn expect_ready(platform: &TestPlatform) {
    let http = platform.address("http");
    eventually("the platform is ready", || {
        let answer = get(PROBE, http, "/readyz", "").ok()?;
        answer.starts_with("HTTP/1.1 200").then_some(())
    });
}
