//! The first packet: CONNECT, or the end. With MQTT 5's enhanced
//! authentication an AUTH follows before the client is let in.

use std::borrow::Cow;
use std::rc::Rc;

use tokio::sync::oneshot;
use transport::{
    AccessControl, Admission, ConnectionEvent, EventKind, LoginAttempt, Protocol, Refusal,
    RefusalKind,
};

use super::join::Admitted;
use crate::codec::wire::Reader;
use crate::codec::{self, Auth, Connect, DecodeError, Frame, Packet, ReasonCode, decode_v31, kind};
use crate::connection::end::End;
use crate::connection::state::State;
use crate::connection::{Connection, WorkerContext};
use crate::context::Services;
use crate::session::{
    Requested, challenge, connack_refusal, method_of, read_connect, reason_code, response_of,
};

/// A connection that is neither served nor turned away.
pub(in crate::connection) enum Greeting<S: Services> {
    /// The client has to answer.
    Challenged {
        /// The body of its CONNECT.
        connect: Box<[u8]>,
        challenge: Vec<u8>,
    },
    /// Another connection has to let go of the session.
    Waiting {
        admitted: Admitted<S>,
        free: oneshot::Receiver<()>,
    },
}

/// A CONNECT that is answered and not served.
pub(in crate::connection) struct Turned {
    pub(in crate::connection) protocol: Protocol,
    pub(in crate::connection) code: ReasonCode,
    pub(in crate::connection) reason: Cow<'static, str>,
    pub(in crate::connection) cure: &'static str,
}

impl Turned {
    pub(in crate::connection) fn too_many_sessions(protocol: Protocol) -> Self {
        let reason = "it has as many connections and sessions as one identity may have";
        let cure = "close connections that are not used, or use a key for each program";
        let refusal = Refusal::new(RefusalKind::QuotaExceeded, reason);
        Self::refused(protocol, refusal.with_cure(cure))
    }

    pub(in crate::connection) fn refused(protocol: Protocol, refusal: Refusal) -> Self {
        Self {
            protocol,
            code: reason_code(refusal.kind),
            reason: refusal.reason,
            cure: refusal.cure,
        }
    }
}

impl<S: Services> Connection<S> {
    pub(in crate::connection) fn greet(
        self: &Rc<Self>,
        state: &mut State<S>,
        worker: &WorkerContext<S>,
        frame: &Frame<'_>,
        out: &mut Vec<u8>,
    ) {
        match state.greeting.take().map(|it| *it) {
            Some(Greeting::Challenged { connect, challenge }) => {
                self.greet_answer(state, worker, frame, (&connect, &challenge), out);
            }
            Some(waiting @ Greeting::Waiting { .. }) => {
                // Nothing is read meanwhile.
                state.greeting = Some(Box::new(waiting));
            }
            None => self.greet_connect(state, worker, frame, out),
        }
    }

    fn greet_connect(
        self: &Rc<Self>,
        state: &mut State<S>,
        worker: &WorkerContext<S>,
        frame: &Frame<'_>,
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
            Err(DecodeError::UnsupportedVersion) => {
                return self.greet_unspoken(state, worker, frame, out);
            }
            Err(error) => {
                return self.turn_away(state, worker, None, unreadable(frame, error), out);
            }
        };
        let requested = match self.read_request(worker, &connect) {
            Ok(requested) => requested,
            Err(turned) => return self.turn_away(state, worker, connect.user_name, turned, out),
        };
        let attempt = self.attempt(state, &connect);
        let access = worker.services.access();
        if let Some(method) = &requested.authentication {
            match access.challenge(&attempt, method) {
                Ok(data) => {
                    let code = ReasonCode::CONTINUE_AUTHENTICATION;
                    challenge(code, method, &data, out);
                    state.greeting = Some(Box::new(Greeting::Challenged {
                        connect: frame.body.into(),
                        challenge: data,
                    }));
                }
                Err(refusal) => {
                    let turned = Turned::refused(connect.protocol, refusal);
                    self.turn_away(state, worker, connect.user_name, turned, out);
                }
            }
            return;
        }
        let admission = access.authenticate(&attempt);
        self.admit(state, worker, (&connect, requested), admission, out);
    }

    /// A version that is not spoken. Some libraries try MQTT 3.1 after any
    /// refusal and report the answer to that one, so a login that fails is told
    /// as such there too. (3.1 itself is not spoken: no library of today speaks
    /// it alone, and its rules on sessions and client ids are others.)
    fn greet_unspoken(
        &self,
        state: &mut State<S>,
        worker: &WorkerContext<S>,
        frame: &Frame<'_>,
        out: &mut Vec<u8>,
    ) {
        let Ok(connect) = decode_v31(frame.body) else {
            let turned = unreadable(frame, DecodeError::UnsupportedVersion);
            return self.turn_away(state, worker, None, turned, out);
        };
        let attempt = self.attempt(state, &connect);
        let turned = match worker.services.access().authenticate(&attempt) {
            Err(refusal) => Turned::refused(Protocol::V311, refusal),
            Ok(_) => Turned {
                protocol: Protocol::V311,
                code: ReasonCode::UNSUPPORTED_PROTOCOL_VERSION,
                reason: "the login is right, but the client speaks MQTT 3.1 (MQIsdp)".into(),
                cure: "let the client speak MQTT 3.1.1 or 5",
            },
        };
        self.turn_away(state, worker, connect.user_name, turned, out);
    }

    /// The answer to a challenge.
    fn greet_answer(
        self: &Rc<Self>,
        state: &mut State<S>,
        worker: &WorkerContext<S>,
        frame: &Frame<'_>,
        (connect, challenge): (&[u8], &[u8]),
        out: &mut Vec<u8>,
    ) {
        let first = Frame {
            first: kind::CONNECT << 4,
            body: connect,
            total: connect.len(),
        };
        // It was read before.
        let Ok(Packet::Connect(connect)) = codec::decode_frame(&first, Protocol::V5) else {
            return state.close(End::closed_by_peer());
        };
        let requested = match self.read_request(worker, &connect) {
            Ok(requested) => requested,
            Err(turned) => return self.turn_away(state, worker, connect.user_name, turned, out),
        };
        let auth = match codec::decode_frame(frame, Protocol::V5) {
            Ok(Packet::Auth(auth)) if continues(&auth, &requested) => auth,
            _ => {
                let turned = Turned {
                    protocol: Protocol::V5,
                    code: ReasonCode::PROTOCOL_ERROR,
                    reason: "no AUTH with the same method came after the challenge".into(),
                    cure: "answer the challenge with AUTH",
                };
                return self.turn_away(state, worker, connect.user_name, turned, out);
            }
        };
        let attempt = self.attempt(state, &connect);
        let access = worker.services.access();
        let admission = access.answer(&attempt, challenge, response_of(&auth));
        self.admit(state, worker, (&connect, requested), admission, out);
    }

    fn read_request(
        &self,
        worker: &WorkerContext<S>,
        connect: &Connect<'_>,
    ) -> Result<Requested, Turned> {
        read_connect(connect, worker.config()).map_err(|it| Turned {
            protocol: connect.protocol,
            code: it.reason,
            reason: it.text.into(),
            cure: "correct the client's CONNECT",
        })
    }

    fn attempt<'a>(&self, state: &'a State<S>, connect: &Connect<'a>) -> LoginAttempt<'a> {
        LoginAttempt {
            peer: self.peer,
            listener: self.counters.listener,
            protocol: connect.protocol,
            client_id: connect.client_id,
            user_name: connect.user_name,
            password: connect.password,
            certificate: state.stream.certificate(),
            origin: state.stream.origin(),
        }
    }

    fn admit(
        self: &Rc<Self>,
        state: &mut State<S>,
        worker: &WorkerContext<S>,
        (connect, mut requested): (&Connect<'_>, Requested),
        admission: Result<Admission<S::Principal>, Refusal>,
        out: &mut Vec<u8>,
    ) {
        let admission = match admission {
            Ok(admission) => admission,
            Err(refusal) => {
                let turned = Turned::refused(connect.protocol, refusal);
                return self.turn_away(state, worker, connect.user_name, turned, out);
            }
        };
        let access = worker.services.access();
        // The will is left out and the client let in: it could be told by a
        // refusal only, and would come back with the same will for ever.
        if let Some(will) = &requested.will
            && let Err(denial) = access.publish_right(&admission.principal, &will.topic)
        {
            requested.leave_out_will();
            access.record(ConnectionEvent {
                login: connect.user_name,
                peer: self.peer,
                listener: self.counters.listener,
                kind: EventKind::PublishDenied,
                reason: format!("its will is not kept: {}", denial.refusal.reason).into(),
                cure: denial.refusal.cure,
                head: &[],
            });
        }
        requested.limit_keep_alive(admission.max_keep_alive);
        requested.limit_session_expiry(admission.max_session_expiry);
        let admitted = Admitted::new(worker, connect, requested, admission);
        self.join(state, worker, admitted, out);
    }

    pub(in crate::connection) fn turn_away(
        &self,
        state: &mut State<S>,
        worker: &WorkerContext<S>,
        user_name: Option<&str>,
        turned: Turned,
        out: &mut Vec<u8>,
    ) {
        connack_refusal(turned.protocol, turned.code, out);
        self.counters.refused.add(1);
        let mut end = End::refused(turned.reason, turned.cure);
        end.login = user_name.map(Into::into);
        self.close_with(state, worker, end);
    }
}

fn continues(auth: &Auth<'_>, requested: &Requested) -> bool {
    let same_method = method_of(auth) == requested.authentication.as_deref();
    auth.reason == ReasonCode::CONTINUE_AUTHENTICATION && same_method
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

/// The protocol level, which stands after the protocol's name.
fn level(body: &[u8]) -> Option<u8> {
    let mut reader = Reader::new(body);
    reader.bytes().ok()?;
    reader.u8().ok()
}
