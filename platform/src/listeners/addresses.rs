//! Where each listener listens, once its socket is bound.

use std::net::SocketAddr;

/// Where each listener listens, in the order of the ready file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Addresses(Vec<(&'static str, SocketAddr)>);

impl Addresses {
    pub(crate) fn of(&self, listener: &str) -> Option<SocketAddr> {
        self.0
            .iter()
            .find(|(name, _)| *name == listener)
            .map(|(_, address)| *address)
    }

    pub(crate) fn add(&mut self, listener: &'static str, address: SocketAddr) {
        self.0.push((listener, address));
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static str, SocketAddr)> + '_ {
        self.0.iter().copied()
    }

    pub(crate) fn named(&self) -> std::collections::BTreeMap<String, SocketAddr> {
        self.0
            .iter()
            .map(|(name, address)| ((*name).to_owned(), *address))
            .collect()
    }

    pub(crate) fn ports(&self) -> Vec<(String, u16)> {
        self.0
            .iter()
            .map(|(name, address)| ((*name).to_owned(), address.port()))
            .collect()
    }
}
