//! The snapshot against what has to be so.

use std::collections::{BTreeMap, BTreeSet};

use device_registry::{AuditHead, DeviceStatus, verify_audit};
use domain::DatastreamId;

use super::expected::Expected;
use crate::audit;
use crate::harness::TestRegistry;

impl Expected {
    pub(super) fn check(&mut self, test: &TestRegistry) {
        let chain = audit::all(&test.registry).into_iter().map(Ok::<_, String>);
        let end = verify_audit(chain, AuditHead::default(), None);
        assert_eq!(end, Ok(test.registry.audit_head()));
        let snapshot = test.registry.snapshot();
        let devices: BTreeMap<String, (String, DeviceStatus)> = snapshot
            .devices(None)
            .map(|device| {
                (
                    device.id.to_string(),
                    (device.thing.to_string(), device.status),
                )
            })
            .collect();
        assert_eq!(devices, self.devices);
        assert_eq!(snapshot.agencies().count(), self.agencies.len());
        assert_eq!(snapshot.applications().count(), self.applications.len());
        self.check_retentions_and_boundaries(&snapshot);
        self.check_people(test);
        for device in snapshot.devices(None) {
            assert!(device.credentials.len() <= 3);
            let thing = snapshot.thing(device.thing.as_str()).unwrap();
            assert_eq!(thing.agency, device.agency);
            if let Some(last) = thing.owners.last() {
                assert_eq!(last.agency, thing.agency);
            }
            if let Some(gateway) = &device.gateway {
                let gateway = snapshot.device(gateway.as_str()).unwrap();
                assert_eq!((&gateway.agency, &gateway.gateway), (&device.agency, &None));
                assert!(
                    snapshot
                        .children_of(&gateway.id)
                        .any(|child| child == device)
                );
            }
            for child in snapshot.children_of(&device.id) {
                assert_eq!(child.gateway.as_ref(), Some(&device.id));
            }
            for (at, field) in device.model.fields.iter().enumerate() {
                let own = device.datastream(field.name.as_str()).unwrap();
                if let Some(number) = device.datastreams.of_field(at) {
                    assert_eq!((number, Some(field)), (own.id, own.definition));
                }
            }
            for datastream in device.datastreams.iter() {
                assert_eq!(snapshot.datastream(datastream.id), Some(datastream));
                assert_eq!(*datastream.thing, device.thing);
                assert_eq!(*datastream.agency, device.agency);
                assert_eq!(datastream.attribution, &*thing.attribution);
                assert_eq!(datastream.visibility, thing.visibility);
                assert_eq!(snapshot.thing_of(&datastream), Some(thing));
            }
        }
        for datastream in snapshot.datastreams(DatastreamId::new(0)) {
            let key = (datastream.thing.to_string(), datastream.field.to_string());
            let number = *self.numbers.entry(key).or_insert(datastream.id);
            assert_eq!(number, datastream.id, "a datastream keeps its number");
        }
        self.check_public(&snapshot);
        let numbers: BTreeSet<_> = self.numbers.values().collect();
        assert_eq!(numbers.len(), self.numbers.len(), "and nobody else gets it");
    }
}
