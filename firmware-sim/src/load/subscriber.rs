//! Subscribers beside a load: each takes every publication and counts.

use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::task::JoinSet;

use super::enrolment::subscriber_logins;
use super::report::Subscribers;
use super::{Devices, LoadConfig};
use crate::publisher::{Connection, PublishError};
use crate::wire::Login;

/// Nothing came for so long: what is still missing will not come.
const IDLE: Duration = Duration::from_secs(5);

pub(super) struct Subscribed {
    count: u32,
    expected: u64,
    thread: JoinHandle<Heard>,
}

/// What subscribers got, and when the last of it came.
#[derive(Clone, Copy, Default)]
struct Heard {
    received: u64,
    last: Option<Instant>,
}

impl Heard {
    fn and(self, other: Self) -> Self {
        Self {
            received: self.received + other.received,
            last: self.last.max(other.last),
        }
    }
}

/// Subscribes `config.subscribers` connections to everything that the load
/// publishes. `expected` is how much that is for each: on another broker, and
/// on the platform.
pub(super) fn start(
    config: &LoadConfig,
    expected: (u64, u64),
) -> anyhow::Result<Option<Subscribed>> {
    if config.subscribers == 0 {
        return Ok(None);
    }
    let (filter, expected) = match &config.devices {
        Devices::Anonymous => ("devices/+/telemetry", expected.0),
        Devices::Registered(_) => ("open/#", expected.1),
    };
    let logins = subscriber_logins(&config.devices, "load", config.subscribers)?;
    let mqtt = config.mqtt;
    let (ready, stands) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let Ok(runtime) = runtime else {
            return Heard::default();
        };
        runtime.block_on(async move {
            let mut connections = Vec::new();
            for login in &logins {
                match subscribe(mqtt, login, filter).await {
                    Ok(connection) => connections.push(connection),
                    Err(fault) => {
                        let _ = ready.send(Err(fault));
                        return Heard::default();
                    }
                }
            }
            let _ = ready.send(Ok(()));
            let mut tasks = JoinSet::new();
            for connection in connections {
                tasks.spawn(count(connection, expected));
            }
            let all = tasks.join_all().await.into_iter();
            all.fold(Heard::default(), Heard::and)
        })
    });
    stands.recv().context("the subscribers' thread")??;
    Ok(Some(Subscribed {
        count: config.subscribers,
        expected: expected * u64::from(config.subscribers),
        thread,
    }))
}

async fn subscribe(
    mqtt: std::net::SocketAddr,
    login: &Login,
    filter: &str,
) -> Result<Connection, PublishError> {
    let mut connection = Connection::open(mqtt, login).await?;
    connection.subscribe(filter).await?;
    Ok(connection)
}

async fn count(mut connection: Connection, expected: u64) -> Heard {
    let mut heard = Heard::default();
    // A broken connection has counted what it got.
    let _ = connection
        .count(IDLE, |live| {
            if live > 0 {
                heard.received += live;
                heard.last = Some(Instant::now());
            }
            heard.received >= expected
        })
        .await;
    heard
}

impl Subscribed {
    /// Waits until all have come, or nothing more comes; `since` is when the
    /// publishers began.
    pub(super) fn finish(self, since: Instant) -> Subscribers {
        let heard = self.thread.join().unwrap_or_default();
        let last = heard.last.unwrap_or(since);
        let seconds = last.saturating_duration_since(since).as_secs_f64();
        Subscribers {
            count: self.count,
            received: heard.received,
            expected: self.expected,
            seconds,
        }
    }
}
