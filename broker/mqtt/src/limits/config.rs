//! The broker's limits. Each has a name, a unit and a reason.

use std::time::Duration;

use supervisor::Scope;

use super::Pace;

#[derive(Clone, Debug)]
pub struct Config {
    /// Worker threads; 0 is one for every two cores: the others sync, apply,
    /// flush and answer queries.
    pub workers: usize,
    /// Connections of all listeners together.
    pub max_connections: usize,
    /// Connections that have not finished TLS and CONNECT, all workers
    /// together. Past it the oldest gives way once it is a second old.
    pub handshakes_in_flight: usize,
    /// Those of one address (IPv6: of a /64), of them. Its others wait.
    pub handshakes_per_address: usize,
    /// Those that wait too; past it a newcomer from there is closed.
    pub pending_logins_per_address: usize,
    /// From accept to a complete CONNECT, TLS included.
    pub connect_deadline: Duration,
    /// Bytes of a packet before CONNECT has been accepted.
    pub max_packet_before_connect: usize,
    /// Bytes of a packet afterwards: 64 KiB of payload and its topic.
    pub max_packet: usize,
    /// Bytes of a PUBLISH that is read and dropped, and answered, instead of
    /// ending the connection: many clients heed no maximum.
    pub dropped_packet: usize,
    /// QoS 1 and 2 messages of one connection that wait for durability or for
    /// their release (MQTT 5: announced; MQTT 3.1.1: reading pauses at
    /// `uncommitted_messages`).
    pub receive_maximum: u16,
    /// Messages of QoS 2 that a client has not released.
    pub unreleased_messages: usize,
    /// Staged messages of one connection after which it is not read further
    /// until they are durable.
    pub uncommitted_messages: usize,
    /// QoS 1 and 2 messages in flight towards one subscriber.
    pub delivery_window: u16,
    /// Messages in the queue of one subscriber; past it the oldest is dropped.
    /// One telemetry message may hold 1,000 observations, each a message here.
    pub queue_messages: usize,
    /// Bytes of topics and payloads in that queue.
    pub queue_bytes: usize,
    /// Written but unsent bytes of a connection, after which it is neither
    /// read nor given further messages.
    pub unsent_bytes: usize,
    /// How long a peer may take none of the bytes that wait for it.
    pub write_deadline: Duration,
    pub subscriptions_per_session: usize,
    /// Of one device or application, over all its sessions.
    pub subscriptions_per_account: usize,
    /// Of all sessions, those that wait for their owner too.
    pub subscriptions: usize,
    /// Different filters of one SUBSCRIBE that are looked at; those past it
    /// are refused unseen.
    pub filters_per_packet: usize,
    /// Filters that one connection subscribes to or leaves a second; past it,
    /// it is read more slowly. 0 is no limit.
    pub filters_per_second: u32,
    /// Filters that it may subscribe to at once after a rest.
    pub filter_burst: u32,
    /// The same of one device or application, over all its connections.
    pub account_filters_per_second: u32,
    pub account_filter_burst: u32,
    pub topic_levels: usize,
    pub topic_bytes: usize,
    /// Topic aliases of a connection, in each direction.
    pub topic_aliases: u16,
    /// Seconds that a session outlives its connection at most; an MQTT 5
    /// client that asks for more is told this, and MQTT 3.1.1 gets it.
    pub max_session_expiry: u32,
    /// Sessions that wait for their owner; past it the one that has waited
    /// longest ends.
    pub waiting_sessions: usize,
    /// The same of one owner.
    pub waiting_sessions_per_owner: usize,
    /// Sessions of one device or application, with a connection or waiting.
    pub sessions_per_account: usize,
    /// Messages that one device or application publishes a second, over all
    /// its connections; past it, it is read more slowly. 0 is no limit.
    pub messages_per_second: u32,
    /// Messages that it may publish at once after a rest.
    pub message_burst: u32,
    /// From the shutdown signal to the end of the last connection.
    pub drain: Duration,
    /// Who watches the threads and their tasks; nobody by default.
    pub scope: Scope,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            workers: 0,
            max_connections: 100_000,
            handshakes_in_flight: 512,
            handshakes_per_address: 128,
            pending_logins_per_address: 1_024,
            connect_deadline: Duration::from_secs(10),
            max_packet_before_connect: 64 * 1024,
            max_packet: 72 * 1024,
            dropped_packet: 1024 * 1024,
            receive_maximum: 100,
            unreleased_messages: 1_024,
            uncommitted_messages: 1_024,
            delivery_window: 100,
            queue_messages: 8_192,
            queue_bytes: 2 * 1024 * 1024,
            unsent_bytes: 64 * 1024,
            write_deadline: Duration::from_secs(60),
            subscriptions_per_session: 128,
            subscriptions_per_account: 32_768,
            subscriptions: 262_144,
            filters_per_packet: 128,
            filters_per_second: 50,
            filter_burst: 256,
            account_filters_per_second: 1_000,
            account_filter_burst: 16_384,
            topic_levels: 16,
            topic_bytes: 512,
            topic_aliases: 16,
            max_session_expiry: 30 * 24 * 3_600,
            waiting_sessions: 100_000,
            waiting_sessions_per_owner: 100,
            sessions_per_account: 10_000,
            messages_per_second: 0,
            message_burst: 20_000,
            drain: Duration::from_secs(5),
            scope: Scope::default(),
        }
    }
}

/// Why a configuration cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{field} must be at least {least}")]
    TooSmall { field: &'static str, least: usize },
    #[error("{field} must be at most {most}")]
    TooLarge { field: &'static str, most: usize },
}

/// The largest packet that MQTT can frame, in bytes.
const PROTOCOL_MAX_PACKET: usize = 268_435_460;

impl Config {
    pub fn validate(&self) -> Result<(), ConfigError> {
        let least = |field, value: usize, least| {
            if value < least {
                Err(ConfigError::TooSmall { field, least })
            } else {
                Ok(())
            }
        };
        least("max_connections", self.max_connections, 1)?;
        least("handshakes_in_flight", self.handshakes_in_flight, 1)?;
        least("handshakes_per_address", self.handshakes_per_address, 1)?;
        least("filters_per_packet", self.filters_per_packet, 1)?;
        least(
            "max_packet_before_connect",
            self.max_packet_before_connect,
            256,
        )?;
        least("max_packet", self.max_packet, 256)?;
        least("receive_maximum", usize::from(self.receive_maximum), 1)?;
        least("uncommitted_messages", self.uncommitted_messages, 1)?;
        least("delivery_window", usize::from(self.delivery_window), 1)?;
        least("queue_messages", self.queue_messages, 1)?;
        least("topic_levels", self.topic_levels, 1)?;
        least("topic_bytes", self.topic_bytes, 1)?;
        for (field, value) in [
            ("max_packet", self.max_packet),
            ("max_packet_before_connect", self.max_packet_before_connect),
        ] {
            if value > PROTOCOL_MAX_PACKET {
                let most = PROTOCOL_MAX_PACKET;
                return Err(ConfigError::TooLarge { field, most });
            }
        }
        Ok(())
    }

    pub(crate) fn message_pace(&self) -> Pace {
        Pace {
            per_second: self.messages_per_second,
            burst: self.message_burst,
        }
    }

    pub(crate) fn filter_pace(&self) -> Pace {
        Pace {
            per_second: self.filters_per_second,
            burst: self.filter_burst,
        }
    }

    pub(crate) fn account_filter_pace(&self) -> Pace {
        Pace {
            per_second: self.account_filters_per_second,
            burst: self.account_filter_burst,
        }
    }

    /// Threads to start.
    pub fn worker_count(&self) -> usize {
        match self.workers {
            0 => std::thread::available_parallelism().map_or(1, |n| n.get().div_ceil(2)),
            n => n,
        }
    }
}
