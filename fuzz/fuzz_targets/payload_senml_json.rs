#![no_main]

mod round_trip;

use domain::payload::ContentFormat;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| round_trip::round_trip(ContentFormat::SenmlJson, bytes));
