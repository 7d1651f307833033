//! The latest values as retained messages: a view of the latest table, not a
//! second copy of it.

use std::sync::Arc;

use broker::{RetainedSource, TopicFilter};
use bytes::Bytes;
use device_registry::{Datastream, Registry, Visibility};
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
        let levels: Vec<&str> = filter.levels().collect();
        let snapshot = self.registry.snapshot();
        for datastream in snapshot.datastreams(DatastreamId::new(0)) {
            if datastream.visibility != Visibility::Public || !names(&levels, datastream) {
                continue;
            }
            if let Some(observation) = self.ingest.latest(datastream.id) {
                let payload = topic::open_payload(&observation, datastream.unit.as_deref());
                visit(&topic::open(datastream), Bytes::from(payload));
            }
        }
    }
}

/// Whether a filter names the open topic of a datastream. Every datastream is
/// asked for every subscription, so no topic is built for it.
fn names(filter: &[&str], datastream: &Datastream) -> bool {
    let topic = [
        "open",
        datastream.agency.as_str(),
        datastream.model.domain(),
        datastream.model.name(),
        datastream.thing.as_str(),
        datastream.field.as_str(),
    ];
    for (place, level) in filter.iter().enumerate() {
        match (*level, topic.get(place)) {
            ("#", _) => return true,
            ("+", Some(_)) => {}
            (level, Some(name)) if level == *name => {}
            _ => return false,
        }
    }
    filter.len() == topic.len()
}
