//! Making agencies and devices through the open API, for the devices that the
//! simulator brings along.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use domain::{AgencyId, DeviceId, ModelId, Timestamp};
use progress::{Progress, Unit};
use sdk::DeviceKey;
use sdk::api::{ApiClient, ApiCredential, ImportMode, NewDevice, Position, PublicKeyDocument};
use sha2::{Digest, Sha256};

use crate::wire::Login;

/// Devices of one import request: stays far below the platform's 64 MiB.
const IMPORT_CHUNK: usize = 20_000;
const TOKEN_LIFETIME: Duration = Duration::from_secs(12 * 3_600);

/// Where devices are registered, and the operator's token for it.
pub struct Platform {
    pub api: ApiClient,
    /// What a device's token names as `aud`.
    pub audience: String,
    pub receipt_key: sdk::PublicKey,
}

impl Platform {
    pub fn connect(url: &str, token_file: &Path) -> anyhow::Result<Self> {
        let token = std::fs::read_to_string(token_file)
            .with_context(|| format!("cannot read the token in {}", token_file.display()))?;
        let api = ApiClient::connect(url, ApiCredential::Bearer(token.trim().to_owned()))?;
        let info = api
            .platform()
            .with_context(|| format!("no platform answers at {url}"))?;
        Ok(Self {
            receipt_key: info.receipt_key()?,
            audience: info.audience,
            api,
        })
    }

    /// An agency that is there already is as good.
    pub fn agency(&self, id: &AgencyId, name: &str) -> anyhow::Result<()> {
        match self.api.create_agency(id, name) {
            Err(error) if !error.is_conflict() => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Registers those that are missing; a device that is there already must
    /// have the same key, which deterministic keys see to.
    pub fn devices(&self, devices: &[NewDevice]) -> anyhow::Result<()> {
        let progress = Progress::new("registering", Unit::Of("devices"), devices.len() as u64);
        for chunk in devices.chunks(IMPORT_CHUNK) {
            let first = self.api.import_devices(chunk, ImportMode::DryRun)?;
            let known: Vec<u64> = first
                .errors
                .iter()
                .filter(|fault| self.is_registered(chunk, fault.line))
                .map(|fault| fault.line)
                .collect();
            let missing = (1u64..)
                .zip(chunk)
                .filter_map(|(line, device)| (!known.contains(&line)).then_some(device));
            let missing: Vec<&NewDevice> = missing.collect();
            if missing.is_empty() {
                progress.add(chunk.len() as u64);
                continue;
            }
            let report = self.api.import_devices(missing, ImportMode::Apply)?;
            ensure!(
                report.errors.is_empty(),
                "line {} of the import was refused: {}",
                report.errors[0].line,
                report.errors[0].message
            );
            progress.add(chunk.len() as u64);
        }
        Ok(())
    }

    fn is_registered(&self, chunk: &[NewDevice], line: u64) -> bool {
        let device = line.checked_sub(1).and_then(|at| chunk.get(at as usize));
        device.is_some_and(|device| self.api.device(&device.id).is_ok())
    }

    /// A login by a token of the device's key.
    pub fn login(&self, device: &DeviceId, key: &DeviceKey, now: Timestamp) -> Login {
        let token = key.jwt(device, &self.audience, now, TOKEN_LIFETIME);
        Login {
            client_id: device.to_string(),
            credentials: Some((device.to_string(), token)),
        }
    }
}

/// A login for a broker that asks for nothing.
pub fn anonymous(device: &DeviceId) -> Login {
    Login {
        client_id: device.to_string(),
        credentials: None,
    }
}

/// The key of a simulated device: from the run's secret and its id, so that
/// nothing has to be kept. Good for a simulator, for nothing else.
pub fn key_of(secret: &str, device: &DeviceId) -> DeviceKey {
    let mut hash = Sha256::new();
    hash.update(secret.as_bytes());
    hash.update([0]);
    hash.update(device.as_str().as_bytes());
    DeviceKey::from_seed(&hash.finalize().into())
}

/// What a registration of a device with one key says.
pub fn new_device(
    id: DeviceId,
    agency: AgencyId,
    model: ModelId,
    key: &DeviceKey,
    position: Option<(f64, f64)>,
) -> NewDevice {
    NewDevice {
        keys: vec![PublicKeyDocument::from(key.public_key())],
        location: position.map(|(lat, lon)| Position { lat, lon }),
        visibility: Some("public".to_owned()),
        ..NewDevice::new(id, agency, model)
    }
}
