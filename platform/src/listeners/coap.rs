//! The CoAP listener, composed.

use std::net::UdpSocket;
use std::sync::Arc;

use anyhow::Context;
use coap::{Config, Handle};
use tokio::sync::watch;

use crate::components::Components;
use crate::wiring::access::Access;
use crate::wiring::uplink::Uplink;

pub(crate) fn start(
    components: &Components,
    socket: UdpSocket,
    mut stopped: watch::Receiver<bool>,
) -> anyhow::Result<Handle> {
    let access = Arc::new(Access::of(components));
    let sink = Arc::new(Uplink::new(components.ingest.clone()));
    let keys = components.keys.clone();
    let shutdown = async move {
        let _ = stopped.wait_for(|stopped| *stopped).await;
    };
    let config = Config {
        scope: components.supervisor.scope("coap"),
        ..Config::default()
    };
    coap::serve(socket, access, sink, keys, &config, shutdown).context("the CoAP listener")
}
