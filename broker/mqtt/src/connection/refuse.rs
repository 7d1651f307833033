//! Publishes that are not allowed: acknowledged without effect, told to the
//! operator once, and kept as a refusal where the topic was the sender's own.
//! The connection stays: a client that is closed on sends the same again.

use transport::{
    AccessControl, ConnectionEvent, Denial, EventKind, Leaves, MessageSink, NotStaged,
    PublishRight, Refusal, RefusalKind, RejectCause, SinkFault,
};

use super::end::End;
use super::receive::Batch;
use super::state::Served;
use super::{Connection, WorkerContext};
use crate::codec::{Publish, Qos, ReasonCode};
use crate::context::Services;

impl<S: Services> Connection<S> {
    /// A topic for the first time, or for the first time since rights changed.
    /// Only then is a denial recorded: a flood of them is counted.
    #[cold]
    pub(super) fn ask_right(
        &self,
        served: &mut Served<S>,
        worker: &WorkerContext<S>,
        publish: &Publish<'_>,
        batch: &Batch,
    ) -> Result<Result<PublishRight, Leaves>, End> {
        let topic: Box<str> = served.session.topic_of(publish).into();
        let is_taken = served.session.check_topic(&topic);
        if !is_taken.map_err(End::violation)? {
            // Not remembered: the memory of one topic has a bound, too.
            self.record_denial(served, worker, &too_long(worker));
            return Ok(Err(Leaves::Nothing));
        }
        let asked = worker
            .services
            .access()
            .publish_right(&served.principal, &topic);
        Ok(match asked {
            Ok(right) => {
                let session = &mut served.session;
                session.remember_right(&topic, batch.generation, Ok(right));
                Ok(right)
            }
            Err(denial) => Err(self.deny(served, worker, publish, &denial, batch)),
        })
    }

    /// What becomes of a message that the sink did not take: it waits for what
    /// has to come before, is refused, or ends the connection.
    #[cold]
    pub(super) fn not_staged(
        &self,
        served: &mut Served<S>,
        worker: &WorkerContext<S>,
        publish: &Publish<'_>,
        why: NotStaged,
        batch: &mut Batch,
        out: &mut Vec<u8>,
    ) -> Result<(), End> {
        match why {
            NotStaged::Later(preparation) => {
                batch.preparation = Some(preparation);
                Ok(())
            }
            NotStaged::Fault(SinkFault::Denied(denial)) => {
                let leaves = self.deny(served, worker, publish, &denial, batch);
                self.refuse(served, worker, publish, leaves, batch, out)
            }
            NotStaged::Fault(fault) => Err(End::sink_fault(&fault)),
        }
    }

    /// Takes a denial in: it holds for the messages after this one.
    #[cold]
    fn deny(
        &self,
        served: &mut Served<S>,
        worker: &WorkerContext<S>,
        publish: &Publish<'_>,
        denial: &Denial,
        batch: &Batch,
    ) -> Leaves {
        let topic: Box<str> = served.session.topic_of(publish).into();
        let session = &mut served.session;
        session.remember_right(&topic, batch.generation, Err(denial.leaves));
        self.record_denial(served, worker, &denial.refusal);
        denial.leaves
    }

    fn record_denial(&self, served: &Served<S>, worker: &WorkerContext<S>, refusal: &Refusal) {
        worker.services.access().record(ConnectionEvent {
            login: served.attachment.login.as_deref(),
            peer: self.peer,
            listener: self.counters.listener,
            kind: EventKind::PublishDenied,
            reason: (&*refusal.reason).into(),
            cure: refusal.cure,
            head: &[],
        });
    }

    /// The answer to a message that is not allowed.
    #[cold]
    pub(super) fn refuse(
        &self,
        served: &mut Served<S>,
        worker: &WorkerContext<S>,
        publish: &Publish<'_>,
        leaves: Leaves,
        batch: &mut Batch,
        out: &mut Vec<u8>,
    ) -> Result<(), End> {
        let reason = match served.session.check_topic(served.session.topic_of(publish)) {
            Ok(false) => ReasonCode::TOPIC_NAME_INVALID,
            _ => ReasonCode::NOT_AUTHORIZED,
        };
        batch.denied += 1;
        match leaves {
            Leaves::Nothing => {
                served
                    .session
                    .refused(publish, reason, out, &mut batch.held);
                Ok(())
            }
            Leaves::Reject(cause) => self.reject(served, worker, publish, (cause, reason), batch),
        }
    }

    /// The refusal becomes durable, and is the answer then.
    pub(super) fn reject(
        &self,
        served: &mut Served<S>,
        worker: &WorkerContext<S>,
        publish: &Publish<'_>,
        (cause, reason): (RejectCause, ReasonCode),
        batch: &mut Batch,
    ) -> Result<(), End> {
        let message = self.inbound(served, publish, batch.received);
        let sink = worker.services.sink();
        let staged = sink
            .stage_reject(&served.principal, &message, cause)
            .map_err(|fault| End::sink_fault(&fault))?;
        if publish.qos != Qos::AtMostOnce {
            worker.commits.stage(staged);
            batch.staged += 1;
            served.session.staged_reject(publish, reason);
        }
        Ok(())
    }
}

fn too_long<S: Services>(worker: &WorkerContext<S>) -> Refusal {
    let config = worker.config();
    let reason = format!(
        "a topic of more than {} bytes or {} levels",
        config.topic_bytes, config.topic_levels
    );
    Refusal::new(RefusalKind::NotAuthorized, reason)
}
