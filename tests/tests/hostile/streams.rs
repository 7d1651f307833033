//! Streams of many addresses that never read, while much is published.

use std::io::Write;
use std::net::TcpStream;

use tests::{TestDevice, TestPlatform};

use crate::witness::{Witness, attacker, connect_from, resident};

const STREAMS: usize = 1_024;
const ADDRESSES: usize = 16;
const MESSAGES: u64 = 300;
/// Of all streams together, and of what was published.
const MOST_GROWN_KIB: i64 = 192 * 1_024;

fn open(platform: &TestPlatform, number: usize) -> Option<TcpStream> {
    let address = attacker(number % ADDRESSES);
    let mut stream = connect_from(address, platform.address("http")).ok()?;
    let request = b"GET /v1/stream?from_offset=0 HTTP/1.1\r\nHost: x\r\n\r\n";
    stream.write_all(request).ok()?;
    Some(stream)
}

#[test]
#[ignore = "apart from other suites, run by .ci/run"]
fn streams_that_never_read_cost_a_bounded_amount() {
    let platform = TestPlatform::start();
    let writer = TestDevice::register(&platform, "writer", "safety.air");
    let mut client = writer.connect(platform.address("mqtt"));
    let before = resident(&platform);
    let witness = Witness::start(&platform);
    let standing: Vec<_> = (0..STREAMS).filter_map(|it| open(&platform, it)).collect();
    for message in 0..MESSAGES {
        let records: Vec<String> = (0..500u64)
            .map(|place| {
                let time = 1_777_593_600_000 + message * 500 + place;
                format!(
                    "{{\"t\":{time},\"v\":{{\"pm25\":{},\"pm10\":{place}}}}}",
                    place % 100
                )
            })
            .collect();
        let payload = format!("[{}]", records.join(","));
        let id = u16::try_from(message + 1).unwrap();
        client
            .publish(&writer.topic(), id, payload.as_bytes())
            .unwrap();
        assert_eq!(client.read().unwrap().id(), id);
    }
    println!("resident: {before} to {} KiB", resident(&platform));
    witness.finish(&platform, MOST_GROWN_KIB);
    drop(standing);
}
