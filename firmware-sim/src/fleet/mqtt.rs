//! A device's MQTT link, by `rumqttc`: a client that many real devices use.
//! One connection at a time; what was sent and not acknowledged goes out again
//! on the next one, with the same bytes.

use std::time::Duration;

use domain::DeviceTopic;
use domain::payload::MAX_PAYLOAD_BYTES;
use rumqttc::{AsyncClient, ConnectionError, Event, EventLoop, MqttOptions, Packet, QoS};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};

use super::device::Device;
use super::report::Counters;
use super::{FleetConfig, Login, SimulatedDevice};
use crate::clock::now;

/// Messages without an acknowledgement on one connection.
const MAX_IN_FLIGHT: usize = 20;
/// Requests on their way to the connection's own task.
const QUEUE: usize = 32;
const KEEP_ALIVE: Duration = Duration::from_secs(30);
const TOKEN_LIFETIME: Duration = Duration::from_secs(12 * 3_600);
/// After a fault a device waits between these before it connects again.
const LEAST_BACKOFF: Duration = Duration::from_secs(1);
const MOST_BACKOFF: Duration = Duration::from_secs(30);
/// For the last acknowledgements when the fleet ends.
const FAREWELL: Duration = Duration::from_secs(3);

/// One connection's life.
struct Link {
    client: AsyncClient,
    happenings: mpsc::Receiver<Happening>,
    task: JoinHandle<()>,
    /// The first so many of the store are under way.
    in_flight: usize,
    connected: bool,
}

enum Happening {
    Connected,
    Acknowledged,
    Down { refused: bool },
}

impl Drop for Link {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(super) async fn run(
    config: &FleetConfig,
    simulated: &SimulatedDevice,
    mut device: Device<'_>,
    report: &Counters,
    mut stopped: watch::Receiver<bool>,
) {
    let topic = DeviceTopic::telemetry(&simulated.planned.id).to_string();
    let mut due = Instant::now() + device.first_wait();
    let mut backoff = LEAST_BACKOFF;
    let mut connect_at = Instant::now() + device.first_wait() / 2;
    let mut link: Option<Link> = None;
    loop {
        let connected = link.as_ref().is_some_and(|link| link.connected);
        let booting = device.boots_again(now());
        if connected && (booting || !device.link_is_up(now())) {
            // The radio is gone: no farewell.
            link = None;
            connect_at = Instant::now() + LEAST_BACKOFF;
        }
        if let Some(link) = &mut link {
            publish(link, &device, &topic);
        }
        let next = if link.is_some() {
            due
        } else {
            due.min(connect_at)
        };
        tokio::select! {
            _ = stopped.changed() => break,
            () = sleep_until(next) => {
                if Instant::now() >= due {
                    let lost = device.measure(now());
                    report.count(|sum| { sum.made += 1; sum.lost += u64::from(lost); });
                    if let (true, Some(link)) = (lost, &mut link) {
                        link.in_flight = link.in_flight.saturating_sub(1);
                    }
                    due = Instant::now() + device.wait();
                }
                if link.is_none() && Instant::now() >= connect_at {
                    if device.link_is_up(now()) {
                        link = Some(connect(config, simulated));
                    } else {
                        connect_at = Instant::now() + LEAST_BACKOFF;
                    }
                }
            }
            happening = happening(&mut link) => match happening {
                Happening::Connected => {
                    backoff = LEAST_BACKOFF;
                    report.count(|sum| sum.connected += 1);
                }
                Happening::Acknowledged => {
                    device.store.pop_front();
                    report.count(|sum| sum.acknowledged += 1);
                }
                Happening::Down { refused } => {
                    report.count(|sum| sum.refused += u64::from(refused));
                    link = None;
                    connect_at = Instant::now() + backoff;
                    backoff = (backoff * 2).min(MOST_BACKOFF);
                }
            },
        }
    }
    if let Some(mut link) = link.filter(|link| link.connected) {
        let _ = timeout(FAREWELL, farewell(&mut link, report)).await;
    }
}

/// Waits for ever where there is no link.
async fn happening(link: &mut Option<Link>) -> Happening {
    let Some(link) = link else {
        return std::future::pending().await;
    };
    let happening = link.happenings.recv().await;
    let happening = happening.unwrap_or(Happening::Down { refused: false });
    match happening {
        Happening::Connected => link.connected = true,
        Happening::Acknowledged => link.in_flight = link.in_flight.saturating_sub(1),
        Happening::Down { .. } => {}
    }
    happening
}

fn publish(link: &mut Link, device: &Device<'_>, topic: &str) {
    while link.connected && link.in_flight < MAX_IN_FLIGHT {
        let Some(message) = device.store.get(link.in_flight) else {
            return;
        };
        let payload = message.payload.clone();
        if link
            .client
            .try_publish(topic, QoS::AtLeastOnce, false, payload)
            .is_err()
        {
            return;
        }
        link.in_flight += 1;
    }
}

fn connect(config: &FleetConfig, simulated: &SimulatedDevice) -> Link {
    let id = simulated.planned.id.as_str();
    let mut options = MqttOptions::new(id, config.mqtt.ip().to_string(), config.mqtt.port());
    options.set_keep_alive(KEEP_ALIVE);
    options.set_inflight(MAX_IN_FLIGHT as u16);
    options.set_max_packet_size(MAX_PAYLOAD_BYTES, 2 * MAX_PAYLOAD_BYTES);
    if config.login == Login::Key {
        let token = simulated.key.jwt(
            &simulated.planned.id,
            &config.audience,
            now(),
            TOKEN_LIFETIME,
        );
        options.set_credentials(id, token);
    }
    let (client, events) = AsyncClient::new(options, QUEUE);
    let (sender, happenings) = mpsc::channel(QUEUE);
    Link {
        client,
        happenings,
        task: tokio::task::spawn_local(poll(events, sender)),
        in_flight: 0,
        connected: false,
    }
}

/// Drives the connection until its first fault.
async fn poll(mut events: EventLoop, sender: mpsc::Sender<Happening>) {
    loop {
        let happening = match events.poll().await {
            Ok(Event::Incoming(Packet::ConnAck(_))) => Happening::Connected,
            Ok(Event::Incoming(Packet::PubAck(_))) => Happening::Acknowledged,
            Ok(_) => continue,
            Err(fault) => {
                // What came in one piece with the end of the connection.
                let last = events.state.events.drain(..);
                let acknowledged =
                    |event: &Event| matches!(event, Event::Incoming(Packet::PubAck(_)));
                for _ in last.filter(acknowledged).collect::<Vec<_>>() {
                    let _ = sender.send(Happening::Acknowledged).await;
                }
                let refused = matches!(fault, ConnectionError::ConnectionRefused(_));
                let _ = sender.send(Happening::Down { refused }).await;
                return;
            }
        };
        if sender.send(happening).await.is_err() {
            return;
        }
    }
}

/// Takes the acknowledgements that are still due, then says DISCONNECT.
async fn farewell(link: &mut Link, report: &Counters) {
    while link.in_flight > 0 {
        match link.happenings.recv().await {
            Some(Happening::Acknowledged) => {
                link.in_flight -= 1;
                report.count(|sum| sum.acknowledged += 1);
            }
            Some(Happening::Connected) => {}
            Some(Happening::Down { .. }) | None => return,
        }
    }
    let _ = link.client.disconnect().await;
    // The packet leaves with the connection's next turn, which then ends.
    while link.happenings.recv().await.is_some() {}
}
