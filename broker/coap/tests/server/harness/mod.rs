//! What the CoAP tests stand on: an access table and a sink in memory, a
//! server on a real socket, and a client that speaks through another codec
//! (coap-lite) and signs by the device's own library (sdk).

mod client;

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ::coap::{
    CoapAccess, CoapConfig, CoapHandle, CoapStats, ReceiptKeys, SignatureAttempt, SignatureKind,
    bind, serve,
};
use coap_lite::{CoapOption, Packet};
use domain::payload::ContentFormat;
use domain::{DeviceId, Offset, Timestamp};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use sdk::coap::{self, Receipt, SignedTelemetry, verify_receipt};
use sdk::{DeviceKey, Es256Key, Es256PublicKey, PublicKey};
use tokio::sync::{oneshot, watch};
use transport::{
    AccessControl, Admission, ConnectionEvent, Denial, EventKind, InboundMessage, Leaves,
    LoginAttempt, MessageSink, NotStaged, PublishRight, Refusal, RefusalKind, RejectCause,
    SinkFault, SubscribeRight,
};

pub(crate) use client::{Client, assert_piggybacked, code};

/// Long enough for a loaded machine; reached only where something is wrong.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);
pub(crate) const PAYLOAD: &[u8] = br#"[{"n":"level","u":"m","v":1.5}]"#;

/// Keys by device, and what was recorded.
#[derive(Default)]
pub(crate) struct TestAccess {
    pub(crate) keys: Mutex<HashMap<String, PublicKey>>,
    pub(crate) es256_keys: Mutex<HashMap<String, Es256PublicKey>>,
    pub(crate) revoked: Mutex<HashSet<String>>,
    pub(crate) events: Mutex<Vec<(Option<String>, EventKind, String)>>,
    pub(crate) cures: Mutex<Vec<&'static str>>,
    pub(crate) verified: AtomicU64,
}

impl AccessControl for TestAccess {
    type Principal = Arc<str>;

    fn authenticate(&self, _: &LoginAttempt<'_>) -> Result<Admission<Arc<str>>, Refusal> {
        Err(Refusal::new(RefusalKind::BadCredentials, "no logins here"))
    }

    fn challenge(&self, _: &LoginAttempt<'_>, _: &str) -> Result<Vec<u8>, Refusal> {
        Err(Refusal::new(RefusalKind::UnknownMethod, "no logins here"))
    }

    fn answer(
        &self,
        _: &LoginAttempt<'_>,
        _: &[u8],
        _: &[u8],
    ) -> Result<Admission<Arc<str>>, Refusal> {
        Err(Refusal::new(RefusalKind::UnknownMethod, "no logins here"))
    }

    fn owner_admitted(&self, _: &str) -> Result<(), Refusal> {
        Ok(())
    }

    fn publish_right(&self, principal: &Arc<str>, topic: &str) -> Result<PublishRight, Denial> {
        match topic == format!("devices/{principal}/telemetry") {
            true => Ok(PublishRight::Telemetry),
            false => Err(Denial {
                refusal: Refusal::new(RefusalKind::NotAuthorized, "not its topic"),
                leaves: Leaves::Nothing,
            }),
        }
    }

    fn subscribe_right(&self, _: &Arc<str>, _: &str) -> SubscribeRight {
        SubscribeRight::Denied
    }

    fn still_admitted(&self, _: &Arc<str>) -> Result<Option<Duration>, Refusal> {
        Ok(None)
    }

    fn generation(&self) -> u64 {
        0
    }

    fn record(&self, event: ConnectionEvent<'_>) {
        assert!(event.head.len() <= 256);
        assert!(!event.cure.is_empty());
        self.cures.lock().unwrap().push(event.cure);
        self.events.lock().unwrap().push((
            event.login.map(str::to_owned),
            event.kind,
            event.reason.into_owned(),
        ));
    }
}

impl CoapAccess for TestAccess {
    fn verify(&self, attempt: &SignatureAttempt<'_>) -> Result<Arc<str>, Refusal> {
        self.verified.fetch_add(1, Ordering::Relaxed);
        let known = self.keys.lock().unwrap().contains_key(attempt.kid)
            || self.es256_keys.lock().unwrap().contains_key(attempt.kid);
        if !known {
            let reason = "nobody of that name";
            return Err(Refusal::new(RefusalKind::UnknownDevice, reason));
        }
        if self.revoked.lock().unwrap().contains(attempt.kid) {
            return Err(Refusal::new(RefusalKind::Revoked, "it was revoked"));
        }
        match self.signature_fits(attempt) {
            true => Ok(attempt.kid.into()),
            false => Err(Refusal::new(
                RefusalKind::BadCredentials,
                "not its signature",
            )),
        }
    }

    fn signature_fits(&self, attempt: &SignatureAttempt<'_>) -> bool {
        let (message, signature) = (attempt.signed_bytes, attempt.signature);
        match attempt.kind {
            SignatureKind::Ed25519 => (self.keys.lock().unwrap().get(attempt.kid))
                .is_some_and(|key| key.verifies(message, signature)),
            SignatureKind::Es256 => (self.es256_keys.lock().unwrap().get(attempt.kid))
                .is_some_and(|key| key.verifies(message, signature)),
        }
    }
}

/// A message as the sink got it.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Kept {
    pub(crate) principal: String,
    pub(crate) topic: String,
    pub(crate) payload: Vec<u8>,
    pub(crate) content_type: Option<String>,
    pub(crate) boot_epoch: u64,
    pub(crate) sequence: u64,
    pub(crate) time: Option<Timestamp>,
    pub(crate) signed: Vec<u8>,
    pub(crate) received: Timestamp,
}

/// Keeps messages in memory. Commits wait while the gate is shut.
pub(crate) struct TestSink {
    pub(crate) kept: Mutex<Vec<Kept>>,
    pub(crate) stage_calls: AtomicU64,
    pub(crate) gate: watch::Sender<bool>,
    pub(crate) failing: AtomicBool,
    /// Whether payloads that have a field `new` can be staged.
    pub(crate) prepared: watch::Sender<bool>,
    /// Has no room for messages.
    pub(crate) full: AtomicBool,
    /// Refuses every used epoch and sequence, the same message too.
    pub(crate) forgetful: AtomicBool,
    /// What its clock says, in microseconds.
    pub(crate) clock: AtomicI64,
}

impl Default for TestSink {
    fn default() -> Self {
        Self {
            kept: Mutex::default(),
            stage_calls: AtomicU64::new(0),
            gate: watch::Sender::new(true),
            failing: AtomicBool::new(false),
            prepared: watch::Sender::new(true),
            full: AtomicBool::new(false),
            forgetful: AtomicBool::new(false),
            clock: AtomicI64::new(0),
        }
    }
}

pub(crate) struct TestReceipt(Offset, bool);

impl transport::Receipt for TestReceipt {
    fn offset(&self) -> Offset {
        self.0
    }

    fn readable(&self) -> bool {
        self.1
    }
}

impl TestSink {
    fn keep(
        &self,
        principal: &Arc<str>,
        message: &InboundMessage<'_>,
    ) -> Result<TestReceipt, SinkFault> {
        self.stage_calls.fetch_add(1, Ordering::Relaxed);
        if self.failing.load(Ordering::Relaxed) {
            return Err(SinkFault::failed("the disk is gone"));
        }
        let signed = message.signed.expect("a CoAP message is signed");
        let new = Kept {
            principal: principal.to_string(),
            topic: message.topic.to_owned(),
            payload: message.payload.to_vec(),
            content_type: message.content_type.map(str::to_owned),
            boot_epoch: signed.boot_epoch,
            sequence: signed.sequence,
            time: signed.time,
            signed: signed.bytes.to_vec(),
            received: message.received.unwrap_or_else(|| self.now()),
        };
        let readable = !new.payload.starts_with(b"unreadable");
        let mut kept = self.kept.lock().unwrap();
        let same_name = kept.iter().position(|old| {
            (&old.principal, old.boot_epoch, old.sequence)
                == (&new.principal, new.boot_epoch, new.sequence)
        });
        let index = match same_name {
            Some(index)
                if kept[index].signed == new.signed && !self.forgetful.load(Ordering::Relaxed) =>
            {
                index
            }
            Some(_) => return Err(SinkFault::Replayed),
            None => {
                kept.push(new);
                kept.len() - 1
            }
        };
        Ok(TestReceipt(Offset::new(index as u64 + 1), readable))
    }
}

impl MessageSink<Arc<str>> for TestSink {
    type Staged = TestReceipt;
    type Receipt = TestReceipt;

    fn stage(
        &self,
        principal: &Arc<str>,
        message: &InboundMessage<'_>,
    ) -> Result<TestReceipt, NotStaged> {
        let is_new = message.payload.windows(3).any(|bytes| bytes == b"new");
        if is_new && !*self.prepared.borrow() {
            let mut prepared = self.prepared.subscribe();
            return Err(NotStaged::Later(Box::pin(async move {
                prepared.wait_for(|prepared| *prepared).await.unwrap();
                Ok(())
            })));
        }
        Ok(self.keep(principal, message)?)
    }

    fn stage_reject(
        &self,
        principal: &Arc<str>,
        message: &InboundMessage<'_>,
        _: RejectCause,
    ) -> Result<TestReceipt, SinkFault> {
        self.keep(principal, message)
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.clock.load(Ordering::Relaxed))
    }

    fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    async fn commit(&self, staged: Vec<TestReceipt>) -> Result<Vec<TestReceipt>, SinkFault> {
        self.gate.subscribe().wait_for(|open| *open).await.unwrap();
        match self.failing.load(Ordering::Relaxed) {
            true => Err(SinkFault::failed("the sync failed")),
            false => Ok(staged),
        }
    }
}

/// A running server with one registered device, `dev-1`.
pub(crate) struct TestServer {
    pub(crate) access: Arc<TestAccess>,
    pub(crate) sink: Arc<TestSink>,
    pub(crate) handle: CoapHandle,
    pub(crate) platform: coap::ReceiptKeys,
    pub(crate) device: TestDevice,
    shutdown: Option<oneshot::Sender<()>>,
}

/// Limits that do not get in a test's way.
pub(crate) fn generous() -> CoapConfig {
    CoapConfig {
        source_rate: 1_000_000,
        source_burst: 1_000_000,
        device_rate: 1_000_000,
        device_burst: 1_000_000,
        failed_burst: 1_000_000,
        failed_burst_of_device: 1_000_000,
        failed_burst_of_all: 1_000_000,
        diagnosis_rate: 1_000_000.0,
        // A stalled machine must not bring an empty ACK where none is looked for.
        piggyback_window: DEADLINE,
        ..CoapConfig::default()
    }
}

impl TestServer {
    pub(crate) fn start() -> Self {
        Self::with(&generous())
    }

    pub(crate) fn with(config: &CoapConfig) -> Self {
        let device = TestDevice::new("dev-1");
        let access = Arc::new(TestAccess::default());
        let sink = Arc::new(TestSink::default());
        let keys = receipt_keys();
        let platform = coap::ReceiptKeys {
            ed25519: PublicKey::from_bytes(&keys.ed25519_public()).unwrap(),
            es256: Some(Es256PublicKey::from_bytes(keys.es256_public())),
        };
        let (shutdown, stop) = oneshot::channel();
        let handle = serve(
            bind("127.0.0.1:0".parse().unwrap()).unwrap(),
            Arc::clone(&access),
            Arc::clone(&sink),
            keys,
            config,
            async {
                let _ = stop.await;
            },
        )
        .unwrap();
        let server = Self {
            access,
            sink,
            handle,
            platform,
            device,
            shutdown: Some(shutdown),
        };
        server.register(&server.device);
        server
    }

    pub(crate) fn register(&self, device: &TestDevice) {
        self.access
            .keys
            .lock()
            .unwrap()
            .insert(device.id.to_string(), device.key.public_key());
    }

    /// The same for a device whose key is on P-256.
    pub(crate) fn register_es256(&self, id: &str, key: &Es256Key) {
        let mut keys = self.access.es256_keys.lock().unwrap();
        keys.insert(id.to_owned(), key.public_key());
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(self.handle.local_address())
    }

    pub(crate) fn kept(&self) -> Vec<Kept> {
        self.sink.kept.lock().unwrap().clone()
    }

    pub(crate) fn stage_calls(&self) -> u64 {
        self.sink.stage_calls.load(Ordering::Relaxed)
    }

    pub(crate) fn stats(&self) -> CoapStats {
        self.handle.stats()
    }

    /// Waits until the counts say so.
    pub(crate) fn until(&self, condition: impl Fn(&CoapStats) -> bool) {
        wait_until(|| condition(&self.stats()));
    }

    pub(crate) fn shut_gate(&self) {
        self.sink.gate.send_replace(false);
    }

    pub(crate) fn open_gate(&self) {
        self.sink.gate.send_replace(true);
    }

    pub(crate) fn begin_shutdown(&mut self) {
        let _ = self.shutdown.take().unwrap().send(());
    }

    pub(crate) fn wait_stopped(&self) {
        let stopped = self.handle.clone().stopped();
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(async { tokio::time::timeout(DEADLINE, stopped).await.unwrap() });
    }

    /// The receipt of an answer, verified.
    pub(crate) fn receipt(&self, answer: &Packet, body: &[u8]) -> Receipt {
        let format = answer.get_first_option(CoapOption::ContentFormat);
        assert_eq!(format, Some(&vec![18]));
        verify_receipt(&answer.payload, self.platform, body).unwrap()
    }
}

/// The platform's keys: one of each kind.
pub(crate) fn receipt_keys() -> ReceiptKeys {
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let es256 = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).unwrap();
    ReceiptKeys::new(&[7; 32], es256.as_ref()).unwrap()
}

pub(crate) fn wait_until(condition: impl Fn() -> bool) {
    let end = Instant::now() + DEADLINE;
    while !condition() {
        assert!(Instant::now() < end, "it did not come to pass");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[derive(Clone)]
pub(crate) struct TestDevice {
    pub(crate) id: DeviceId,
    pub(crate) key: DeviceKey,
}

impl TestDevice {
    pub(crate) fn new(id: &str) -> Self {
        Self {
            id: DeviceId::new(id).unwrap(),
            key: DeviceKey::generate().unwrap(),
        }
    }

    /// A signed body, named by its sequence.
    pub(crate) fn body(&self, sequence: u64) -> Vec<u8> {
        self.signed(sequence, PAYLOAD)
    }

    pub(crate) fn signed(&self, sequence: u64, payload: &[u8]) -> Vec<u8> {
        SignedTelemetry {
            device: &self.id,
            boot_epoch: 3,
            sequence,
            time: Timestamp::from_micros(1_700_000_000_000_000),
            format: ContentFormat::SenmlJson,
            payload,
        }
        .sign(&self.key)
        .unwrap()
    }
}
