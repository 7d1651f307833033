//! The parts of the platform that every listener uses, opened in the order in
//! which they need each other.

use std::sync::Arc;

use anyhow::Context;
use coap::ReceiptKeys;
use device_registry::Registry;
use health::Fleet;
use ingest::{Clock, Ingest, PlatformClock, SystemClocks, Ticking};
use open_api::Enrolments;
use session_store::Sessions;
use supervisor::Supervisor;

use crate::backup::restore::restored_from;
use crate::config::{Settings, Storage};
use crate::folder::{Folder, Keeper};
use crate::handles::{self, Handles};
use crate::identity;
use crate::wiring::downlink::Downlink;
use crate::wiring::login_book::LoginBook;
use crate::wiring::session_times::SessionTimes;

/// What the listeners share.
pub(crate) struct Components {
    pub registry: Arc<Registry>,
    pub ingest: Ingest,
    pub clock: Arc<dyn Clock>,
    pub ticking: Ticking,
    pub downlink: Arc<Downlink>,
    pub sessions: Arc<Sessions>,
    pub keeper: Arc<Keeper>,
    pub logins: Arc<LoginBook>,
    pub enrolments: Arc<Enrolments>,
    /// The scores of all devices.
    pub fleet: Arc<Fleet>,
    pub keys: ReceiptKeys,
    pub audience: String,
    pub supervisor: Supervisor,
    pub handles: Handles,
}

/// Opens the data folder and every part of it.
pub(crate) async fn open(settings: &Settings) -> anyhow::Result<Components> {
    let wanted = Handles {
        mqtt: settings.mqtt.mqtt_connections.get(),
        http: settings.http.http_connections.get(),
    };
    let handles = handles::take_all(wanted, settings.mqtt.worker_count())?;
    let storage = settings.storage.clone();
    let folder = Folder::open(&storage.data)?;
    let supervisor = Supervisor::default();
    let ticking = PlatformClock::open(&storage.data, SystemClocks, storage.clock_trust());
    let clock: Arc<dyn Clock> = Arc::<PlatformClock>::clone(&ticking);
    let (opened, ticking) = tokio::task::spawn_blocking({
        let (clock, supervisor) = (Arc::clone(&clock), supervisor.clone());
        move || {
            let opened = open_data(&storage, folder, &clock, &supervisor)?;
            let ticking = ticking
                .start(opened.ingest.newest_receipt(), &supervisor.scope("clock"))
                .context("the thread of the clock")?;
            anyhow::Ok((opened, ticking))
        }
    })
    .await??;
    let Opened {
        registry,
        ingest,
        sessions,
        keys,
        keeper,
    } = opened;
    Ok(Components {
        downlink: Arc::new(Downlink::new(ingest.clone(), Arc::clone(&registry))),
        enrolments: Arc::new(Enrolments::new(Arc::clone(&registry))),
        fleet: Arc::default(),
        registry,
        ingest,
        clock,
        ticking,
        sessions: Arc::new(sessions),
        keeper,
        logins: Arc::default(),
        keys,
        audience: settings.identity.audience.clone(),
        supervisor,
        handles,
    })
}

fn open_data(
    storage: &Storage,
    folder: Folder,
    clock: &Arc<dyn Clock>,
    supervisor: &Supervisor,
) -> anyhow::Result<Opened> {
    let data = storage.data.as_path();
    let registry_clock = Arc::clone(clock);
    let restored = restored_from(data);
    let registry = Registry::open_in(data, folder.registry(), restored, move || {
        registry_clock.now()
    })?;
    let registry = Arc::new(registry);
    let config = ingest::Config {
        log_budget_bytes: storage.log_budget,
        new_fields_per_hour: storage.new_fields_per_hour,
        scope: supervisor.scope("data"),
        mark: folder.mark(),
        least_offset: folder.least_offset(),
        ..ingest::Config::new(data)
    };
    let ingest = Ingest::open(config, Arc::clone(&registry), Arc::clone(clock))?;
    // After the two that lock the folder.
    let scope = supervisor.scope("mqtt sessions");
    let sessions = Sessions::open(
        data,
        folder.sessions(),
        Arc::new(SessionTimes(Arc::clone(clock))),
        &scope,
    )?;
    let keys = identity::load_or_create(data)?;
    let keeper = Arc::new(folder.complete()?);
    keeper.registry(registry.mark());
    keeper.note(ingest.durable_offset(), sessions.changes());
    registry.on_durable({
        let keeper = Arc::clone(&keeper);
        move |changed| keeper.registry(changed.mark)
    });
    Ok(Opened {
        registry,
        ingest,
        sessions,
        keys,
        keeper,
    })
}

/// The parts of a data folder, open.
struct Opened {
    registry: Arc<Registry>,
    ingest: Ingest,
    sessions: Sessions,
    keys: ReceiptKeys,
    keeper: Arc<Keeper>,
}
