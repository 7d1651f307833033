//! A published message on its way to the log.

use std::future::Future;
use std::sync::Arc;

use broker::{InboundMessage, MessageSink, SinkFault};
use device_registry::Registry;
use domain::payload::{self, ContentFormat, PayloadError};
use domain::{Assurance, ObservationBatch, Offset, Origin, Telemetry, Timestamp};
use ingest::{Clock, Ingest, Outcome, StageError};

use crate::compose::Rooms;

use super::principal::{DeviceLogin, Principal};

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
        let now = self.clock.now();
        let device = login
            .current(&self.registry, now)
            .map_err(|lost| SinkFault::Failed(format!("{} is out: {lost:?}", login.id()).into()))?;
        let batch = ObservationBatch {
            origin: origin(login, message, now),
            telemetry: read(message, login, now),
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
    login: &DeviceLogin,
    now: Timestamp,
) -> Result<Telemetry<'a>, PayloadError> {
    let format = message
        .content_type
        .map(ContentFormat::from_content_type)
        .transpose()?;
    payload::parse(message.payload, format, login.id(), now)
}

fn original<'a>(message: &InboundMessage<'a>) -> &'a [u8] {
    message
        .signed
        .as_ref()
        .map_or(message.payload, |signed| signed.bytes)
}

fn origin(login: &DeviceLogin, message: &InboundMessage<'_>, received: Timestamp) -> Origin {
    let signed = message.signed.as_ref();
    Origin {
        credential: login.credential,
        assurance: if signed.is_some() {
            Assurance::SignedMessage
        } else {
            login.assurance
        },
        gateway: None,
        transport: message.transport,
        received,
        resent: message.resent,
        boot_epoch: signed.map(|header| header.boot_epoch),
        boot_sequence: signed.map(|header| header.sequence),
    }
}
