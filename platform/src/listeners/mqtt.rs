//! The MQTT listeners, composed.

use std::ops::RangeInclusive;
use std::sync::Arc;

use anyhow::Context;
use domain::Offset;
use mqtt::{BoundListener, BoundSockets, Broker, BrokerHandle, ServiceSet};
use tokio::sync::watch;
use transport::{Listener, LogMessage};

use crate::components::Components;
use crate::config::{MqttLimits, ReloadingTls};
use crate::wiring::access::Access;
use crate::wiring::backlog::MissedMessages;
use crate::wiring::downlink::Subscribers;
use crate::wiring::retained::LatestAsRetained;
use crate::wiring::uplink::Uplink;

pub(crate) fn start(
    components: &Components,
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
    let retained = LatestAsRetained {
        registry: Arc::clone(&components.registry),
        ingest: components.ingest.clone(),
    };
    let services = ServiceSet {
        access: Arc::new(Access::of(components)),
        sink: Arc::new(Uplink::new(components.ingest.clone())),
        retained: Arc::new(retained),
        sessions: Arc::clone(&components.sessions),
        backlog: Arc::new(MissedMessages::of(components)),
    };
    let shutdown = async move {
        let _ = stopped.wait_for(|stopped| *stopped).await;
    };
    let scope = components.supervisor.scope("mqtt");
    let config = limits.broker_config(components.handles.mqtt, scope);
    let handle = Broker::start(config, &Arc::new(services), listeners, shutdown)
        .context("the MQTT broker")?;
    let revalidating = handle.clone();
    components
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
