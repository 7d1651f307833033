//! A data plane and a registry, with a backlog over both.

use std::time::Duration;

use device_registry::{
    Actor, ApiKey, DeviceLogin, NewAgency, NewApplication, NewDevice, Visibility,
};
use domain::batch::Resent;
use domain::{
    AgencyId, Assurance, CredentialId, DeviceId, ModelId, ObservationBatch, Offset, Origin,
    Timestamp, Transport, payload,
};
use ingest::{CommitPolicy, Config, SystemClock};
use transport::LogMessage;

use super::level;
use crate::wiring::backlog::*;

/// 2026-09-21T13:33:20Z.
pub(super) const NOW: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);
/// Long enough for a loaded machine; only a failure waits for it.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

pub(super) struct Plane {
    pub(super) ingest: Ingest,
    pub(super) registry: Arc<Registry>,
    pub(super) missed: MissedMessages,
    pub(super) downlink: Arc<Downlink>,
    pub(super) key: Arc<ApiKey>,
    pub(super) folder: tempfile::TempDir,
}

impl Plane {
    /// Two public devices, `a` and `b`, and a restricted one, `secret`.
    pub(super) fn open(configure: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let registry = Arc::new(Registry::open(folder.path(), || NOW).unwrap());
        let agency = AgencyId::new("seoul").unwrap();
        registry
            .create_agency(
                &Actor::OPERATOR,
                NewAgency {
                    id: agency,
                    name: "Seoul".to_owned(),
                },
            )
            .unwrap();
        let created = registry.create_application(
            &Actor::OPERATOR,
            NewApplication {
                name: "rivers".to_owned(),
                contact: "dev@example.com".to_owned(),
            },
        );
        let key = registry
            .authenticate_api_key(created.unwrap().key.text.as_str())
            .unwrap();
        let mut config = Config {
            commit: CommitPolicy::Inline,
            ..Config::new(folder.path())
        };
        configure(&mut config);
        let ingest = Ingest::open(config, Arc::clone(&registry), Arc::new(SystemClock)).unwrap();
        let downlink = Arc::new(Downlink::new(ingest.clone(), Arc::clone(&registry)));
        let plane = Self {
            missed: MissedMessages::new(
                ingest.clone(),
                Arc::clone(&registry),
                Arc::clone(&downlink),
            ),
            downlink,
            ingest,
            registry,
            key,
            folder,
        };
        plane.register("a", Visibility::Public, None);
        plane.register("b", Visibility::Public, None);
        plane.register("secret", Visibility::Restricted, None);
        plane
    }

    pub(super) fn register(&self, id: &str, visibility: Visibility, gateway: Option<&str>) {
        let agency = AgencyId::new("seoul").unwrap();
        let model = ModelId::new("disaster.water-level").unwrap();
        let new = NewDevice {
            visibility: Some(visibility),
            gateway: gateway.map(|id| DeviceId::new(id).unwrap()),
            ..NewDevice::new(DeviceId::new(id).unwrap(), agency, model)
        };
        self.registry
            .register_device(&Actor::OPERATOR, new)
            .unwrap();
    }

    pub(super) fn application(&self) -> Principal {
        Principal::Application(Arc::clone(&self.key))
    }

    pub(super) fn device(&self, id: &str) -> Principal {
        let snapshot = self.registry.snapshot();
        let device = Arc::clone(snapshot.device(id).unwrap());
        Principal::Device(Arc::new(DeviceLogin::new(
            &snapshot,
            device,
            CredentialId::new(1),
            Assurance::Key,
        )))
    }

    pub(super) async fn submit(&self, id: &str, payload: &str) -> Offset {
        self.submit_through(id, payload, None).await
    }

    pub(super) async fn submit_through(
        &self,
        id: &str,
        payload: &str,
        gateway: Option<&str>,
    ) -> Offset {
        let device = Arc::clone(self.registry.snapshot().device(id).unwrap());
        let batch = ObservationBatch {
            origin: origin(gateway),
            telemetry: payload::parse(payload.as_bytes(), None, &device.id, NOW),
            original: payload.as_bytes(),
        };
        let receipt = self.ingest.submit(&device, &batch).await.unwrap();
        self.ingest.caught_up().await;
        receipt.offset()
    }

    /// So many levels of `a`, from 0 on, a frame each and all of one group.
    pub(super) async fn submit_levels(&self, count: i64) {
        let device = Arc::clone(self.registry.snapshot().device("a").unwrap());
        let mut staged = Vec::new();
        for number in 0..count {
            let text = level(number);
            let batch = ObservationBatch {
                origin: origin(None),
                telemetry: payload::parse(text.as_bytes(), None, &device.id, NOW),
                original: text.as_bytes(),
            };
            staged.push(self.ingest.stage(&device, &batch).unwrap());
        }
        self.ingest.commit(staged).await.unwrap();
        self.ingest.caught_up().await;
    }

    /// All pages from a position on, and how many frames are gone.
    pub(super) async fn read(
        &self,
        principal: &Principal,
        wanted: &[Missed],
        from: LogPosition,
    ) -> (Vec<LogMessage>, u64) {
        let (mut at, mut messages, mut gone) = (from, Vec::new(), 0);
        loop {
            let page = self.missed.read(principal, wanted, at).await.unwrap();
            assert!(page.next > at || page.at_end, "it goes forward");
            messages.extend(page.messages);
            gone += page.gone;
            at = page.next;
            if page.at_end {
                assert!(at >= self.missed.end());
                assert!(messages.is_sorted_by_key(|message| message.position));
                return (messages, gone);
            }
        }
    }
}

pub(super) fn origin(gateway: Option<&str>) -> Origin {
    Origin {
        credential: CredentialId::new(1),
        assurance: Assurance::Key,
        gateway: gateway.map(|id| DeviceId::new(id).unwrap()),
        transport: Transport::Mqtt,
        received: NOW,
        resent: Resent::No,
        boot_epoch: None,
        boot_sequence: None,
    }
}
