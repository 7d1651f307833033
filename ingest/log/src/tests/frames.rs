//! Frames through bytes and back.

use bytes::Bytes;
use domain::payload::PayloadError;
use domain::{Location, RejectReason, Rejection, Value};
use proptest::prelude::*;
use smallvec::SmallVec;

use super::super::frame::decode::check;
use super::super::frame::encode::{begin_telemetry, end_telemetry, put_observation, seal};
use super::*;

fn observation() -> impl Strategy<Value = FrameObservation> {
    let value = prop_oneof![
        Just(None),
        any::<f64>()
            .prop_filter("finite", |n| n.is_finite())
            .prop_map(|n| Some(Value::Number(n))),
        any::<bool>().prop_map(|is| Some(Value::Boolean(is))),
        "\\PC{0,80}".prop_map(|text| Some(Value::Text(text.into()))),
    ];
    let verdict = prop_oneof![
        Just(Verdict::First),
        any::<u16>().prop_map(Verdict::Revision),
        Just(Verdict::Duplicate),
        Just(Verdict::Late),
    ];
    let place = prop::option::of((any::<i32>(), any::<i32>()));
    (
        any::<u16>(),
        any::<u32>(),
        any::<i64>(),
        value,
        0u8..4,
        any::<u8>(),
        verdict,
        place,
    )
        .prop_map(
            |(index, datastream, time, value, quality, flags, verdict, place)| FrameObservation {
                index,
                datastream: DatastreamId::new(datastream),
                time: Timestamp::from_micros(time),
                value,
                quality: Quality::from_code(quality).unwrap(),
                flags: Flags::from_bits(flags),
                verdict,
                location: place.map(|(lat, lon)| Location::from_e7(lat, lon)),
            },
        )
}

fn frame() -> impl Strategy<Value = TelemetryFrame> {
    let device = "[a-z0-9._~-]{1,63}x".prop_map(|text| DeviceId::new(text).unwrap());
    let rejection = (any::<u16>(), "\\PC{0,16}", 0..RejectReason::ALL.len())
        .prop_map(|(index, field, at)| Rejection::new(index, &field, RejectReason::ALL[at]));
    let numbers = prop::array::uniform4(prop::option::of(any::<u64>()));
    let bytes = prop::option::of(prop::collection::vec(any::<u8>(), 0..300));
    (
        (any::<u64>(), any::<i64>(), any::<u64>(), any::<u32>()),
        (device.clone(), prop::option::of(device), numbers, bytes),
        prop::collection::vec(observation(), 0..6),
        prop::collection::vec(rejection, 0..4),
        prop::option::of(Just(PayloadError::TooDeep)),
    )
        .prop_map(|(fixed, optional, observations, rejections, unreadable)| {
            let (offset, received, credential, model_version) = fixed;
            let (device, gateway, numbers, original) = optional;
            TelemetryFrame {
                offset: Offset::new(offset),
                received: Timestamp::from_micros(received),
                device,
                credential: CredentialId::new(credential),
                assurance: Assurance::SignedMessage,
                gateway,
                transport: Transport::Coap,
                model_version,
                boot_epoch: numbers[0],
                boot_sequence: numbers[1],
                sequence: numbers[2],
                payload_hash: numbers[3],
                observations: SmallVec::from_vec(observations),
                rejections,
                unreadable,
                original: original.map(Bytes::from),
            }
        })
}

fn encode(frame: &TelemetryFrame, buffer: &mut Vec<u8>) {
    let head = TelemetryHead {
        received: frame.received,
        device: &frame.device,
        credential: frame.credential,
        assurance: frame.assurance,
        gateway: frame.gateway.as_ref(),
        transport: frame.transport,
        model_version: frame.model_version,
        boot_epoch: frame.boot_epoch,
        boot_sequence: frame.boot_sequence,
        sequence: frame.sequence,
        payload_hash: frame.payload_hash,
        unreadable: frame.unreadable,
        rejections: &frame.rejections,
        original: frame.original.as_deref(),
        observations: frame.observations.len() as u16,
    };
    let start = buffer.len();
    begin_telemetry(buffer, frame.offset, &head);
    for observation in &frame.observations {
        let observation = ObservationRef {
            index: observation.index,
            datastream: observation.datastream,
            time: observation.time,
            value: match &observation.value {
                None => ValueRef::Missing,
                Some(Value::Number(number)) => ValueRef::Number(*number),
                Some(Value::Boolean(is)) => ValueRef::Boolean(*is),
                Some(Value::Text(text)) => ValueRef::Text(text),
            },
            quality: observation.quality,
            flags: observation.flags,
            verdict: observation.verdict,
            location: observation.location,
        };
        put_observation(buffer, &observation);
    }
    end_telemetry(buffer, start, &head);
}

proptest! {
    #[test]
    fn a_group_reads_back_as_it_was(frames in prop::collection::vec(frame(), 1..5), epoch in 1u32..) {
        let mut bytes = Vec::new();
        for frame in &frames {
            encode(frame, &mut bytes);
        }
        seal(&mut bytes, epoch);
        let mut decoder = Decoder::default();
        let mut rest = bytes.as_slice();
        for (at, frame) in frames.iter().enumerate() {
            let checked = check(rest, epoch).unwrap();
            prop_assert_eq!(checked.first_of_group, at == 0);
            let Frame::Telemetry(read) = decoder.decode(&checked).unwrap();
            prop_assert_eq!(&read, frame);
            rest = &rest[checked.bytes()..];
        }
        prop_assert!(rest.is_empty());
        prop_assert!(check(&bytes, epoch.wrapping_add(1)).is_none());
    }

    #[test]
    fn a_body_of_any_bytes_is_an_error_and_never_a_panic(mut body in prop::collection::vec(any::<u8>(), 0..200), telemetry in any::<bool>()) {
        if let (true, Some(kind)) = (telemetry, body.first_mut()) {
            *kind = 1;
        }
        let mut bytes = vec![0; 24];
        bytes[4..8].copy_from_slice(&(body.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&body);
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        seal(&mut bytes, 7);
        let checked = check(&bytes, 7).unwrap();
        if let Ok(Frame::Telemetry(frame)) = Decoder::default().decode(&checked) {
            // Whatever reads as a frame is one that this version writes. NaN
            // is not equal to itself, but prints the same.
            let mut again = Vec::new();
            encode(&frame, &mut again);
            seal(&mut again, 7);
            let again = check(&again, 7).unwrap();
            let Frame::Telemetry(read) = Decoder::default().decode(&again).unwrap();
            prop_assert_eq!(format!("{read:?}"), format!("{frame:?}"));
        }
    }
}
