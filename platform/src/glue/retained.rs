//! The latest values as retained messages: a view of the latest table, not a
//! second copy of it.

use std::sync::Arc;

use broker::{RetainedSource, TopicFilter};
use bytes::Bytes;
use device_registry::{Registry, Visibility};
use domain::DatastreamId;
use ingest::Ingest;

use super::principal::Principal;
use super::topic;

pub struct LatestAsRetained {
    pub registry: Arc<Registry>,
    pub ingest: Ingest,
}

impl RetainedSource<Principal> for LatestAsRetained {
    fn retained(
        &self,
        principal: &Principal,
        filter: &TopicFilter,
        visit: &mut dyn FnMut(&str, Bytes),
    ) {
        if !matches!(principal, Principal::Application(_)) {
            return;
        }
        let snapshot = self.registry.snapshot();
        for datastream in snapshot.datastreams(DatastreamId::new(0)) {
            if datastream.visibility != Visibility::Public {
                continue;
            }
            let topic = topic::open(datastream);
            if !filter.matches(&topic) {
                continue;
            }
            if let Some(observation) = self.ingest.latest(datastream.id) {
                let payload = topic::open_payload(&observation, datastream.unit.as_deref());
                visit(&topic, Bytes::from(payload));
            }
        }
    }
}
