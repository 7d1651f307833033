//! Acknowledgements that cannot be made too early.
//!
//! A PUBACK or PUBREC that says "accepted" needs either the sink's receipt or
//! the router's word that the message has gone to the subscribers; a refusal
//! needs neither, and a message of QoS 2 that comes again was answered before.
//! There is no other way to make one.

use domain::Offset;
use transport::{Answer, Protocol, Receipt};

use crate::codec::{Ack, Properties, Property, PropertyList, ReasonCode};

/// The proof that a message that is not kept has gone to the subscribers, or that
/// the sink has answered it. Only the router and an answer make one.
#[derive(Debug)]
pub(crate) struct Routed(());

impl Routed {
    pub(crate) const fn done() -> Self {
        Self(())
    }

    pub(super) const fn answered(_: &Answer) -> Self {
        Self(())
    }
}

/// A PUBACK or PUBREC that may be sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Acknowledgement {
    packet_id: u16,
    reason: ReasonCode,
    offset: Option<Offset>,
}

impl Acknowledgement {
    pub(crate) fn durable(packet_id: u16, receipt: &impl Receipt) -> Self {
        let reason = if receipt.readable() {
            ReasonCode::SUCCESS
        } else {
            ReasonCode::PAYLOAD_FORMAT_INVALID
        };
        Self {
            packet_id,
            reason,
            offset: Some(receipt.offset()),
        }
    }

    /// Of a message whose refusal is durable.
    pub(crate) fn rejected(packet_id: u16, receipt: &impl Receipt, reason: ReasonCode) -> Self {
        Self {
            offset: Some(receipt.offset()),
            ..Self::refused(packet_id, reason)
        }
    }

    pub(crate) fn routed(packet_id: u16, _proof: &Routed) -> Self {
        Self {
            packet_id,
            reason: ReasonCode::SUCCESS,
            offset: None,
        }
    }

    /// Of a message of QoS 2 that is known by its identifier.
    pub(super) const fn repeated(packet_id: u16) -> Self {
        Self {
            packet_id,
            reason: ReasonCode::SUCCESS,
            offset: None,
        }
    }

    pub(super) const fn is_failure(self) -> bool {
        self.reason.is_failure()
    }

    /// `reason` is a failure; anything else becomes one.
    pub(crate) fn refused(packet_id: u16, reason: ReasonCode) -> Self {
        let reason = if reason.is_failure() {
            reason
        } else {
            ReasonCode::UNSPECIFIED_ERROR
        };
        Self {
            packet_id,
            reason,
            offset: None,
        }
    }

    /// Writes it as a packet of that kind. `details`: whether the client takes
    /// user properties beside the bare reason.
    pub(super) fn encode(self, kind: u8, protocol: Protocol, details: bool, out: &mut Vec<u8>) {
        let [high, low] = self.packet_id.to_be_bytes();
        let first = kind << 4;
        match (protocol, self.offset) {
            (Protocol::V311, _) => out.extend_from_slice(&[first, 2, high, low]),
            (Protocol::V5, Some(offset)) if details => {
                let mut digits = [0; MAX_DIGITS];
                let text = decimal(offset.get(), &mut digits);
                // Name and value of the user property, each after two bytes
                // of length, after the property's identifier.
                let properties = 1 + 2 + NAME.len() + 2 + text.len();
                out.extend_from_slice(&[first, (2 + 1 + 1 + properties) as u8, high, low]);
                out.extend_from_slice(&[self.reason.0, properties as u8]);
                Property::User(NAME, text).encode(out);
            }
            (Protocol::V5, _) => Ack {
                packet_id: self.packet_id,
                reason: self.reason,
                properties: Properties::NONE,
            }
            .encode(first, protocol, out),
        }
    }
}

/// The user property of a PUBACK that tells the message's offset.
const NAME: &str = "offset";
/// Digits of the largest u64.
const MAX_DIGITS: usize = 20;

/// Decimal digits without an allocation: this is written for each message.
fn decimal(mut number: u64, digits: &mut [u8; MAX_DIGITS]) -> &str {
    let mut start = MAX_DIGITS;
    loop {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    std::str::from_utf8(&digits[start..]).unwrap_or_default()
}

/// A reason string as a property list, for packets that may carry one.
pub(super) fn reason_string(text: &str) -> PropertyList {
    PropertyList::default().with(Property::ReasonString(text))
}

#[cfg(test)]
mod tests;
