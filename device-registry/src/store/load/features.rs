//! Features of interest and who observes them.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::{AgencyId, DatastreamId, FeatureId, ThingId};
use rusqlite::Connection;

use super::{RowError, rows, text, time};
use crate::feature::{Feature, FeatureGeoJson, FeatureGeometry};
use crate::snapshot::Snapshot;
use crate::store::StoreError;

/// After the things and their datastreams.
pub(super) fn load_features(
    connection: &Connection,
    snapshot: &mut Snapshot,
) -> Result<(), StoreError> {
    let mut things: BTreeMap<FeatureId, Vec<ThingId>> = BTreeMap::new();
    let sql = "SELECT feature, thing FROM feature_thing ORDER BY feature, thing";
    rows(connection, sql, |row| {
        let thing = snapshot.thing(text(row, "thing")?);
        // A text that many share is kept once.
        let thing = thing.ok_or(RowError::Value("thing"))?.id.clone();
        let feature = FeatureId::new(text(row, "feature")?)?;
        things.entry(feature).or_default().push(thing);
        Ok(())
    })?;
    let mut datastreams: BTreeMap<FeatureId, Vec<DatastreamId>> = BTreeMap::new();
    let sql = "SELECT feature, datastream FROM feature_datastream ORDER BY feature, datastream";
    rows(connection, sql, |row| {
        let feature = FeatureId::new(text(row, "feature")?)?;
        let id = DatastreamId::new(row.get("datastream")?);
        datastreams.entry(feature).or_default().push(id);
        Ok(())
    })?;
    let sql = "SELECT id, agency, title_en, title_ko, kind, description, geometry, changed
               FROM feature";
    rows(connection, sql, |row| {
        let wrong = || RowError::Value("geometry");
        let geometry: FeatureGeoJson =
            serde_json::from_str(text(row, "geometry")?).map_err(|_| wrong())?;
        let id = FeatureId::new(text(row, "id")?)?;
        snapshot.put_feature(Arc::new(Feature {
            things: things.remove(&id).unwrap_or_default(),
            datastreams: datastreams.remove(&id).unwrap_or_default(),
            id,
            agency: AgencyId::new(text(row, "agency")?)?,
            title_en: row.get("title_en")?,
            title_ko: row.get("title_ko")?,
            kind: row.get("kind")?,
            description: row.get("description")?,
            geometry: FeatureGeometry::try_from(geometry).map_err(|_| wrong())?,
            changed: time(row, "changed")?,
        }));
        Ok(())
    })
}
