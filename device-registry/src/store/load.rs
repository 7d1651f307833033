//! Reads all rows into a snapshot, at the start of the program.

mod applications;
mod devices;
mod enrolment;
mod features;
mod groups;
mod imports;
mod models;
mod people;
mod photos;
mod places;
mod shares;

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::{AgencyId, IdError, ModelId, Timestamp};
use rusqlite::{Connection, Params, Row};

use super::StoreError;
use crate::agency::Agency;
use crate::registry::ModelRow;
use crate::snapshot::Snapshot;
use applications::{load_api_keys, load_applications};
use devices::{load_credentials, load_datastreams, load_device_rows, load_measured};
use enrolment::{load_batches, load_claims};
use features::load_features;
use groups::load_groups;
pub(super) use imports::{accepted_import, next_import_piece};
pub(crate) use models::VersionRow;
pub(super) use models::{count_refinements, has_model_version, model_base, model_versions};
use models::{load_models, load_refinements};
use people::{load_logins, load_people, load_service_tokens};
use photos::load_photos;
use places::{Things, load_boundaries, load_locations, load_owners, load_things};
use shares::load_shares;

/// What the rows make.
pub(crate) struct Loaded {
    pub(crate) snapshot: Snapshot,
    /// All versions of all models, the oldest of each first.
    pub(crate) models: Vec<ModelRow>,
}

pub(super) fn load(connection: &Connection) -> Result<Loaded, StoreError> {
    let mut snapshot = Snapshot::default();
    load_agencies(connection, &mut snapshot)?;
    let models = load_models(connection, &mut snapshot)?;
    load_refinements(connection, &mut snapshot)?;
    load_boundaries(connection, &mut snapshot)?;
    let mut things = load_things(connection)?;
    load_locations(connection, &mut things)?;
    load_owners(connection, &mut things)?;
    let devices = load_device_rows(connection, &mut things)?;
    load_datastreams(connection, &mut things, &devices, &snapshot)?;
    for thing in things.into_values() {
        snapshot.put_thing(thing);
    }
    let mut credentials = load_credentials(connection)?;
    for row in devices.into_values() {
        let credentials = credentials.remove(row.id.as_str()).unwrap_or_default();
        let device = row.into_device(credentials, &snapshot)?;
        snapshot.put_device(device);
    }
    snapshot.index_all();
    load_measured(connection, &mut snapshot)?;
    load_photos(connection, &mut snapshot)?;
    load_claims(connection, &mut snapshot)?;
    load_batches(connection, &mut snapshot)?;
    load_groups(connection, &mut snapshot)?;
    load_features(connection, &mut snapshot)?;
    load_shares(connection, &mut snapshot)?;
    load_applications(connection, &mut snapshot)?;
    load_api_keys(connection, &mut snapshot)?;
    load_people(connection, &mut snapshot)?;
    load_logins(connection, &mut snapshot)?;
    load_service_tokens(connection, &mut snapshot)?;
    Ok(Loaded { snapshot, models })
}

/// Calls `each` for every row; its message tells which table is at fault.
fn rows(
    connection: &Connection,
    sql: &str,
    each: impl FnMut(&Row<'_>) -> Result<(), RowError>,
) -> Result<(), StoreError> {
    rows_of(connection, sql, [], each)
}

/// The same of a question with parameters.
fn rows_of(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    mut each: impl FnMut(&Row<'_>) -> Result<(), RowError>,
) -> Result<(), StoreError> {
    let failed = StoreError::on("be read");
    let mut statement = match connection.prepare(sql) {
        Ok(statement) => statement,
        Err(error) => return Err(failed(error)),
    };
    let mut rows = match statement.query(params) {
        Ok(rows) => rows,
        Err(error) => return Err(failed(error)),
    };
    loop {
        match rows.next() {
            Ok(Some(row)) => {
                each(row).map_err(|error| StoreError::Row(format!("{error} ({sql})")))?;
            }
            Ok(None) => return Ok(()),
            Err(error) => return Err(failed(error)),
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum RowError {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error(transparent)]
    Id(#[from] IdError),
    #[error("{0} is none of its values")]
    Value(&'static str),
}

fn text<'a>(row: &'a Row<'_>, column: &'static str) -> Result<&'a str, RowError> {
    row.get_ref(column)?
        .as_str()
        .map_err(|_| RowError::Value(column))
}

fn time(row: &Row<'_>, column: &'static str) -> Result<Timestamp, RowError> {
    Ok(Timestamp::from_micros(row.get(column)?))
}

fn optional_time(row: &Row<'_>, column: &'static str) -> Result<Option<Timestamp>, RowError> {
    let micros: Option<i64> = row.get(column)?;
    Ok(micros.map(Timestamp::from_micros))
}

/// Texts without a space, joined by spaces.
fn words(row: &Row<'_>, column: &'static str) -> Result<Vec<Box<str>>, RowError> {
    let joined = text(row, column)?;
    Ok(joined.split_ascii_whitespace().map(Into::into).collect())
}

fn load_agencies(connection: &Connection, snapshot: &mut Snapshot) -> Result<(), StoreError> {
    let mut retentions = load_retentions(connection)?;
    rows(connection, "SELECT id, name, created FROM agency", |row| {
        let id = AgencyId::new(text(row, "id")?)?;
        snapshot.put_agency(Arc::new(Agency {
            retention_days: retentions.remove(id.as_str()).unwrap_or_default(),
            id,
            name: row.get("name")?,
            created: time(row, "created")?,
        }));
        Ok(())
    })
}

/// What each agency says of the models that it does not keep as they say.
fn load_retentions(
    connection: &Connection,
) -> Result<BTreeMap<AgencyId, BTreeMap<ModelId, u32>>, StoreError> {
    let mut retentions: BTreeMap<AgencyId, BTreeMap<ModelId, u32>> = BTreeMap::new();
    let sql = "SELECT agency, model, days FROM agency_retention";
    rows(connection, sql, |row| {
        let agency = AgencyId::new(text(row, "agency")?)?;
        let model = ModelId::new(text(row, "model")?)?;
        let days = row.get("days")?;
        retentions.entry(agency).or_default().insert(model, days);
        Ok(())
    })?;
    Ok(retentions)
}
