//! CoAP: forged signatures under the name of a real device, from many addresses.

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tests::{TestDevice, TestPlatform};

use crate::witness::{Witness, attacker};

const ADDRESSES: usize = 20;
const MOST_GROWN_KIB: i64 = 32 * 1_024;
const CHANGED: u8 = 0x44;
/// Before it is sent again, doubled each time (RFC 7252, ACK_TIMEOUT): the
/// system drops datagrams of a full socket, whosever they are.
const AGAIN_AFTER: Duration = Duration::from_secs(2);
const TRIES: u32 = 5;
/// Of each address; as fast as it can.
const MOST_FORGED: u32 = 20_000;

/// A POST to the telemetry of `genuine`; the first byte tells CON from NON.
fn request(first: u8, id: u16, body: &[u8]) -> Vec<u8> {
    let mut datagram = vec![first, 0x02];
    datagram.extend_from_slice(&id.to_be_bytes());
    datagram.extend_from_slice(b"tk\xb7devices\x07genuine\x09telemetry\x11\x12\xff");
    datagram.extend_from_slice(body);
    datagram
}

/// The code of the answer to a confirmable message, which is sent again as any
/// client does.
fn post(server: SocketAddr, id: u16, body: &[u8]) -> Option<u8> {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut answer = [0; 2_048];
    for tries in 0..TRIES {
        socket.send_to(&request(0x42, id, body), server).unwrap();
        socket
            .set_read_timeout(Some(AGAIN_AFTER * 2u32.pow(tries)))
            .unwrap();
        // An empty ACK announces a separate answer.
        while let Ok((_, _)) = socket.recv_from(&mut answer) {
            if answer[1] != 0 {
                return Some(answer[1]);
            }
        }
    }
    None
}

fn forge(server: SocketAddr, from: usize, body: &[u8], over: &AtomicBool) {
    let socket = UdpSocket::bind((attacker(from), 0)).unwrap();
    for number in 0..MOST_FORGED {
        if over.load(Ordering::Relaxed) {
            return;
        }
        let id = u16::try_from(number % 60_000).unwrap();
        let _ = socket.send_to(&request(0x52, id, body), server);
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
    let mut answered = Vec::new();
    std::thread::scope(|scope| {
        for from in 0..ADDRESSES {
            let (forged, over) = (&forged, &over);
            scope.spawn(move || forge(server, from, forged, over));
        }
        for number in 0..5u16 {
            let body = genuine.signed(2, u64::from(number) + 1, br#"[{"n":"pm25","v":5}]"#);
            answered.push(post(server, 1_000 + number, &body));
        }
        over.store(true, Ordering::Relaxed);
    });
    witness.finish(&platform, MOST_GROWN_KIB);
    assert_eq!(answered, [Some(CHANGED); 5]);
}
