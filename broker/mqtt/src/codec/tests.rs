//! What is encoded decodes to the same, and what is decoded encodes to the
//! same; no bytes make the decoder panic.

use proptest::prelude::*;
use transport::Protocol;

use super::{
    Ack, Auth, ConnAck, Connect, Disconnect, FilterList, Packet, Properties, Property,
    PropertyList, Publish, Qos, ReasonCode, RetainHandling, SubAck, Subscribe, SubscribeOptions,
    UnsubAck, Unsubscribe, Will, raw_filters,
};
use crate::codec;

/// Owned material that a packet borrows from.
#[derive(Clone, Debug)]
struct Material {
    v5: bool,
    id: u16,
    number: u16,
    flag: bool,
    other: bool,
    qos: Qos,
    code: u8,
    text: String,
    more: String,
    bytes: Vec<u8>,
    filters: Vec<(String, u8)>,
}

fn material() -> impl Strategy<Value = Material> {
    let qos = prop_oneof![
        Just(Qos::AtMostOnce),
        Just(Qos::AtLeastOnce),
        Just(Qos::ExactlyOnce)
    ];
    let text = "[^\0]{0,40}";
    let filters = proptest::collection::vec((text, 0..3u8), 1..6);
    (
        any::<(bool, bool, bool)>(),
        (1..=u16::MAX, any::<u16>(), any::<u8>()),
        qos,
        (text, text),
        proptest::collection::vec(any::<u8>(), 0..300),
        filters,
    )
        .prop_map(
            |((v5, flag, other), (id, number, code), qos, (text, more), bytes, filters)| Material {
                v5,
                id,
                number,
                flag,
                other,
                qos,
                code,
                text,
                more,
                bytes,
                filters,
            },
        )
}

fn user(material: &Material) -> PropertyList {
    let mut list = PropertyList::default();
    if material.v5 && material.flag {
        list.push(Property::User(&material.text, &material.more));
        list.push(Property::User(&material.more, &material.text));
    }
    list
}

fn check(packet: &Packet<'_>, protocol: Protocol) {
    let mut bytes = Vec::new();
    codec::encode(packet, protocol, &mut bytes);
    let (decoded, used) = codec::decode(&bytes, protocol, usize::MAX)
        .unwrap()
        .unwrap();
    assert_eq!((&decoded, used), (packet, bytes.len()));
    let mut again = Vec::new();
    codec::encode(&decoded, protocol, &mut again);
    assert_eq!(again, bytes);
    for end in 0..bytes.len() {
        assert_eq!(codec::decode(&bytes[..end], protocol, usize::MAX), Ok(None));
    }
}

/// Where the payload begins is known as soon as all before it has come, and not
/// sooner.
fn check_head(publish: &Publish<'_>, protocol: Protocol) {
    let mut bytes = Vec::new();
    publish.encode(protocol, &mut bytes);
    let header = codec::frame::header(&bytes).unwrap().unwrap();
    assert_eq!(header.total, bytes.len());
    let body = &bytes[header.length..];
    let head = body.len() - publish.payload.len();
    for end in 0..=body.len() {
        let found = codec::publish::head_length(header.first & 0x0F, &body[..end], protocol);
        assert_eq!(found, Ok((end >= head).then_some(head)), "{end} of {head}");
    }
}

proptest! {
    #[test]
    fn every_packet_survives_the_wire(m in material()) {
        let protocol = if m.v5 { Protocol::V5 } else { Protocol::V311 };
        let list = user(&m);
        let properties = list.as_properties();
        check(&Packet::Connect(Connect {
            protocol,
            clean_start: m.flag,
            keep_alive: m.number,
            properties,
            client_id: &m.text,
            will: m.other.then(|| Will {
                properties,
                topic: &m.more,
                payload: &m.bytes,
                qos: m.qos,
                retain: m.flag,
            }),
            user_name: (m.flag || m.other).then_some(&*m.more),
            password: m.other.then_some(&*m.bytes),
        }), protocol);
        let connack = ConnAck { session_present: m.flag, code: m.code, properties };
        check(&Packet::ConnAck(connack), protocol);
        let publish = Publish {
            duplicate: m.flag && m.qos != Qos::AtMostOnce,
            qos: m.qos,
            retain: m.other,
            topic: &m.text,
            packet_id: if m.qos == Qos::AtMostOnce { 0 } else { m.id },
            properties,
            payload: &m.bytes,
        };
        check(&Packet::Publish(publish.clone()), protocol);
        check_head(&publish, protocol);
        let reason = ReasonCode(if m.v5 { m.code } else { 0 });
        let ack = Ack { packet_id: m.id, reason, properties };
        for packet in [Packet::PubAck, Packet::PubRec, Packet::PubRel, Packet::PubComp] {
            check(&packet(ack.clone()), protocol);
        }
        let mut filters = FilterList::default();
        for (filter, handling) in &m.filters {
            let handling = [RetainHandling::Always, RetainHandling::OnlyIfNew, RetainHandling::Never]
                [usize::from(*handling)];
            filters = filters.with(filter, SubscribeOptions {
                qos: m.qos,
                no_local: m.v5 && m.flag,
                retain_as_published: m.v5 && m.other,
                retain_handling: if m.v5 { handling } else { RetainHandling::Always },
            });
        }
        check(&Packet::Subscribe(Subscribe::new(m.id, properties, &filters)), protocol);
        let texts: Vec<&str> = m.filters.iter().map(|(filter, _)| &**filter).collect();
        let raw = raw_filters(&texts);
        let packet = Unsubscribe::new(m.id, properties, &raw);
        prop_assert_eq!(packet.filters().collect::<Vec<_>>(), texts);
        check(&Packet::Unsubscribe(packet), protocol);
        let codes = [m.code];
        check(&Packet::SubAck(SubAck { packet_id: m.id, properties, codes: &codes }), protocol);
        let codes = if m.v5 { &codes[..] } else { &[] };
        check(&Packet::UnsubAck(UnsubAck { packet_id: m.id, properties, codes }), protocol);
        check(&Packet::PingReq, protocol);
        check(&Packet::PingResp, protocol);
        check(&Packet::Disconnect(Disconnect { reason, properties }), protocol);
        if m.v5 {
            check(&Packet::Auth(Auth { reason, properties }), protocol);
        }
    }

    #[test]
    fn no_bytes_make_the_decoder_panic(
        first in any::<u8>(),
        body in proptest::collection::vec(prop_oneof![Just(0u8), 0..8u8, any::<u8>()], 0..80),
        v5 in any::<bool>(),
    ) {
        let protocol = if v5 { Protocol::V5 } else { Protocol::V311 };
        let mut bytes = vec![first, body.len() as u8];
        bytes.extend(body);
        if let Ok(Some((packet, _))) = codec::decode(&bytes, protocol, 1_000) {
            let protocol = match &packet {
                Packet::Connect(connect) => connect.protocol,
                _ => protocol,
            };
            let mut again = Vec::new();
            codec::encode(&packet, protocol, &mut again);
            prop_assert_eq!(codec::decode(&again, protocol, 1_000), Ok(Some((packet, again.len()))));
        }
    }
}

#[test]
fn every_property_survives_its_place() {
    let list = PropertyList::default()
        .with(Property::PayloadFormat(1))
        .with(Property::MessageExpiry(7))
        .with(Property::ContentType("text/plain"))
        .with(Property::ResponseTopic("a/b"))
        .with(Property::CorrelationData(b"\0\xFF"))
        .with(Property::SubscriptionId(268_435_455))
        .with(Property::SubscriptionId(1))
        .with(Property::TopicAlias(9))
        .with(Property::User("", ""));
    let publish = Publish {
        duplicate: false,
        qos: Qos::AtMostOnce,
        retain: false,
        topic: "t",
        packet_id: 0,
        properties: list.as_properties(),
        payload: b"",
    };
    check(&Packet::Publish(publish), Protocol::V5);
    let list = PropertyList::default()
        .with(Property::SessionExpiry(u32::MAX))
        .with(Property::AssignedClientId("id"))
        .with(Property::ServerKeepAlive(9))
        .with(Property::AuthenticationMethod("m"))
        .with(Property::AuthenticationData(b"d"))
        .with(Property::ResponseInformation("r"))
        .with(Property::ServerReference("s"))
        .with(Property::ReasonString("because"))
        .with(Property::ReceiveMaximum(1))
        .with(Property::TopicAliasMaximum(0))
        .with(Property::MaximumQos(1))
        .with(Property::RetainAvailable(0))
        .with(Property::MaximumPacketSize(1))
        .with(Property::WildcardSubscriptionAvailable(1))
        .with(Property::SubscriptionIdsAvailable(1))
        .with(Property::SharedSubscriptionAvailable(0));
    let properties = list.as_properties();
    check(
        &Packet::ConnAck(ConnAck {
            session_present: false,
            code: 0,
            properties,
        }),
        Protocol::V5,
    );
    let connack = ConnAck {
        session_present: false,
        code: 0,
        properties: Properties::NONE,
    };
    check(&Packet::ConnAck(connack), Protocol::V311);
}
