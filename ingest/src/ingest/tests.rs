//! What whoever sends is told while the disk takes nothing.

use std::future::poll_fn;
use std::task::Poll;

use domain::batch::Resent;
use domain::payload::PayloadError;
use domain::{Assurance, CredentialId, Origin, Transport};

use super::*;
use crate::testing::{block_on, registry};
use crate::{Config, SystemClock};

/// Who may keep its message is told so, while there still is room for others.
#[test]
fn who_submits_is_refused_as_soon_as_the_log_is_full() {
    let folder = tempfile::tempdir().unwrap();
    let (registry, device) = registry(folder.path());
    let config = Config::new(folder.path());
    let clock = Arc::new(SystemClock);
    let ingest = Ingest::open(config, Arc::new(registry), clock).unwrap();
    let batch = ObservationBatch {
        origin: Origin {
            credential: CredentialId::new(1),
            assurance: Assurance::Key,
            gateway: None,
            transport: Transport::Http,
            received: ingest.now(),
            resent: Resent::No,
            boot_epoch: None,
            boot_sequence: None,
        },
        telemetry: Err(PayloadError::Json),
        original: &[0; 60_000],
    };
    assert!(block_on(ingest.submit(&device, &batch)).is_ok());
    // The disk takes nothing meanwhile.
    let held = ingest.inner.log.hold();
    while !ingest.is_full() {
        drop(ingest.stage(&device, &batch).unwrap());
    }
    // It would wait for the disk otherwise.
    let mut submitted = std::pin::pin!(ingest.submit(&device, &batch));
    let polled = block_on(poll_fn(|context| {
        Poll::Ready(submitted.as_mut().poll(context))
    }));
    assert!(matches!(
        polled,
        Poll::Ready(Err(SubmitError::Stage(StageError::Full)))
    ));
    assert!(ingest.stage(&device, &batch).is_ok());
    drop(held);
    block_on(ingest.close()).unwrap();
}
