//! The MQTT listeners, composed.

use std::ops::RangeInclusive;
use std::sync::Arc;

use anyhow::Context;
use broker::{BoundListener, BoundSockets, Broker, BrokerHandle, Listener, LogMessage, Services};
use domain::Offset;
use tokio::sync::watch;

use crate::compose::Rooms;
use crate::config::{MqttLimits, ReloadingTls};
use crate::glue::access::Access;
use crate::glue::backlog::MissedMessages;
use crate::glue::downlink::Subscribers;
use crate::glue::retained::LatestAsRetained;
use crate::glue::uplink::Uplink;

pub(crate) fn start(
    rooms: &Rooms,
    sockets: Vec<(Listener, BoundSockets)>,
    tls: Option<&ReloadingTls>,
    limits: &MqttLimits,
    mut stopped: watch::Receiver<bool>,
) -> anyhow::Result<BrokerHandle> {
    let listeners = sockets
        .into_iter()
        .map(|(kind, sockets)| BoundListener {
            kind,
            sockets,
            tls: tls.filter(|_| kind.is_encrypted()).map(ReloadingTls::mqtt),
        })
        .collect();
    let services = Services {
        access: Arc::new(Access::of(rooms)),
        sink: Arc::new(Uplink::of(rooms)),
        retained: Arc::new(LatestAsRetained {
            registry: Arc::clone(&rooms.registry),
            ingest: rooms.ingest.clone(),
        }),
        sessions: Arc::clone(&rooms.sessions),
        backlog: Arc::new(MissedMessages::of(rooms)),
    };
    let shutdown = async move {
        let _ = stopped.wait_for(|stopped| *stopped).await;
    };
    let scope = rooms.supervisor.scope("mqtt");
    let config = limits.broker_config(rooms.handles.mqtt, scope);
    let handle =
        Broker::start(config, &services, listeners, shutdown).context("the MQTT broker")?;
    let revalidating = handle.clone();
    rooms
        .registry
        .on_change(move |_generation| revalidating.revalidate());
    Ok(handle)
}

/// The downlink's view of the broker.
pub(crate) struct Subscribed(pub BrokerHandle);

impl Subscribers for Subscribed {
    fn publish(&self, mut messages: &mut dyn Iterator<Item = LogMessage>) -> bool {
        self.0.publish_turn(&mut messages)
    }

    fn pass_over(&self, frames: &RangeInclusive<Offset>) {
        self.0.pass_over(frames);
    }

    fn any(&self) -> bool {
        self.0.subscriptions() > 0
    }
}
