//! `DIR/server.json`: where the server of a data folder listens, so that a
//! command that is given the folder talks to that server, and sends the folder's
//! token to no other.
//!
//! Written once everything listens, removed at the end. What a killed server
//! left is known by its process, which is gone.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::listeners::addresses::Addresses;
use crate::reachability::{leads_to, reachable};

/// Within the data folder.
pub(crate) const FILE: &str = "server.json";

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Content {
    pid: u32,
    /// When the process began, as the kernel counts it: a number that comes
    /// again is another process.
    began: Option<u64>,
    public_url: Option<String>,
    /// Listener and bound address.
    listeners: BTreeMap<String, SocketAddr>,
}

/// Removed when it is dropped.
#[derive(Debug)]
pub(crate) struct ServerFile(PathBuf);

impl ServerFile {
    pub(crate) fn write(
        data: &Path,
        addresses: &Addresses,
        public_url: Option<&str>,
    ) -> anyhow::Result<Self> {
        let path = data.join(FILE);
        let content = Content {
            pid: std::process::id(),
            began: began(std::process::id()),
            public_url: public_url.map(str::to_owned),
            listeners: addresses.named(),
        };
        crate::ready::replace(&path, &serde_json::to_vec(&content)?)
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for ServerFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// The server that runs on a data folder.
#[derive(Debug, Clone)]
pub(crate) struct Running(Content);

impl Running {
    /// `None`: nobody runs on it.
    pub(crate) fn on(data: &Path) -> anyhow::Result<Option<Self>> {
        let path = data.join(FILE);
        let text = match std::fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            read => read.with_context(|| format!("cannot read {}", path.display()))?,
        };
        let content: Content = serde_json::from_slice(&text)
            .with_context(|| format!("{} cannot be read", path.display()))?;
        let alive = began(content.pid).is_some() && began(content.pid) == content.began;
        Ok(alive.then_some(Self(content)))
    }

    /// Where this machine asks it; what the outside world knows it by, where
    /// it has no plaintext listener.
    pub(crate) fn url(&self) -> Option<String> {
        let plain = self.0.listeners.get("http").map(|bound| {
            let at = SocketAddr::new(reachable(bound.ip()), bound.port());
            format!("http://{at}")
        });
        plain.or_else(|| self.0.public_url.clone())
    }

    /// Whether `url` is this server and no other.
    pub(crate) fn answers_at(&self, url: &str) -> bool {
        let url = url.trim_end_matches('/');
        if self.0.public_url.as_deref() == Some(url) {
            return true;
        }
        let Some((scheme, authority)) = url.split_once("://") else {
            return false;
        };
        let (listener, usual) = match scheme {
            "http" => ("http", 80),
            "https" => ("https", 443),
            _ => return false,
        };
        let authority = authority.split('/').next().unwrap_or_default();
        // What a user name would hide.
        if authority.contains('@') {
            return false;
        }
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port.parse().unwrap_or(0)),
            _ => (authority, usual),
        };
        let bound = self.0.listeners.get(listener);
        bound.is_some_and(|bound| leads_to(host, port, *bound))
    }
}

/// When a process began, in the kernel's ticks; `None`: there is none.
fn began(pid: u32) -> Option<u64> {
    /// Of `/proc/PID/stat`, counted from after the name, which may hold spaces.
    const STARTTIME_AFTER_NAME: usize = 19;
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace()
        .nth(STARTTIME_AFTER_NAME)?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests;
