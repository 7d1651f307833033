//! A client that proves itself again on a standing connection (MQTT 5.0, 4.12.1).

use transport::{AccessControl, LoginAttempt, Refusal, RefusalKind};

use super::join::instant_after;
use crate::codec::{Auth, ReasonCode};
use crate::connection::end::End;
use crate::connection::state::Served;
use crate::connection::{Connection, WorkerContext};
use crate::context::Services;
use crate::session::{Violation, challenge, method_of, response_of};

impl<S: Services> Connection<S> {
    pub(in crate::connection) fn reauthenticate(
        &self,
        served: &mut Served<S>,
        worker: &WorkerContext<S>,
        auth: &Auth<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), End> {
        let method = method_of(auth).unwrap_or_default();
        let attachment = served.attachment.clone();
        let attempt = LoginAttempt {
            peer: self.peer,
            listener: self.counters.listener,
            protocol: attachment.protocol,
            client_id: &served.endpoint.key.client_id,
            user_name: attachment.login.as_deref(),
            password: None,
            certificate: None,
            origin: None,
        };
        let access = worker.services.access();
        match (auth.reason, served.challenge.take()) {
            (ReasonCode::REAUTHENTICATE, None) => {
                let asked = access.challenge(&attempt, method).map_err(End::kicked)?;
                let code = ReasonCode::CONTINUE_AUTHENTICATION;
                challenge(code, method, &asked, out);
                served.challenge = Some(asked);
                Ok(())
            }
            (ReasonCode::CONTINUE_AUTHENTICATION, Some(asked)) => {
                let answer = response_of(auth);
                let admission = access
                    .answer(&attempt, &asked, answer)
                    .map_err(End::kicked)?;
                if *admission.session_owner != *served.endpoint.key.owner {
                    return Err(End::kicked(Refusal::new(
                        RefusalKind::NotAuthorized,
                        "another identity answered than the one that had connected",
                    )));
                }
                served.principal = admission.principal;
                served.admitted_until = instant_after(admission.lasts);
                challenge(ReasonCode::SUCCESS, method, &[], out);
                Ok(())
            }
            _ => Err(End::violation(Violation::new(
                ReasonCode::PROTOCOL_ERROR,
                "an AUTH out of turn",
            ))),
        }
    }
}
