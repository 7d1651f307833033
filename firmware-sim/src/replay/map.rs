//! What a recording's columns mean: a TOML file for each source.
//!
//! ```toml
//! title = "Han river, 2020 and 2022"
//! agency = "hrfco"
//! agency_name = "Han River Flood Control Office"
//! models = ["disaster.dam"]          # data files that the platform lacks
//!
//! [[rule]]
//! metric = "water_level"             # the recording's metric and unit
//! unit = "cm"
//! model = "disaster.water-level"     # the device's model and the field
//! field = "level"
//! send = "cm"                        # the unit sent; else the recording's
//! missing = [-999999.0]              # numbers that stand for no value
//! ```
//!
//! A metric without a rule is not sent, and the replay fails with its name,
//! unless the map says that it is left out: `ignore = ["status"]`. All rules of
//! one device must name one model.

use std::path::Path;

use anyhow::{Context, bail};
use domain::{AgencyId, FieldName, ModelId};
use serde::Deserialize;

#[derive(Clone, Debug)]
pub struct Map {
    pub title: String,
    pub agency: AgencyId,
    pub agency_name: String,
    /// Ids of [`MODELS`] to add before the devices.
    pub models: Vec<String>,
    pub rules: Vec<Rule>,
    /// Metrics that are left out on purpose.
    pub ignore: Vec<String>,
}

/// One metric of a recording, and the field that it becomes.
#[derive(Clone, Debug)]
pub struct Rule {
    pub metric: String,
    pub unit: String,
    pub model: ModelId,
    pub field: FieldName,
    /// The unit that goes out with each value.
    pub send: String,
    pub missing: Vec<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MapFile {
    title: String,
    agency: String,
    agency_name: String,
    #[serde(default)]
    models: Vec<String>,
    #[serde(default)]
    ignore: Vec<String>,
    rule: Vec<RuleFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    metric: String,
    unit: String,
    model: String,
    field: String,
    send: Option<String>,
    #[serde(default)]
    missing: Vec<f64>,
}

macro_rules! embedded {
    ($folder:literal, $ending:literal, $($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../../", $folder, "/", $name, $ending)))),+]
    };
}

/// The maps that come along, by name.
pub const MAPS: &[(&str, &str)] = embedded!(
    "maps",
    ".toml",
    "aarhus-parking",
    "aarhus-traffic",
    "bridge-shm",
    "han-river",
    "quake-catalogues",
    "ridgecrest-strong-motion",
    "seoul-air",
    "usgs-nwis",
    "water-flow",
);

/// Data models that recordings need and the platform does not bring, by id.
pub const MODELS: &[(&str, &str)] = embedded!(
    "models",
    ".json",
    "disaster.dam",
    "disaster.quake-list",
    "disaster.strong-motion",
    "disaster.tide",
    "safety.bridge",
    "safety.water-flow",
    "traffic.garage",
);

impl Map {
    /// One that comes along, by its name, or a file.
    pub fn load(name: &str) -> anyhow::Result<Self> {
        if let Some((_, text)) = MAPS.iter().find(|(known, _)| *known == name) {
            return Self::parse(text).with_context(|| format!("the map {name}"));
        }
        let path = Path::new(name);
        if !path.exists() {
            let known: Vec<_> = MAPS.iter().map(|(name, _)| *name).collect();
            bail!("{name} is neither a file nor one of {}", known.join(", "));
        }
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {name}"))?;
        Self::parse(&text).with_context(|| format!("the map {name}"))
    }

    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let file: MapFile = toml::from_str(text)?;
        let rules = file
            .rule
            .into_iter()
            .map(Rule::check)
            .collect::<anyhow::Result<Vec<_>>>()?;
        if let Some(model) = file.models.iter().find(|id| data_file(id).is_none()) {
            bail!("no data file comes along for the model {model}");
        }
        Ok(Self {
            title: file.title,
            agency: AgencyId::new(&file.agency)?,
            agency_name: file.agency_name,
            models: file.models,
            rules,
            ignore: file.ignore,
        })
    }

    /// The place of the rule for a metric in a unit.
    pub fn rule(&self, metric: &str, unit: &str) -> Option<usize> {
        self.rules
            .iter()
            .position(|rule| rule.metric == metric && rule.unit == unit)
    }
}

impl Rule {
    fn check(file: RuleFile) -> anyhow::Result<Self> {
        let send = file.send.unwrap_or_else(|| file.unit.clone());
        if !domain::units::is_known(&send) {
            bail!(
                "{} is sent in {send:?}, which is no known unit",
                file.metric
            );
        }
        Ok(Self {
            model: ModelId::new(&file.model)?,
            field: FieldName::new(&file.field)?,
            metric: file.metric,
            unit: file.unit,
            send,
            missing: file.missing,
        })
    }
}

/// The data file of a model that comes along.
pub fn data_file(id: &str) -> Option<&'static str> {
    MODELS
        .iter()
        .find(|(known, _)| *known == id)
        .map(|(_, text)| *text)
}

#[cfg(test)]
mod tests;
