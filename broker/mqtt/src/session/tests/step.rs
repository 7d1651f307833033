//! What may happen to a session, made from four bytes each: a generator of
//! bytes is then a generator of histories, for tests and fuzzing alike.

use transport::Protocol;

use crate::codec::Qos;

/// Bytes that make one step.
pub(super) const STEP_BYTES: usize = 4;

#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Publish {
        qos: Qos,
        fate: Fate,
        alias: Alias,
    },
    /// The client sends again, with DUP, what has not been answered.
    Repeat {
        pick: u8,
        fate: Fate,
    },
    /// PUBREL, where PUBREC has come.
    Release {
        pick: u8,
    },
    /// PUBREL for anything.
    ReleaseAny {
        packet_id: u16,
    },
    /// The sink reports the oldest staged message durable.
    Commit {
        readable: bool,
    },
    /// The store has what the held answers promise: they leave.
    Saved,
    Deliver(Wanted),
    SendAgain {
        room: Room,
    },
    /// The client acknowledges one of the messages in flight, or something else.
    Answer {
        answer: Answer,
        pick: u8,
        wrong: bool,
    },
    /// Seconds.
    Wait(u8),
    /// The client was too slow for so many messages.
    Lost(u8),
    Ping,
    Subscribe {
        first: u8,
        second: u8,
        options: u8,
    },
    Unsubscribe {
        first: u8,
        second: u8,
    },
    Disconnect {
        expiry: Option<u32>,
        with_will: bool,
        next: Terms,
    },
    /// The connection is gone without a word. `wrap`: the identifiers have
    /// almost come round to those in flight.
    Cut {
        next: Terms,
        wrap: bool,
    },
    /// The platform is gone with it.
    Restart {
        next: Terms,
    },
}

/// What the connection makes of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    Staged,
    /// A refusal that is to become durable.
    Rejected,
    Refused,
    Routed,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Alias {
    None,
    Set,
    Use,
    TooHigh,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) qos: Qos,
    pub(super) topic: &'static str,
    /// Seconds.
    pub(super) expiry: Option<u8>,
    /// Bytes of payload beside its number.
    pub(super) filler: usize,
    pub(super) shared: bool,
    pub(super) subscription_id: Option<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Room {
    None,
    OnePacket,
    Any,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Answer {
    PubAck,
    PubRec,
    FailingPubRec,
    PubComp,
}

/// What a CONNECT asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    pub(super) protocol: Protocol,
    pub(super) clean: bool,
    /// Seconds.
    pub(super) expiry: u32,
    pub(super) is_stored: bool,
    pub(super) problem_information: bool,
    pub(super) receive_maximum: u16,
    pub(super) max_packet: Option<u32>,
    pub(super) aliases: u16,
}

impl Terms {
    pub(super) fn from_bytes(a: u8, b: u8) -> Self {
        let v5 = a & 1 == 0;
        let clean = a & 0x0E == 0x0E;
        let keeps = a & 0x30 != 0x30;
        Self {
            protocol: if v5 { Protocol::V5 } else { Protocol::V311 },
            clean,
            expiry: match (v5, keeps) {
                (false, _) => {
                    if clean {
                        0
                    } else {
                        super::driver::MAX_EXPIRY
                    }
                }
                (true, true) => 100,
                (true, false) => 0,
            },
            is_stored: a & 0x40 != 0,
            problem_information: a & 0x80 == 0,
            receive_maximum: if v5 { u16::from(b & 3) + 1 } else { u16::MAX },
            max_packet: (v5 && b & 0x0C == 0x0C).then_some(20 + u32::from(b >> 5) * 8),
            aliases: if v5 { u16::from(b >> 4 & 3) } else { 0 },
        }
    }
}

fn qos(bits: u8) -> Qos {
    Qos::from_bits(bits & 3).unwrap_or(Qos::ExactlyOnce)
}

fn fate(bits: u8) -> Fate {
    match bits & 7 {
        0 => Fate::Refused,
        1 | 2 => Fate::Routed,
        3 => Fate::Rejected,
        _ => Fate::Staged,
    }
}

fn answer(bits: u8) -> Answer {
    match bits & 7 {
        0..=2 => Answer::PubAck,
        3 | 4 => Answer::PubRec,
        5 => Answer::FailingPubRec,
        _ => Answer::PubComp,
    }
}

impl From<[u8; STEP_BYTES]> for Step {
    fn from([kind, a, b, c]: [u8; STEP_BYTES]) -> Self {
        match kind % 40 {
            0..=5 => Self::Publish {
                qos: qos(a),
                fate: fate(b),
                alias: match c {
                    0..=20 => Alias::Set,
                    21..=40 => Alias::Use,
                    41..=43 => Alias::TooHigh,
                    _ => Alias::None,
                },
            },
            6 | 7 => Self::Repeat {
                pick: a,
                fate: fate(b),
            },
            8..=10 => Self::Release { pick: a },
            11 => Self::ReleaseAny {
                packet_id: u16::from(a % 6) + 1,
            },
            12..=16 => Self::Commit { readable: a > 30 },
            17 | 18 => Self::Saved,
            19..=23 => Self::Deliver(Wanted {
                qos: qos(a),
                topic: ["t", "a/rather/long/topic", "open/x"][usize::from(a >> 2) % 3],
                expiry: (b < 80).then_some(b % 8),
                filler: usize::from(c % 24),
                shared: c & 0x80 != 0,
                subscription_id: (b & 0x80 != 0).then_some(u32::from(c) + 1),
            }),
            24 | 25 => Self::SendAgain {
                room: match a & 3 {
                    0 => Room::None,
                    1 => Room::OnePacket,
                    _ => Room::Any,
                },
            },
            26..=31 => Self::Answer {
                answer: answer(a),
                pick: b,
                wrong: c < 16,
            },
            32 => Self::Wait(a % 4),
            33 => match a & 3 {
                0 => Self::Lost(b),
                _ => Self::Ping,
            },
            34 | 35 => Self::Subscribe {
                first: a,
                second: b,
                options: c,
            },
            36 => Self::Unsubscribe {
                first: a,
                second: b,
            },
            37 => match c & 3 {
                0 => Self::Disconnect {
                    expiry: [None, Some(0), Some(1), Some(5_000)][usize::from(c >> 2 & 3)],
                    with_will: c & 0x80 != 0,
                    next: Terms::from_bytes(a, b),
                },
                1 => Self::Restart {
                    next: Terms::from_bytes(a, b),
                },
                _ => Self::Cut {
                    next: Terms::from_bytes(a, b),
                    wrap: c & 0x40 != 0,
                },
            },
            38 => Self::Cut {
                next: Terms::from_bytes(a, b),
                wrap: c & 0x40 != 0,
            },
            _ => Self::Saved,
        }
    }
}
