//! SUBSCRIBE packets with thousands of filters, of a key that anybody can make.

use std::net::TcpStream;
use std::time::Duration;

use sdk::api::NewApplication;
use tests::{BareClient, TestPlatform};

use crate::crowd::register_public;
use crate::witness::{Witness, attacker, connect_from};

/// Devices of five fields and more: over 900 public datastreams.
const DEVICES: usize = 200;
const MOST_GROWN_KIB: i64 = 64 * 1_024;

/// A SUBSCRIBE of these filters, QoS 1.
fn subscribe(filters: impl Iterator<Item = String>) -> Vec<u8> {
    let mut body = vec![0, 1];
    for filter in filters {
        body.extend_from_slice(&u16::try_from(filter.len()).unwrap().to_be_bytes());
        body.extend_from_slice(filter.as_bytes());
        body.push(1);
    }
    let mut packet = vec![0x82];
    let mut rest = body.len();
    loop {
        let byte = u8::try_from(rest % 128).unwrap();
        rest /= 128;
        packet.push(if rest > 0 { byte | 0x80 } else { byte });
        if rest == 0 {
            break;
        }
    }
    packet.extend_from_slice(&body);
    packet
}

fn with_key(platform: &TestPlatform, number: usize) -> BareClient<TcpStream> {
    // By the operator: how many an address may make is another limit.
    let application = NewApplication {
        name: format!("attack {number}"),
        contact: "nobody@example.org".to_owned(),
    };
    let made = platform
        .operator()
        .create_application(&application)
        .unwrap();
    let stream = connect_from(attacker(number), platform.address("mqtt")).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    let mut client = BareClient::over(stream);
    let id = format!("attacker-{number}");
    assert_eq!(client.connect(&id, "me", &made.key.key).unwrap(), 0);
    client
}

#[test]
#[ignore = "apart from other suites, run by .ci/run"]
fn thousands_of_filters_hold_up_nobody() {
    let platform = TestPlatform::start();
    register_public(&platform, DEVICES);
    let witness = Witness::start(&platform);
    let same = subscribe((0..7_900).map(|_| "open/#".to_owned()));
    let different = subscribe((0..1_000).map(|n| format!("open/+/+/+/{n}/#")));
    let few = subscribe((0..100).map(|n| format!("open/+/+/+/{n}/+")));
    for round in 0..6 {
        let mut client = with_key(&platform, round);
        for packet in [&same, &different, &few, &few, &few] {
            // It may be ended for it.
            if client.send(packet).is_err() {
                break;
            }
        }
        while client.read().is_ok_and(|packet| packet.kind() != 9) {}
    }
    std::thread::sleep(Duration::from_secs(2));
    witness.finish(&platform, MOST_GROWN_KIB);
    // And a client that asks for little gets it.
    let mut client = with_key(&platform, 100);
    assert_eq!(client.subscribe("open/#").unwrap(), 1);
}
