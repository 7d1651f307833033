//! Who waits for a change of the registry, and who does not.

use std::time::Duration;

use super::*;
use crate::SystemClock;
use crate::testing::{block_on, registry};

/// Fields that are new to a device.
struct Fields(Registry, DeviceId);

impl Fields {
    fn new(folder: &std::path::Path) -> Self {
        let (registry, device) = registry(folder);
        Self(registry, device.id.clone())
    }

    /// As the queue has it, of a device of that name.
    fn of(&self, device: &str, names: &[&str]) -> NewFields {
        let new = |name: &&str| match self.0.extra_datastream(&self.1, name) {
            Ok(device_registry::ExtraDatastream::New(field)) => field,
            other => panic!("{other:?}"),
        };
        NewFields {
            device: DeviceId::new(device).unwrap(),
            fields: names.iter().map(new).collect(),
        }
    }
}

#[test]
fn a_device_that_asks_again_and_again_keeps_nobody_out() {
    let folder = tempfile::tempdir().unwrap();
    let fields = Fields::new(folder.path());
    let queue = Queue::default();
    for number in 0..2 * MAX_WAITING {
        let name = format!("field-{}", number % 100);
        // Who asked is gone at once.
        queue.join(fields.of("greedy", &[&name])).unwrap();
    }
    // All the others have what it does not: they fill the queue.
    for number in MAX_EXTRA_FIELDS..MAX_WAITING {
        let device = format!("device-{number}");
        queue.join(fields.of(&device, &["one"])).unwrap();
    }
    let refused = queue.join(fields.of("late", &["one"]));
    assert!(matches!(refused, Err(RegisterFieldsError::Busy)));
    // Who waits already is one more that waits for the same.
    queue.join(fields.of("greedy", &["field-1"])).unwrap();
    queue.join(fields.of("device-100", &["two"])).unwrap();
    queue.take().unwrap();
    queue.join(fields.of("late", &["one"])).unwrap();
}

#[test]
fn of_ten_thousand_devices_with_a_new_field_each_has_its_turn() {
    let folder = tempfile::tempdir().unwrap();
    let fields = Fields::new(folder.path());
    let queue = Queue::default();
    let waiting: Vec<_> = (0..10_000)
        .map(|number| {
            let device = format!("device-{number}");
            queue.join(fields.of(&device, &["one", "two"])).unwrap()
        })
        .collect();
    let mut registered = 0;
    while registered < 20_000 {
        let batch = queue.take().unwrap();
        let count: usize = batch.iter().map(|(_, device)| device.fields.len()).sum();
        assert!((1..=MOST_AT_ONCE).contains(&count), "{count} in one change");
        registered += count;
        for (_, device) in batch {
            device.answer.send_replace(Some(Ok(())));
        }
    }
    for receiver in waiting {
        block_on(answered(Ok(receiver))).unwrap();
    }
}

#[test]
fn messages_of_a_device_with_the_same_field_wait_for_one_change() {
    let folder = tempfile::tempdir().unwrap();
    let fields = Fields::new(folder.path());
    let queue = Queue::default();
    let first = queue.join(fields.of("device", &["one", "two"])).unwrap();
    let second = queue.join(fields.of("device", &["two", "three"])).unwrap();
    let batch = queue.take().unwrap();
    let [(_, waiting)] = &batch[..] else {
        panic!("{} devices", batch.len());
    };
    assert_eq!(waiting.fields.len(), 3);
    waiting.answer.send_replace(Some(Ok(())));
    drop(batch);
    block_on(answered(Ok(first))).unwrap();
    block_on(answered(Ok(second))).unwrap();
}

/// Nor after a change that was under way then.
#[test]
fn what_still_waits_when_the_platform_stops_is_not_registered() {
    let folder = tempfile::tempdir().unwrap();
    let fields = Fields::new(folder.path());
    let queue = Queue::default();
    let names = ["first", "second"].map(|name| fields.of(name, &["one"]));
    let waiting = names.map(|new| queue.join(new).unwrap());
    let changes = fields.0.mark().changes;
    queue.close();
    run(
        &fields.0,
        &queue,
        &HourlyBound::new(16, Arc::new(SystemClock)),
    );
    assert_eq!(fields.0.mark().changes, changes);
    for receiver in waiting {
        let answer = block_on(async {
            tokio::time::timeout(Duration::from_secs(60), answered(Ok(receiver))).await
        });
        assert!(matches!(answer, Ok(Err(RegisterFieldsError::Closed))));
    }
    let late = queue.join(fields.of("late", &["one"]));
    assert!(matches!(late, Err(RegisterFieldsError::Closed)));
}
