//! CoAP: forged signatures under the name of a real device, from many addresses.

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};

use tests::test_device::coap_post;
use tests::{TestDevice, TestPlatform};

use crate::witness::{Witness, attacker};

const ADDRESSES: usize = 20;
const MOST_GROWN_KIB: i64 = 32 * 1_024;
const CHANGED: u8 = 0x44;
/// Of each address; as fast as it can.
const MOST_FORGED: u32 = 20_000;

fn forge(server: SocketAddr, from: usize, body: &[u8], over: &AtomicBool) {
    let socket = UdpSocket::bind((attacker(from), 0)).unwrap();
    for number in 0..MOST_FORGED {
        if over.load(Ordering::Relaxed) {
            return;
        }
        let id = u16::try_from(number % 60_000).unwrap();
        let mut datagram = vec![0x52, 0x02];
        datagram.extend_from_slice(&id.to_be_bytes());
        datagram.extend_from_slice(b"tk\xb7devices\x07genuine\x09telemetry\x11\x12\xff");
        datagram.extend_from_slice(body);
        let _ = socket.send_to(&datagram, server);
        if number % 64 == 0 {
            std::thread::yield_now();
        }
    }
}

#[test]
#[ignore = "apart from other suites, run by .ci/run"]
fn forged_signatures_shut_nobody_out() {
    let platform = TestPlatform::start();
    let genuine = TestDevice::register(&platform, "genuine", "safety.air");
    let server = platform.address("coap");
    let mut forged = genuine.signed(1, 1, br#"[{"n":"pm25","v":1}]"#);
    *forged.last_mut().unwrap() ^= 1;
    let witness = Witness::start(&platform);
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for from in 0..ADDRESSES {
            let (forged, over) = (&forged, &over);
            scope.spawn(move || forge(server, from, forged, over));
        }
        for number in 0..5u16 {
            let body = genuine.signed(2, u64::from(number) + 1, br#"[{"n":"pm25","v":5}]"#);
            let (code, _) = coap_post(server, "genuine", 1_000 + number, &body);
            assert_eq!(code, CHANGED, "message {number}");
        }
        over.store(true, Ordering::Relaxed);
    });
    witness.finish(&platform, MOST_GROWN_KIB);
}
