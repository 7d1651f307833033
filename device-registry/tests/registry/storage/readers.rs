//! Readers of the snapshot never wait for a change, and never see half of one.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use device_registry::{Actor, ImportRow, ImportTerms, NewAgency, Registry};
use domain::{DatastreamId, Timestamp};
use parking_lot::Mutex;

use crate::harness::{TestRegistry, agency, new_device};

/// Longer than any test machine stalls; reached only by a deadlock.
const DEADLINE: Duration = Duration::from_secs(60);

/// Where a change is held: it says that it is there, and waits.
struct Gate {
    arrived: mpsc::Sender<()>,
    may_go_on: mpsc::Receiver<()>,
}

#[test]
fn a_reader_goes_on_while_a_change_is_under_way() {
    let dir = tempfile::tempdir().unwrap();
    let gate: Arc<Mutex<Option<Gate>>> = Arc::default();
    // A change asks for the time within its transaction: there it is held.
    let clock = {
        let gate = Arc::clone(&gate);
        move || {
            if let Some(gate) = gate.lock().take() {
                gate.arrived.send(()).unwrap();
                gate.may_go_on.recv_timeout(DEADLINE).unwrap();
            }
            Timestamp::from_micros(0)
        }
    };
    let registry = Arc::new(Registry::open(dir.path(), clock).unwrap());
    let (arrived, has_arrived) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel();
    *gate.lock() = Some(Gate { arrived, may_go_on });

    let writer = std::thread::spawn({
        let registry = Arc::clone(&registry);
        move || {
            let new = NewAgency {
                id: agency("seoul"),
                name: "Seoul".to_owned(),
            };
            registry.create_agency(&Actor::OPERATOR, new).unwrap();
        }
    });
    has_arrived.recv_timeout(DEADLINE).unwrap();
    assert_eq!(registry.snapshot().agencies().count(), 0);
    assert!(registry.snapshot().login("nobody").is_err());
    assert!(registry.authenticate_api_key("mdk_").is_err());
    go_on.send(()).unwrap();
    writer.join().unwrap();
    assert_eq!(registry.snapshot().agencies().count(), 1);
}

#[test]
fn every_snapshot_is_whole() {
    let test = Arc::new(TestRegistry::new());
    let done = Arc::new(AtomicBool::new(false));
    let reader = std::thread::spawn({
        let (test, done) = (Arc::clone(&test), Arc::clone(&done));
        move || {
            let mut looks = 0u64;
            while !done.load(Ordering::Acquire) || looks == 0 {
                let snapshot = test.registry.snapshot();
                for device in snapshot.devices(None) {
                    let thing = snapshot.thing(device.thing.as_str()).unwrap();
                    assert!(thing.devices.contains(&device.id));
                    for datastream in device.datastreams.iter() {
                        assert_eq!(snapshot.datastream(datastream.id), Some(datastream));
                    }
                }
                let numbers = snapshot.datastreams(DatastreamId::new(0)).count();
                assert_eq!(numbers % 6, 0, "devices come with all their datastreams");
                looks += 1;
            }
            looks
        }
    });
    for round in 0..20 {
        let rows = (0..5).map(|number| ImportRow {
            line: number + 1,
            device: Ok(new_device(&format!("lot-{round}-{number}"))),
        });
        test.registry
            .import_devices(&Actor::OPERATOR, rows, ImportTerms::APPLY, |_| {
                ControlFlow::Continue(())
            })
            .unwrap();
    }
    done.store(true, Ordering::Release);
    assert!(reader.join().unwrap() > 0);
    assert_eq!(test.registry.snapshot().device_count(), 100);
}
