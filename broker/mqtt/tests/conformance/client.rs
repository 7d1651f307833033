//! A client that hides nothing: it does what a test says, keeps what comes, and
//! waits for conditions.
//!
//! It answers PUBLISH, PUBREC and PUBREL as a client has to, unless it is told
//! to be [`Answers::Silent`]. What is missing when patience ends, or the
//! connection does, becomes a sentence.

mod receiving;
mod sending;

use std::collections::VecDeque;
use std::net::TcpStream;
use std::time::Duration;

use mqtt::codec::{ConnAck, Packet, Qos};
use transport::Protocol;

use crate::login::Login;
use crate::packet::Received;
use crate::server::Server;
use crate::{Outcome, ensure};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answers {
    /// PUBACK, PUBREC, PUBREL and PUBCOMP, each when it is due.
    Usual,
    /// None of them.
    Silent,
}

pub(crate) struct Client {
    stream: TcpStream,
    protocol: Protocol,
    patience: Duration,
    quiet: Duration,
    buffer: Vec<u8>,
    pub(crate) answers: Answers,
    connack: Option<Received>,
    messages: VecDeque<Received>,
    /// All but PUBLISH and PINGRESP, until somebody waits for it.
    others: VecDeque<Received>,
    /// PINGRESPs that nobody has waited for yet.
    pongs: usize,
    last_id: u16,
}

impl Client {
    /// TCP only.
    pub(crate) fn open(server: &Server) -> Outcome<Self> {
        let stream = TcpStream::connect(server.address).map_err(|error| error.to_string())?;
        stream.set_nodelay(true).unwrap();
        Ok(Self {
            stream,
            protocol: server.protocol,
            patience: server.patience,
            quiet: server.quiet,
            buffer: Vec::new(),
            answers: Answers::Usual,
            connack: None,
            messages: VecDeque::new(),
            others: VecDeque::new(),
            pongs: 0,
            last_id: 0,
        })
    }

    /// Let in, or a sentence.
    pub(crate) fn connect(server: &Server, login: &Login<'_>) -> Outcome<Self> {
        let client = Self::attempt(server, login)?;
        let code = client.connack().code;
        ensure!(code == 0, "{:?} is refused with {code:#04x}", login.id);
        Ok(client)
    }

    /// With a CONNACK of any code.
    pub(crate) fn attempt(server: &Server, login: &Login<'_>) -> Outcome<Self> {
        let mut client = Self::open(server)?;
        client.send(&Packet::Connect(login.packet(server.protocol)))?;
        let connack = client.wait_for("a CONNACK", |client| client.connack.clone())?;
        client.connack = Some(connack);
        Ok(client)
    }

    /// A clean session with the subscriptions, each granted as asked for.
    pub(crate) fn subscriber(server: &Server, id: &str, filters: &[(&str, Qos)]) -> Outcome<Self> {
        let mut client = Self::connect(server, &Login::clean(id))?;
        for (filter, qos) in filters {
            client.subscribe(filter, *qos)?;
        }
        Ok(client)
    }

    pub(crate) fn connack(&self) -> ConnAck<'_> {
        match self.connack.as_ref().map(Received::packet) {
            Some(Packet::ConnAck(connack)) => connack,
            other => panic!("not connected: {other:?}"),
        }
    }

    /// A CONNACK has come that lets it in.
    pub(crate) fn is_let_in(&self) -> bool {
        self.connack.is_some() && self.connack().code == 0
    }

    pub(crate) fn expect_session(&self, present: bool) -> Outcome {
        let told = self.connack().session_present;
        ensure!(told == present, "session present is {told}, not {present}");
        Ok(())
    }
}
