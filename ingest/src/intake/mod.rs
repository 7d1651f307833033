//! The one way in for a device's messages, whatever transport they come by:
//! whose a message is, when it came, what it says, and its place in the log.
//!
//! A transport proves who the sender is ([`DeviceLogin`]), and which child of
//! its own a gateway speaks for; it tells a refusal in its own words.

pub(crate) mod new_fields;

use std::sync::Arc;

use device_registry::{Device, DeviceLogin, NoLongerAdmitted, NotItsChild};
use domain::batch::Resent;
use domain::payload::{self, ContentFormat, PayloadError};
use domain::{DeviceId, ObservationBatch, Origin, Telemetry, Timestamp, Transport};
use frame_log::{CommitError, Receipt, Staged};

use crate::ingest::{Ingest, StageError};
use new_fields::RegisterFieldsError;

/// A cheap handle, as [`Ingest`] is.
#[derive(Clone)]
pub struct TelemetryIntake {
    ingest: Ingest,
}

/// A device's message as its transport has it.
#[derive(Clone, Copy, Debug)]
pub struct DeviceMessage<'a> {
    pub payload: &'a [u8],
    /// Without one, the payload's first bytes tell.
    pub content_type: Option<&'a str>,
    pub transport: Transport,
    pub resent: Resent,
    /// When it came, by [`TelemetryIntake::now`]; `None` where that is now.
    pub received: Option<Timestamp>,
    /// Where the message itself is signed.
    pub signed: Option<SignedMessage<'a>>,
}

/// What a device's signature covers beside the payload.
#[derive(Clone, Copy, Debug)]
pub struct SignedMessage<'a> {
    /// Grows with each boot of the device.
    pub boot_epoch: u64,
    /// The message's number within the boot.
    pub sequence: u64,
    /// The whole signed message, as it is kept in the log.
    pub bytes: &'a [u8],
}

/// Why a message has no place in the log.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    #[error("the sender is not admitted: {0}")]
    NotAdmitted(NoLongerAdmitted),
    #[error("it may not speak for {child}: {fault}")]
    NotItsChild { child: Box<str>, fault: NotItsChild },
    #[error(transparent)]
    Stage(#[from] StageError),
}

/// Why a message was not made durable.
#[derive(Debug, thiserror::Error)]
pub enum TakeInError {
    #[error(transparent)]
    Intake(#[from] IntakeError),
    #[error("the message's new fields have no datastreams")]
    NewFields(#[source] RegisterFieldsError),
    #[error("the message was not made durable")]
    Commit(#[source] CommitError),
}

impl TelemetryIntake {
    pub fn new(ingest: Ingest) -> Self {
        Self { ingest }
    }

    /// The time of receipt of what comes now. As the receipt has it: times that
    /// count from it are whole ones too.
    #[inline]
    pub fn now(&self) -> Timestamp {
        self.ingest.now().ceil_to_millis()
    }

    /// Parses and stages a message of the sender's, or of a child of its own. No
    /// I/O: [`StageError::NewFields`] tells what has to be registered first.
    pub fn stage(
        &self,
        sender: &DeviceLogin,
        child: Option<&str>,
        message: &DeviceMessage<'_>,
    ) -> Result<Staged, IntakeError> {
        let now = self.now();
        let speaker = self.speaks_for(sender, child, now)?;
        let received = message.received.unwrap_or(now);
        let telemetry = read(message, &speaker.device.id, received);
        self.stage_of(sender, speaker, message, telemetry, received)
    }

    /// The same for a message that its transport refuses: nothing of it is read,
    /// and the refusal becomes durable in its place. A child that is registered
    /// is told by its own quarantine, admitted or not.
    pub fn stage_refused(
        &self,
        sender: &DeviceLogin,
        child: Option<&str>,
        message: &DeviceMessage<'_>,
        reason: PayloadError,
    ) -> Result<Staged, IntakeError> {
        let now = self.now();
        let speaker = self.is_refused_to(sender, child, now)?;
        let received = message.received.unwrap_or(now);
        self.stage_of(sender, speaker, message, Err(reason), received)
    }

    /// Stages and commits a message, and never waits for the disk on the thread
    /// of the caller; new fields are registered first. The right to send it is
    /// asked for again after that. Refused as [`StageError::Full`] while the
    /// disk lags: this sender can keep it, and the room is for those who cannot.
    /// A message for a child that is not the sender's is refused once the
    /// refusal is durable.
    pub async fn take_in(
        &self,
        sender: &DeviceLogin,
        child: Option<&str>,
        message: &DeviceMessage<'_>,
    ) -> Result<Receipt, TakeInError> {
        let staged = loop {
            if self.ingest.is_full() {
                return Err(IntakeError::Stage(StageError::Full).into());
            }
            match self.stage(sender, child, message) {
                Err(IntakeError::Stage(StageError::NewFields(fields))) => {
                    let registered = self.ingest.register(fields).await;
                    registered.map_err(TakeInError::NewFields)?;
                }
                Err(IntakeError::NotItsChild {
                    child: named,
                    fault,
                }) => {
                    let refused = self.stage_refused(sender, child, message, refusal(fault))?;
                    let durable = self.ingest.commit_elsewhere(refused).await;
                    durable.map_err(TakeInError::Commit)?;
                    let child = named;
                    return Err(IntakeError::NotItsChild { child, fault }.into());
                }
                staged => break staged?,
            }
        };
        let durable = self.ingest.commit_elsewhere(staged).await;
        durable.map_err(TakeInError::Commit)
    }

    fn speaks_for(
        &self,
        sender: &DeviceLogin,
        child: Option<&str>,
        now: Timestamp,
    ) -> Result<Speaker, IntakeError> {
        let registry = &self.ingest.inner.registry;
        let own = sender
            .current(registry, now)
            .map_err(IntakeError::NotAdmitted)?;
        let Some(child) = child else {
            return Ok(Speaker::itself(own));
        };
        match registry.snapshot().admitted_child(sender.id(), child, now) {
            Ok(device) => Ok(Speaker::through(sender, device)),
            Err(fault) => Err(IntakeError::NotItsChild {
                child: child.into(),
                fault,
            }),
        }
    }

    /// Whom a refusal is for.
    fn is_refused_to(
        &self,
        sender: &DeviceLogin,
        child: Option<&str>,
        now: Timestamp,
    ) -> Result<Speaker, IntakeError> {
        let registry = &self.ingest.inner.registry;
        let own = sender
            .current(registry, now)
            .map_err(IntakeError::NotAdmitted)?;
        let snapshot = registry.snapshot();
        let child = child.and_then(|child| snapshot.registered_child(sender.id(), child).ok());
        Ok(match child {
            Some(device) => Speaker::through(sender, device),
            None => Speaker::itself(own),
        })
    }

    fn stage_of<'a>(
        &self,
        sender: &DeviceLogin,
        speaker: Speaker,
        message: &DeviceMessage<'a>,
        telemetry: Result<Telemetry<'a>, PayloadError>,
        received: Timestamp,
    ) -> Result<Staged, IntakeError> {
        let signed = message.signed.as_ref();
        let batch = ObservationBatch {
            origin: Origin {
                // The sender's: the gateway's, where the message is a child's.
                credential: sender.credential(),
                assurance: sender.assurance(),
                gateway: speaker.gateway,
                transport: message.transport,
                received,
                resent: message.resent,
                boot_epoch: signed.map(|signed| signed.boot_epoch),
                boot_sequence: signed.map(|signed| signed.sequence),
            },
            telemetry,
            original: signed.map_or(message.payload, |signed| signed.bytes),
        };
        Ok(self.ingest.stage(&speaker.device, &batch)?)
    }
}

/// Whose a message is.
struct Speaker {
    device: Arc<Device>,
    /// That sent it for the device.
    gateway: Option<DeviceId>,
}

impl Speaker {
    fn itself(device: Arc<Device>) -> Self {
        Self {
            device,
            gateway: None,
        }
    }

    fn through(gateway: &DeviceLogin, child: &Arc<Device>) -> Self {
        Self {
            device: Arc::clone(child),
            gateway: Some(gateway.id().clone()),
        }
    }
}

/// What a message is refused as that is for a child that is not the sender's.
const fn refusal(fault: NotItsChild) -> PayloadError {
    match fault {
        NotItsChild::Unknown | NotItsChild::Stranger => PayloadError::Topic,
        NotItsChild::Revoked | NotItsChild::Expired(_) => PayloadError::NotAdmitted,
    }
}

fn read<'a>(
    message: &DeviceMessage<'a>,
    device: &DeviceId,
    received: Timestamp,
) -> Result<Telemetry<'a>, PayloadError> {
    let format = message
        .content_type
        .map(ContentFormat::from_content_type)
        .transpose()?;
    payload::parse(message.payload, format, device, received)
}
