//! What happens by the clock while the platform runs.

use std::sync::Arc;

use device_registry::{CalibrationsTold, EndingsTold, Registry, StoreError};
use ingest::Ingest;
use mqtt::BrokerHandle;
use session_store::Sessions;

use crate::components::Components;
use crate::folder::Keeper;

/// How often [`run`] looks.
const INTERVAL: std::time::Duration = std::time::Duration::from_secs(60);

/// Of so many rounds one looks at which devices will be shut out soon, and which
/// calibrations run out: each hour.
const ENDINGS_EVERY: u32 = 60;

/// What the folder's record follows.
#[derive(Clone)]
pub(crate) struct Checkpoint {
    registry: Arc<Registry>,
    ingest: Ingest,
    sessions: Arc<Sessions>,
    keeper: Arc<Keeper>,
}

impl Checkpoint {
    pub(crate) fn of(components: &Components) -> Self {
        Self {
            registry: Arc::clone(&components.registry),
            ingest: components.ingest.clone(),
            sessions: Arc::clone(&components.sessions),
            keeper: Arc::clone(&components.keeper),
        }
    }

    /// Writes down when each key was last used, and how far log and sessions
    /// have got.
    fn write_down(&self) -> Result<(), StoreError> {
        self.keeper
            .note(self.ingest.durable_offset(), self.sessions.changes());
        self.registry.flush_last_uses()
    }
}

/// What happens by the clock: devices and keys expire on standing connections,
/// their ends are told in time, and what need not be written at once is.
pub(crate) async fn run(checkpoint: Checkpoint, broker: BrokerHandle) {
    // Whose session was kept may have lost its right since, or a kill came
    // between the two.
    broker.revalidate();
    let mut told = Told::default();
    for round in (0..ENDINGS_EVERY).cycle() {
        tokio::time::sleep(INTERVAL).await;
        broker.revalidate();
        if round == 0 {
            told = tell_endings(&checkpoint.registry, told).await;
        }
        let checkpoint = checkpoint.clone();
        let flushed = tokio::task::spawn_blocking(move || checkpoint.write_down()).await;
        if let Ok(Err(error)) = flushed {
            tracing::error!(%error, "the last uses of keys are not written down");
        }
    }
}

/// What ends soon, and has been told.
#[derive(Default)]
struct Told {
    devices: EndingsTold,
    calibrations: CalibrationsTold,
}

/// Looks at all devices and calibrations, where it stops nobody.
async fn tell_endings(registry: &Arc<Registry>, mut told: Told) -> Told {
    let registry = Arc::clone(registry);
    let looked = tokio::task::spawn_blocking(move || {
        registry.tell_endings(&mut told.devices);
        if let Err(error) = registry.tell_calibration_ends(&mut told.calibrations) {
            tracing::error!(%error, "the ends of calibrations are not told");
        }
        told
    });
    looked.await.unwrap_or_default()
}
