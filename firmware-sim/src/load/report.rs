//! What a load has shown, for people and as JSON.

use std::fmt;

use serde::Serialize;

use super::readback::Readback;

#[derive(Clone, Debug, Serialize)]
pub struct LoadReport {
    pub connections: u32,
    /// Messages that the broker acknowledged, of those that were to be sent.
    pub acknowledged: u64,
    pub messages: u64,
    pub qos: u8,
    /// Messages in flight for each connection, where it is not paced.
    pub inflight: Option<usize>,
    /// Messages a second for each connection, where it is paced.
    pub rate: Option<f64>,
    pub fields: usize,
    pub payload_bytes: usize,
    /// From the first message to the last acknowledgement.
    pub seconds: f64,
    pub messages_per_second: f64,
    /// From when a message left or, where others were in flight, was due; at
    /// QoS 0 until a later PINGRESP.
    pub ack_latency_us: Latency,
    pub client_cpu_seconds_per_million: f64,
    pub server: Option<Server>,
    pub subscribers: Option<Subscribers>,
    pub readback: Option<Readback>,
    /// Why some connections ended early.
    pub faults: Vec<String>,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub struct Latency {
    pub p50: Option<u64>,
    pub p99: Option<u64>,
    pub p999: Option<u64>,
    pub max: Option<u64>,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub struct Server {
    /// User and system time from the first message until the server had come
    /// to rest after the last acknowledgement and the last delivery.
    pub cpu_seconds: f64,
    pub cpu_seconds_per_million: f64,
    /// The same CPU time over what subscribers received.
    pub cpu_seconds_per_million_deliveries: Option<f64>,
    pub resident_kib: u64,
    pub peak_kib: u64,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub struct Subscribers {
    pub count: u32,
    pub received: u64,
    pub expected: u64,
    /// From the first message to the last delivery.
    pub seconds: f64,
}

impl LoadReport {
    /// Something was sent, everything was acknowledged, subscribers heard of
    /// it, and it came back where it was read back.
    pub fn is_sound(&self) -> bool {
        let back = self.readback.as_ref().is_none_or(Readback::is_complete);
        let heard = self.subscribers.as_ref().is_none_or(|all| all.received > 0);
        let sent = self.acknowledged > 0 && self.acknowledged == self.messages;
        back && heard && sent && self.faults.is_empty()
    }
}

fn micros(latency: Option<u64>) -> String {
    match latency {
        None => "-".to_owned(),
        Some(us) if us < 10_000 => format!("{us} us"),
        Some(us) => format!("{:.1} ms", us as f64 / 1e3),
    }
}

impl fmt::Display for LoadReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let manner = match (self.rate, self.inflight) {
            (Some(rate), _) => format!("{rate} a second each"),
            (None, inflight) => format!("{} in flight each", inflight.unwrap_or(1)),
        };
        writeln!(
            f,
            "{} connections, {manner}, QoS {}, {} field(s) in {} bytes",
            self.connections, self.qos, self.fields, self.payload_bytes
        )?;
        writeln!(
            f,
            "acknowledged    {} of {} in {:.2} s: {:.0} messages/s",
            self.acknowledged, self.messages, self.seconds, self.messages_per_second
        )?;
        let latency = self.ack_latency_us;
        writeln!(
            f,
            "ack latency     p50 {}, p99 {}, p99.9 {}, longest {}",
            micros(latency.p50),
            micros(latency.p99),
            micros(latency.p999),
            micros(latency.max)
        )?;
        writeln!(
            f,
            "own CPU         {:.2} s per million",
            self.client_cpu_seconds_per_million
        )?;
        if let Some(server) = self.server {
            writeln!(
                f,
                "server CPU      {:.2} s per million ({:.2} s), memory {:.1} MiB, peak {:.1} MiB",
                server.cpu_seconds_per_million,
                server.cpu_seconds,
                server.resident_kib as f64 / 1024.0,
                server.peak_kib as f64 / 1024.0
            )?;
        }
        if let Some(subscribers) = self.subscribers {
            writeln!(
                f,
                "subscribers     {}: {} of {} publications received in {:.2} s",
                subscribers.count, subscribers.received, subscribers.expected, subscribers.seconds
            )?;
            let each = self
                .server
                .and_then(|server| server.cpu_seconds_per_million_deliveries);
            if let Some(each) = each {
                writeln!(
                    f,
                    "                server CPU {each:.2} s per million received"
                )?;
            }
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
