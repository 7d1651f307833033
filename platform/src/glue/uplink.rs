//! A published message on its way to the log.

use std::future::Future;
use std::sync::Arc;

use broker::{InboundMessage, MessageSink, SinkFault};
use device_registry::{Device, Registry};
use domain::payload::{self, ContentFormat, PayloadError};
use domain::{Assurance, DeviceId, ObservationBatch, Offset, Origin, Telemetry, Timestamp};
use ingest::{Clock, Ingest, Outcome, StageError};

use crate::compose::Rooms;

use super::children;
use super::principal::{DeviceLogin, Principal};
use super::topic;

/// Decodes telemetry and stages it; a receipt comes from the log alone.
pub struct Uplink {
    pub registry: Arc<Registry>,
    pub ingest: Ingest,
    pub clock: Arc<dyn Clock>,
}

impl Uplink {
    pub(crate) fn of(rooms: &Rooms) -> Self {
        Self {
            registry: Arc::clone(&rooms.registry),
            ingest: rooms.ingest.clone(),
            clock: Arc::clone(&rooms.clock),
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
    ) -> Result<(Arc<Device>, Option<DeviceId>), SinkFault> {
        let own = login
            .current(&self.registry, now)
            .map_err(|lost| SinkFault::Failed(format!("{} is out: {lost:?}", login.id()).into()))?;
        let Some(child) = topic::child_of(topic, login.id()) else {
            return Ok((own, None));
        };
        let device = children::admitted(&self.registry, login.id(), child.id, now)
            .map_err(|error| SinkFault::Failed(format!("{}: {error}", child.id).into()))?;
        Ok((device, Some(login.id().clone())))
    }
}

/// The log's receipt, as the broker asks for it.
pub struct Receipt(ingest::Receipt);

impl broker::Receipt for Receipt {
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
    ) -> Result<Self::Staged, SinkFault> {
        let Principal::Device(login) = principal else {
            return Err(SinkFault::Failed(
                "only a device publishes telemetry".into(),
            ));
        };
        // As the receipt has it: times that count from it are whole ones too.
        let now = self.clock.now().ceil_to_millis();
        let (device, gateway) = self.speaks_for(login, message.topic, now)?;
        let batch = ObservationBatch {
            origin: origin(login, gateway, message, now),
            telemetry: read(message, &device.id, now),
            original: original(message),
        };
        self.ingest
            .stage(&device, &batch)
            .map_err(|error| match error {
                StageError::Replayed => SinkFault::Replayed,
                fault => SinkFault::Failed(fault.to_string().into()),
            })
    }

    fn commit(
        &self,
        staged: Vec<Self::Staged>,
    ) -> impl Future<Output = Result<Vec<Self::Receipt>, SinkFault>> + Send {
        let durable = self.ingest.commit(staged);
        async move {
            match durable.await {
                Ok(receipts) => Ok(receipts.into_iter().map(Receipt).collect()),
                Err(error) => Err(SinkFault::Failed(error.to_string().into())),
            }
        }
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
