//! A registry in a temporary folder, with a clock that stands still until it
//! is moved, and devices' keys.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use device_registry::{
    Actor, ExtraDatastream, ExtraDatastreamError, NewAgency, NewDevice, NewKey, OpenError, Registry,
};
use domain::{AgencyId, DatastreamId, DeviceId, Location, ModelId, Timestamp};
use ed25519_dalek::{Signer, SigningKey};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use tempfile::TempDir;

/// 2026-05-01T00:00:00Z.
pub(crate) const START_SECONDS: i64 = 1_777_593_600;

pub(crate) struct TestRegistry {
    pub(crate) registry: Registry,
    pub(crate) dir: TempDir,
    clock: Arc<AtomicI64>,
}

impl TestRegistry {
    /// Empty but for the built-in models.
    pub(crate) fn empty() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(AtomicI64::new(START_SECONDS * 1_000_000));
        let registry = open(&dir, &clock).unwrap();
        Self {
            registry,
            dir,
            clock,
        }
    }

    /// With agency `seoul`.
    pub(crate) fn new() -> Self {
        let test = Self::empty();
        test.add_agency("seoul", "서울특별시");
        test
    }

    /// With agencies `seoul` and `busan`.
    pub(crate) fn two_agencies() -> Self {
        let test = Self::new();
        test.add_agency("busan", "부산광역시");
        test
    }

    fn add_agency(&self, id: &str, name: &str) {
        let new = NewAgency {
            id: agency(id),
            name: name.to_owned(),
        };
        self.registry.create_agency(&Actor::OPERATOR, new).unwrap();
    }

    /// Closes and opens it again, as a restart does.
    pub(crate) fn reopen(self) -> Self {
        let Self {
            registry,
            dir,
            clock,
        } = self;
        drop(registry);
        let registry = open(&dir, &clock).unwrap();
        Self {
            registry,
            dir,
            clock,
        }
    }

    /// Opens a copy of the files as they lie on the disk while the registry
    /// has them open: what the next start finds after kill -9.
    pub(crate) fn kill(self) -> Self {
        let copy = tempfile::tempdir().unwrap();
        for entry in std::fs::read_dir(self.dir.path()).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_file() {
                std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
            }
        }
        let registry = open(&copy, &self.clock).unwrap();
        Self {
            registry,
            dir: copy,
            clock: self.clock,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.clock.load(Ordering::Relaxed))
    }

    pub(crate) fn pass_seconds(&self, seconds: i64) {
        self.clock.fetch_add(seconds * 1_000_000, Ordering::Relaxed);
    }
}

fn open(dir: &TempDir, clock: &Arc<AtomicI64>) -> Result<Registry, OpenError> {
    let clock = Arc::clone(clock);
    Registry::open(dir.path(), move || {
        Timestamp::from_micros(clock.load(Ordering::Relaxed))
    })
}

/// Opens `dir` with the wall clock out of play.
pub(crate) fn open_at(dir: &std::path::Path) -> Result<Registry, OpenError> {
    Registry::open(dir, || Timestamp::from_micros(START_SECONDS * 1_000_000))
}

pub(crate) fn agency(id: &str) -> AgencyId {
    AgencyId::new(id).unwrap()
}

pub(crate) fn device(id: &str) -> DeviceId {
    DeviceId::new(id).unwrap()
}

pub(crate) fn model(id: &str) -> ModelId {
    ModelId::new(id).unwrap()
}

pub(crate) fn place(lat: f64, lon: f64) -> Location {
    Location::new(lat, lon).unwrap()
}

/// A parking sensor of `seoul`, without a key.
pub(crate) fn new_device(id: &str) -> NewDevice {
    NewDevice::new(device(id), agency("seoul"), model("traffic.parking"))
}

/// A device's own half of a key.
pub(crate) enum DeviceKey {
    Ed25519(SigningKey),
    Es256(EcdsaKeyPair),
}

impl DeviceKey {
    pub(crate) fn ed25519(seed: u8) -> Self {
        Self::Ed25519(SigningKey::from_bytes(&[seed; 32]))
    }

    pub(crate) fn es256() -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        Self::Es256(EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap())
    }

    pub(crate) fn public(&self) -> NewKey {
        let (alg, bytes) = match self {
            Self::Ed25519(key) => ("EdDSA", key.verifying_key().to_bytes().to_vec()),
            Self::Es256(key) => ("ES256", key.public_key().as_ref().to_vec()),
        };
        NewKey {
            alg: alg.to_owned(),
            public_key: URL_SAFE_NO_PAD.encode(bytes),
            expires: None,
        }
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Ed25519(key) => key.sign(message).to_bytes().to_vec(),
            Self::Es256(key) => {
                let signature = key.sign(&SystemRandom::new(), message).unwrap();
                signature.as_ref().to_vec()
            }
        }
    }

    /// A JWT with exactly this header and these claims.
    pub(crate) fn token(&self, header: &str, claims: &str) -> String {
        let signed = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(claims)
        );
        let signature = URL_SAFE_NO_PAD.encode(self.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }
}

/// The device's datastream of a field, made where there is none yet.
pub(crate) fn extra_datastream(
    registry: &Registry,
    device: &DeviceId,
    field: &str,
) -> Result<DatastreamId, ExtraDatastreamError> {
    loop {
        match registry.extra_datastream(device, field)? {
            ExtraDatastream::Standing(datastream) => return Ok(datastream),
            ExtraDatastream::New(new) => drop(registry.make_extra_datastreams([&new]).unwrap()),
        }
    }
}
