//! A device that is not registered yet: it logs in with the credential of its
//! batch, sends its own key, and comes back with that.

use std::sync::Arc;
use std::time::Duration;

use device_registry::{Batch, EnrolDeviceError};
use domain::{BatchId, Timestamp};
use http_edge::Problem;
use open_api::Enrolments;
use parking_lot::Mutex;
use transport::{
    Admission, Answer, AskOutcome, InboundMessage, LoginAttempt, NotStaged, Realm, Refusal,
    RefusalKind, SinkFault,
};

use crate::wiring::principal::{BATCH_OWNER, Principal};
use crate::wiring::topic;
use crate::wiring::topic_fault::TopicFault;

/// One connection with a batch's credential.
pub(crate) struct Enrolling {
    batch: BatchId,
    enrolments: Arc<Enrolments>,
    /// To the message that waits for it: a connection is not read meanwhile.
    answer: Mutex<Option<Answer>>,
}

impl Enrolling {
    pub(crate) fn batch(&self) -> &BatchId {
        &self.batch
    }

    /// The registry waits for the disk, and the connection for the registry.
    pub(crate) fn ask(self: &Arc<Self>, message: &InboundMessage<'_>) -> Result<Answer, NotStaged> {
        if let Some(answer) = self.answer.lock().take() {
            return Ok(answer);
        }
        let Some(device) = topic::enrolling(message.topic) else {
            // Its right says so before.
            let fault = TopicFault::Enrolment(message.topic.into());
            return Err(SinkFault::Denied(fault.into()).into());
        };
        let (it, client) = (Arc::clone(self), message.peer.ip().to_canonical());
        let body: Box<[u8]> = message.payload.into();
        let enrol = move || {
            let done = it.enrolments.enrol_named(client, &it.batch, &device, &body);
            let (payload, outcome) = match done {
                Ok(enrolled) => (enrolled, AskOutcome::Done),
                Err(problem) => (problem.to_json(), outcome(&problem)),
            };
            let topic = topic::enrolled(&device);
            *it.answer.lock() = Some(Answer {
                topic,
                payload,
                outcome,
            });
        };
        Err(NotStaged::Later(Box::pin(async move {
            let enrolled = tokio::task::spawn_blocking(enrol).await;
            enrolled.map_err(SinkFault::failed)
        })))
    }
}

fn outcome(problem: &Problem) -> AskOutcome {
    if let Some(cause) = problem.cause() {
        tracing::error!(cause, "an enrolment failed");
    }
    match problem.status().as_u16() {
        400 | 422 => AskOutcome::Unreadable,
        429 => AskOutcome::TooMany,
        500.. => AskOutcome::Failed,
        _ => AskOutcome::Refused,
    }
}

/// Lets it in, to enrol and for nothing else.
pub(super) fn admit(
    enrolments: &Arc<Enrolments>,
    attempt: &LoginAttempt<'_>,
    credential: &[u8],
    now: Timestamp,
) -> Result<Admission<Principal>, Refusal> {
    if !attempt.listener.is_encrypted() && !attempt.peer.ip().to_canonical().is_loopback() {
        return Err(Refusal::new(
            RefusalKind::InsecureListener,
            "a batch's credential came on a plaintext listener",
        )
        .with_cure("use the TLS port, and revoke the batch: its credential was to be read"));
    }
    // One that is no text is no credential either.
    let credential = std::str::from_utf8(credential).unwrap_or_default();
    let batch = enrolments.authenticate(credential).map_err(|error| {
        Refusal::new(RefusalKind::BadCredentials, error.to_string())
            .with_cure("give the device the whole credential of a batch that stands")
    })?;
    Ok(Admission {
        lasts: lasts(Some(&batch), now)?,
        session_owner: format!("{BATCH_OWNER}{}", batch.id),
        realm: Realm::Platform,
        agency: Some(batch.agency.as_str().into()),
        max_keep_alive: 0,
        // The device comes back as itself.
        max_session_expiry: 0,
        principal: Principal::Batch(Arc::new(Enrolling {
            batch: batch.id.clone(),
            enrolments: Arc::clone(enrolments),
            answer: Mutex::default(),
        })),
    })
}

/// For how long a batch enrols, or why it does not any more.
pub(in crate::wiring) fn lasts(
    batch: Option<&Arc<Batch>>,
    now: Timestamp,
) -> Result<Option<Duration>, Refusal> {
    const CURE: &str =
        "make a new batch, and give its credential to the devices that are not enrolled";
    let refuse = |kind, reason: String| Err(Refusal::new(kind, reason).with_cure(CURE));
    let Some(batch) = batch else {
        return refuse(RefusalKind::Revoked, "the batch is no longer there".into());
    };
    match batch.ended(now) {
        None => Ok(Some(now.until(batch.expires))),
        Some(ended @ EnrolDeviceError::Expired(..)) => {
            refuse(RefusalKind::Expired, ended.to_string())
        }
        Some(ended) => refuse(RefusalKind::Revoked, ended.to_string()),
    }
}
