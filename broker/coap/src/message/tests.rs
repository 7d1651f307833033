//! The codec of CoAP messages, against itself and against coap-lite.

use proptest::collection::vec;
use proptest::prelude::*;

use super::{Code, Kind, MAX_OPTIONS, Malformed, Message, MessageOption, decode, uint, uint_bytes};

fn reads_as(bytes: &[u8], expected: &Message<'_>) -> bool {
    let read = decode(bytes).unwrap();
    (read.kind, read.code, read.id) == (expected.kind, expected.code, expected.id)
        && (read.token, read.payload) == (expected.token, expected.payload)
        && read.options[..] == expected.options[..]
}

fn kinds() -> impl Strategy<Value = Kind> {
    prop::sample::select(vec![
        Kind::Confirmable,
        Kind::NonConfirmable,
        Kind::Acknowledgement,
        Kind::Reset,
    ])
}

/// Numbers and values as they may stand in a datagram, sorted by number.
fn options() -> impl Strategy<Value = Vec<(u16, Vec<u8>)>> {
    let number = prop_oneof![0..40u16, any::<u16>()];
    let length = prop_oneof![4 => 0..14usize, 1 => 250..300usize];
    let value = length.prop_flat_map(|length| vec(any::<u8>(), length));
    vec((number, value), 0..4).prop_map(|mut options| {
        options.sort_by_key(|option| option.0);
        options
    })
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in vec(any::<u8>(), 0..1_500)) {
        if let Ok(message) = decode(&bytes) {
            // What was read can be written, and reads the same.
            let again = message.encode();
            prop_assert!(reads_as(&again, &message));
        }
    }

    #[test]
    fn what_is_written_reads_the_same_here_and_elsewhere(
        kind in kinds(),
        code in 1..=255u8,
        id in any::<u16>(),
        token in vec(any::<u8>(), 0..=8),
        options in options(),
        payload in vec(any::<u8>(), 0..200),
    ) {
        let message = Message {
            kind,
            code: Code::from_byte(code),
            id,
            token: &token,
            options: options
                .iter()
                .map(|(number, value)| MessageOption { number: *number, value })
                .collect(),
            payload: &payload,
        };
        let bytes = message.encode();
        prop_assert!(reads_as(&bytes, &message));
        let foreign = coap_lite::Packet::from_bytes(&bytes).unwrap();
        prop_assert_eq!(foreign.header.message_id, id);
        prop_assert_eq!(foreign.get_token(), &token[..]);
        prop_assert_eq!(&foreign.payload, &payload);
        let theirs: Vec<(u16, Vec<u8>)> = foreign
            .options()
            .flat_map(|(number, values)| values.iter().map(|value| (*number, value.clone())))
            .collect();
        prop_assert_eq!(&theirs, &options);
    }

    #[test]
    fn an_unsigned_integer_survives(number in any::<u32>()) {
        let bytes = uint_bytes(number);
        prop_assert_eq!(uint(&bytes, 4), Some(number));
        prop_assert!(bytes.first() != Some(&0));
    }
}

#[test]
fn each_malformation_has_its_name() {
    let long = [0x40; 1_473];
    let mut many = vec![0x40, 2, 0, 1];
    many.extend([0; MAX_OPTIONS + 1]);
    for (bytes, reason) in [
        (&long[..], Malformed::TooLong),
        (&[0x40, 0, 0], Malformed::Header),
        (&[0x80, 0, 0, 0], Malformed::Version),
        (
            &[0x49, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            Malformed::TokenLength,
        ),
        (&[0x4F, 2, 0, 0], Malformed::TokenLength),
        (&[0x42, 2, 0, 0, 1], Malformed::Truncated),
        (&[0x40, 2, 0, 0, 0xD0], Malformed::Truncated),
        (&[0x40, 2, 0, 0, 0x0E, 0], Malformed::Truncated),
        (&[0x40, 2, 0, 0, 0x02, 0], Malformed::Truncated),
        (&[0x40, 2, 0, 0, 0xF1, 0], Malformed::Option),
        (&[0x40, 2, 0, 0, 0x1F, 0], Malformed::Option),
        (&[0x40, 2, 0, 0, 0xE0, 0xFF, 0xFF], Malformed::Option),
        (&[0x40, 2, 0, 0, 0xFF], Malformed::EmptyPayload),
        (&[0x40, 0, 0, 0, 1], Malformed::NotEmpty),
        (&many, Malformed::TooManyOptions),
    ] {
        assert_eq!(decode(bytes).unwrap_err().reason, reason, "{bytes:x?}");
    }
    many.pop();
    assert_eq!(decode(&many).unwrap().options.len(), MAX_OPTIONS);
}
