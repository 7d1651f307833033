//! How features of interest are written.

use domain::FeatureId;
use rusqlite::{Connection, params};

use super::execute;
use crate::feature::{Feature, FeatureGeoJson};
use crate::store::StoreError;

/// Takes the place of the one of its id.
pub(super) fn put(connection: &Connection, feature: &Feature) -> Result<(), StoreError> {
    delete(connection, &feature.id)?;
    let geometry = serde_json::to_string(&FeatureGeoJson::from(&feature.geometry));
    let action = "put a feature";
    execute(
        connection,
        action,
        "INSERT INTO feature (id, agency, title_en, title_ko, kind, description, geometry, changed)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            feature.id.as_str(),
            feature.agency.as_str(),
            feature.title_en,
            feature.title_ko,
            feature.kind,
            feature.description,
            geometry.expect("finite numbers serialise"),
            feature.changed.as_micros()
        ],
    )?;
    for thing in &feature.things {
        execute(
            connection,
            action,
            "INSERT INTO feature_thing (feature, thing) VALUES (?1, ?2)",
            params![feature.id.as_str(), thing.as_str()],
        )?;
    }
    for datastream in &feature.datastreams {
        execute(
            connection,
            action,
            "INSERT INTO feature_datastream (feature, datastream) VALUES (?1, ?2)",
            params![feature.id.as_str(), datastream.get()],
        )?;
    }
    Ok(())
}

pub(super) fn delete(connection: &Connection, id: &FeatureId) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM feature_thing WHERE feature = ?1",
        "DELETE FROM feature_datastream WHERE feature = ?1",
        "DELETE FROM feature WHERE id = ?1",
    ] {
        execute(connection, "take a feature away", sql, params![id.as_str()])?;
    }
    Ok(())
}
