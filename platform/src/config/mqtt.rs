//! The limits of MQTT that an operator may want otherwise. The defaults are the
//! broker's; the other limits are constants (`docs/limits.md`).

use std::num::NonZeroUsize;

use mqtt::Config;
use supervisor::Scope;

use super::sources::{at_most, number};

/// Far above any sensor, and what a gateway sends after a day without network;
/// far below what would keep a worker from the others.
const DEFAULT_DEVICE_RATE: u32 = 10_000;
/// Seconds of its rate that a device may send at once after a rest.
const BURST_SECONDS: u32 = 10;
/// Each has a runtime and a socket for each listener.
const MAX_WORKERS: usize = 256;
/// When all are lost at once, each kept session is a change that waits to be
/// saved, and the session store takes 262,144.
const MAX_CONNECTIONS: usize = 250_000;

/// Limits of connections, sessions and queues.
#[derive(clap::Args, Debug, Clone)]
#[command(next_help_heading = "Limits of MQTT")]
pub struct MqttLimits {
    /// Messages a second that one device may publish over MQTT; past it, it is read more
    /// slowly. 0: no limit
    #[arg(
        long,
        value_name = "MESSAGES",
        env = "MADANG_DEVICE_RATE",
        default_value_t = DEFAULT_DEVICE_RATE,
        value_parser = number::<u32>
    )]
    pub device_rate: u32,
    /// Threads, 256 at most; 0: one for every two cores
    #[arg(
        long,
        value_name = "N",
        env = "MADANG_MQTT_WORKERS",
        default_value_t = Config::default().workers,
        value_parser = at_most::<usize, MAX_WORKERS>
    )]
    pub mqtt_workers: usize,
    /// Connections at once, of all listeners, 250,000 at most; fewer where the system allows
    /// fewer open files
    #[arg(
        long,
        value_name = "N",
        env = "MADANG_MQTT_CONNECTIONS",
        default_value_t = not_zero(Config::default().max_connections),
        value_parser = at_most::<NonZeroUsize, MAX_CONNECTIONS>
    )]
    pub mqtt_connections: NonZeroUsize,
    /// How long a session outlives its connection at most
    #[arg(
        long,
        value_name = "SECONDS",
        env = "MADANG_MQTT_SESSION_EXPIRY",
        default_value_t = Config::default().max_session_expiry,
        value_parser = number::<u32>
    )]
    pub mqtt_session_expiry: u32,
    /// Sessions that wait for their owner; past it the one that has waited longest ends
    #[arg(
        long,
        value_name = "N",
        env = "MADANG_MQTT_WAITING_SESSIONS",
        default_value_t = Config::default().waiting_sessions,
        value_parser = number::<usize>
    )]
    pub mqtt_waiting_sessions: usize,
    /// Subscriptions of all sessions together
    #[arg(
        long,
        value_name = "N",
        env = "MADANG_MQTT_SUBSCRIPTIONS",
        default_value_t = Config::default().subscriptions,
        value_parser = number::<usize>
    )]
    pub mqtt_subscriptions: usize,
    /// Messages that wait for one subscriber in memory; past it, at QoS 0, the oldest gives way
    #[arg(
        long,
        value_name = "MESSAGES",
        env = "MADANG_MQTT_QUEUE_MESSAGES",
        default_value_t = not_zero(Config::default().queue_messages),
        value_parser = number::<NonZeroUsize>
    )]
    pub mqtt_queue_messages: NonZeroUsize,
    /// Bytes of them
    #[arg(
        long,
        value_name = "BYTES",
        env = "MADANG_MQTT_QUEUE_BYTES",
        default_value_t = Config::default().queue_bytes,
        value_parser = number::<usize>
    )]
    pub mqtt_queue_bytes: usize,
}

fn not_zero(number: usize) -> NonZeroUsize {
    NonZeroUsize::new(number).unwrap_or(NonZeroUsize::MIN)
}

impl MqttLimits {
    /// What the broker runs with, where the system allows so many connections.
    pub(crate) fn broker_config(&self, connections: usize, scope: Scope) -> Config {
        Config {
            workers: self.mqtt_workers,
            max_connections: connections,
            max_session_expiry: self.mqtt_session_expiry,
            waiting_sessions: self.mqtt_waiting_sessions,
            subscriptions: self.mqtt_subscriptions,
            queue_messages: self.mqtt_queue_messages.get(),
            queue_bytes: self.mqtt_queue_bytes,
            messages_per_second: self.device_rate,
            message_burst: self.device_rate.saturating_mul(BURST_SECONDS),
            scope,
            ..Config::default()
        }
    }

    /// Threads that are started.
    pub(crate) fn worker_count(&self) -> usize {
        let config = Config {
            workers: self.mqtt_workers,
            ..Config::default()
        };
        config.worker_count()
    }
}

#[cfg(test)]
mod tests;
