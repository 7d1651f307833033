//! Starts the watch over the health of all devices, and ends it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use health::{FleetWatch, Watched};

use crate::components::Components;

pub(crate) fn start(components: &Components, interval: Duration) -> anyhow::Result<FleetWatch> {
    let watched = Watched {
        registry: Arc::clone(&components.registry),
        plane: components.ingest.clone(),
        clock: Arc::clone(&components.clock),
    };
    let fleet = Arc::clone(&components.fleet);
    let scope = components.supervisor.scope("health");
    FleetWatch::start(watched, fleet, interval, scope).context("the health of the devices")
}

/// Its thread ends within moments; nothing here waits on it.
pub(crate) async fn stop(watch: FleetWatch) {
    // An error would say that the runtime is ending too.
    let _ = tokio::task::spawn_blocking(move || watch.stop()).await;
}
