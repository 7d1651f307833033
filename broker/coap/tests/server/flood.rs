//! What many datagrams, forged, overheard or simply too many, cannot do.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use coap::Config;
use coap_lite::{CoapOption, Packet, ResponseType};

use crate::harness::{Client, TestDevice, TestServer, code, generous, wait_until};
use crate::hostile::assert_serves;

/// Nobody is to be flooded by way of this server.
#[test]
fn no_reply_before_verification_amplifies() {
    let server = TestServer::start();
    let client = server.client();
    let mut datagrams = Vec::new();
    for token in [&[][..], &[1; 8]] {
        let head = 0x40 | token.len() as u8;
        // Nothing but a header; a short path; the least telemetry request.
        for rest in [
            &b""[..],
            b"\xb1a",
            b"\xb7devices\x01a\x09telemetry",
            b"\xb7devices\x01a\x09telemetry\xFFx",
            b"\xb7devices\x01a\x09telemetry\xd1\x03\x08\xFF0123456789abcdef",
            b"\xd0\x60",
        ] {
            for code in [1, 2, 3] {
                let id = datagrams.len() as u8;
                datagrams.push([&[head, code, 1, id], token, rest].concat());
            }
        }
    }
    for datagram in datagrams {
        client.socket.send(&datagram).unwrap();
        let reply = client.receive_bytes();
        assert!(reply.len() <= 136, "{}", reply.len());
        assert!(
            reply.len() <= 3 * datagram.len(),
            "{datagram:x?} -> {reply:x?}"
        );
    }
    // A forged body gets as little.
    let forged = client.post("dev-1", &TestDevice::new("dev-1").body(1));
    client.send(&forged);
    assert!(client.receive_bytes().len() <= 136);
}

#[test]
fn a_source_that_sends_too_much_is_not_heard() {
    let server = TestServer::with(&Config {
        source_rate: 1,
        source_burst: 10,
        ..generous()
    });
    let client = server.client();
    for id in 0..200u16 {
        let [high, low] = id.to_be_bytes();
        client.socket.send(&[0x40, 0, high, low]).unwrap();
    }
    server.until(|stats| stats.datagrams_in == 200);
    let stats = server.stats();
    // A second may pass, and with it a token come back, on a loaded machine.
    assert!((170..=190).contains(&stats.source_limited), "{stats:?}");
    assert_eq!(stats.pings + stats.source_limited, 200);
}

#[test]
fn a_forged_kid_does_not_use_up_the_quota_of_the_device() {
    let server = TestServer::with(&Config {
        device_rate: 1,
        device_burst: 3,
        ..generous()
    });
    let client = server.client();
    let impostor = TestDevice::new("dev-1");
    for sequence in 0..50 {
        let answer = client.ask(&client.post("dev-1", &impostor.body(sequence)));
        assert_eq!(code(&answer), ResponseType::Unauthorized);
    }
    let mut codes = Vec::new();
    for sequence in 0..20 {
        let answer = client.ask(&client.post("dev-1", &server.device.body(sequence)));
        if code(&answer) == ResponseType::TooManyRequests {
            assert!(answer.get_first_option(CoapOption::MaxAge).is_some());
        }
        codes.push(code(&answer));
    }
    assert_eq!(codes[..3], [ResponseType::Changed; 3]);
    assert!(codes.contains(&ResponseType::TooManyRequests), "{codes:?}");
    // Another device has a quota of its own.
    let other = TestDevice::new("dev-2");
    server.register(&other);
    let answer = client.ask(&client.post("dev-2", &other.body(1)));
    assert_eq!(code(&answer), ResponseType::Changed);
}

#[test]
fn too_many_uncommitted_messages_are_5_03_without_a_look_at_the_signature() {
    let server = TestServer::with(&Config {
        uncommitted_messages: 2,
        ..generous()
    });
    let client = server.client();
    server.shut_gate();
    for sequence in 0..2 {
        client.send(&client.post("dev-1", &server.device.body(sequence)));
    }
    let answer = client.ask(&client.post("dev-1", &server.device.body(2)));
    assert_eq!(code(&answer), ResponseType::ServiceUnavailable);
    let verified = &server.access.verified;
    assert_eq!(verified.load(Relaxed), 2);
    server.open_gate();
    for _ in 0..2 {
        assert_eq!(code(&client.receive()), ResponseType::Changed);
    }
}

#[test]
fn while_the_sink_is_full_the_answer_is_5_03_and_when_to_ask_again() {
    let server = TestServer::start();
    let client = server.client();
    let body = server.device.body(1);
    server.sink.full.store(true, Relaxed);
    let answer = client.ask(&client.post("dev-1", &body));
    assert_eq!(code(&answer), ResponseType::ServiceUnavailable);
    assert!(answer.get_first_option(CoapOption::MaxAge).is_some());
    assert_eq!((server.stage_calls(), server.stats().overloaded), (0, 1));
    server.sink.full.store(false, Relaxed);
    let answer = client.ask(&client.post("dev-1", &body));
    assert_eq!(code(&answer), ResponseType::Changed);
}

/// Copies of a message that waits for the sink are counted and slowed as those
/// of one that is stored, and take nothing from the device.
#[test]
fn copies_of_a_postponed_message_are_copies() {
    const COPIES: u64 = 5;
    let server = TestServer::with(&Config {
        device_rate: 1,
        device_burst: 3,
        failed_rate: 0.001,
        failed_burst: COPIES as u32,
        ..generous()
    });
    let device = server.client();
    server.sink.prepared.send_replace(false);
    let waiting = server.device.signed(1, br#"[{"n":"new","v":1}]"#);
    device.send(&device.post("dev-1", &waiting));
    wait_until(|| server.sink.prepared.receiver_count() == 1);
    let thief = Client::at("127.0.0.7", server.handle.local_address());
    for _ in 0..COPIES {
        thief.send(&thief.post("dev-1", &waiting));
    }
    server.until(|stats| stats.repeated_messages == COPIES);
    let answer = thief.ask(&thief.post("dev-1", &waiting));
    assert_eq!(code(&answer), ResponseType::TooManyRequests);
    server.sink.prepared.send_replace(true);
    assert_eq!(code(&device.receive()), ResponseType::Changed);
    for sequence in 2..4 {
        let answer = device.ask(&device.post("dev-1", &server.device.body(sequence)));
        assert_eq!(code(&answer), ResponseType::Changed, "{sequence}");
    }
    assert_eq!(server.kept().len(), 3);
}

#[test]
fn noise_of_every_length_leaves_the_server_standing() {
    let server = TestServer::start();
    let client = server.client();
    client.socket.set_nonblocking(true).unwrap();
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for round in 0..20_000 {
        let length = random() as usize % 200;
        let mut datagram: Vec<u8> = (0..length).map(|_| random() as u8).collect();
        // Half of them get past the header.
        if round % 2 == 0 && length > 4 {
            datagram[0] = 0x40 | datagram[0] & 0x14;
            datagram[1] = 2;
        }
        let _ = client.socket.send(&datagram);
    }
    assert_serves(&server);
}

/// One device is impersonated from twenty addresses, as fast as they can: its
/// own messages and those of others are answered, each at once or after the
/// first repetition that any client makes.
#[test]
fn forgeries_from_many_addresses_keep_nobody_out() {
    const FORGERS: u8 = 20;
    let server = TestServer::with(&Config {
        piggyback_window: crate::harness::DEADLINE,
        // So that a busy machine can send more than that.
        source_rate: 200,
        source_burst: 400,
        ..Config::default()
    });
    let target = server.handle.local_address();
    let stop = std::sync::atomic::AtomicBool::new(false);
    let newcomer = TestDevice::new("dev-2");
    server.register(&newcomer);
    let impostor = TestDevice::new("dev-1");
    std::thread::scope(|scope| {
        let (stop, impostor) = (&stop, &impostor);
        scope.spawn(move || {
            let forgers: Vec<Client> = (2..2 + FORGERS)
                .map(|host| Client::at(&format!("127.0.0.{host}"), target))
                .collect();
            let bodies: Vec<Vec<u8>> = (0..50).map(|number| impostor.body(number)).collect();
            for (body, forger) in bodies.iter().cycle().zip(forgers.iter().cycle()) {
                if stop.load(Relaxed) {
                    break;
                }
                let _ = forger
                    .socket
                    .send(&forger.post("dev-1", body).to_bytes().unwrap());
                std::thread::sleep(Duration::from_micros(20));
            }
        });
        // The forgers have spent what they may.
        server.until(|stats| stats.unchecked > 500 && stats.source_limited > 1_000);
        for (device, sequence) in [
            (&server.device, 1),
            (&newcomer, 1),
            (&server.device, 2),
            (&newcomer, 2),
            (&server.device, 3),
        ] {
            let client = server.client();
            let pause = Duration::from_millis(500);
            client.socket.set_read_timeout(Some(pause)).unwrap();
            let body = device.body(sequence);
            let request = client.post(device.id.as_str(), &body).to_bytes().unwrap();
            let mut buffer = [0; 2_048];
            let length = (0..60)
                .find_map(|_| {
                    client.socket.send(&request).unwrap();
                    client.socket.recv(&mut buffer).ok()
                })
                .expect("a true message is answered");
            let answer = Packet::from_bytes(&buffer[..length]).unwrap();
            assert_eq!(code(&answer), ResponseType::Changed);
            server.receipt(&answer, &body);
        }
        stop.store(true, Relaxed);
    });
    let stats = server.stats();
    assert!(
        stats.refused < stats.datagrams_in / 2,
        "most forgeries cost no signature: {stats:?}"
    );
    // And few of them an entry in the operator's list.
    let events = server.access.events.lock().unwrap().len() as u64;
    assert!(events <= stats.refused + 2 * u64::from(FORGERS), "{events}");
}

/// Whoever has overheard a device's messages may send them again.
#[test]
fn overheard_messages_do_not_use_up_the_quota_of_the_device() {
    let server = TestServer::with(&Config {
        device_rate: 1,
        device_burst: 3,
        ..generous()
    });
    server.sink.forgetful.store(true, Relaxed);
    let client = server.client();
    let body = server.device.body(1);
    let answer = client.ask(&client.post("dev-1", &body));
    assert_eq!(code(&answer), ResponseType::Changed);
    // Its very bytes get its receipt, how often ever.
    for _ in 0..50 {
        let answer = client.ask(&client.post("dev-1", &body));
        assert_eq!(code(&answer), ResponseType::Changed);
    }
    // The same name for other bytes: the server has no receipt for these.
    let other = server.device.signed(1, br#"[{"n":"level","v":9}]"#);
    for _ in 0..50 {
        let answer = client.ask(&client.post("dev-1", &other));
        assert_eq!(code(&answer), ResponseType::Unauthorized);
    }
    for sequence in 2..4 {
        let answer = client.ask(&client.post("dev-1", &server.device.body(sequence)));
        assert_eq!(code(&answer), ResponseType::Changed, "{sequence}");
    }
}

/// An overheard message opens no way for the forgeries of whoever sends it again.
#[test]
fn an_overheard_message_proves_nothing_of_its_senders_address() {
    let server = TestServer::with(&Config {
        failed_rate: 0.001,
        failed_burst: 3,
        ..generous()
    });
    server.sink.forgetful.store(true, Relaxed);
    let device = server.client();
    let body = server.device.body(1);
    device.ask(&device.post("dev-1", &body));
    let thief = Client::at("127.0.0.7", server.handle.local_address());
    let codes: Vec<_> = (0..6)
        .map(|_| code(&thief.ask(&thief.post("dev-1", &body))))
        .collect();
    assert_eq!(codes[..3], [ResponseType::Changed; 3]);
    assert_eq!(codes[3..], [ResponseType::TooManyRequests; 3]);
    // The device itself goes on.
    let answer = device.ask(&device.post("dev-1", &server.device.body(2)));
    assert_eq!(code(&answer), ResponseType::Changed);
}

#[test]
fn who_fails_too_often_is_told_to_wait_and_the_operator_once() {
    let server = TestServer::with(&Config {
        failed_rate: 0.001,
        failed_burst: 3,
        ..generous()
    });
    let client = server.client();
    let impostor = TestDevice::new("dev-1");
    let codes: Vec<_> = (0..10)
        .map(|sequence| client.ask(&client.post("dev-1", &impostor.body(sequence))))
        .collect();
    for (number, answer) in codes.iter().enumerate() {
        let expected = if number < 3 {
            ResponseType::Unauthorized
        } else {
            ResponseType::TooManyRequests
        };
        assert_eq!(code(answer), expected);
        let wait = answer.get_first_option(CoapOption::MaxAge);
        assert_eq!(wait.is_some(), number >= 3);
    }
    assert_eq!(server.access.verified.load(Relaxed), 3);
    assert_eq!(server.stats().unchecked, 7);
    assert_eq!(server.access.events.lock().unwrap().len(), 4);
    // From elsewhere nothing has changed, and what proves itself there stays in.
    let elsewhere = Client::at("127.0.0.9", server.handle.local_address());
    let answer = elsewhere.ask(&elsewhere.post("dev-1", &server.device.body(1)));
    assert_eq!(code(&answer), ResponseType::Changed);
}
