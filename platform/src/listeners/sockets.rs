//! The sockets of every listener: all are bound before anything is served.

use std::net::SocketAddr;

use anyhow::Context;
use tokio::net::{TcpListener, TcpSocket};
use transport::Listener;

use crate::config::{Listen, Settings};
use crate::listeners::addresses::Addresses;

/// Bound, and not served yet.
pub(crate) struct Sockets {
    pub(crate) mqtt: Vec<(Listener, mqtt::BoundSockets)>,
    pub(crate) http: Option<TcpListener>,
    pub(crate) https: Option<TcpListener>,
    pub(crate) coap: Option<std::net::UdpSocket>,
    pub(crate) addresses: Addresses,
}

impl Sockets {
    pub(crate) fn bind(settings: &Settings) -> anyhow::Result<Self> {
        let mut addresses = Addresses::default();
        let mut mqtt = Vec::new();
        let listeners = &settings.listeners;
        let workers = settings.mqtt.worker_count();
        for (kind, name, listen) in [
            (Listener::Mqtt, "mqtt", Some(listeners.mqtt)),
            (Listener::Mqtts, "mqtts", listeners.mqtts),
            (Listener::Ws, "ws", Some(listeners.ws)),
            (Listener::Wss, "wss", listeners.wss),
            (
                Listener::MqttUnprotected,
                "mqtt-unprotected",
                Some(listeners.mqtt_unprotected),
            ),
        ] {
            if let Some(address) = listen.and_then(Listen::address) {
                let sockets =
                    mqtt::bind(address, workers).with_context(|| cannot(name, address))?;
                addresses.add(name, sockets.address());
                mqtt.push((kind, sockets));
            }
        }
        let coap = match listeners.coap.address() {
            Some(address) => {
                let socket = coap::bind(address).with_context(|| cannot("coap", address))?;
                addresses.add("coap", socket.local_addr()?);
                Some(socket)
            }
            None => None,
        };
        let http = bind_tcp("http", listeners.http.address(), &mut addresses)?;
        let secure = listeners.https.and_then(Listen::address);
        let https = bind_tcp("https", secure, &mut addresses)?;
        Ok(Self {
            mqtt,
            http,
            https,
            coap,
            addresses,
        })
    }
}

fn bind_tcp(
    name: &'static str,
    address: Option<SocketAddr>,
    addresses: &mut Addresses,
) -> anyhow::Result<Option<TcpListener>> {
    let Some(address) = address else {
        return Ok(None);
    };
    let socket = listen(address).with_context(|| cannot(name, address))?;
    addresses.add(name, socket.local_addr()?);
    Ok(Some(socket))
}

/// Connections that the kernel holds until they are accepted, as MQTT's: those
/// beyond it try again only after a second.
const BACKLOG: u32 = 4_096;

fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

fn cannot(listener: &str, address: SocketAddr) -> String {
    format!("cannot listen on {address}: choose another with --{listener} ADDR:PORT")
}
