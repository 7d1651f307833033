//! What a storm has shown, for people and as JSON.

use std::fmt;

use serde::Serialize;

use super::Cost;
use crate::histogram::Histogram;
use crate::load::readback::Readback;

#[derive(Clone, Debug, Serialize)]
pub struct StormReport {
    pub connections: u32,
    pub tls: bool,
    /// After a restart: from the first connection that ended to the first
    /// that was made again.
    pub down_seconds: Option<f64>,
    /// Those with a CONNACK and an acknowledged message.
    pub served: u32,
    /// Those that still answered a ping when all were through.
    pub standing: u32,
    /// From the outbreak, or after a restart from when the server was there
    /// again.
    pub served_after_ms: Served,
    /// Attempts that were turned away, broke off or heard nothing.
    pub failed_attempts: u64,
    pub server: Option<Cost>,
    pub readback: Option<Readback>,
    /// Why some were given up.
    pub faults: Vec<String>,
}

/// Milliseconds until half, 99 percent and all of those were served that were.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Served {
    pub p50: Option<u64>,
    pub p99: Option<u64>,
    pub all: Option<u64>,
}

impl Served {
    pub(super) fn of(times: &Histogram) -> Self {
        let millis = |share| times.quantile(share).map(|micros| micros / 1_000);
        Self {
            p50: millis(0.5),
            p99: millis(0.99),
            all: millis(1.0),
        }
    }
}

impl StormReport {
    /// Everybody was served and stayed, and what was acknowledged is there.
    pub fn is_sound(&self) -> bool {
        let back = self.readback.as_ref().is_none_or(Readback::is_complete);
        back && self.served == self.connections && self.standing == self.connections
    }
}

impl fmt::Display for StormReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = |millis: Option<u64>| match millis {
            Some(millis) => format!("{:.2} s", millis as f64 / 1e3),
            None => "-".to_owned(),
        };
        if let Some(down) = self.down_seconds {
            writeln!(f, "server away     {down:.2} s")?;
        }
        writeln!(
            f,
            "served          {} of {} over {}: half in {}, 99 % in {}, all in {}",
            self.served,
            self.connections,
            if self.tls { "TLS" } else { "plain TCP" },
            seconds(self.served_after_ms.p50),
            seconds(self.served_after_ms.p99),
            seconds(self.served_after_ms.all)
        )?;
        writeln!(f, "failed attempts {}", self.failed_attempts)?;
        writeln!(f, "still standing  {}", self.standing)?;
        if let Some(server) = self.server {
            writeln!(
                f,
                "server          CPU {:.2} s since its start, memory {:.1} MiB, peak {:.1} MiB",
                server.cpu_seconds,
                server.resident_kib as f64 / 1024.0,
                server.peak_kib as f64 / 1024.0
            )?;
        }
        match &self.readback {
            Some(readback) => writeln!(f, "read back       {readback}")?,
            None => writeln!(f, "read back       not possible here: nothing was compared")?,
        }
        for fault in &self.faults {
            writeln!(f, "fault           {fault}")?;
        }
        Ok(())
    }
}
