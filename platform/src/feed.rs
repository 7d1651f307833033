//! Starts the feed to an existing time-series store, and ends it.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use feed::{Config, Feed};

use crate::components::Components;

pub(crate) fn start(components: &Components, data: &Path, config: Config) -> anyhow::Result<Feed> {
    if config.token.is_some() && config.target.crosses_a_network_in_plaintext() {
        tracing::warn!(
            "--feed-url is http:// to another machine: its token and what is restricted \
             can be read on the way"
        );
    }
    let registry = Arc::clone(&components.registry);
    let scope = components.supervisor.scope("feed");
    Feed::start(config, data, components.ingest.clone(), registry, scope).context("the feed")
}

/// Its thread ends within moments; nothing here waits on it.
pub(crate) async fn stop(feed: Feed) {
    // An error would say that the runtime is ending too.
    let _ = tokio::task::spawn_blocking(move || feed.stop()).await;
}
