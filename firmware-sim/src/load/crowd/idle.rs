//! Idle connections: how fast they are made, and what each costs the server
//! while nothing happens.

use std::fmt;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde::Serialize;
use tokio::task::LocalSet;

use super::road::Road;
use super::{Cost, MAX_FAULTS, descriptors, gather, still_stand};
use crate::load::enrolment::{Enrolled, Roster, subscriber_logins};
use crate::load::{Devices, Process};
use crate::wire::Login;

pub struct IdleConfig {
    pub road: Road,
    pub connections: u32,
    pub devices: Devices,
    pub roster: Roster,
    /// They are applications instead of devices, and each subscribes to this.
    pub subscribe: Option<String>,
    /// How long they are held before the memory is read.
    pub hold: Duration,
    pub server_pid: Option<u32>,
}

#[derive(Clone, Debug, Serialize)]
pub struct IdleReport {
    pub connections: u32,
    pub tls: bool,
    /// Those that the broker let in.
    pub made: u32,
    /// From the first SYN to the last CONNACK.
    pub seconds: f64,
    pub connects_per_second: f64,
    /// Those that answered a ping after the hold.
    pub standing: u32,
    pub own_cpu_seconds: f64,
    pub server: Option<IdleServer>,
    pub faults: Vec<String>,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub struct IdleServer {
    /// From the first SYN until it was at rest again.
    pub cpu_seconds: f64,
    pub before_kib: u64,
    pub after_kib: u64,
    pub kib_each: f64,
}

impl IdleReport {
    pub fn is_sound(&self) -> bool {
        self.made == self.connections && self.standing == self.connections
    }
}

/// Makes the connections, holds them, and lets them go. Blocks.
pub fn run(config: &IdleConfig) -> anyhow::Result<IdleReport> {
    ensure!(config.connections > 0, "nobody to connect");
    descriptors::allow(config.connections)?;
    let logins = match config.subscribe {
        Some(_) => subscriber_logins(&config.devices, "idle", config.connections)?,
        None => Enrolled::make(&config.devices, &config.roster, config.connections)?.logins,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    LocalSet::new().block_on(&runtime, measure(config, logins))
}

async fn measure(config: &IdleConfig, logins: Vec<Login>) -> anyhow::Result<IdleReport> {
    let server = config.server_pid.map(Process::of);
    let before = server.as_ref().map(Cost::at_rest).transpose()?;
    let road = Rc::new(config.road.clone());
    let own = Process::own();
    let own_before = own.cpu_seconds()?;
    let started = Instant::now();
    let filter = config.subscribe.as_deref().map(Rc::from);
    let gathered = gather(&road, &logins.into(), filter.as_ref()).await;
    let seconds = started.elapsed().as_secs_f64();
    let own_cpu_seconds = own.cpu_seconds()? - own_before;
    tokio::time::sleep(config.hold).await;
    let after = server.as_ref().map(Cost::at_rest).transpose();
    let after = after.context("the server has ended")?;
    let made = gathered.links.len() as u32;
    let standing = still_stand(gathered.links).await.len() as u32;
    Ok(IdleReport {
        connections: config.connections,
        tls: config.road.tls.is_some(),
        made,
        seconds,
        connects_per_second: f64::from(made) / seconds,
        standing,
        own_cpu_seconds,
        server: before.zip(after).map(|(before, after)| IdleServer {
            cpu_seconds: after.cpu_seconds - before.cpu_seconds,
            before_kib: before.resident_kib,
            after_kib: after.resident_kib,
            kib_each: (after.resident_kib as f64 - before.resident_kib as f64)
                / f64::from(made.max(1)),
        }),
        faults: gathered.faults.into_iter().take(MAX_FAULTS).collect(),
    })
}

impl fmt::Display for IdleReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "connected       {} of {} in {:.2} s: {:.0} a second, {}",
            self.made,
            self.connections,
            self.seconds,
            self.connects_per_second,
            if self.tls { "TLS" } else { "plain TCP" }
        )?;
        writeln!(f, "still standing  {}", self.standing)?;
        writeln!(f, "own CPU         {:.2} s", self.own_cpu_seconds)?;
        if let Some(server) = self.server {
            writeln!(
                f,
                "server          CPU {:.2} s, memory {:.1} MiB before, {:.1} MiB after: {:.2} KiB each",
                server.cpu_seconds,
                server.before_kib as f64 / 1024.0,
                server.after_kib as f64 / 1024.0,
                server.kib_each
            )?;
        }
        for fault in &self.faults {
            writeln!(f, "fault           {fault}")?;
        }
        Ok(())
    }
}
