//! A published message on its way to the log.

use std::future::Future;
use std::sync::Arc;

use device_registry::{Device, Registry};
use domain::payload::{self, ContentFormat, PayloadError};
use domain::{
    Assurance, DeviceId, DeviceTopic, ObservationBatch, Offset, Origin, Telemetry, Timestamp,
};
use ingest::{Clock, Ingest, NewFields, Outcome, RegisterFieldsError, StageError};
use transport::{InboundMessage, MessageSink, NotStaged, RejectCause, SinkFault};

use crate::components::Components;

use super::access::refused;
use super::children;
use super::principal::{DeviceLogin, Principal};
use super::topic_fault::TopicFault;

/// Decodes telemetry and stages it; a receipt comes from the log alone.
pub(crate) struct Uplink {
    pub(crate) registry: Arc<Registry>,
    pub(crate) ingest: Ingest,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Uplink {
    pub(crate) fn of(components: &Components) -> Self {
        Self {
            registry: Arc::clone(&components.registry),
            ingest: components.ingest.clone(),
            clock: Arc::clone(&components.clock),
        }
    }
}

impl Uplink {
    /// Whose message it is: the sender's, or that of a child of the sender's,
    /// who then is its gateway.
    fn speaks_for(
        &self,
        login: &DeviceLogin,
        topic: &str,
        now: Timestamp,
    ) -> Result<Speaker, SinkFault> {
        let own = login
            .current(&self.registry, now)
            .map_err(|lost| SinkFault::NotAdmitted(refused(lost)))?;
        let Some(child) = child_of(topic, login) else {
            return Ok(Speaker::itself(own));
        };
        let snapshot = self.registry.snapshot();
        let device = children::admitted(&snapshot, login.id(), child, now)
            .map_err(|fault| SinkFault::Denied(TopicFault::of_child(child, fault).into()))?;
        Ok(Speaker {
            device: Arc::clone(device),
            gateway: Some(login.id().clone()),
        })
    }

    /// Whom a refusal is for. A child that is registered is told by its own
    /// topic and its gateway's, admitted or not.
    fn is_refused_to(
        &self,
        login: &DeviceLogin,
        topic: &str,
        now: Timestamp,
    ) -> Result<Speaker, SinkFault> {
        let own = login
            .current(&self.registry, now)
            .map_err(|lost| SinkFault::NotAdmitted(refused(lost)))?;
        let snapshot = self.registry.snapshot();
        let child = child_of(topic, login)
            .and_then(|child| children::registered(&snapshot, login.id(), child).ok());
        Ok(match child {
            Some(child) => Speaker {
                device: Arc::clone(child),
                gateway: Some(login.id().clone()),
            },
            None => Speaker::itself(own),
        })
    }
}

impl Uplink {
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

/// The child that a gateway's own topic names.
fn child_of<'a>(topic: &'a str, login: &DeviceLogin) -> Option<&'a str> {
    let topic = DeviceTopic::parse(topic)?;
    topic.child.filter(|_| topic.is_of(login.id()))
}

/// Whose a message is.
struct Speaker {
    device: Arc<Device>,
    /// That sent it for the device.
    gateway: Option<DeviceId>,
}

impl Speaker {
    const fn itself(device: Arc<Device>) -> Self {
        Self {
            device,
            gateway: None,
        }
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
        let now = self.now();
        let speaker = self.speaks_for(login, message.topic, now)?;
        let received = message.received.unwrap_or(now);
        let batch = ObservationBatch {
            origin: origin(login, speaker.gateway, message, received),
            telemetry: read(message, &speaker.device.id, received),
            original: original(message),
        };
        match self.ingest.stage(&speaker.device, &batch) {
            Ok(staged) => Ok(staged),
            Err(StageError::NewFields(fields)) => Err(self.registered(fields)),
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
        let now = self.now();
        let speaker = self.is_refused_to(login, message.topic, now)?;
        let received = message.received.unwrap_or(now);
        let batch = ObservationBatch {
            origin: origin(login, speaker.gateway, message, received),
            telemetry: Err(match cause {
                RejectCause::Topic => PayloadError::Topic,
                RejectCause::NotAdmitted => PayloadError::NotAdmitted,
                RejectCause::TooLarge => PayloadError::TooLong,
            }),
            original: original(message),
        };
        self.ingest.stage(&speaker.device, &batch).map_err(fault)
    }

    /// As the receipt has it: times that count from it are whole ones too.
    #[inline]
    fn now(&self) -> Timestamp {
        self.clock.now().ceil_to_millis()
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
        Principal::Application(_) | Principal::Anybody => {
            Err(SinkFault::Denied(TopicFault::Reader.into()))
        }
    }
}

fn fault(error: StageError) -> SinkFault {
    match error {
        StageError::Replayed => SinkFault::Replayed,
        StageError::Closed => SinkFault::Stopping,
        StageError::Full => SinkFault::Busy,
        error @ (StageError::Poisoned(_)
        | StageError::ExtraField(_)
        // What is refused has no fields.
        | StageError::NewFields(_)) => SinkFault::failed(error),
    }
}

fn read<'a>(
    message: &InboundMessage<'a>,
    device: &DeviceId,
    now: Timestamp,
) -> Result<Telemetry<'a>, PayloadError> {
    let format = message
        .content_type
        .map(ContentFormat::from_content_type)
        .transpose()?;
    payload::parse(message.payload, format, device, now)
}

fn original<'a>(message: &InboundMessage<'a>) -> &'a [u8] {
    message
        .signed
        .as_ref()
        .map_or(message.payload, |signed| signed.bytes)
}

/// The credential and its assurance are the sender's: the gateway's, where the
/// message is a child's.
fn origin(
    login: &DeviceLogin,
    gateway: Option<DeviceId>,
    message: &InboundMessage<'_>,
    received: Timestamp,
) -> Origin {
    let signed = message.signed.as_ref();
    Origin {
        credential: login.credential,
        assurance: if signed.is_some() {
            Assurance::SignedMessage
        } else {
            login.assurance
        },
        gateway,
        transport: message.transport,
        received,
        resent: message.resent,
        boot_epoch: signed.map(|header| header.boot_epoch),
        boot_sequence: signed.map(|header| header.sequence),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Its sender is told to come again, and its operator where to look.
    #[test]
    fn a_disk_slower_than_its_messages_is_told_as_that() {
        assert!(matches!(fault(StageError::Full), SinkFault::Busy));
        assert!(matches!(fault(StageError::Closed), SinkFault::Stopping));
    }
}
