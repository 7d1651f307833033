//! Things with their locations, and boundaries.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::{AgencyId, BoundaryName, Location, ThingId};
use rusqlite::{Connection, Row};

use super::{RowError, rows, text, time, words};
use crate::boundary::{Boundary, GeoJson, Shape};
use crate::boxed;
use crate::snapshot::Snapshot;
use crate::store::StoreError;
use crate::thing::{
    Description, Licence, LocationSince, OwnerSince, Tag, Thing, ThingDatastreams, Visibility,
};

pub(super) fn load_boundaries(
    connection: &Connection,
    snapshot: &mut Snapshot,
) -> Result<(), StoreError> {
    let sql = "SELECT name, title_en, title_ko, geometry, changed FROM boundary";
    rows(connection, sql, |row| {
        let wrong = || RowError::Value("geometry");
        let geometry: GeoJson =
            serde_json::from_str(text(row, "geometry")?).map_err(|_| wrong())?;
        snapshot.put_boundary(Arc::new(Boundary {
            name: BoundaryName::new(text(row, "name")?)?,
            title_en: row.get("title_en")?,
            title_ko: row.get("title_ko")?,
            shape: Shape::try_from(geometry).map_err(|_| wrong())?,
            changed: time(row, "changed")?,
        }));
        Ok(())
    })
}

pub(super) type Things = BTreeMap<ThingId, Thing>;

pub(super) fn load_things(connection: &Connection) -> Result<Things, StoreError> {
    let mut things = Things::new();
    let sql = "SELECT id, agency, licence, attribution, visibility, address, note, tags FROM thing";
    rows(connection, sql, |row| {
        let id = ThingId::new(text(row, "id")?)?;
        let agency = AgencyId::new(text(row, "agency")?)?;
        let thing = Thing {
            id: id.clone(),
            // Its first device tells it.
            number: 0,
            devices: Box::default(),
            datastreams: ThingDatastreams::none(id.clone(), agency.clone()),
            agency,
            locations: Box::default(),
            owners: Box::default(),
            licence: Licence(text(row, "licence")?.into()),
            attribution: text(row, "attribution")?.into(),
            visibility: Visibility::parse(text(row, "visibility")?)
                .ok_or(RowError::Value("visibility"))?,
            description: description(row)?.kept(),
        };
        things.insert(id, thing);
        Ok(())
    })?;
    Ok(things)
}

fn description(row: &Row<'_>) -> Result<Description, RowError> {
    let tags = words(row, "tags")?;
    let tags: Result<Vec<Tag>, _> = tags.iter().map(|text| Tag::parse(text)).collect();
    Ok(Description {
        address: row.get("address")?,
        note: row.get("note")?,
        tags: tags.map_err(|_| RowError::Value("tags"))?,
    })
}

pub(super) fn load_locations(
    connection: &Connection,
    things: &mut Things,
) -> Result<(), StoreError> {
    let sql = "SELECT thing, since, lat_e7, lon_e7 FROM location ORDER BY thing, since";
    rows(connection, sql, |row| {
        let thing = things
            .get_mut(text(row, "thing")?)
            .ok_or(RowError::Value("thing"))?;
        let (lat, lon): (Option<i32>, Option<i32>) = (row.get("lat_e7")?, row.get("lon_e7")?);
        let entry = LocationSince {
            since: time(row, "since")?,
            location: lat.zip(lon).map(|(lat, lon)| Location::from_e7(lat, lon)),
        };
        boxed::push(&mut thing.locations, entry);
        Ok(())
    })
}

pub(super) fn load_owners(connection: &Connection, things: &mut Things) -> Result<(), StoreError> {
    let sql = "SELECT thing, since, agency FROM owner ORDER BY thing, since";
    rows(connection, sql, |row| {
        let thing = things
            .get_mut(text(row, "thing")?)
            .ok_or(RowError::Value("thing"))?;
        let entry = OwnerSince {
            since: time(row, "since")?,
            agency: AgencyId::new(text(row, "agency")?)?,
        };
        boxed::push(&mut thing.owners, entry);
        Ok(())
    })
}
