//! Devices enrol with the credential of their batch, over HTTP or MQTT: one way
//! in, with one limit.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use device_registry::{Batch, EnrolDeviceError, Enrolment, Registry};
use domain::{BatchId, DeviceId};
use http_edge::limits::Quota;
use http_edge::request::{parse_json, quota_address};
use http_edge::{Problem, ProblemKind};

use super::bodies::{EnrolledView, EnrolmentBody};
use crate::endpoints::login::MAX_ANONYMOUS_BODY_BYTES;
use crate::endpoints::registry_problem::registry_problem;

/// Enrolments of one address in a minute: many devices stand behind one.
const ADDRESS_A_MINUTE: NonZeroU32 = NonZeroU32::new(600).expect("not zero");
/// Of one batch: each costs a sync of the registry, which all pay.
const BATCH_A_MINUTE: NonZeroU32 = NonZeroU32::new(6_000).expect("not zero");
/// After so many, addresses and batches that are idle are forgotten.
const SWEEP_EVERY: u32 = 10_000;

/// Enrols devices.
pub struct Enrolments {
    registry: Arc<Registry>,
    of_address: Quota<IpAddr>,
    of_batch: Quota<BatchId>,
    since_sweep: AtomicU32,
}

impl Enrolments {
    pub fn new(registry: Arc<Registry>) -> Self {
        Self {
            registry,
            of_address: Quota::per_minute(ADDRESS_A_MINUTE),
            of_batch: Quota::per_minute(BATCH_A_MINUTE),
            since_sweep: AtomicU32::new(0),
        }
    }

    /// The batch of a credential, whether or not it can still be used.
    pub fn authenticate(&self, credential: &str) -> Result<Arc<Batch>, EnrolDeviceError> {
        self.registry.authenticate_batch(credential)
    }

    /// Enrols the device `id` as a message without a request's head says; the
    /// answer as JSON. Waits for the disk.
    pub fn enrol_named(
        &self,
        client: IpAddr,
        batch: &BatchId,
        id: &DeviceId,
        body: &[u8],
    ) -> Result<Vec<u8>, Problem> {
        if body.len() > MAX_ANONYMOUS_BODY_BYTES {
            let detail = format!("An enrolment has at most {MAX_ANONYMOUS_BODY_BYTES} bytes.");
            return Err(Problem::body(detail));
        }
        let mut enrolment = parse_json::<EnrolmentBody>(body)?.read()?;
        if enrolment.id.get_or_insert_with(|| id.clone()) != id {
            let detail = "`id` is another one than the topic's; leave it out.";
            return Err(Problem::body(detail));
        }
        let enrolled = self.enrol(client, batch, enrolment)?;
        serde_json::to_vec(&enrolled).map_err(|error| Problem::internal(&error))
    }

    /// Waits for the disk.
    pub(super) fn enrol(
        &self,
        client: IpAddr,
        batch: &BatchId,
        enrolment: Enrolment,
    ) -> Result<EnrolledView, Problem> {
        self.take(client, batch)?;
        self.registry
            .enrol_device(Some(client), batch, enrolment)
            .map(|device| EnrolledView::from(device.as_ref()))
            .map_err(|error| registry_problem(&error))
    }

    fn take(&self, client: IpAddr, batch: &BatchId) -> Result<(), Problem> {
        if self.since_sweep.fetch_add(1, Ordering::Relaxed) == SWEEP_EVERY {
            self.since_sweep.store(0, Ordering::Relaxed);
            self.of_address.forget_idle();
            self.of_batch.forget_idle();
        }
        self.of_address
            .take(&quota_address(client))
            .map_err(|refused| refused.problem("enrolments from an address"))?;
        let of_batch = self.of_batch.take(batch);
        of_batch
            .map(drop)
            .map_err(|refused| refused.problem("enrolments of a batch"))
    }
}

/// Why a batch's credential is not accepted over HTTP.
pub(super) fn not_accepted(error: &EnrolDeviceError) -> Problem {
    match error {
        EnrolDeviceError::Store(_) => registry_problem(error),
        error => Problem::new(ProblemKind::UNAUTHENTICATED, format!("{error}.")),
    }
}
