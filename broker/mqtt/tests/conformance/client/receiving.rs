//! What comes, and what should not.

use std::io::{ErrorKind, Read};
use std::time::Instant;

use mqtt::codec::{self, Packet, Qos, ReasonCode};
use transport::Protocol;

use super::{Answers, Client};
use crate::packet::{Received, ack};
use crate::{Outcome, ensure};

impl Client {
    pub(crate) fn next_message(&mut self, what: &str) -> Outcome<Received> {
        self.wait_for(what, |client| client.messages.pop_front())
    }

    /// The payload that has to come next.
    pub(crate) fn expect_message(&mut self, payload: &str) -> Outcome<Received> {
        let received = self.next_message(&format!("the message {payload:?}"))?;
        let came = received.payload();
        ensure!(came == payload, "{came:?} comes instead of {payload:?}");
        Ok(received)
    }

    /// All that was sent so far is answered, and no message is among it.
    pub(crate) fn expect_no_message(&mut self, why: &str) -> Outcome {
        match self.messages_until_quiet()?.first() {
            Some(payload) => Err(format!("{payload:?} comes, but {why}")),
            None => Ok(()),
        }
    }

    /// What has come and comes until nothing does any more.
    pub(crate) fn messages_until_quiet(&mut self) -> Outcome<Vec<String>> {
        self.ping()?;
        let end = Instant::now() + self.quiet;
        while self.step(end)? {}
        Ok(self.messages.drain(..).map(|it| it.payload()).collect())
    }

    pub(crate) fn ping(&mut self) -> Outcome {
        self.send(&Packet::PingReq)?;
        self.wait_for("a PINGRESP", |client| {
            client.pongs.checked_sub(1).map(|left| client.pongs = left)
        })
    }

    /// The first of the packets that are no messages in which the function
    /// finds something.
    pub(crate) fn wait_for_other<T>(
        &mut self,
        what: &str,
        find: impl Fn(&Packet<'_>) -> Option<T>,
    ) -> Outcome<T> {
        self.wait_for(what, |client| {
            let mut others = client.others.iter().enumerate();
            let found = others.find_map(|(at, it)| find(&it.packet()).map(|found| (at, found)));
            found.map(|(at, found)| {
                client.others.remove(at);
                found
            })
        })
    }

    /// The broker has released a message of QoS 2.
    pub(crate) fn wait_for_release(&mut self, id: u16) -> Outcome {
        self.wait_for_other("a PUBREL", |packet| match packet {
            Packet::PubRel(ack) => (ack.packet_id == id).then_some(()),
            _ => None,
        })
    }

    /// Waits for the DISCONNECT of MQTT 5 with one of the reasons, and for the
    /// end of the connection; in 3.1.1 for the end alone.
    pub(crate) fn expect_end(&mut self, what: &str, reasons: &[ReasonCode]) -> Outcome {
        if self.protocol == Protocol::V5 {
            let what = format!("a DISCONNECT {what}");
            let reason = self.wait_for_other(&what, |packet| match packet {
                Packet::Disconnect(disconnect) => Some(disconnect.reason),
                _ => None,
            })?;
            ensure!(
                reasons.contains(&reason),
                "{what} has the reason {:#04x}",
                reason.0
            );
        }
        self.expect_closed()
    }

    pub(crate) fn expect_closed(&mut self) -> Outcome {
        let end = Instant::now() + self.patience;
        loop {
            match self.step(end) {
                Ok(true) => {}
                Ok(false) => return Err("the connection stays open".to_owned()),
                Err(_) => return Ok(()),
            }
        }
    }

    pub(super) fn wait_for<T>(
        &mut self,
        what: &str,
        mut look: impl FnMut(&mut Self) -> Option<T>,
    ) -> Outcome<T> {
        let end = Instant::now() + self.patience;
        loop {
            if let Some(seen) = look(self) {
                return Ok(seen);
            }
            match self.step(end) {
                Ok(true) => {}
                Ok(false) => return Err(format!("{what} does not come")),
                Err(error) => return Err(format!("{what} does not come: {error}")),
            }
        }
    }

    /// Takes one packet in; false at the end of the time.
    pub(super) fn step(&mut self, end: Instant) -> Outcome<bool> {
        loop {
            let frame = codec::frame::read(&self.buffer, usize::MAX);
            if let Some(total) = frame.map_err(|error| error.to_string())?.map(|it| it.total) {
                let bytes = self.buffer.drain(..total).collect();
                self.take(bytes)?;
                return Ok(true);
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(false);
            }
            self.stream.set_read_timeout(Some(left)).unwrap();
            let mut chunk = [0; 16 * 1024];
            match self.stream.read(&mut chunk) {
                Ok(0) => return Err("the connection has ended".to_owned()),
                Ok(count) => self.buffer.extend_from_slice(&chunk[..count]),
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => {}
                    _ => return Err(format!("the connection has ended: {error}")),
                },
            }
        }
    }

    pub(super) fn take(&mut self, bytes: Vec<u8>) -> Outcome {
        let protocol = self.protocol;
        if let Err(error) = codec::decode(&bytes, protocol, usize::MAX) {
            return Err(format!("the broker sends {bytes:x?}: {error}"));
        }
        let received = Received::new(bytes, protocol);
        let answer = match received.packet() {
            Packet::Publish(publish) => match publish.qos {
                Qos::AtMostOnce => None,
                Qos::AtLeastOnce => Some(Packet::PubAck(ack(publish.packet_id))),
                Qos::ExactlyOnce => Some(Packet::PubRec(ack(publish.packet_id))),
            },
            Packet::PubRec(it) if !it.reason.is_failure() => {
                Some(Packet::PubRel(ack(it.packet_id)))
            }
            Packet::PubRel(it) => Some(Packet::PubComp(ack(it.packet_id))),
            _ => None,
        };
        if let (Some(answer), Answers::Usual) = (answer, self.answers) {
            self.send(&answer)?;
        }
        match received.packet() {
            Packet::ConnAck(_) if self.connack.is_none() => self.connack = Some(received),
            Packet::Publish(_) => self.messages.push_back(received),
            Packet::PingResp => self.pongs += 1,
            _ => self.others.push_back(received),
        }
        Ok(())
    }
}
