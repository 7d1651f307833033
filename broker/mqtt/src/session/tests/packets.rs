//! Any packets at all, and what holds whatever comes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::Offset;
use transport::{LogMessage, LogPosition, Protocol, Receipt};

use crate::codec::{self, Packet, Qos, ReasonCode};
use crate::limits::Config;
use crate::message::{Delivery, Message};
use crate::session::{Action, Held, Keeping, Kept, Session, read_connect};

const MAX_PACKET: usize = 4 * 1024;
/// Packets of one input at most.
const MAX_PACKETS: usize = 500;

struct Durable(u64);

impl Receipt for Durable {
    fn offset(&self) -> Offset {
        Offset::new(self.0)
    }

    fn readable(&self) -> bool {
        !self.0.is_multiple_of(5)
    }
}

/// A CONNECT, then packets; each is followed by what a busy broker does.
pub(crate) fn any_packets(mut bytes: &[u8]) {
    let config = Arc::new(Config {
        receive_maximum: 8,
        unreleased_messages: 8,
        delivery_window: 4,
        subscriptions_per_session: 8,
        topic_aliases: 4,
        ..Config::default()
    });
    let mut now = Instant::now();
    let (mut kept, mut number) = (Kept::default(), 0);
    for _ in 0..MAX_PACKETS {
        let Ok(Some((Packet::Connect(connect), used))) =
            codec::decode(bytes, Protocol::V5, MAX_PACKET)
        else {
            return;
        };
        bytes = &bytes[used..];
        let Ok(requested) = read_connect(&connect, &config) else {
            return;
        };
        let keeping = match requested.session_expiry % 2 {
            0 => Keeping::Memory,
            _ => Keeping::Store,
        };
        if requested.clean_start {
            kept = Kept::default();
        }
        let mut session = Session::new(config.clone(), requested, keeping, kept, now);
        while serve(&mut session, &config, &mut bytes, &mut now, &mut number) {}
        kept = session.into_kept();
        assert!(kept.subscriptions.len() <= config.subscriptions_per_session);
        assert!(kept.received.len() <= RECEIVED_AT_MOST);
        assert!(kept.received.is_sorted_by(|a, b| a < b));
    }
}

/// Unreleased messages, and those that were on their way when the last fitted.
const RECEIVED_AT_MOST: usize = 16 + STAGED_AT_MOST;
/// Messages after which the sink answers.
const STAGED_AT_MOST: usize = 6;

/// Takes one packet; whether the connection goes on.
fn serve(
    session: &mut Session,
    config: &Config,
    bytes: &mut &[u8],
    now: &mut Instant,
    number: &mut u64,
) -> bool {
    let protocol = session.protocol();
    let Ok(Some((packet, used))) = codec::decode(bytes, protocol, MAX_PACKET) else {
        return false;
    };
    if matches!(packet, Packet::Connect(_)) {
        // The connection is lost, and this is the next one's.
        return false;
    }
    *bytes = &bytes[used..];
    *now += Duration::from_millis(100 * used as u64);
    *number += 1;
    let (mut out, mut held) = (Vec::new(), Held::default());
    let handled = session.handle(packet, *now, &mut out, &mut held);
    let goes_on = match handled {
        Ok(action) => act(session, action, *number, &mut out, &mut held),
        Err(violation) => {
            session.farewell(violation.reason, violation.text, &mut out);
            false
        }
    };
    if session.pending() >= STAGED_AT_MOST || number.is_multiple_of(3) {
        while session.pending() > 0 {
            session.committed(&Durable(*number), &mut out, &mut held);
        }
        session.shrink();
    }
    assert_eq!(held.is_empty(), held.answers.is_empty());
    let is_whole = session.send_again(usize::MAX, *now, &mut out);
    let delivery = delivery(*number, *now);
    if session.has_room(&delivery) {
        assert!(is_whole || delivery.qos == Qos::AtMostOnce);
        session.deliver(delivery, *now, &mut out);
    }
    assert!(session.subscriptions().len() <= config.subscriptions_per_session);
    can_be_read(&out, protocol);
    can_be_read(&held.answers, protocol);
    goes_on
}

fn act(
    session: &mut Session,
    action: Action<'_>,
    number: u64,
    out: &mut Vec<u8>,
    held: &mut Held,
) -> bool {
    match action {
        Action::None | Action::WindowOpened | Action::Reauthenticate(_) => true,
        Action::Publish(publish) => {
            let topic = session.topic_of(&publish);
            if session.check_topic(topic).is_err() {
                return false;
            }
            let refused = number.is_multiple_of(7);
            match refused {
                true if number.is_multiple_of(2) => {
                    session.staged_reject(&publish, ReasonCode::NOT_AUTHORIZED);
                    true
                }
                true => {
                    session.refused(&publish, ReasonCode::NOT_AUTHORIZED, out, held);
                    true
                }
                false => {
                    session.staged(&publish);
                    true
                }
            }
        }
        Action::Subscribe(subscribe) => {
            let since = LogPosition::from_raw(number);
            session
                .subscribe(&subscribe, since, |_| Ok(()), || true, out)
                .is_ok()
        }
        Action::Unsubscribe(unsubscribe) => {
            session.unsubscribe(&unsubscribe, out);
            true
        }
        Action::Disconnect => false,
    }
}

fn delivery(number: u64, now: Instant) -> Delivery {
    let position = LogPosition::from_raw(number);
    let mut message = Message::of_log(LogMessage {
        topic: "open/t".into(),
        payload: number.to_string().into(),
        position,
    });
    if number.is_multiple_of(4) {
        message.expires = Some(now + Duration::from_secs(number % 9));
    }
    Delivery {
        message: Arc::new(message),
        qos: Qos::from_bits((number % 3) as u8).expect("a QoS"),
        retain: false,
        shared: number.is_multiple_of(2),
        subscription_ids: Default::default(),
    }
}

/// Whole packets, and nothing after them.
fn can_be_read(mut bytes: &[u8], protocol: Protocol) {
    while !bytes.is_empty() {
        let (_, used) = codec::decode(bytes, protocol, usize::MAX)
            .expect("what is written can be read")
            .expect("and is whole");
        bytes = &bytes[used..];
    }
}
