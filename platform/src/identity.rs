//! The platform's own Ed25519 key: it signs the receipts of CoAP.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::Context;
use ed25519_dalek::SigningKey;

pub(crate) const FILE: &str = "platform.key";

/// Reads `DIR/platform.key` (32 bytes, mode 0600), or makes it at the first start.
pub(crate) fn load_or_create(data: &Path) -> anyhow::Result<SigningKey> {
    let path = data.join(FILE);
    match std::fs::read(&path) {
        Ok(bytes) => {
            let seed: [u8; 32] = bytes
                .try_into()
                .map_err(|_| anyhow::anyhow!("{} is not 32 bytes long", path.display()))?;
            Ok(SigningKey::from_bytes(&seed))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => create(&path),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

fn create(path: &Path) -> anyhow::Result<SigningKey> {
    let mut seed = [0u8; 32];
    getrandom::fill(&mut seed).context("no random numbers from the system")?;
    let context = || format!("cannot write {}", path.display());
    let fresh = path.with_extension("key.new");
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&fresh)
        .with_context(context)?;
    file.write_all(&seed).with_context(context)?;
    file.sync_all().with_context(context)?;
    std::fs::rename(&fresh, path).with_context(context)?;
    if let Some(folder) = path.parent() {
        std::fs::File::open(folder)
            .and_then(|folder| folder.sync_all())
            .with_context(context)?;
    }
    Ok(SigningKey::from_bytes(&seed))
}
