//! From validated to staged: the one place where a message gets its verdicts,
//! written straight into the slot that the log gives for its frame.

use device_registry::Device;
use domain::batch::Resent;
use domain::{Assurance, Flags, ObservationBatch, Origin};
use frame_log::{FrameSlot, ObservationRef, Outcome, Staged, TelemetryHead, Verdict};

use super::Sequencer;
use crate::validate::Validated;

/// Bytes of a message that a frame keeps: a whole signed message of 64 KiB of
/// telemetry with its headers.
const MAX_ORIGINAL_BYTES: usize = 80 << 10;
/// Rejections that a frame keeps; what a longer list says is in the original
/// bytes beside it.
const MAX_REJECTIONS: usize = 1_000;

/// The message's boot epoch and sequence were used before.
#[derive(Debug)]
pub(crate) struct Replayed;

impl Sequencer {
    /// Fills the slot with the message's frame, unless it refuses the message.
    pub(crate) fn sequence(
        &mut self,
        slot: FrameSlot<'_>,
        device: &Device,
        batch: &ObservationBatch<'_>,
        validated: &Validated<'_>,
    ) -> Result<Staged, Replayed> {
        let origin = &batch.origin;
        // Whole milliseconds take a third of the space. Up, since what is asked
        // `as_of` a moment must not come to know later what it did not then.
        let received = origin.received.ceil_to_millis();
        self.refuse_replay(device, origin)?;
        let hash = validated.payload_hash;
        let repeated = origin.resent == Resent::Maybe
            && hash.is_some_and(|hash| self.has_payload(&device.id, hash));
        let new_hash = hash.filter(|_| !repeated);
        if let Some(hash) = new_hash {
            self.remember_payload(&device.id, hash);
        }

        let offset = slot.offset();
        let signed = origin.assurance == Assurance::SignedMessage;
        let kept = batch.original.len().min(MAX_ORIGINAL_BYTES);
        let rejections = &validated.rejections;
        let mut frame = slot.telemetry(TelemetryHead {
            received,
            device: &device.id,
            credential: origin.credential,
            assurance: origin.assurance,
            gateway: origin.gateway.as_ref(),
            transport: origin.transport,
            model_version: device.model.version.0,
            boot_epoch: origin.boot_epoch,
            boot_sequence: origin.boot_sequence,
            sequence: validated.sequence,
            payload_hash: new_hash,
            unreadable: validated.unreadable,
            rejections: &rejections[..rejections.len().min(MAX_REJECTIONS)],
            original: (signed || validated.has_faults()).then(|| &batch.original[..kept]),
            observations: validated.observations.len() as u16,
        });
        let sender = match &origin.gateway {
            Some(_) => Flags::of(origin.assurance).with(Flags::GATEWAY),
            None => Flags::of(origin.assurance),
        };
        let mut duplicates = 0;
        for observation in &validated.observations {
            let datastream = observation.datastream;
            let (time, verdict) = if repeated {
                let time = observation.time.unwrap_or(received);
                (time, Verdict::Duplicate)
            } else {
                let (time, value) = (observation.time, observation.value);
                self.judge(offset, datastream, time, received, value)
            };
            duplicates += u16::from(verdict == Verdict::Duplicate);
            frame.observation(&ObservationRef {
                index: observation.index,
                datastream,
                time,
                value: observation.value,
                quality: observation.quality,
                flags: match observation.time {
                    Some(_) => observation.flags,
                    None => observation.flags.with(Flags::TIME_ASSIGNED),
                }
                .with(sender),
                verdict,
                location: observation.location,
            });
        }
        Ok(frame.finish(match validated.unreadable {
            Some(error) => Outcome::Unreadable(error),
            None => Outcome::Accepted {
                stored: validated.observations.len() as u16 - duplicates,
                duplicates,
                rejected: u16::try_from(rejections.len()).unwrap_or(u16::MAX),
            },
        }))
    }

    /// Marks the message's boot epoch and sequence as used, where it has any.
    #[inline]
    fn refuse_replay(&mut self, device: &Device, origin: &Origin) -> Result<(), Replayed> {
        if let (Some(epoch), Some(sequence)) = (origin.boot_epoch, origin.boot_sequence) {
            if self.replayed(&device.id, epoch, sequence) {
                return Err(Replayed);
            }
            self.mark_used(&device.id, epoch, sequence);
        }
        Ok(())
    }
}
