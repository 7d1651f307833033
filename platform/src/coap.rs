//! The CoAP listener, composed.

use std::net::UdpSocket;
use std::sync::Arc;

use anyhow::Context;
use broker::coap::{self, CoapConfig, CoapHandle};
use tokio::sync::watch;

use crate::compose::Rooms;
use crate::glue::access::Access;
use crate::glue::uplink::Uplink;

pub(crate) fn start(
    rooms: &Rooms,
    socket: UdpSocket,
    mut stopped: watch::Receiver<bool>,
) -> anyhow::Result<CoapHandle> {
    let access = Arc::new(Access::of(rooms));
    let sink = Arc::new(Uplink::of(rooms));
    let keys = rooms.keys.clone();
    let shutdown = async move {
        let _ = stopped.wait_for(|stopped| *stopped).await;
    };
    let config = CoapConfig {
        scope: rooms.supervisor.scope("coap"),
        ..CoapConfig::default()
    };
    coap::serve(socket, access, sink, keys, &config, shutdown).context("the CoAP listener")
}
