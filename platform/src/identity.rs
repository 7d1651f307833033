//! The platform's own keys: they sign the receipts of CoAP, each for devices
//! that have a key of its kind.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, anyhow};
use coap::ReceiptKeys;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};

/// Ed25519: the 32 bytes of its seed.
pub(crate) const FILE: &str = "platform.key";
/// P-256: a PKCS#8 document (DER) with the public half.
pub(crate) const ES256_FILE: &str = "platform-es256.key";
/// What the files have in length.
pub(crate) const FILE_BYTES: u64 = 32;
pub(crate) const ES256_FILE_BYTES: u64 = 138;

/// Reads both files (mode 0600), and makes those that are not there: all of them
/// at the first start, the second where the folder is from before it.
pub(crate) fn load_or_create(data: &Path) -> anyhow::Result<ReceiptKeys> {
    let ed25519 = data.join(FILE);
    let seed: [u8; 32] = read_or_make(&ed25519, make_seed)?
        .try_into()
        .map_err(|_| anyhow!("{} is not 32 bytes long", ed25519.display()))?;
    let es256 = data.join(ES256_FILE);
    let document = read_or_make(&es256, make_es256)?;
    ReceiptKeys::new(&seed, &document)
        .with_context(|| format!("{} cannot be used", es256.display()))
}

fn make_seed() -> anyhow::Result<Vec<u8>> {
    let mut seed = vec![0; 32];
    getrandom::fill(&mut seed).context("no random numbers from the system")?;
    Ok(seed)
}

fn make_es256() -> anyhow::Result<Vec<u8>> {
    EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
        .map(|document| document.as_ref().to_vec())
        .map_err(|_| anyhow!("no random numbers from the system"))
}

fn read_or_make(
    path: &Path,
    make: impl FnOnce() -> anyhow::Result<Vec<u8>>,
) -> anyhow::Result<Vec<u8>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let bytes = make()?;
            write(path, &bytes).with_context(|| format!("cannot write {}", path.display()))?;
            Ok(bytes)
        }
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let fresh = path.with_extension("key.new");
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&fresh)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&fresh, path)?;
    match path.parent() {
        Some(folder) => std::fs::File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_before_gets_the_second_key_and_keeps_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let (old, new) = (folder.path().join(FILE), folder.path().join(ES256_FILE));
        std::fs::write(&old, [7; 32]).unwrap();
        let first = load_or_create(folder.path()).unwrap();
        assert_eq!(std::fs::read(&old).unwrap(), [7; 32]);
        assert_eq!(std::fs::metadata(&new).unwrap().len(), ES256_FILE_BYTES);
        let again = load_or_create(folder.path()).unwrap();
        assert_eq!(again.es256_public(), first.es256_public());
        assert_eq!(again.ed25519_public(), first.ed25519_public());
        std::fs::write(&new, [0; 138]).unwrap();
        let error = load_or_create(folder.path()).unwrap_err();
        assert!(error.to_string().contains(ES256_FILE), "{error:#}");
    }
}
