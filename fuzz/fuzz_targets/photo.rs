//! Any bytes as a photo: what is taken out of them is a photo of the same size,
//! from which nothing more is taken.

#![no_main]

use device_registry::Jpeg;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(jpeg) = Jpeg::without_metadata(bytes) else {
        return;
    };
    assert!(jpeg.bytes.len() <= bytes.len());
    assert_eq!(Jpeg::without_metadata(&jpeg.bytes), Ok(jpeg.clone()));
});
