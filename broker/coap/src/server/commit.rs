//! The thread that commits and signs.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc;
use transport::{MessageSink, Receipt as _};

use crate::message::Code;
use crate::receipt::ReceiptKeys;
use crate::stats::Counters;
use crate::telemetry::{Origin, Waiting};

/// Messages of one commit.
const COMMIT_BATCH: usize = 1_024;

/// What the committer has to say about a message.
pub(super) struct Answered {
    pub(super) origin: Origin,
    pub(super) code: Code,
    /// Empty where the commit failed.
    pub(super) receipt: Bytes,
}

pub(super) struct Committer<S> {
    pub(super) sink: Arc<S>,
    pub(super) keys: ReceiptKeys,
    pub(super) counters: Arc<Counters>,
}

impl<S> Committer<S> {
    pub(super) async fn run<P>(
        self,
        mut to_commit: mpsc::Receiver<Vec<Waiting<S::Staged>>>,
        answers: mpsc::Sender<Answered>,
    ) where
        S: MessageSink<P>,
    {
        while let Some(mut batch) = to_commit.recv().await {
            while batch.len() < COMMIT_BATCH {
                match to_commit.try_recv() {
                    Ok(more) => batch.extend(more),
                    Err(_) => break,
                }
            }
            for answer in self.commit(batch).await {
                if answers.send(answer).await.is_err() {
                    return;
                }
            }
        }
    }

    /// Only here are receipts signed: after the commit.
    async fn commit<P>(&self, batch: Vec<Waiting<S::Staged>>) -> Vec<Answered>
    where
        S: MessageSink<P>,
    {
        let (origins, staged): (Vec<_>, Vec<_>) = batch
            .into_iter()
            .map(|waiting| (waiting.origin, waiting.staged))
            .unzip();
        let receipts = match self.sink.commit(staged).await {
            Ok(receipts) => receipts,
            Err(fault) => {
                tracing::error!(%fault, messages = origins.len(), "CoAP messages are not durable");
                self.counters.sink_faults.increment();
                return origins.into_iter().map(failed).collect();
            }
        };
        let seconds = self.sink.now().as_micros().div_euclid(1_000_000);
        origins
            .into_iter()
            .zip(receipts)
            .map(|(origin, receipt)| {
                let signed = self
                    .keys
                    .sign(origin.form, &receipt, origin.body_digest, seconds);
                let Some(signed) = signed else {
                    return failed(origin);
                };
                let (code, counter) = if receipt.readable() {
                    (Code::CHANGED, &self.counters.accepted)
                } else {
                    (Code::BAD_REQUEST, &self.counters.unreadable_payloads)
                };
                counter.increment();
                Answered {
                    origin,
                    code,
                    receipt: signed.into(),
                }
            })
            .collect()
    }
}

/// Nothing is acknowledged; the device will send again.
pub(super) fn failed(origin: Origin) -> Answered {
    Answered {
        origin,
        code: Code::SERVICE_UNAVAILABLE,
        receipt: Bytes::new(),
    }
}
