//! Bodies that come in blocks (RFC 7959).

use coap_lite::{CoapOption, Packet, ResponseType};

use crate::harness::{PAYLOAD, TestDevice, TestServer, assert_piggybacked, code};

#[test]
fn two_long_bodies_of_one_endpoint_come_at_once() {
    let server = TestServer::start();
    let client = server.client();
    let other = TestDevice::new("dev-2");
    server.register(&other);
    let bodies = [1, 2].map(|sequence| {
        let mut payload = vec![b' '; 3_000];
        payload[..PAYLOAD.len()].copy_from_slice(PAYLOAD);
        match sequence {
            1 => server.device.signed(sequence, &payload),
            _ => other.signed(sequence, &payload),
        }
    });
    let paths = ["dev-1", "dev-2"];
    let parts = bodies
        .each_ref()
        .map(|body| blocks(body, 6).collect::<Vec<_>>());
    for at in 0..parts[0].len() {
        for (device, parts) in paths.iter().zip(&parts) {
            let (block, chunk) = &parts[at];
            let request = block_request(&client.post(device, &[]), block, chunk);
            let answer = client.ask(&request);
            // The size that it came in, never a smaller one.
            assert_eq!(answer.get_first_option(CoapOption::Block1), Some(block));
            let expected = if at + 1 == parts.len() {
                ResponseType::Changed
            } else {
                ResponseType::Continue
            };
            assert_eq!(code(&answer), expected, "{device} {at}");
        }
    }
    assert_eq!(server.kept().len(), 2);
}

fn blocks(body: &[u8], size_exponent: u8) -> impl Iterator<Item = (Vec<u8>, &[u8])> {
    let size = 16 << size_exponent;
    let count = body.len().div_ceil(size);
    body.chunks(size).enumerate().map(move |(number, chunk)| {
        let more = u32::from(number + 1 < count);
        let bits = (number as u32) << 4 | more << 3 | u32::from(size_exponent);
        let bytes = bits.to_be_bytes();
        (
            bytes[bytes.iter().take_while(|byte| **byte == 0).count()..].to_vec(),
            chunk,
        )
    })
}

fn block_request(request: &Packet, block: &[u8], chunk: &[u8]) -> Packet {
    let mut request = request.clone();
    request.clear_option(CoapOption::Block1);
    request.set_option(CoapOption::Block1, [block.to_vec()].into());
    request.payload = chunk.to_vec();
    request
}

#[test]
fn a_long_body_comes_in_blocks() {
    let server = TestServer::start();
    // 60 KiB in the smallest blocks has block numbers beyond 12 bits.
    for (sequence, payload_bytes, size_exponent) in [(1, 3_000, 6), (2, 900, 2), (3, 64_800, 0)] {
        let client = server.client();
        let mut payload = vec![b' '; payload_bytes];
        payload[..PAYLOAD.len()].copy_from_slice(PAYLOAD);
        let body = server.device.signed(sequence, &payload);
        let count = body.len().div_ceil(16 << size_exponent);
        for (number, (block, chunk)) in blocks(&body, size_exponent).enumerate() {
            let request = block_request(&client.post("dev-1", &[]), &block, chunk);
            let answer = client.ask(&request);
            assert_piggybacked(&request, &answer);
            assert_eq!(answer.get_first_option(CoapOption::Block1), Some(&block));
            if number + 1 != count {
                assert_eq!(code(&answer), ResponseType::Continue);
            } else {
                assert_eq!(code(&answer), ResponseType::Changed);
                server.receipt(&answer, &body);
                // The last block may come again, too.
                client.send(&request);
                assert_eq!(client.receive(), answer);
            }
        }
        assert_eq!(server.kept().last().unwrap().payload, payload);
    }
    assert_eq!(server.stage_calls(), 3);
}
