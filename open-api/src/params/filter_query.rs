//! The filters that all questions about datastreams share, as they are written.

use std::fmt::Display;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::{AgencyId, Bbox, BoundaryName, DeviceId, FieldName, GroupId, ThingId};
use http_edge::Problem;
use http_edge::request::{Text, read_pair};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use super::Near;

/// Which datastreams.
#[derive(Deserialize, IntoParams, Clone, Default)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct FilterQuery {
    /// As `traffic`.
    #[param(example = "traffic")]
    pub(crate) domain: Option<String>,
    /// As `traffic.flow`, or `flow` alone.
    #[param(example = "traffic.flow")]
    pub(crate) model: Option<String>,
    #[param(value_type = Option<String>)]
    pub(crate) agency: Option<Text<AgencyId>>,
    #[param(value_type = Option<String>)]
    pub(crate) thing: Option<Text<ThingId>>,
    /// Its thing's datastreams, whichever device serves it now.
    #[param(value_type = Option<String>)]
    pub(crate) device: Option<Text<DeviceId>>,
    #[param(value_type = Option<String>, example = "speed")]
    pub(crate) field: Option<Text<FieldName>>,
    /// `west,south,east,north`, in degrees.
    #[param(value_type = Option<String>, example = "126.7,37.4,127.2,37.7")]
    pub(super) bbox: Option<Text<Bbox>>,
    /// `lat,lon,metres`.
    #[param(value_type = Option<String>, example = "37.5665,126.978,500")]
    pub(super) near: Option<Text<Near>>,
    /// The name of a boundary; `/v1/boundaries` lists them.
    #[param(value_type = Option<String>, example = "seoul-jongno")]
    pub(super) boundary: Option<Text<BoundaryName>>,
    /// The devices of a group; for its agency's people.
    #[param(value_type = Option<String>)]
    pub(crate) group: Option<Text<GroupId>>,
}

/// A query that has the filters of datastreams beside those of its own.
pub(crate) struct Filtered<T>(pub(crate) FilterQuery, pub(crate) T);

impl<S, T> FromRequestParts<S> for Filtered<T>
where
    S: Send + Sync,
    T: DeserializeOwned + IntoParams + 'static,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        read_pair(parts).map(|(filters, own)| Self(filters, own))
    }
}

impl FilterQuery {
    /// The same as a query, for whoever has to ask it again.
    pub(crate) fn words(&self) -> String {
        let mut words = Words(String::new());
        words.add("domain", self.domain.as_ref());
        words.add("model", self.model.as_ref());
        words.add_text("agency", self.agency.as_ref());
        words.add_text("thing", self.thing.as_ref());
        words.add_text("device", self.device.as_ref());
        words.add_text("field", self.field.as_ref());
        words.add_text("bbox", self.bbox.as_ref());
        words.add_text("near", self.near.as_ref());
        words.add_text("boundary", self.boundary.as_ref());
        words.add_text("group", self.group.as_ref());
        words.0
    }
}

struct Words(String);

impl Words {
    fn add(&mut self, name: &str, value: Option<&impl Display>) {
        if let Some(value) = value {
            let separator = if self.0.is_empty() { "" } else { "&" };
            let value = escaped(&value.to_string());
            self.0.push_str(&format!("{separator}{name}={value}"));
        }
    }

    fn add_text(&mut self, name: &str, value: Option<&Text<impl Display>>) {
        self.add(name, value.map(|text| &text.0));
    }
}

/// As a value in a query (RFC 3986, 2.1); commas stand as they are.
fn escaped(value: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~,".contains(&byte);
    value
        .bytes()
        .map(|byte| {
            if plain(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_repeated_as_a_query() {
        let filter = FilterQuery {
            domain: Some("a b&c=\u{ac00}".to_owned()),
            bbox: Some(Text("126.9,37.5,-1,38".parse().unwrap())),
            near: Some(Text("37.5,126.9,500".parse().unwrap())),
            ..FilterQuery::default()
        };
        assert_eq!(
            filter.words(),
            "domain=a%20b%26c%3D%EA%B0%80&bbox=126.9,37.5,-1,38&near=37.5,126.9,500"
        );
        assert_eq!(FilterQuery::default().words(), "");
    }
}
