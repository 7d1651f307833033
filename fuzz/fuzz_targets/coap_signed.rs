//! Signed requests: any bytes, with what reading them may allocate; and what a
//! device signs, with a key of either kind, which reads back and verifies until
//! a byte of it is changed.
//!
//! The first byte says which. Input of the second kind is 27 bytes of fields
//! (see [`sign_and_verify`]), then the payload.

#![no_main]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use coap::SignatureKind;
use coap::fuzzing::{self, Signed};
use domain::payload::ContentFormat;
use domain::{DeviceId, Timestamp};
use libfuzzer_sys::fuzz_target;
use sdk::coap::SignedTelemetry;
use sdk::{DeviceKey, Es256Key};

/// Bytes that may be allocated at once for two headers of 768 bytes together:
/// a value of one byte takes 32 in memory, and a list grows by doubling.
const MOST_AT_ONCE: usize = 64 * 1024;

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, bytes)) = bytes.split_first() else {
        return;
    };
    match kind & 1 {
        0 => open(bytes),
        _ => sign_and_verify(bytes),
    }
});

fn open(bytes: &[u8]) {
    LARGEST.store(0, Ordering::Relaxed);
    let read = fuzzing::open(bytes);
    let largest = LARGEST.load(Ordering::Relaxed);
    assert!(largest <= MOST_AT_ONCE, "{largest} bytes at once");
    if let Some(message) = read {
        assert!(message.payload.len() < bytes.len());
        let signed = message.signed_bytes(&message.kid);
        assert!(signed.len() < bytes.len() + 256);
    }
}

/// Epoch, sequence and seconds in eight bytes each, the format, and the place
/// and value of the change.
fn sign_and_verify(bytes: &[u8]) {
    let Some((fields, payload)) = bytes.split_at_checked(27) else {
        return;
    };
    let number = |at: usize| u64::from_be_bytes(fields[at..at + 8].try_into().expect("eight"));
    // What an i64 of microseconds can tell.
    let seconds = number(16) as i64 / 1_000_000;
    let device = DeviceId::new("dev-1").expect("a device");
    let telemetry = SignedTelemetry {
        device: &device,
        boot_epoch: number(0),
        sequence: number(8),
        time: Timestamp::from_micros(seconds * 1_000_000),
        format: match fields[24] % 3 {
            0 => ContentFormat::SenmlJson,
            1 => ContentFormat::SenmlCbor,
            _ => ContentFormat::CompactJson,
        },
        payload,
    };
    // The format's byte has room for the kind of key.
    let signed = match fields[24] & 0x80 {
        0 => telemetry.sign(&KEYS.0),
        _ => telemetry.sign(&KEYS.1),
    };
    let Ok(mut body) = signed else {
        return;
    };
    let message = fuzzing::open(&body).expect("what is signed can be read");
    assert_eq!(message.kid, device);
    assert_eq!(message.boot_epoch, telemetry.boot_epoch);
    assert_eq!(message.sequence, telemetry.sequence);
    assert_eq!(message.time, Some(telemetry.time));
    assert_eq!(message.format, Some(telemetry.format));
    assert_eq!(message.payload, payload);
    assert!(!message.tagged);
    assert!(verifies(&message, &device));
    let other = DeviceId::new("dev-2").expect("a device");
    assert!(!verifies(&message, &other), "it is bound to its path");

    let place = usize::from(fields[25]) * body.len() / 256;
    let change = fields[26].max(1);
    body[place] ^= change;
    if let Some(changed) = fuzzing::open(&body) {
        assert!(!verifies(&changed, &device), "{place} {change}");
    }
}

/// One of each kind; the second is another at each start of the program.
static KEYS: LazyLock<(DeviceKey, Es256Key)> = LazyLock::new(|| {
    let es256 = Es256Key::generate().expect("the system gives random bytes");
    (DeviceKey::from_seed(&[7; 32]), es256)
});

fn verifies(message: &Signed<'_>, device: &DeviceId) -> bool {
    let signed = message.signed_bytes(device);
    match message.kind {
        SignatureKind::Ed25519 => KEYS.0.public_key().verifies(&signed, message.signature),
        SignatureKind::Es256 => KEYS.1.public_key().verifies(&signed, message.signature),
    }
}

/// The largest allocation since it was last set to 0.
static LARGEST: AtomicUsize = AtomicUsize::new(0);

struct Measured;

#[global_allocator]
static ALLOCATOR: Measured = Measured;

// SAFETY: all is done by the system's allocator.
unsafe impl GlobalAlloc for Measured {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LARGEST.fetch_max(layout.size(), Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        LARGEST.fetch_max(size, Ordering::Relaxed);
        unsafe { System.realloc(memory, layout, size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        unsafe { System.dealloc(memory, layout) }
    }
}
