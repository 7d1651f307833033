//! What `GET /v1/search` reads of its query: any text to search for, within its
//! limit, and any place where a page ended, which reads the same once written.

#![no_main]

use device_registry::{MAX_NEEDLE_CHARS, Needle, NeedleError, SearchPlace};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let is_long = text.chars().count() > MAX_NEEDLE_CHARS;
    match Needle::new(text) {
        Ok(_) => assert!(!is_long && !text.trim().is_empty()),
        Err(NeedleError::TooLong) => assert!(is_long),
        Err(NeedleError::Empty) => assert!(!is_long),
    }
    if let Ok(place) = text.parse::<SearchPlace>() {
        assert_eq!(place.to_string().parse(), Ok(place));
    }
});
