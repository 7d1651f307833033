//! Where accepted messages become durable, and where retained ones come from.

use std::error::Error;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use domain::batch::Resent;
use domain::{Offset, Timestamp, Transport};

use crate::{Denial, Leaves, Refusal, RefusalKind, RejectCause, TopicFilter};

/// Where accepted messages become durable.
///
/// Two steps, so that one sync serves many messages: `stage` for each, without
/// I/O, and `commit` for all of them together.
pub trait MessageSink<P>: Send + Sync + 'static {
    /// A few words; not yet durable. One that is dropped joins the next group:
    /// the sink makes it durable within tens of milliseconds by itself.
    type Staged: Send + 'static;
    /// The proof of durability. Only the sink can make one, and the broker
    /// cannot write a PUBACK without one.
    type Receipt: Receipt + Send;

    /// Validates, orders and stages; never blocks on I/O. What needs some first
    /// comes back as [`NotStaged::Later`].
    fn stage(&self, principal: &P, message: &InboundMessage<'_>)
    -> Result<Self::Staged, NotStaged>;

    /// The same for a message that is refused: nothing of it is read, and the
    /// refusal becomes durable in its place.
    fn stage_reject(
        &self,
        principal: &P,
        message: &InboundMessage<'_>,
        cause: RejectCause,
    ) -> Result<Self::Staged, SinkFault>;

    /// Answers a message whose right is to ask ([`crate::PublishRight::Ask`]).
    /// One that takes a while is asked again once its [`NotStaged::Later`] has
    /// resolved.
    fn ask(&self, _principal: &P, _message: &InboundMessage<'_>) -> Result<Answer, NotStaged> {
        let refusal = Refusal::new(RefusalKind::NotAuthorized, "nothing is answered here");
        let leaves = Leaves::Nothing;
        Err(SinkFault::Denied(Denial { refusal, leaves }).into())
    }

    /// The time of receipt of what comes now. A message that waits before it is
    /// staged keeps it, so that readings without a time of their own stay where
    /// they were.
    fn now(&self) -> Timestamp;

    /// Whether messages come faster than they become durable: an MQTT connection
    /// reads its next one only when this is false again, and CoAP answers 5.03.
    fn is_full(&self) -> bool {
        false
    }

    /// Resolves when all are durable, with one receipt for each in the same
    /// order.
    fn commit(
        &self,
        staged: Vec<Self::Staged>,
    ) -> impl Future<Output = Result<Vec<Self::Receipt>, SinkFault>> + Send;
}

/// The proof that a message is durable.
pub trait Receipt {
    fn offset(&self) -> Offset;

    /// False where the payload could not be read at all: MQTT 5 gets 0x99,
    /// CoAP 4.00. It is durable all the same.
    fn readable(&self) -> bool;
}

/// One message as a transport received it; everything is borrowed.
#[derive(Clone, Debug)]
pub struct InboundMessage<'a> {
    pub topic: &'a str,
    pub payload: &'a [u8],
    /// MQTT 5's content type, or the media type of CoAP's content format.
    pub content_type: Option<&'a str>,
    pub resent: Resent,
    pub transport: Transport,
    pub peer: SocketAddr,
    /// When it came, by [`MessageSink::now`], where it has waited; `None` where
    /// it comes now.
    pub received: Option<Timestamp>,
    /// CoAP only: what the signature covers beside the payload.
    pub signed: Option<SignedHeader<'a>>,
}

/// The header of a signed message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SignedHeader<'a> {
    /// Grows with each boot of the device.
    pub boot_epoch: u64,
    /// The message's number within the boot.
    pub sequence: u64,
    pub time: Option<Timestamp>,
    /// The whole COSE message, as it is kept in the log.
    pub bytes: &'a [u8],
}

/// What the sender of a question is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// Where it is told, if the question names no topic for that.
    pub topic: String,
    /// JSON.
    pub payload: Vec<u8>,
    pub outcome: AskOutcome,
}

/// What became of a question.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AskOutcome {
    Done,
    /// It could not be read.
    Unreadable,
    Refused,
    /// Too many were asked.
    TooMany,
    /// The platform's own fault.
    Failed,
}

/// A message has no place in the next group.
pub enum NotStaged {
    /// The sink has to write something first, as for a field that it meets for
    /// the first time. The message is staged anew when this has resolved; what
    /// comes after it of the same sender, and has to stay in order, waits.
    Later(Preparation),
    Fault(SinkFault),
}

/// Resolves when a message can be staged. Whoever drops it gives the message up.
pub type Preparation = Pin<Box<dyn Future<Output = Result<(), SinkFault>> + Send>>;

impl From<SinkFault> for NotStaged {
    fn from(fault: SinkFault) -> Self {
        Self::Fault(fault)
    }
}

/// Why the sink did not take a message. Nothing is acknowledged, except where
/// the fault says so.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SinkFault {
    /// The sender has lost its right to be connected.
    #[error("the sender is not admitted: {0}")]
    NotAdmitted(Refusal),
    /// This message is refused, and acknowledged as such; the sender stays. It
    /// was allowed when its right was asked.
    #[error("the message is refused: {0}")]
    Denied(Denial),
    /// A signed message whose epoch and sequence were used for another one.
    #[error("the message's epoch and sequence were used before")]
    Replayed,
    /// As much waits to be written as may: what a [`Preparation`] is for, or
    /// messages themselves.
    #[error("more comes than can be written")]
    Busy,
    #[error("the platform is stopping")]
    Stopping,
    /// The platform's own fault.
    #[error("the platform cannot store messages")]
    Failed(#[source] Arc<dyn Error + Send + Sync>),
}

impl SinkFault {
    pub fn failed(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed(cause.into().into())
    }
}

/// An error and its causes in one line, for whoever has to mend the last one.
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// Where the retained messages of `open/...` topics come from.
///
/// It is looked at in turns: what a subscriber has not been sent yet is a
/// place, and no copies.
pub trait RetainedSource<P>: Send + Sync + 'static {
    /// How far a look has come. It stays good whatever is retained meanwhile.
    type Place: Default + 'static;

    /// Goes on from `place` and calls `visit` with topic and payload for each
    /// retained message that passes the filter and that the principal may see
    /// now. Pauses where `visit` breaks off, after the message it was given,
    /// and where `steps` are used up: each entry that is looked at takes one.
    fn retained(
        &self,
        principal: &P,
        filter: &TopicFilter,
        place: &mut Self::Place,
        steps: &mut usize,
        visit: &mut dyn FnMut(&str, Bytes) -> ControlFlow<()>,
    ) -> RetainedEnd;
}

/// Why a look at the retained messages stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RetainedEnd {
    /// Nothing is left.
    Done,
    /// It goes on from its place.
    Paused,
}
