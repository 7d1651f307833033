//! Datastreams in short: one line for each model and agency.

use std::collections::{BTreeMap, BTreeSet};

use device_registry::Snapshot;
use domain::DatastreamId;
use http_edge::reply::csv::Row;
use serde::Serialize;
use utoipa::ToSchema;

use crate::params::Viewer;

/// The datastreams of one model and agency.
#[derive(Serialize, ToSchema, Debug, Clone, PartialEq, Eq)]
#[schema(as = DatastreamSummary, example = json!({
    "domain": "traffic", "model": "traffic.flow", "agency": "seoul",
    "fields": ["battery", "occupancy", "speed"], "things": 120, "datastreams": 360,
    "licences": ["KOGL-1"]
}))]
pub(crate) struct SummaryView {
    pub(crate) domain: String,
    pub(crate) model: String,
    pub(crate) agency: String,
    /// In order of name.
    pub(crate) fields: Vec<String>,
    things: usize,
    datastreams: usize,
    /// KOGL-1 to KOGL-4, or SPDX identifiers.
    licences: Vec<String>,
}

#[derive(Default)]
struct Gathered<'a> {
    fields: BTreeSet<&'a str>,
    things: BTreeSet<&'a str>,
    licences: BTreeSet<&'a str>,
    datastreams: usize,
}

impl SummaryView {
    /// Of all that `viewer` may read, in order of model and agency: a look at
    /// each datastream.
    pub(crate) fn all(snapshot: &Snapshot, viewer: &Viewer) -> Vec<Self> {
        let mut groups: BTreeMap<(&str, &str), Gathered<'_>> = BTreeMap::new();
        let readable = snapshot
            .datastreams(DatastreamId::new(0))
            .filter(|datastream| viewer.sees(datastream));
        for datastream in readable {
            let key = (datastream.model.as_str(), datastream.agency.as_str());
            let group = groups.entry(key).or_default();
            group.fields.insert(datastream.field.as_str());
            group.things.insert(datastream.thing.as_str());
            group.licences.insert(&datastream.licence.0);
            group.datastreams += 1;
        }
        let owned = |texts: BTreeSet<&str>| texts.into_iter().map(str::to_owned).collect();
        groups
            .into_iter()
            .map(|((model, agency), group)| Self {
                domain: model.split('.').next().unwrap_or_default().to_owned(),
                model: model.to_owned(),
                agency: agency.to_owned(),
                things: group.things.len(),
                datastreams: group.datastreams,
                fields: owned(group.fields),
                licences: owned(group.licences),
            })
            .collect()
    }
}

impl Row for SummaryView {
    const COLUMNS: &'static [&'static str] = &[
        "domain",
        "model",
        "agency",
        "fields",
        "things",
        "datastreams",
        "licences",
    ];
}
