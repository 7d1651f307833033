//! The session against a model that fits on a page.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::Offset;
use proptest::prelude::*;

use super::*;
use crate::mqtt::codec::{Ack, Connect, Properties, Property, Qos};
use crate::mqtt::message::{Delivery, Message};
use crate::sink::Receipt;

#[derive(Clone, Copy, Debug)]
enum Step {
    Publish(Qos, Fate),
    /// The sink reports the oldest staged messages durable.
    Commit(usize),
    Deliver(Qos),
    /// The client acknowledges one of the messages in flight.
    Acknowledge(usize),
    /// The client acknowledges something that may not be in flight.
    AcknowledgeWrongly(u16),
    Ping,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fate {
    Staged,
    Refused,
    Routed,
}

struct Durable(u64);

impl Receipt for Durable {
    fn offset(&self) -> Offset {
        Offset::new(self.0)
    }
    fn readable(&self) -> bool {
        true
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let qos = || prop_oneof![Just(Qos::AtMostOnce), Just(Qos::AtLeastOnce)];
    let fate = prop_oneof![
        3 => Just(Fate::Staged),
        1 => Just(Fate::Refused),
        1 => Just(Fate::Routed),
    ];
    let step = prop_oneof![
        4 => (qos(), fate).prop_map(|(qos, fate)| Step::Publish(qos, fate)),
        3 => (1..5usize).prop_map(Step::Commit),
        3 => qos().prop_map(Step::Deliver),
        2 => any::<usize>().prop_map(Step::Acknowledge),
        1 => any::<u16>().prop_filter("not 0", |id| *id > 0).prop_map(Step::AcknowledgeWrongly),
        1 => Just(Step::Ping),
    ];
    proptest::collection::vec(step, 1..200)
}

fn session(protocol: Protocol, window: u16, now: Instant) -> Session {
    let config = Config {
        receive_maximum: u16::MAX,
        delivery_window: window,
        ..Config::default()
    };
    let connect = Connect {
        protocol,
        clean_start: true,
        keep_alive: 10,
        properties: Properties::NONE,
        client_id: "c",
        will: None,
        user_name: None,
        password: None,
    };
    let requested = read_connect(&connect, &config).unwrap();
    Session::new(Arc::new(config), requested, Keeping::Memory, Kept::default(), now)
}

/// What the client sees of an answer.
#[derive(PartialEq, Eq, Debug)]
enum Seen {
    PubAck(u16, u8, Option<u64>),
    Publish(Qos, String),
    Pong,
}

fn read(mut bytes: &[u8], protocol: Protocol, ids: &mut VecDeque<u16>) -> Vec<Seen> {
    let mut seen = Vec::new();
    while let Some((packet, used)) = codec::decode(bytes, protocol, usize::MAX).unwrap() {
        bytes = &bytes[used..];
        seen.push(match packet {
            Packet::PubAck(ack) => {
                let offset = ack.properties.iter().find_map(|property| match property {
                    Property::User("offset", value) => value.parse().ok(),
                    _ => None,
                });
                Seen::PubAck(ack.packet_id, ack.reason.0, offset)
            }
            Packet::Publish(publish) => {
                if publish.qos != Qos::AtMostOnce {
                    assert!(publish.packet_id != 0 && !ids.contains(&publish.packet_id));
                    ids.push_back(publish.packet_id);
                }
                let payload = String::from_utf8(publish.payload.to_vec()).unwrap();
                Seen::Publish(publish.qos, payload)
            }
            Packet::PingResp => Seen::Pong,
            other => panic!("{other:?}"),
        });
    }
    assert!(bytes.is_empty());
    seen
}

/// Writes the acknowledgements that nothing stands before any more.
fn settle(pending: &mut VecDeque<(u16, Fate)>, expected: &mut Vec<Seen>) {
    while let Some((id, fate)) = pending.front().copied() {
        match fate {
            Fate::Staged => return,
            Fate::Refused => expected.push(Seen::PubAck(id, 0x87, None)),
            Fate::Routed => expected.push(Seen::PubAck(id, 0, None)),
        }
        pending.pop_front();
    }
}

proptest! {
    #[test]
    fn the_session_agrees_with_its_model(steps in steps(), v5 in any::<bool>(), window in 1..5u16) {
        let protocol = if v5 { Protocol::V5 } else { Protocol::V311 };
        let start = Instant::now();
        let mut session = session(protocol, window, start);
        let (mut packet_id, mut offset, mut delivered) = (0, 0, 0);
        // Staged and not durable, and messages of QoS 1 without their PUBACK.
        let mut pending: VecDeque<(u16, Fate)> = VecDeque::new();
        let mut in_flight = VecDeque::new();
        for (count, step) in steps.into_iter().enumerate() {
            let now = start + Duration::from_secs(count as u64);
            let mut out = Vec::new();
            let mut held = Held::default();
            let mut expected = Vec::new();
            match step {
                Step::Publish(qos, fate) => {
                    packet_id += 1;
                    let publish = Publish {
                        duplicate: false,
                        qos,
                        retain: false,
                        topic: "t",
                        packet_id: if qos == Qos::AtMostOnce { 0 } else { packet_id },
                        properties: Properties::NONE,
                        payload: b"x",
                    };
                    let id = publish.packet_id;
                    let action = session.handle(Packet::Publish(publish), now, &mut out, &mut held);
                    let Ok(Action::Publish(publish)) = action else { panic!("{action:?}") };
                    match fate {
                        Fate::Staged => {
                            session.staged(&publish);
                            pending.push_back((id, fate));
                        }
                        Fate::Routed => session.routed(&publish, &Routed::done(), &mut out),
                        Fate::Refused => {
                            let refused = session.refused(&publish, ReasonCode::NOT_AUTHORIZED, &mut out);
                            prop_assert_eq!(refused.is_err(), !v5);
                            if !v5 {
                                continue;
                            }
                        }
                    }
                    if fate != Fate::Staged && qos == Qos::AtLeastOnce {
                        pending.push_back((id, fate));
                        settle(&mut pending, &mut expected);
                    }
                }
                Step::Commit(count) => {
                    for _ in 0..count {
                        let Some((id, Fate::Staged)) = pending.front().copied() else { break };
                        pending.pop_front();
                        offset += 1;
                        let written = session.committed(&Durable(offset), &mut out, &mut held);
                        prop_assert_eq!(written, u64::from(id != 0));
                        if id != 0 {
                            expected.push(Seen::PubAck(id, 0, v5.then_some(offset)));
                        }
                        settle(&mut pending, &mut expected);
                    }
                }
                Step::Deliver(qos) => {
                    delivered += 1;
                    let payload = format!("{delivered}");
                    let delivery = Delivery {
                        message: Arc::new(Message::new("t", payload.clone().into())),
                        qos,
                        retain: false,
                        shared: false,
                        subscription_ids: Default::default(),
                    };
                    let room = qos == Qos::AtMostOnce || in_flight.len() < usize::from(window);
                    prop_assert_eq!(session.has_room(&delivery), room);
                    if room {
                        prop_assert_eq!(session.deliver(delivery, now, &mut out), Sent::Written);
                        expected.push(Seen::Publish(qos, payload));
                    }
                }
                Step::Acknowledge(index) => {
                    if in_flight.is_empty() {
                        continue;
                    }
                    let id = in_flight.remove(index % in_flight.len()).unwrap();
                    let action = session.handle(acknowledge(id), now, &mut out, &mut held);
                    prop_assert!(matches!(action, Ok(Action::WindowOpened)));
                }
                Step::AcknowledgeWrongly(id) => {
                    let action = session.handle(acknowledge(id), now, &mut out, &mut held);
                    let known = in_flight.iter().position(|it| *it == id);
                    prop_assert_eq!(matches!(action, Ok(Action::WindowOpened)), known.is_some());
                    known.map(|index| in_flight.remove(index));
                }
                Step::Ping => {
                    let action = session.handle(Packet::PingReq, now, &mut out, &mut held);
                    prop_assert!(matches!(action, Ok(Action::None)));
                    prop_assert_eq!(session.deadline(), Some(now + Duration::from_secs(15)));
                    expected.push(Seen::Pong);
                }
            }
            prop_assert_eq!(read(&out, protocol, &mut in_flight), expected);
            prop_assert_eq!(session.pending(), pending.len());
        }
    }
}

fn acknowledge(packet_id: u16) -> Packet<'static> {
    Packet::PubAck(Ack {
        packet_id,
        reason: ReasonCode::SUCCESS,
        properties: Properties::NONE,
    })
}
