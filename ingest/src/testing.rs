//! What the tests of several modules begin with.

use std::path::Path;
use std::sync::Arc;

use device_registry::{Actor, Device, NewAgency, NewDevice, Registry};
use domain::{AgencyId, DeviceId, ModelId, Timestamp};

/// A registry in `folder` with one device.
pub(crate) fn registry(folder: &Path) -> (Registry, Arc<Device>) {
    let now = || Timestamp::parse("2026-05-01T00:00:00Z").unwrap();
    let registry = Registry::open(folder, now).unwrap();
    let agency = AgencyId::new("hanriver").unwrap();
    let of_it = NewAgency {
        id: agency.clone(),
        name: "Han river".to_owned(),
    };
    registry.create_agency(&Actor::OPERATOR, of_it).unwrap();
    let id = DeviceId::new("river-1").unwrap();
    let model = ModelId::new("disaster.water-level").unwrap();
    let new = NewDevice::new(id.clone(), agency, model);
    registry.register_device(&Actor::OPERATOR, new).unwrap();
    let device = Arc::clone(registry.snapshot().device(id.as_str()).unwrap());
    (registry, device)
}

pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap()
        .block_on(future)
}
