//! A published message on its way to the log.

use std::future::Future;

use device_registry::DeviceLogin;
use domain::payload::PayloadError;
use domain::{DeviceTopic, Offset, Timestamp};
use ingest::{
    DeviceMessage, Ingest, IntakeError, NewFields, Outcome, RegisterFieldsError, SignedMessage,
    StageError, TelemetryIntake,
};
use transport::{Answer, InboundMessage, MessageSink, NotStaged, RejectCause, SinkFault};

use super::access::refused;
use super::principal::Principal;
use super::topic_fault::TopicFault;

/// Hands telemetry to the intake; a receipt comes from the log alone.
pub(crate) struct Uplink {
    ingest: Ingest,
    intake: TelemetryIntake,
}

impl Uplink {
    pub(crate) fn new(ingest: Ingest) -> Self {
        Self {
            intake: TelemetryIntake::new(ingest.clone()),
            ingest,
        }
    }

    /// The message can be staged once its new fields have datastreams.
    fn registered(&self, fields: NewFields) -> NotStaged {
        let registered = self.ingest.register(fields);
        NotStaged::Later(Box::pin(async move {
            registered.await.map_err(|error| match error {
                RegisterFieldsError::Busy => SinkFault::Busy,
                RegisterFieldsError::Closed => SinkFault::Stopping,
                error @ RegisterFieldsError::Store(_) => SinkFault::failed(error),
            })
        }))
    }
}

/// The log's receipt, as the broker asks for it.
pub(crate) struct Receipt(ingest::Receipt);

impl transport::Receipt for Receipt {
    fn offset(&self) -> Offset {
        self.0.offset()
    }

    fn readable(&self) -> bool {
        matches!(self.0.outcome(), Outcome::Accepted { .. })
    }
}

impl MessageSink<Principal> for Uplink {
    type Staged = ingest::Staged;
    type Receipt = Receipt;

    fn stage(
        &self,
        principal: &Principal,
        message: &InboundMessage<'_>,
    ) -> Result<Self::Staged, NotStaged> {
        let login = device(principal)?;
        let child = child_of(message.topic, login);
        match self.intake.stage(login, child, &device_message(message)) {
            Ok(staged) => Ok(staged),
            Err(IntakeError::Stage(StageError::NewFields(fields))) => Err(self.registered(fields)),
            Err(error) => Err(fault(error).into()),
        }
    }

    fn stage_reject(
        &self,
        principal: &Principal,
        message: &InboundMessage<'_>,
        cause: RejectCause,
    ) -> Result<Self::Staged, SinkFault> {
        let login = device(principal)?;
        let child = child_of(message.topic, login);
        let reason = match cause {
            RejectCause::Topic => PayloadError::Topic,
            RejectCause::NotAdmitted => PayloadError::NotAdmitted,
            RejectCause::TooLarge => PayloadError::TooLong,
        };
        self.intake
            .stage_refused(login, child, &device_message(message), reason)
            .map_err(fault)
    }

    fn ask(
        &self,
        principal: &Principal,
        message: &InboundMessage<'_>,
    ) -> Result<Answer, NotStaged> {
        match principal {
            Principal::Batch(enrolling) => enrolling.ask(message),
            // Nobody else has the right to ask.
            Principal::Device(_) | Principal::Application(_) | Principal::Anybody => {
                Err(SinkFault::Denied(TopicFault::Reader.into()).into())
            }
        }
    }

    #[inline]
    fn now(&self) -> Timestamp {
        self.intake.now()
    }

    fn is_full(&self) -> bool {
        self.ingest.is_full()
    }

    fn commit(
        &self,
        staged: Vec<Self::Staged>,
    ) -> impl Future<Output = Result<Vec<Self::Receipt>, SinkFault>> + Send {
        let durable = self.ingest.commit(staged);
        async move {
            match durable.await {
                Ok(receipts) => Ok(receipts.into_iter().map(Receipt).collect()),
                Err(error) => Err(SinkFault::failed(error)),
            }
        }
    }
}

fn device(principal: &Principal) -> Result<&DeviceLogin, SinkFault> {
    match principal {
        Principal::Device(login) => Ok(login),
        // Its right says so before.
        Principal::Application(_) | Principal::Batch(_) | Principal::Anybody => {
            Err(SinkFault::Denied(TopicFault::Reader.into()))
        }
    }
}

/// The child that a gateway's own topic names.
#[inline]
fn child_of<'a>(topic: &'a str, login: &DeviceLogin) -> Option<&'a str> {
    let topic = DeviceTopic::parse(topic)?;
    topic.child.filter(|_| topic.is_of(login.id()))
}

#[inline]
fn device_message<'a>(message: &InboundMessage<'a>) -> DeviceMessage<'a> {
    DeviceMessage {
        payload: message.payload,
        content_type: message.content_type,
        transport: message.transport,
        resent: message.resent,
        received: message.received,
        signed: message.signed.map(|signed| SignedMessage {
            boot_epoch: signed.boot_epoch,
            sequence: signed.sequence,
            bytes: signed.bytes,
        }),
    }
}

fn fault(error: IntakeError) -> SinkFault {
    match error {
        IntakeError::NotAdmitted(lost) => SinkFault::NotAdmitted(refused(lost)),
        IntakeError::NotItsChild { child, fault } => {
            SinkFault::Denied(TopicFault::Child { child, fault }.into())
        }
        IntakeError::Stage(StageError::Replayed) => SinkFault::Replayed,
        IntakeError::Stage(StageError::Closed) => SinkFault::Stopping,
        IntakeError::Stage(StageError::Full) => SinkFault::Busy,
        IntakeError::Stage(
            error @ (StageError::Poisoned(_)
            | StageError::ExtraField(_)
            // What is refused has no fields.
            | StageError::NewFields(_)),
        ) => SinkFault::failed(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Its sender is told to come again, and its operator where to look.
    #[test]
    fn a_disk_slower_than_its_messages_is_told_as_that() {
        assert!(matches!(fault(StageError::Full.into()), SinkFault::Busy));
        assert!(matches!(
            fault(StageError::Closed.into()),
            SinkFault::Stopping
        ));
    }
}
