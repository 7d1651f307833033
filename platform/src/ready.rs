//! The ready file: who starts us knows from it that everything listens, and where.

use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::listeners::addresses::Addresses;

/// Written whole or not at all; removed at a clean end.
pub(crate) struct ReadyFile(Option<PathBuf>);

impl ReadyFile {
    pub(crate) fn write(path: Option<PathBuf>, addresses: &Addresses) -> anyhow::Result<Self> {
        if let Some(path) = &path {
            let content = serde_json::to_vec(&content(addresses))?;
            replace(path, &content)
                .with_context(|| format!("cannot write the ready file {}", path.display()))?;
        }
        Ok(Self(path))
    }

    pub(crate) fn remove(self) {
        if let Some(path) = self.0 {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// One object of listener to bound address, and `pid`.
fn content(addresses: &Addresses) -> serde_json::Value {
    let mut object: serde_json::Map<String, serde_json::Value> = addresses
        .iter()
        .map(|(name, address)| (name.to_owned(), address.to_string().into()))
        .collect();
    object.insert("pid".to_owned(), std::process::id().into());
    object.into()
}

/// Whole or not at all.
pub(crate) fn replace(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let fresh = PathBuf::from(name);
    std::fs::write(&fresh, content)?;
    std::fs::rename(fresh, path)
}
