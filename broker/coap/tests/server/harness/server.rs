//! A running server, and limits that do not get in the way of a test.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use ::coap::{Config, Handle, ReceiptKeys, Stats, bind, serve};
use coap_lite::{CoapOption, Packet};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use sdk::coap::{self, Receipt, verify_receipt};
use sdk::{Es256Key, Es256PublicKey, PublicKey};
use tokio::sync::oneshot;

use super::{Client, DEADLINE, Kept, TestAccess, TestDevice, TestSink, wait_until};

/// A running server with one registered device, `dev-1`.
pub(crate) struct TestServer {
    pub(crate) access: Arc<TestAccess>,
    pub(crate) sink: Arc<TestSink>,
    pub(crate) handle: Handle,
    pub(crate) platform: coap::ReceiptKeys,
    pub(crate) device: TestDevice,
    shutdown: Option<oneshot::Sender<()>>,
}

/// Limits that do not get in a test's way.
pub(crate) fn generous() -> Config {
    Config {
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
        ..Config::default()
    }
}

impl TestServer {
    pub(crate) fn start() -> Self {
        Self::with(&generous())
    }

    pub(crate) fn with(config: &Config) -> Self {
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

    pub(crate) fn stats(&self) -> Stats {
        self.handle.stats()
    }

    /// Waits until the counts say so.
    pub(crate) fn until(&self, condition: impl Fn(&Stats) -> bool) {
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
