//! The first packet: CONNECT, or the end.

use std::borrow::Cow;
use std::rc::Rc;

use super::Connection;
use super::end::End;
use super::receive::Batch;
use super::state::{Served, State};
use crate::access::{
    AccessControl, ConnectionEvent, EventKind, LoginAttempt, Protocol, PublishRight,
};
use crate::listener::worker::{Seams, Worker};
use crate::mqtt::codec::wire::Reader;
use crate::mqtt::codec::{self, Connect, DecodeError, Frame, Packet, ReasonCode, kind};
use crate::mqtt::router::{Endpoint, Identity};
use crate::mqtt::session::{Requested, Session, connack_refusal, read_connect};

/// A CONNECT that is answered and not served.
struct Turned {
    protocol: Protocol,
    code: ReasonCode,
    reason: Cow<'static, str>,
    cure: &'static str,
}

impl<C: Seams> Connection<C> {
    pub(super) fn greet(
        self: &Rc<Self>,
        state: &mut State<C>,
        worker: &Worker<C>,
        frame: &Frame<'_>,
        batch: &Batch,
        out: &mut Vec<u8>,
    ) {
        if frame.first >> 4 != kind::CONNECT {
            let head = [frame.first, (frame.total - 2).min(255) as u8];
            let end = End::refused(
                "the first packet is not CONNECT".into(),
                "the peer does not speak MQTT, or speaks TLS on a plain port",
            );
            self.counters.refused.add(1);
            return state.close(end.with_head(&head));
        }
        // The version of a CONNECT is its own, whatever is said here.
        let connect = match codec::decode_frame(frame, Protocol::V5) {
            Ok(Packet::Connect(connect)) => connect,
            Ok(_) => return state.close(End::closed_by_peer()),
            Err(error) => return self.turn_away(state, None, unreadable(frame, error), out),
        };
        match self.admit(worker, &connect, out) {
            Ok((requested, principal, endpoint)) => {
                let session = Session::new(worker.shared.config.clone(), requested, batch.now);
                state.ticket = None;
                state.served = Some(Box::new(Served {
                    session,
                    principal,
                    endpoint,
                    retained: None,
                    blocked: false,
                }));
            }
            Err(turned) => self.turn_away(state, connect.user_name, turned, out),
        }
    }

    fn admit(
        &self,
        worker: &Worker<C>,
        connect: &Connect<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(Requested, C::Principal, std::sync::Arc<Endpoint>), Turned> {
        let turned = |code, reason: Cow<'static, str>, cure| Turned {
            protocol: connect.protocol,
            code,
            reason,
            cure,
        };
        let config = worker.config();
        let requested = read_connect(connect, config)
            .map_err(|it| turned(it.reason, it.text.into(), "correct the client's CONNECT"))?;
        let access = &worker.services.access;
        let admission = access
            .authenticate(&LoginAttempt {
                peer: self.peer,
                listener: self.counters.listener,
                protocol: connect.protocol,
                client_id: connect.client_id,
                user_name: connect.user_name,
                password: connect.password,
            })
            .map_err(|it| turned(it.kind.reason_code(), it.reason, it.cure))?;
        if let Some(will) = &requested.will
            && access.publish_right(&admission.principal, &will.topic) == PublishRight::Denied
        {
            return Err(turned(
                ReasonCode::NOT_AUTHORIZED,
                "the will's topic is not one that it may publish on".into(),
                "a device's will goes to devices/{its own id}/telemetry",
            ));
        }
        let assigned = connect
            .client_id
            .is_empty()
            .then(|| worker.shared.new_client_id());
        let client_id = assigned.as_deref().unwrap_or(connect.client_id);
        let identity = Identity {
            session_owner: admission.session_owner.into(),
            client_id: client_id.into(),
            login: connect.user_name.map(Into::into),
            peer: self.peer,
            listener: self.counters.listener,
            protocol: connect.protocol,
            keep_alive: requested.keep_alive,
        };
        requested.accept(config, assigned.as_deref(), out);
        let endpoint = Endpoint::new(
            worker.index,
            self.slot,
            identity,
            self.counters.clone(),
            config,
        );
        if let Some(previous) = worker.shared.directory.enter(&endpoint) {
            let inbox = worker.shared.router.inbox(previous.worker);
            inbox.take_over(previous);
        }
        self.counters.connects.add(1);
        self.counters.connections.add(1);
        access.record(ConnectionEvent {
            login: connect.user_name,
            peer: self.peer,
            listener: self.counters.listener,
            kind: EventKind::Connected,
            reason: Cow::Borrowed(connect.protocol.as_str()),
            cure: "",
            head: &[],
        });
        Ok((requested, admission.principal, endpoint))
    }

    fn turn_away(
        &self,
        state: &mut State<C>,
        user_name: Option<&str>,
        turned: Turned,
        out: &mut Vec<u8>,
    ) {
        connack_refusal(turned.protocol, turned.code, out);
        self.counters.refused.add(1);
        let mut end = End::refused(turned.reason, turned.cure);
        end.login = user_name.map(Into::into);
        state.close(end);
    }
}

/// A CONNECT that cannot be read is answered in the version it seems to be of.
fn unreadable(frame: &Frame<'_>, error: DecodeError) -> Turned {
    let protocol = match level(frame.body) {
        Some(level) if level >= 5 => Protocol::V5,
        _ => Protocol::V311,
    };
    Turned {
        protocol,
        code: error.reason(),
        reason: error.to_string().into(),
        cure: "MQTT 3.1.1 and 5 are spoken here; the CONNECT is neither or is broken",
    }
}

/// The protocol level, which stands behind the protocol's name.
fn level(body: &[u8]) -> Option<u8> {
    let mut reader = Reader::new(body);
    reader.bytes().ok()?;
    reader.u8().ok()
}
