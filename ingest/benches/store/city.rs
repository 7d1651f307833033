//! The city: its devices, where they stand, and their registration.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use device_registry::{Actor, Device, ImportRow, ImportTerms, NewAgency, NewDevice, Registry};
use domain::{AgencyId, DatastreamId, DeviceId, Location, ModelId, Timestamp};
use ingest::{Config, Ingest, SystemClock};

use crate::readings::scatter;

/// Of safety.air: the field that every device sends.
pub(crate) const FIELD: &str = "pm25";
const AGENCY: &str = "bench";
/// Seoul: 30 km by 36 km.
pub(crate) const SOUTH_WEST: (f64, f64) = (37.43, 126.77);
pub(crate) const NORTH_EAST: (f64, f64) = (37.70, 127.18);

/// So many devices with the model safety.air, evenly scattered over a box.
#[derive(Clone, Copy)]
pub(crate) struct City {
    pub(crate) devices: u32,
}

/// A box on the map, in degrees; its edges belong to it.
#[derive(Clone, Copy)]
pub(crate) struct Area {
    pub(crate) south_west: (f64, f64),
    pub(crate) north_east: (f64, f64),
}

impl Area {
    /// The middle of the city, with this part of its surface.
    pub(crate) fn middle(part: f64) -> Self {
        let side = part.sqrt();
        let cut = |low: f64, high: f64| {
            let rest = (high - low) * (1.0 - side) / 2.0;
            (low + rest, high - rest)
        };
        let (south, north) = cut(SOUTH_WEST.0, NORTH_EAST.0);
        let (west, east) = cut(SOUTH_WEST.1, NORTH_EAST.1);
        Self {
            south_west: (south, west),
            north_east: (north, east),
        }
    }

    fn contains(&self, place: Location) -> bool {
        (self.south_west.0..=self.north_east.0).contains(&place.lat())
            && (self.south_west.1..=self.north_east.1).contains(&place.lon())
    }

    /// The datastreams of the field whose things stand in it, as the API finds
    /// them: one walk over the registry's snapshot.
    pub(crate) fn datastreams(&self, registry: &Registry) -> Vec<DatastreamId> {
        let snapshot = registry.snapshot();
        snapshot
            .datastreams(DatastreamId::new(0))
            .filter(|datastream| datastream.field.as_str() == FIELD)
            .filter(|datastream| {
                let thing = snapshot.thing(datastream.thing.as_str());
                let place = thing.and_then(|thing| thing.location());
                place.is_some_and(|place| self.contains(place))
            })
            .map(|datastream| datastream.id)
            .collect()
    }
}

impl City {
    /// The registry of the folder, with all devices in it.
    pub(crate) fn registry(self, folder: &Path) -> Arc<Registry> {
        let clock = || Timestamp::from_micros(crate::readings::START);
        let registry = Registry::open(folder, clock).unwrap();
        if registry.snapshot().device_count() == 0 {
            self.register(&registry);
        }
        assert_eq!(registry.snapshot().device_count(), self.devices as usize);
        Arc::new(registry)
    }

    pub(crate) fn open(folder: &Path, registry: &Arc<Registry>) -> Ingest {
        let config = Config::new(folder);
        Ingest::open(config, Arc::clone(registry), Arc::new(SystemClock)).unwrap()
    }

    /// By number.
    pub(crate) fn devices(self, registry: &Registry) -> Vec<Arc<Device>> {
        let snapshot = registry.snapshot();
        (0..self.devices)
            .map(|number| Arc::clone(snapshot.device(&name(number)).unwrap()))
            .collect()
    }

    fn register(self, registry: &Registry) {
        let agency = AgencyId::new(AGENCY).unwrap();
        let model = ModelId::new("safety.air").unwrap();
        registry
            .create_agency(
                &Actor::OPERATOR,
                NewAgency {
                    id: agency.clone(),
                    name: "Bench".to_owned(),
                },
            )
            .unwrap();
        let rows = (0..self.devices).map(|number| {
            let id = DeviceId::new(name(number)).unwrap();
            let mut new = NewDevice::new(id, agency.clone(), model.clone());
            new.location = Some(place(number));
            ImportRow {
                line: u64::from(number) + 1,
                device: Ok(new),
            }
        });
        let report = registry
            .import_devices(&Actor::OPERATOR, rows, ImportTerms::APPLY, |_| {
                ControlFlow::Continue(())
            })
            .unwrap();
        assert_eq!(report.registered, self.devices as usize);
    }
}

/// The device's datastream of [`FIELD`].
pub(crate) fn datastream(device: &Device) -> DatastreamId {
    device.datastream(FIELD).unwrap().id
}

fn name(number: u32) -> String {
    format!("air-{number:05}")
}

fn place(number: u32) -> Location {
    let bits = scatter(u64::from(number) | 1 << 40);
    let within = |part: u64, low: f64, high: f64| low + (high - low) * (part as f64 / 65_536.0);
    let lat = within(bits & 0xffff, SOUTH_WEST.0, NORTH_EAST.0);
    let lon = within(bits >> 16 & 0xffff, SOUTH_WEST.1, NORTH_EAST.1);
    Location::new(lat, lon).unwrap()
}
