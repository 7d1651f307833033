//! Bodies that come in blocks: which belong together, and their bounds.

use std::net::SocketAddr;
use std::time::Instant;

use proptest::collection::vec;
use proptest::prelude::*;

use super::{SECOND, peer};
use crate::exchange::blockwise::{BlockStep, MAX_BODY_BYTES, TransferLimits, Transfers};
use crate::message::Code;
use crate::request::{Block, RequestTags, TelemetryRequest};

fn request(tag: Option<&'static [u8]>) -> TelemetryRequest<'static> {
    request_of("dev-1", tag)
}

fn request_of(device: &'static str, tag: Option<&'static [u8]>) -> TelemetryRequest<'static> {
    TelemetryRequest {
        device,
        block: None,
        request_tags: tag.map_or_else(RequestTags::new, |tag| {
            let length = [tag.len() as u8];
            length.iter().chain(tag).copied().collect()
        }),
        announced_size: None,
    }
}

fn limits() -> TransferLimits {
    TransferLimits {
        open: 100,
        open_per_source: 10,
        open_per_endpoint: 4,
        bytes: 10_000,
        bytes_per_source: 10_000,
        idle: SECOND * 60,
    }
}

pub(super) const fn block(number: u32, more: bool) -> Block {
    Block {
        number,
        more,
        size_exponent: 0,
    }
}

fn refusal(step: BlockStep) -> Code {
    match step {
        BlockStep::Refuse(code, _) => code,
        other => panic!("{other:?} is no refusal"),
    }
}

#[test]
fn a_late_copy_of_the_first_block_does_not_begin_anew() {
    let now = Instant::now();
    let mut transfers = Transfers::new(limits());
    let mut send = |number, more, payload: &[u8]| {
        transfers.accept(peer(1), &request(None), block(number, more), payload, now)
    };
    assert_eq!(send(0, true, &[b'a'; 16]), BlockStep::Continue);
    assert_eq!(send(1, true, &[b'b'; 16]), BlockStep::Continue);
    assert_eq!(send(0, true, &[b'a'; 16]), BlockStep::Continue);
    let BlockStep::Complete(body) = send(2, false, b"c") else {
        panic!("that was the last one");
    };
    assert_eq!(body, [&[b'a'; 16][..], &[b'b'; 16], b"c"].concat());
    assert!(transfers.is_empty() && transfers.bytes() == 0);
}

#[test]
fn another_request_tag_or_first_block_is_another_transfer() {
    let now = Instant::now();
    let mut transfers = Transfers::new(limits());
    let mut send = |tag, number, more, payload: &[u8]| {
        transfers.accept(peer(1), &request(tag), block(number, more), payload, now)
    };
    assert_eq!(send(Some(b"1"), 0, true, &[b'a'; 16]), BlockStep::Continue);
    for other in [None, Some(&b""[..]), Some(b"2")] {
        assert_eq!(
            refusal(send(other, 1, false, b"c")),
            Code::REQUEST_ENTITY_INCOMPLETE
        );
    }
    assert_eq!(send(Some(b"1"), 0, true, &[b'z'; 16]), BlockStep::Continue);
    let body = [&[b'z'; 16][..], b"c"].concat();
    assert_eq!(send(Some(b"1"), 1, false, b"c"), BlockStep::Complete(body));
}

/// Libraries that send two bodies at once to one server do so from one port.
#[test]
fn transfers_of_one_endpoint_are_kept_apart_by_path_and_request_tag() {
    let now = Instant::now();
    let mut transfers = Transfers::new(limits());
    let requests = [
        request_of("dev-1", None),
        request_of("dev-2", None),
        request_of("dev-1", Some(b"")),
        request_of("dev-1", Some(b"t")),
    ];
    let mut send = |at: usize, number, more| {
        let payload = [at as u8; 16];
        transfers.accept(peer(1), &requests[at], block(number, more), &payload, now)
    };
    for number in 0..5 {
        for at in 0..4 {
            assert_eq!(send(at, number, true), BlockStep::Continue, "{at} {number}");
        }
    }
    for at in [3, 0, 2, 1] {
        assert_eq!(send(at, 5, false), BlockStep::Complete(vec![at as u8; 96]));
    }
    assert!(transfers.is_empty() && transfers.bytes() == 0);
}

/// One more is not refused to an endpoint: it gives up what it has left alone.
#[test]
fn an_endpoint_has_a_few_transfers_and_its_idlest_gives_way() {
    let start = Instant::now();
    let mut transfers = Transfers::new(limits());
    let tags: [&'static [u8]; 5] = [b"1", b"2", b"3", b"4", b"5"];
    let mut send = |tag: usize, number, second: u32| {
        let now = start + SECOND * second;
        let request = request(Some(tags[tag]));
        transfers.accept(peer(1), &request, block(number, true), &[0; 16], now)
    };
    for tag in 0..4 {
        assert_eq!(send(tag, 0, tag as u32), BlockStep::Continue);
    }
    // The first goes on; the second is now the idlest.
    assert_eq!(send(0, 1, 4), BlockStep::Continue);
    assert_eq!(send(4, 0, 5), BlockStep::Continue);
    assert_eq!(refusal(send(1, 1, 6)), Code::REQUEST_ENTITY_INCOMPLETE);
    assert_eq!(send(0, 2, 7), BlockStep::Continue);
    assert_eq!((transfers.len(), transfers.bytes()), (4, 6 * 16));
}

#[test]
fn a_source_has_a_share_of_the_bytes_under_way() {
    let now = Instant::now();
    let mut transfers = Transfers::new(TransferLimits {
        bytes: 100,
        bytes_per_source: 48,
        ..limits()
    });
    let mut send = |host, port, number| {
        let peer = SocketAddr::from(([10, 0, 0, host], port));
        transfers.accept(peer, &request(None), block(number, true), &[0; 16], now)
    };
    for port in 1..=3 {
        assert_eq!(send(1, port, 0), BlockStep::Continue);
    }
    assert_eq!(refusal(send(1, 4, 0)), Code::SERVICE_UNAVAILABLE);
    assert_eq!(refusal(send(1, 1, 1)), Code::SERVICE_UNAVAILABLE);
    assert_eq!(send(2, 1, 0), BlockStep::Continue);
    // The one that could not go on was given up.
    assert_eq!((transfers.len(), transfers.bytes()), (3, 48));
}

#[test]
fn transfers_are_bounded_in_number_in_bytes_and_in_time() {
    let now = Instant::now();
    let mut transfers = Transfers::new(limits());
    let mut refused = 0;
    for number in 0..5_000 {
        // 25 sources of 200 endpoints each.
        let peer = SocketAddr::from(([10, 0, 0, (number % 25) as u8], 1_000 + number / 25));
        let step = transfers.accept(peer, &request(None), block(0, true), &[0; 16], now);
        refused += u16::from(step != BlockStep::Continue);
        assert!(transfers.len() <= 100 && transfers.bytes() <= 10_000);
    }
    assert_eq!((transfers.len(), refused), (100, 4_900));
    // A full table gives up what has stood idle.
    let later = now + SECOND * 6;
    let step = transfers.accept(peer(7), &request(None), block(0, true), &[0; 16], later);
    assert_eq!((step, transfers.len()), (BlockStep::Continue, 1));
    let much_later = later + SECOND * 61;
    let step = transfers.accept(peer(7), &request(None), block(1, false), b"x", much_later);
    assert_eq!(refusal(step), Code::REQUEST_ENTITY_INCOMPLETE);
}

#[test]
fn bodies_under_way_have_a_bound_together() {
    let now = Instant::now();
    let mut transfers = Transfers::new(limits());
    let long = |number| Block {
        number,
        more: true,
        size_exponent: 6,
    };
    let step = (0..10)
        .map(|number| transfers.accept(peer(1), &request(None), long(number), &[0; 1_024], now))
        .find(|step| *step != BlockStep::Continue)
        .expect("10 KiB are more than the bound");
    assert_eq!(refusal(step), Code::SERVICE_UNAVAILABLE);
    assert_eq!(transfers.bytes(), 0, "what cannot go on is given up");
}

proptest! {
    /// Whatever blocks come, a body that completes is the concatenation of
    /// whole blocks from the first to a last, and the books stay right.
    #[test]
    fn only_an_unbroken_sequence_completes(
        steps in vec((0..3u16, 0..4u32, any::<bool>(), 0..3u8, 0..=16usize), 1..60)
    ) {
        let now = Instant::now();
        let mut transfers = Transfers::new(limits());
        let mut model: Vec<Vec<u8>> = vec![Vec::new(); 3];
        for (endpoint, number, more, fill, length) in steps {
            let payload = vec![fill; length];
            let step = transfers.accept(
                peer(endpoint),
                &request(None),
                block(number, more),
                &payload,
                now,
            );
            let under_way = model.iter().filter(|body| !body.is_empty()).count();
            let body = &mut model[usize::from(endpoint)];
            let start = number as usize * 16;
            match step {
                BlockStep::Continue => {
                    prop_assert!(more && length == 16);
                    let repeated = body.get(start..start + 16) == Some(&payload[..]);
                    if !repeated {
                        if number == 0 {
                            body.clear();
                        }
                        prop_assert_eq!(body.len(), start);
                        body.extend(&payload);
                    }
                }
                BlockStep::Complete(whole) => {
                    prop_assert!(!more);
                    if number == 0 {
                        body.clear();
                    }
                    prop_assert_eq!(body.len(), start);
                    body.extend(&payload);
                    prop_assert_eq!(&whole, &*body);
                    prop_assert!(whole.len() <= MAX_BODY_BYTES);
                    body.clear();
                }
                BlockStep::Refuse(..) => {
                    // It may have ended the transfer, or none was there.
                    if transfers.len() < under_way {
                        body.clear();
                    }
                }
            }
            let bytes: usize = model.iter().map(Vec::len).sum();
            prop_assert_eq!(transfers.bytes(), bytes);
        }
    }
}
