//! MQTT, CoAP and the feed as the open API sees them: connections of devices,
//! and figures for `/metrics`.

use std::sync::Arc;

use domain::{Assurance, DeviceId};
use feed::FeedStats;
use mqtt::{BrokerHandle, ConnectionInfo};
use open_api::{Connections, Names, StandingConnection};
use text_formats::prometheus::{Exposition, Kind};

use super::worker_metrics;
use crate::observability;
use crate::wiring::login_book::LoginBook;

/// What counts connections and messages.
pub(crate) struct Transports {
    pub mqtt: BrokerHandle,
    pub coap: Option<coap::Handle>,
    pub logins: Arc<LoginBook>,
    pub feed: Option<FeedStats>,
}

/// Counter, help, and how it is read of a listener.
type Metric = (&'static str, &'static str, fn(&mqtt::ListenerStats) -> u64);

const GAUGES: [Metric; 2] = [
    (
        "madang_mqtt_connections",
        "Connections whose CONNECT was accepted",
        |l| l.connections,
    ),
    (
        "madang_mqtt_handshakes",
        "Connections before CONNECT",
        |l| l.handshakes,
    ),
];

const COUNTERS: [Metric; 12] = [
    (
        "madang_mqtt_accepted_total",
        "TCP connections accepted",
        |l| l.accepted,
    ),
    ("madang_mqtt_connects_total", "CONNECTs accepted", |l| {
        l.connects
    }),
    ("madang_mqtt_refused_total", "CONNECTs refused", |l| {
        l.refused
    }),
    (
        "madang_mqtt_unfinished_total",
        "TCP connections that ended before CONNECT",
        |l| l.unfinished,
    ),
    (
        "madang_mqtt_protocol_errors_total",
        "Connections closed for a broken packet",
        |l| l.protocol_errors,
    ),
    (
        "madang_mqtt_messages_in_total",
        "PUBLISH packets received",
        |l| l.messages_in,
    ),
    (
        "madang_mqtt_publishes_denied_total",
        "PUBLISH packets without a right",
        |l| l.publishes_denied,
    ),
    (
        "madang_mqtt_publishes_too_large_total",
        "PUBLISH packets larger than is taken, read and dropped",
        |l| l.publishes_too_large,
    ),
    (
        "madang_mqtt_acknowledged_total",
        "PUBACKs for durable messages",
        |l| l.acknowledged,
    ),
    (
        "madang_mqtt_messages_out_total",
        "PUBLISH packets sent",
        |l| l.messages_out,
    ),
    (
        "madang_mqtt_dropped_total",
        "Messages that slow subscribers lost",
        |l| l.dropped,
    ),
    ("madang_mqtt_bytes_in_total", "Bytes received", |l| {
        l.bytes_in
    }),
];

impl Connections for Transports {
    fn metrics(&self, page: &mut Exposition, names: Names) {
        let stats = self.mqtt.stats();
        let kinds = [
            (Kind::Gauge, GAUGES.as_slice()),
            (Kind::Counter, COUNTERS.as_slice()),
        ];
        for (kind, metrics) in kinds {
            for (name, help, read) in metrics {
                let mut metric = page.metric(name, kind, help);
                for listener in &stats.listeners {
                    let label = ("listener", listener.listener.as_str());
                    metric.sample(&[label], read(listener));
                }
            }
        }
        page.gauge(
            "madang_mqtt_subscriptions",
            "Standing subscriptions",
            stats.subscriptions,
        );
        page.counter(
            "madang_panics_total",
            "Panics of any thread or task",
            supervisor::panics::count(),
        );
        page.counter(
            "madang_log_lines_lost_total",
            "Log lines that nobody could be given",
            observability::lost(),
        );
        worker_metrics::write(page, &stats.work);
        if names == Names::Shown {
            agencies(page, &stats.agencies);
        }
        self.logins.metrics(page);
        if let Some(feed) = &self.feed {
            feed.metrics(page);
        }
        if let Some(coap) = &self.coap {
            for (name, help, count) in coap.stats().each() {
                page.counter(&format!("madang_coap_{name}_total"), help, count);
            }
        }
    }

    fn of_device(&self, device: &DeviceId) -> Option<StandingConnection> {
        let connection = self.mqtt.connection(device.as_str())?;
        Some(standing(connection, self.logins.assurance(device)))
    }

    fn of_devices(&self, devices: &[&DeviceId]) -> Vec<Option<StandingConnection>> {
        let owners = devices.iter().map(|device| device.as_str());
        let connections = self.mqtt.connections(owners);
        let pairs = devices.iter().zip(connections);
        pairs
            .map(|(device, connection)| {
                connection.map(|it| standing(it, self.logins.assurance(device)))
            })
            .collect()
    }
}

/// Name, type, help, and how it is read of an agency.
type AgencyMetric = (
    &'static str,
    Kind,
    &'static str,
    fn(&mqtt::AgencyStats) -> u64,
);

const OF_AGENCIES: [AgencyMetric; 5] = [
    (
        "madang_agency_connections",
        Kind::Gauge,
        "Connections of an agency's devices",
        |a| a.connections,
    ),
    (
        "madang_agency_connects_total",
        Kind::Counter,
        "CONNECTs of an agency's devices accepted",
        |a| a.connects,
    ),
    (
        "madang_agency_messages_in_total",
        Kind::Counter,
        "PUBLISH packets received of an agency's devices",
        |a| a.messages_in,
    ),
    (
        "madang_agency_acknowledged_total",
        Kind::Counter,
        "Durable messages acknowledged to an agency's devices",
        |a| a.acknowledged,
    ),
    (
        "madang_agency_dropped_total",
        Kind::Counter,
        "Messages that an agency's slow subscribers lost",
        |a| a.dropped,
    ),
];

fn agencies(page: &mut Exposition, agencies: &[mqtt::AgencyStats]) {
    for (name, kind, help, read) in OF_AGENCIES {
        let mut metric = page.metric(name, kind, help);
        for agency in agencies {
            metric.sample(&[("agency", &agency.agency)], read(agency));
        }
    }
}

fn standing(connection: ConnectionInfo, assurance: Option<Assurance>) -> StandingConnection {
    StandingConnection {
        since: connection.since,
        peer: connection.peer,
        listener: connection.listener.as_str(),
        protocol: connection.protocol.as_str(),
        client_id: connection.client_id,
        keep_alive: connection.keep_alive,
        session_expiry: Some(connection.session_expiry),
        messages_in: connection.messages_in,
        messages_out: connection.messages_out,
        message_rate: Some(connection.rate),
        dropped: connection.dropped,
        queued: connection.queued,
        assurance,
    }
}
