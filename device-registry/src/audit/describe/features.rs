//! Features of interest, for an auditor.

use domain::FeatureId;

use super::Description;
use super::values::sha256;
use crate::audit::action::{Action, Kind};
use crate::audit::fields::{Fields, Value};
use crate::feature::{Feature, FeatureGeoJson};

impl<'a> Description<'a> {
    pub(super) fn put_feature(&mut self, feature: &'a Feature) {
        let standing = self.before.feature(&feature.id);
        let before = standing.map_or_else(Fields::default, |old| feature_fields(old));
        let (id, agency) = (feature.id.as_str(), Some(&feature.agency));
        let object = self.object(Kind::Feature, id, agency, Action::PutFeature);
        object.before = before;
        object.after = feature_fields(feature);
    }

    pub(super) fn remove_feature(&mut self, id: &'a FeatureId) {
        let standing = self.before.feature(id);
        let agency = standing.map(|feature| &feature.agency);
        let object = self.object(Kind::Feature, id.as_str(), agency, Action::RemoveFeature);
        object.before = standing.map_or_else(Fields::default, |old| feature_fields(old));
    }
}

/// Of its positions, which may be exact, the digest; of those who observe it, how
/// many and their digest.
fn feature_fields(feature: &Feature) -> Fields {
    let geometry = serde_json::to_string(&FeatureGeoJson::from(&feature.geometry));
    let geometry = geometry.expect("finite numbers serialise");
    let mut fields = Fields::default();
    fields.set("title_en", feature.title_en.as_str());
    fields.set("title_ko", feature.title_ko.as_str());
    for (name, text) in [
        ("kind", &feature.kind),
        ("description", &feature.description),
    ] {
        fields.set_some(name, Some(text.as_str()).filter(|text| !text.is_empty()));
    }
    fields.set("geometry_sha256", sha256(&geometry));
    let things = feature.things.iter().map(ToString::to_string);
    let numbers = feature.datastreams.iter().map(ToString::to_string);
    for (names, ids) in [
        (["things", "things_sha256"], things.collect::<Vec<String>>()),
        (["datastreams", "datastreams_sha256"], numbers.collect()),
    ] {
        fields.set(names[0], Value::Number(ids.len() as i64));
        fields.set(names[1], sha256(&ids.join("\n")));
    }
    fields
}
