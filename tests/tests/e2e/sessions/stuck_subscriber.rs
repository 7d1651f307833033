//! A subscriber that never reads: the server's memory stays as it is, and no
//! publisher is slowed.
//!
//! Two platforms run at the same time under the same load, one of them with
//! the stuck subscriber. Whatever else the machine does disturbs both, and
//! what the stored observations cost stands on both sides: the difference is
//! the subscriber's.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use firmware_sim::load::{self, Devices, LoadConfig, LoadReport, Pace, Process};
use firmware_sim::registration::Platform;
use firmware_sim::wire::{self, Incoming, Login, Qos};
use sdk::api::NewApplication;
use tests::TestPlatform;

/// Two minutes in CI; by hand ten, with this variable at 600.
const SECONDS_VARIABLE: &str = "STUCK_SUBSCRIBER_SECONDS";
const SECONDS: u64 = 120;
const PUBLISHERS: u32 = 200;
const RATE: f64 = 10.0;
/// By then the buffers of both kernels and the subscriber's queue are full.
const SETTLED: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_secs(1);
/// How much more the server with the stuck subscriber may grow afterwards. Its
/// queue has 2 MiB; what the allocator does differs from run to run.
const MOST_GROWTH_KIB: i64 = 8 * 1024;
/// No publisher is slowed by more.
const MOST_SLOWED: f64 = 1.05;
/// Half of the acknowledgements take a millisecond or two, of which 5 % is
/// less than the scheduler's whim.
const WHIM_MICROS: f64 = 1_000.0;
/// Each message is made into one for the subscriber, so CPU time grows; a
/// server that spins over the full socket would use far more.
const MOST_CPU: f64 = 2.0;

pub(crate) fn load(platform: &TestPlatform, seconds: u64) -> LoadReport {
    let token = platform.data().join("admin.token");
    let operator = Platform::connect(&platform.url(), &token).unwrap();
    load::run(&LoadConfig {
        mqtt: platform.address("mqtt"),
        connections: PUBLISHERS,
        messages: u64::from(PUBLISHERS) * RATE as u64 * seconds,
        qos: Qos::AtLeastOnce,
        pace: Pace::PerSecond(RATE),
        subscribers: 0,
        fields: 1,
        devices: Devices::Registered(Box::new(operator)),
        server_pid: Some(platform.pid().cast_unsigned()),
        threads: 1,
        read_back: true,
    })
    .unwrap()
}

/// KiB that the server has grown at most since it had settled.
pub(crate) fn growth(platform: &TestPlatform, over: &AtomicBool) -> i64 {
    let server = Process::of(platform.pid().cast_unsigned());
    let resident = || i64::try_from(server.memory().unwrap().resident_kib).unwrap();
    let began = Instant::now();
    let (mut settled, mut most) = (None, 0);
    while !over.load(Ordering::Relaxed) {
        std::thread::sleep(LOOK);
        if began.elapsed() >= SETTLED {
            let now = resident();
            most = most.max(now - *settled.get_or_insert(now));
        }
    }
    settled.expect("the load lasts longer than it takes to settle");
    most
}

/// Subscribes to everything and never reads a byte of it.
struct Stuck {
    mqtt: SocketAddr,
    login: Login,
    stream: TcpStream,
}

impl Stuck {
    fn subscribe(platform: &TestPlatform) -> Self {
        let application = NewApplication {
            name: "stuck".to_owned(),
            contact: "dev@example.com".to_owned(),
        };
        let made = platform.anonymous().create_application(&application);
        let login = Login {
            client_id: "stuck".to_owned(),
            credentials: Some(("dev".to_owned(), made.unwrap().key.key)),
        };
        let mqtt = platform.address("mqtt");
        let stream = Self::open(mqtt, &login);
        Self {
            mqtt,
            login,
            stream,
        }
    }

    fn open(mqtt: SocketAddr, login: &Login) -> TcpStream {
        let mut stream = TcpStream::connect(mqtt).unwrap();
        shrink_receive_buffer(&stream);
        let mut packets = Vec::new();
        wire::connect(login, 0, &mut packets);
        wire::subscribe("open/#", 1, &mut packets);
        stream.write_all(&packets).unwrap();
        // CONNACK and SUBACK, and not a byte beyond them.
        for length in [4, 5] {
            let mut answer = vec![0; length];
            stream.read_exact(&mut answer).unwrap();
            let (packet, taken) = wire::take(&answer).unwrap().expect("a whole packet");
            assert!(
                matches!(packet, Incoming::ConnAck(0) | Incoming::SubAck(0)),
                "{packet:?}"
            );
            assert_eq!(taken, length);
        }
        stream.set_nonblocking(true).unwrap();
        stream
    }

    /// Never reads until it is over; where the server ends the connection,
    /// there is another at once. Gives whether publications waited, unread.
    fn stay(mut self, over: &AtomicBool) -> bool {
        let mut waited = false;
        while !over.load(Ordering::Relaxed) {
            std::thread::sleep(LOOK);
            // Peeking takes nothing out.
            let mut first = [0];
            match self.stream.peek(&mut first) {
                Ok(0) => self.stream = Self::open(self.mqtt, &self.login),
                Ok(_) => waited |= first[0] >> 4 == 3,
                Err(fault) if fault.kind() == ErrorKind::WouldBlock => {}
                Err(_) => self.stream = Self::open(self.mqtt, &self.login),
            }
        }
        waited
    }
}

/// So that it is stuck after seconds: the kernel would take megabytes.
pub(crate) fn shrink_receive_buffer(stream: &TcpStream) {
    rustix::net::sockopt::set_socket_recv_buffer_size(stream, 4_096).unwrap();
}

#[test]
#[ignore = "two minutes of load, run by .ci/run"]
fn a_subscriber_that_never_reads_costs_no_memory_and_slows_nobody() {
    let seconds = std::env::var(SECONDS_VARIABLE);
    let seconds = seconds.map_or(SECONDS, |text| text.parse().unwrap());
    let (calm, troubled) = (TestPlatform::start(), TestPlatform::start());
    let stuck = Stuck::subscribe(&troubled);
    let over = AtomicBool::new(false);
    let (calm_load, troubled_load, calm_growth, troubled_growth, waited) =
        std::thread::scope(|scope| {
            let calm_growth = scope.spawn(|| growth(&calm, &over));
            let troubled_growth = scope.spawn(|| growth(&troubled, &over));
            let stuck = scope.spawn(|| stuck.stay(&over));
            let calm_load = scope.spawn(|| load(&calm, seconds));
            let troubled_load = scope.spawn(|| load(&troubled, seconds));
            let loads = (calm_load.join(), troubled_load.join());
            // However a load has ended, the others must end too.
            over.store(true, Ordering::Relaxed);
            (
                loads.0.unwrap(),
                loads.1.unwrap(),
                calm_growth.join().unwrap(),
                troubled_growth.join().unwrap(),
                stuck.join().unwrap(),
            )
        });
    eprintln!("without\n{calm_load}grown by {calm_growth} KiB");
    eprintln!("with a stuck subscriber\n{troubled_load}grown by {troubled_growth} KiB");
    assert!(waited, "publications came and were left unread");
    assert!(calm_load.is_sound() && troubled_load.is_sound());
    assert!(troubled_growth < calm_growth + MOST_GROWTH_KIB);
    assert!(troubled_load.messages_per_second * MOST_SLOWED > calm_load.messages_per_second);
    let half = |load: &LoadReport| load.ack_latency_us.p50.unwrap() as f64;
    assert!(half(&troubled_load) < half(&calm_load) * MOST_SLOWED + WHIM_MICROS);
    let cpu = |load: &LoadReport| load.server.unwrap().cpu_seconds;
    assert!(cpu(&troubled_load) < cpu(&calm_load) * MOST_CPU);
}
