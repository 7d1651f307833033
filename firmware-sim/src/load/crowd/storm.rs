//! A storm: a whole crowd connects at once, each client publishes one message
//! and is served when that is acknowledged. Who is turned away or hears
//! nothing tries again, as devices do.
//!
//! Either everybody comes out of nowhere to a running server, or everybody
//! stands, the server is restarted by somebody else, and all come back.

use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use domain::{DeviceId, DeviceTopic};
use tokio::task::{JoinSet, LocalSet};

use super::link::Link;
use super::road::Road;
use super::storm_report::{Served, StormReport};
use super::{Cost, Gathered, MAX_FAULTS, descriptors, gather, still_stand, told};
use crate::clock::now;
use crate::histogram::Histogram;
use crate::load::enrolment::{Enrolled, Roster};
use crate::load::readback::{self, Acknowledged};
use crate::load::telemetry::Telemetry;
use crate::load::worker::GOLDEN_RATIO;
use crate::load::{Devices, Process};
use crate::publisher::PublishError;
use crate::wire::Login;

/// One attempt, from the SYN to the PUBACK.
const ATTEMPT: Duration = Duration::from_secs(10);
/// Between two attempts of one client, spread by half either way.
const RETRY: Duration = Duration::from_secs(1);
/// Nobody restarted the server for so long: the run is given up.
const RESTART_PATIENCE: Duration = Duration::from_secs(600);

/// When the storm breaks.
pub enum Outbreak {
    /// As soon as the devices are there.
    Now,
    /// When the server goes. The function is called once everybody stands,
    /// and must not block: whoever hears it restarts the server.
    AfterRestart(Box<dyn Fn()>),
}

pub struct StormConfig {
    pub road: Road,
    pub connections: u32,
    pub devices: Devices,
    pub outbreak: Outbreak,
    /// Who is not served so long after the outbreak is given up.
    pub deadline: Duration,
    pub server_pid: Option<u32>,
}

/// Runs a storm to its end. Blocks.
pub fn run(config: &StormConfig) -> anyhow::Result<StormReport> {
    ensure!(config.connections > 0, "nobody to connect");
    descriptors::allow(config.connections)?;
    let enrolled = Enrolled::make(&config.devices, &Roster::New, config.connections)?;
    let agency = enrolled.agency.clone();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let crowd = Rc::new(Crowd::new(config, enrolled));
    let mut report = LocalSet::new().block_on(&runtime, measure(config, Rc::clone(&crowd)))?;
    if let Devices::Registered(platform) = &config.devices {
        let known = crowd.acknowledged();
        let found = readback::compare(&platform.api, &agency, &crowd.telemetry, &known)?;
        report.readback = Some(found);
    }
    Ok(report)
}

/// What all clients share.
struct Crowd {
    road: Rc<Road>,
    logins: Rc<[Login]>,
    ids: Vec<DeviceId>,
    telemetry: Telemetry,
    /// Whether each has its acknowledgement.
    served: Vec<Cell<bool>>,
    /// The first connection that ended, in a storm after a restart.
    outbreak: Cell<Option<Instant>>,
    /// The first connection that was made again.
    back: Cell<Option<Instant>>,
    deadline: Duration,
}

/// How one client came through.
struct Client {
    number: usize,
    failed_attempts: u64,
    end: Result<(Instant, Link), String>,
}

impl Crowd {
    fn new(config: &StormConfig, enrolled: Enrolled) -> Self {
        Self {
            road: Rc::new(config.road.clone()),
            served: enrolled.ids.iter().map(|_| Cell::new(false)).collect(),
            logins: enrolled.logins.into(),
            ids: enrolled.ids,
            telemetry: Telemetry::new(now(), 1),
            outbreak: Cell::default(),
            back: Cell::default(),
            deadline: config.deadline,
        }
    }

    fn acknowledged(&self) -> HashMap<String, Acknowledged> {
        let known = |(number, id): (u64, &DeviceId)| {
            let acknowledged = u64::from(self.served[number as usize].get());
            let known = Acknowledged {
                device: number,
                acknowledged,
                sent: 1,
            };
            (id.to_string(), known)
        };
        (0..).zip(&self.ids).map(known).collect()
    }

    /// One attempt: TCP, TLS, CONNECT, and one acknowledged message. The
    /// message is the same each time, so a second copy is a duplicate.
    async fn attempt(&self, number: usize) -> Result<Link, PublishError> {
        let mut link = self.road.reach(number).await?;
        if self.back.get().is_none() {
            self.back.set(Some(Instant::now()));
        }
        link.greet(&self.logins[number]).await?;
        let topic = DeviceTopic::telemetry(&self.ids[number]).to_string();
        let mut payload = Vec::new();
        self.telemetry.write(number as u64, 0, &mut payload);
        link.publish(&topic, &payload).await?;
        Ok(link)
    }

    /// Tries until it is served, or the deadline has come.
    async fn client(&self, number: usize, since: Instant) -> Client {
        let mut failed_attempts = 0;
        loop {
            // Boxed, so that those who wait for their next attempt stay small.
            let attempt = Box::pin(self.attempt(number));
            let fault = match tokio::time::timeout(ATTEMPT, attempt).await {
                Ok(Ok(link)) => {
                    self.served[number].set(true);
                    return Client {
                        number,
                        failed_attempts,
                        end: Ok((Instant::now(), link)),
                    };
                }
                Ok(Err(fault)) => Some(fault),
                Err(_) => None,
            };
            failed_attempts += 1;
            if since.elapsed() >= self.deadline {
                let login = &self.logins[number];
                let end = Err(match fault {
                    Some(fault) => told(login, &fault),
                    None => format!("{}: not served within {ATTEMPT:?}", login.client_id),
                });
                return Client {
                    number,
                    failed_attempts,
                    end,
                };
            }
            tokio::time::sleep(pause(number, failed_attempts)).await;
        }
    }

    /// Stands until the server goes, then comes back.
    async fn returning(&self, number: usize, mut link: Link) -> Option<Client> {
        let ended = tokio::time::timeout(RESTART_PATIENCE, link.ended()).await;
        drop(link);
        ended.ok()?;
        let now = Instant::now();
        self.outbreak.set(self.outbreak.get().or(Some(now)));
        tokio::time::sleep(pause(number, 0)).await;
        Some(self.client(number, now).await)
    }
}

/// No two clients and no two attempts alike, without chance.
fn pause(number: usize, attempt: u64) -> Duration {
    let turn = (number as f64 + attempt as f64 * 0.5) * GOLDEN_RATIO;
    RETRY.mul_f64(0.5 + turn.fract())
}

async fn measure(config: &StormConfig, crowd: Rc<Crowd>) -> anyhow::Result<StormReport> {
    let mut clients = JoinSet::new();
    let began = match &config.outbreak {
        Outbreak::Now => {
            let began = Instant::now();
            for number in 0..crowd.ids.len() {
                let crowd = Rc::clone(&crowd);
                clients.spawn_local(async move { Some(crowd.client(number, began).await) });
            }
            began
        }
        Outbreak::AfterRestart(standing) => {
            let Gathered { links, faults } = gather(&crowd.road, &crowd.logins, None).await;
            if let Some(fault) = faults.first() {
                bail!(
                    "before the restart {} were not let in: {fault}",
                    faults.len()
                );
            }
            for (number, link) in links {
                let crowd = Rc::clone(&crowd);
                clients.spawn_local(async move { crowd.returning(number, link).await });
            }
            standing();
            Instant::now()
        }
    };
    let clients: Vec<Client> = clients.join_all().await.into_iter().flatten().collect();
    summary(config, &crowd, clients, began).await
}

async fn summary(
    config: &StormConfig,
    crowd: &Crowd,
    clients: Vec<Client>,
    began: Instant,
) -> anyhow::Result<StormReport> {
    // After a restart the clock starts when the server is there again.
    let (since, down) = match (crowd.outbreak.get(), crowd.back.get()) {
        (Some(outbreak), Some(back)) => (back, Some(back - outbreak)),
        (None, _) if matches!(config.outbreak, Outbreak::AfterRestart(_)) => {
            bail!("the server was not restarted")
        }
        (Some(outbreak), None) => (outbreak, None),
        (None, _) => (began, None),
    };
    let mut times = Histogram::default();
    let (mut links, mut faults, mut failed_attempts) = (Vec::new(), Vec::new(), 0);
    for client in clients {
        failed_attempts += client.failed_attempts;
        match client.end {
            Ok((at, link)) => {
                times.record(at.saturating_duration_since(since));
                links.push((client.number, link));
            }
            Err(fault) => faults.push(fault),
        }
    }
    let served = links.len() as u32;
    let standing = still_stand(links).await.len() as u32;
    let server = config.server_pid.map(Process::of);
    Ok(StormReport {
        connections: config.connections,
        tls: config.road.tls.is_some(),
        down_seconds: down.map(|down| down.as_secs_f64()),
        served,
        standing,
        served_after_ms: Served::of(&times),
        failed_attempts,
        server: server.as_ref().map(Cost::at_rest).transpose()?,
        readback: None,
        faults: faults.into_iter().take(MAX_FAULTS).collect(),
    })
}
