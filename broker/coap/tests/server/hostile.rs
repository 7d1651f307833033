//! A CoAP server on a real socket: what everybody else gets.

mod fatal;

use std::time::Duration;

use coap_lite::{CoapOption, MessageClass, Packet, RequestType, ResponseType};
use coset::{CborSerializable as _, CoseSign1};
use transport::EventKind;

use crate::harness::{TestDevice, TestServer, code};

/// A message that behaves is still served. The kernel may drop it while the
/// server is busy with what came before; then it is sent again, as any client
/// does.
pub(crate) fn assert_serves(server: &TestServer) {
    let client = server.client();
    let pause = Duration::from_millis(500);
    client.socket.set_read_timeout(Some(pause)).unwrap();
    let sequence = 1_000_000 + server.stage_calls();
    let body = server.device.body(sequence);
    let request = client.post("dev-1", &body).to_bytes().unwrap();
    let mut buffer = [0; 2_048];
    let length = (0..60)
        .find_map(|_| {
            client.socket.send(&request).unwrap();
            client.socket.recv(&mut buffer).ok()
        })
        .expect("the server still answers");
    let answer = Packet::from_bytes(&buffer[..length]).unwrap();
    assert_eq!(code(&answer), ResponseType::Changed);
    server.receipt(&answer, &body);
}

#[test]
fn what_is_no_message_is_reset_or_passed_over() {
    let server = TestServer::start();
    let client = server.client();
    let reset: [&[u8]; 8] = [
        // Reserved token length, and one beyond the datagram.
        &[0x49, 2, 0, 9, 1, 1, 1, 1, 1, 1, 1, 1, 1],
        &[0x48, 2, 0, 9, 1],
        // A marker without a payload, an option beyond the datagram.
        &[0x40, 2, 0, 9, 0xFF],
        &[0x40, 2, 0, 9, 0xB5, b'a'],
        // A reserved delta; an option number beyond 16 bits.
        &[0x40, 2, 0, 9, 0xF0],
        &[0x40, 2, 0, 9, 0xE0, 0xFF, 0xFF, 0xE0, 0xFF, 0xFF],
        // An empty message that carries something; a reserved class.
        &[0x41, 0, 0, 9, 1],
        &[0x40, 0x20, 0, 9],
    ];
    for datagram in reset {
        client.socket.send(datagram).unwrap();
        assert_eq!(client.receive_bytes(), [0x70, 0, 0, 9], "{datagram:x?}");
    }
    let silent: [&[u8]; 7] = [
        &[],
        &[0x40, 2, 0],
        // Another version.
        &[0x00, 0, 0, 9],
        &[0x80, 2, 0, 9],
        // Not confirmable, malformed; an ACK and a RST for nothing.
        &[0x50, 2, 0, 9, 0xFF],
        &[0x60, 0, 0, 9],
        &[0x70, 0, 0, 9],
    ];
    for datagram in silent {
        client.socket.send(datagram).unwrap();
        client.expect_silence();
    }
    client.socket.send(&[0x40; 1_473]).unwrap();
    client.expect_silence();
    assert_serves(&server);
}

#[test]
fn a_forged_message_gets_in_nowhere_and_is_told_to_the_operator() {
    let server = TestServer::start();
    let client = server.client();
    let stranger = TestDevice::new("stranger");
    let impostor = TestDevice::new("dev-1");
    let revoked = TestDevice::new("revoked");
    server.register(&revoked);
    server
        .access
        .revoked
        .lock()
        .unwrap()
        .insert("revoked".to_owned());
    let mut broken = server.device.body(1);
    *broken.last_mut().unwrap() ^= 1;

    let attempts = [
        ("stranger", stranger.body(1), "nobody of that name"),
        ("dev-1", impostor.body(1), "not its signature"),
        ("revoked", revoked.body(1), "it was revoked"),
        ("dev-1", broken, "not its signature"),
    ];
    for (device, body, reason) in &attempts {
        let answer = client.ask(&client.post(device, body));
        // The same for each, so that nobody learns which ids exist.
        assert_eq!(code(&answer), ResponseType::Unauthorized);
        assert!(answer.payload.is_empty());
        let (login, kind, recorded) = server.access.events.lock().unwrap().pop().unwrap();
        assert_eq!(login.as_deref(), Some(*device));
        assert_eq!((kind, recorded.as_str()), (EventKind::Refused, *reason));
    }
    assert_eq!(server.stage_calls(), 0);
    assert_eq!(server.stats().refused, attempts.len() as u64);
}

#[test]
fn a_device_cannot_post_as_another() {
    let server = TestServer::start();
    let client = server.client();
    let other = TestDevice::new("dev-2");
    server.register(&other);
    // Its own message through another's door.
    let answer = client.ask(&client.post("dev-2", &server.device.body(1)));
    assert_eq!(code(&answer), ResponseType::Forbidden);
    // Signed by itself in the other's name: the external_aad names that path.
    let as_other = TestDevice {
        id: other.id,
        key: server.device.key.clone(),
    };
    let answer = client.ask(&client.post("dev-2", &as_other.body(1)));
    assert_eq!(code(&answer), ResponseType::Unauthorized);
    assert_eq!(server.stage_calls(), 0);
}

/// The signature binds protocol, method and path.
#[test]
fn a_signature_over_another_aad_is_none() {
    let server = TestServer::start();
    let client = server.client();
    let mut cose = CoseSign1::from_slice(&server.device.body(1)).unwrap();
    let good = sdk::coap::external_aad(&server.device.id);
    for (aad, expected) in [
        (good.clone(), ResponseType::Changed),
        (Vec::new(), ResponseType::Unauthorized),
        (
            [&good[..good.len() - 1], b"x"].concat(),
            ResponseType::Unauthorized,
        ),
    ] {
        cose.signature = server.device.key.sign(&cose.tbs_data(&aad)).to_vec();
        let body = cose.clone().to_vec().unwrap();
        let answer = client.ask(&client.post("dev-1", &body));
        assert_eq!(code(&answer), expected);
    }
    // What many libraries do unless told otherwise is told as that.
    let reasons: Vec<String> = server
        .access
        .events
        .lock()
        .unwrap()
        .iter()
        .map(|event| event.2.clone())
        .collect();
    assert!(reasons[0].contains("without external_aad"), "{reasons:?}");
    assert_eq!(reasons[1], "not its signature");
    let cures = server.access.cures.lock().unwrap();
    assert!(cures[0].contains("madang/1"), "{cures:?}");
    assert_eq!(server.kept().len(), 1);
}

#[test]
fn a_replayed_name_for_another_message_is_4_01() {
    let server = TestServer::start();
    let client = server.client();
    client.ask(&client.post("dev-1", &server.device.body(5)));
    let other = server.device.signed(5, br#"[{"n":"level","v":9}]"#);
    let answer = client.ask(&client.post("dev-1", &other));
    assert_eq!(code(&answer), ResponseType::Unauthorized);
    assert_eq!(answer.payload, b"Replay detected");
    assert_eq!(server.kept().len(), 1);
    assert_eq!(server.stats().replayed, 1);
}

#[test]
fn what_is_not_telemetry_is_told_so() {
    let server = TestServer::start();
    let client = server.client();
    let body = server.device.body(1);
    let mut path = client.post("dev-1", &body);
    path.add_option(CoapOption::UriPath, b"more".to_vec());
    assert_eq!(code(&client.ask(&path)), ResponseType::NotFound);
    // A segment that is not UTF-8 is not passed over.
    let mut path = client.post("dev-1", &body);
    path.add_option(CoapOption::UriPath, vec![0xFF]);
    assert_eq!(code(&client.ask(&path)), ResponseType::NotFound);
    let mut get = client.post("dev-1", &body);
    get.header.code = MessageClass::Request(RequestType::Get);
    assert_eq!(code(&client.ask(&get)), ResponseType::MethodNotAllowed);
    let mut format = client.post("dev-1", &body);
    format.set_option(CoapOption::ContentFormat, [vec![110]].into());
    assert_eq!(
        code(&client.ask(&format)),
        ResponseType::UnsupportedContentFormat
    );
    let mut accept = client.post("dev-1", &body);
    accept.add_option(CoapOption::Accept, vec![50]);
    assert_eq!(code(&client.ask(&accept)), ResponseType::NotAcceptable);
    let mut query = client.post("dev-1", &body);
    query.add_option(CoapOption::UriQuery, b"a=b".to_vec());
    assert_eq!(code(&client.ask(&query)), ResponseType::BadRequest);
    let mut proxy = client.post("dev-1", &body);
    proxy.add_option(CoapOption::ProxyUri, b"coap://elsewhere".to_vec());
    assert_eq!(
        code(&client.ask(&proxy)),
        ResponseType::ProxyingNotSupported
    );
    let bare = client.post("dev-1", b"[{\"n\":\"level\",\"v\":1}]");
    assert_eq!(code(&client.ask(&bare)), ResponseType::BadRequest);
    assert_eq!(server.stage_calls(), 0);
}

#[test]
fn blocks_out_of_order_end_the_transfer() {
    let server = TestServer::start();
    let client = server.client();
    let block = |bits: u8, payload: &[u8]| {
        let mut request = client.post("dev-1", payload);
        request.add_option(CoapOption::Block1, vec![bits]);
        code(&client.ask(&request))
    };
    // number << 4 | more << 3 | size exponent
    let (a, b) = ([b'a'; 16], [b'b'; 16]);
    assert_eq!(
        block(0x10, &a),
        ResponseType::RequestEntityIncomplete,
        "no first one"
    );
    assert_eq!(block(0x08, &a), ResponseType::Continue);
    assert_eq!(
        block(0x28, &a),
        ResponseType::RequestEntityIncomplete,
        "a gap"
    );
    assert_eq!(
        block(0x18, &a),
        ResponseType::RequestEntityIncomplete,
        "it has ended"
    );
    assert_eq!(block(0x08, &a), ResponseType::Continue);
    assert_eq!(block(0x18, &a), ResponseType::Continue);
    assert_eq!(block(0x18, &a), ResponseType::Continue, "the same again");
    assert_eq!(
        block(0x18, &b),
        ResponseType::RequestEntityIncomplete,
        "an overlap"
    );
    assert_eq!(
        block(0x08, &a[..9]),
        ResponseType::BadRequest,
        "half a block"
    );
    assert_eq!(block(0x0F, &a), ResponseType::BadRequest, "a reserved size");
    assert_eq!(server.stage_calls(), 0);
}

#[test]
fn a_body_beyond_64_kib_is_4_13() {
    let server = TestServer::start();
    let client = server.client();
    let mut announced = client.post("dev-1", &[b'x'; 1_024]);
    announced.add_option(CoapOption::Block1, vec![0x0E]);
    announced.add_option(CoapOption::Size1, vec![1, 0, 1]);
    let answer = client.ask(&announced);
    assert_eq!(code(&answer), ResponseType::RequestEntityTooLarge);
    // Nothing that a client might take for "send smaller blocks": some then go
    // on at a wrong offset and report success.
    assert_eq!(answer.get_first_option(CoapOption::Size1), None);
    assert_eq!(answer.get_first_option(CoapOption::Block1), None);
    for number in 0..65u32 {
        let mut request = client.post("dev-1", &[b'x'; 1_024]);
        let bits = (number << 4 | 0x0E).to_be_bytes();
        request.add_option(CoapOption::Block1, bits[1..].to_vec());
        let expected = match number {
            64 => ResponseType::RequestEntityTooLarge,
            _ => ResponseType::Continue,
        };
        assert_eq!(code(&client.ask(&request)), expected, "block {number}");
    }
}
