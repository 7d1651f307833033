//! What is kept of one device, and of all together.

use super::*;

fn message(offset: u64) -> QuarantinedMessage {
    QuarantinedMessage {
        offset: Offset::new(offset),
        received: Timestamp::from_micros(0),
        rejections: Vec::new(),
        unreadable: Some(PayloadError::Json),
        original: Bytes::from_static(b"{"),
    }
}

#[test]
fn a_device_keeps_its_newest_and_the_rest_is_counted() {
    let quarantine = Quarantine::new(3);
    let noisy = DeviceId::new("noisy").unwrap();
    let quiet = DeviceId::new("quiet").unwrap();
    quarantine.put(&quiet, message(1));
    for offset in 2..12 {
        quarantine.put(&noisy, message(offset));
    }
    let offsets = |device| -> Vec<u64> {
        quarantine
            .of(device)
            .iter()
            .map(|m| m.offset.get())
            .collect()
    };
    assert_eq!(offsets(&noisy), [9, 10, 11]);
    assert_eq!(offsets(&quiet), [1]);
    assert_eq!(quarantine.evicted(), 7);
}

#[test]
fn all_devices_together_are_bounded_too() {
    let quarantine = Quarantine::new(10);
    let devices: Vec<_> = (0..MAX_MESSAGES / 5)
        .map(|n| DeviceId::new(format!("d{n}")).unwrap())
        .collect();
    let mut offset = 0;
    for _ in 0..6 {
        for device in &devices {
            offset += 1;
            quarantine.put(device, message(offset));
        }
    }
    let kept: usize = devices
        .iter()
        .map(|device| quarantine.of(device).len())
        .sum();
    assert_eq!(kept, MAX_MESSAGES);
    let evicted = quarantine.evicted();
    assert_eq!(evicted as usize, 6 * devices.len() - MAX_MESSAGES);
    assert_eq!(quarantine.of(&devices[0]).len(), 5);
}
