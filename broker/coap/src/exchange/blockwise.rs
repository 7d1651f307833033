//! Bodies in blocks: RFC 7959, Block1. Blocks come in order; the transfers of
//! one endpoint are kept apart by path and Request-Tag (RFC 9175).
//!
//! Constraints: a body has at most [`MAX_BODY_BYTES`]; every block but the last
//! is whole; a block that is there already, byte for byte, is taken again
//! without effect (its answer was lost), anything else out of order is 4.08.
//! A block is answered with the size that it came in: told a smaller one,
//! common clients go on at a wrong offset and report success.
//! Nobody has proved anything yet, so number and bytes of the transfers are
//! bounded for each source and for all together, and the number for each
//! endpoint. There is no bound for the device that a request names: anybody can
//! name it, and would use it up.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::limits::source;
use crate::message::Code;
use crate::request::{Block, RequestTags, TelemetryRequest};

/// The longest body, in bytes.
pub(crate) const MAX_BODY_BYTES: usize = 64 * 1024;
/// A full table gives up transfers that are idle for this long.
const SOON_IDLE: Duration = Duration::from_secs(5);
/// At most so often the table is looked through for idle transfers.
const SWEEP_PAUSE: Duration = Duration::from_millis(250);

/// What names a transfer.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    peer: SocketAddr,
    device: SmallVec<[u8; 32]>,
    request_tags: RequestTags,
}

struct Transfer {
    body: Vec<u8>,
    touched: Instant,
}

/// What a source or an endpoint holds.
#[derive(Clone, Copy, Default)]
struct Held {
    transfers: usize,
    bytes: usize,
}

/// Bounds of all transfers; see [`super::Config`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct TransferLimits {
    pub(crate) open: usize,
    pub(crate) open_per_source: usize,
    pub(crate) open_per_endpoint: usize,
    pub(crate) bytes: usize,
    pub(crate) bytes_per_source: usize,
    pub(crate) idle: Duration,
}

/// What becomes of a block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum BlockStep {
    /// 2.31: go on.
    Continue,
    Complete(Vec<u8>),
    Refuse(Code, &'static str),
}

/// The transfers under way.
pub(crate) struct Transfers {
    limits: TransferLimits,
    by_key: FxHashMap<Key, Transfer>,
    by_source: FxHashMap<IpAddr, Held>,
    by_endpoint: FxHashMap<SocketAddr, usize>,
    bytes: usize,
    swept: Option<Instant>,
}

const INCOMPLETE: BlockStep = BlockStep::Refuse(
    Code::REQUEST_ENTITY_INCOMPLETE,
    "block out of order: begin again",
);
const TOO_MANY: BlockStep = BlockStep::Refuse(Code::SERVICE_UNAVAILABLE, "too many transfers");
const TOO_LARGE: BlockStep = BlockStep::Refuse(Code::REQUEST_ENTITY_TOO_LARGE, "64 KiB");

impl Transfers {
    pub(crate) fn new(limits: TransferLimits) -> Self {
        Self {
            limits,
            by_key: FxHashMap::default(),
            by_source: FxHashMap::default(),
            by_endpoint: FxHashMap::default(),
            bytes: 0,
            swept: None,
        }
    }

    /// Takes one block of a request.
    pub(crate) fn accept(
        &mut self,
        peer: SocketAddr,
        request: &TelemetryRequest<'_>,
        block: Block,
        payload: &[u8],
        now: Instant,
    ) -> BlockStep {
        self.sweep(now);
        let key = Key {
            peer,
            device: request.device.as_bytes().into(),
            request_tags: request.request_tags.clone(),
        };
        let announced = request.announced_size.unwrap_or(0) as usize;
        // An attempt to send too much ends the transfer, or it would stand idle.
        if announced > MAX_BODY_BYTES || block.start() + payload.len() > MAX_BODY_BYTES {
            self.remove(&key);
            return TOO_LARGE;
        }
        let whole = payload.len() == block.size();
        if payload.len() > block.size() || (block.more && !whole) {
            self.remove(&key);
            return BlockStep::Refuse(Code::BAD_REQUEST, "block size");
        }
        if block.number == 0 && !self.repeats_first(&key, payload) {
            return self.begin(key, block, payload, now);
        }
        self.go_on(&key, block, payload, now)
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.by_key.len()
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// Bytes of all bodies under way.
    #[cfg(test)]
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// A late copy of the first block must not begin the transfer anew.
    fn repeats_first(&self, key: &Key, block: &[u8]) -> bool {
        self.by_key
            .get(key)
            .is_some_and(|transfer| !block.is_empty() && transfer.body.starts_with(block))
    }

    fn begin(&mut self, key: Key, block: Block, payload: &[u8], now: Instant) -> BlockStep {
        self.remove(&key);
        if !block.more {
            return BlockStep::Complete(payload.to_vec());
        }
        let of_endpoint = self.by_endpoint.get(&key.peer).copied().unwrap_or(0);
        if of_endpoint >= self.limits.open_per_endpoint || !self.has_room(&key.peer, payload) {
            self.remove_idlest_of(&key.peer);
        }
        if !self.has_room(&key.peer, payload) {
            return TOO_MANY;
        }
        let held = self.by_source.entry(source(key.peer.ip())).or_default();
        held.transfers += 1;
        held.bytes += payload.len();
        *self.by_endpoint.entry(key.peer).or_default() += 1;
        self.bytes += payload.len();
        self.by_key.insert(
            key,
            Transfer {
                body: payload.to_vec(),
                touched: now,
            },
        );
        BlockStep::Continue
    }

    fn go_on(&mut self, key: &Key, block: Block, payload: &[u8], now: Instant) -> BlockStep {
        let out_of_bytes = self.is_out_of_bytes(&key.peer, payload);
        let Some(transfer) = self.by_key.get_mut(key) else {
            return INCOMPLETE;
        };
        transfer.touched = now;
        let (start, end) = (block.start(), block.start() + payload.len());
        if start < transfer.body.len() {
            // Only a block with more after it can be a repetition: the last
            // one ends the transfer.
            let again = block.more && transfer.body.get(start..end) == Some(payload);
            if again {
                return BlockStep::Continue;
            }
        }
        if start != transfer.body.len() {
            self.remove(key);
            return INCOMPLETE;
        }
        if out_of_bytes {
            self.remove(key);
            return TOO_MANY;
        }
        transfer.body.extend_from_slice(payload);
        self.bytes += payload.len();
        if let Some(held) = self.by_source.get_mut(&source(key.peer.ip())) {
            held.bytes += payload.len();
        }
        if block.more {
            return BlockStep::Continue;
        }
        match self.remove(key) {
            Some(transfer) => BlockStep::Complete(transfer.body),
            None => INCOMPLETE,
        }
    }

    /// For one more transfer that begins with `payload`.
    fn has_room(&self, peer: &SocketAddr, payload: &[u8]) -> bool {
        let held = self.held(peer);
        held.transfers < self.limits.open_per_source
            && self.by_key.len() < self.limits.open
            && !self.is_out_of_bytes(peer, payload)
    }

    fn is_out_of_bytes(&self, peer: &SocketAddr, payload: &[u8]) -> bool {
        self.bytes + payload.len() > self.limits.bytes
            || self.held(peer).bytes + payload.len() > self.limits.bytes_per_source
    }

    fn held(&self, peer: &SocketAddr) -> Held {
        let held = self.by_source.get(&source(peer.ip()));
        held.copied().unwrap_or_default()
    }

    /// Makes room for another transfer of an endpoint at its own cost.
    fn remove_idlest_of(&mut self, peer: &SocketAddr) {
        if !self.by_endpoint.contains_key(peer) {
            return;
        }
        let own = self.by_key.iter().filter(|(key, _)| key.peer == *peer);
        let idlest = own.min_by_key(|(_, transfer)| transfer.touched);
        if let Some(key) = idlest.map(|(key, _)| key.clone()) {
            self.remove(&key);
        }
    }

    fn remove(&mut self, key: &Key) -> Option<Transfer> {
        let transfer = self.by_key.remove(key)?;
        self.bytes -= transfer.body.len();
        let source = source(key.peer.ip());
        if let Some(held) = self.by_source.get_mut(&source) {
            held.transfers -= 1;
            held.bytes -= transfer.body.len();
            if held.transfers == 0 {
                self.by_source.remove(&source);
            }
        }
        if let Some(count) = self.by_endpoint.get_mut(&key.peer) {
            *count -= 1;
            if *count == 0 {
                self.by_endpoint.remove(&key.peer);
            }
        }
        Some(transfer)
    }

    fn sweep(&mut self, now: Instant) {
        let recently = |at: Instant| now.saturating_duration_since(at) < SWEEP_PAUSE;
        if self.by_key.is_empty() || self.swept.is_some_and(recently) {
            return;
        }
        let crowded =
            self.by_key.len() >= self.limits.open || self.bytes >= self.limits.bytes / 4 * 3;
        let idle = if crowded {
            SOON_IDLE.min(self.limits.idle)
        } else {
            self.limits.idle
        };
        self.swept = Some(now);
        let stale: Vec<Key> = self
            .by_key
            .iter()
            .filter(|(_, transfer)| now.saturating_duration_since(transfer.touched) >= idle)
            .map(|(key, _)| key.clone())
            .collect();
        for key in stale {
            self.remove(&key);
        }
    }
}
