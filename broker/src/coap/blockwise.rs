//! Bodies in blocks: RFC 7959, Block1. Blocks come in order; one transfer at a
//! time for each endpoint.
//!
//! Constraints: a body has at most [`MAX_BODY_BYTES`]; every block but the last
//! is whole; a block that is there already, byte for byte, is taken again
//! without effect (its answer was lost), anything else out of order is 4.08.
//! Nobody has proved anything yet, so the number of transfers is bounded for
//! each source, and number and bytes for all together.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;

use super::limiter::source;
use super::message::Code;
use super::request::{Block, TelemetryRequest};

/// The longest body, in bytes.
pub const MAX_BODY_BYTES: usize = 64 * 1024;
/// A full table gives up transfers that are idle for this long.
const SOON_IDLE: Duration = Duration::from_secs(5);
/// At most so often the table is looked through for idle transfers.
const SWEEP_PAUSE: Duration = Duration::from_millis(250);

struct Transfer {
    device: Box<[u8]>,
    request_tag: Option<Box<[u8]>>,
    body: Vec<u8>,
    touched: Instant,
}

/// Bounds of all transfers; see [`super::CoapConfig`].
#[derive(Clone, Copy, Debug)]
pub struct TransferLimits {
    pub open: usize,
    pub open_per_source: usize,
    pub bytes: usize,
    pub idle: Duration,
}

/// What becomes of a block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BlockStep {
    /// 2.31: go on.
    Continue,
    Complete(Vec<u8>),
    Refuse(Code, &'static str),
}

/// The transfers under way.
pub struct Transfers {
    limits: TransferLimits,
    by_peer: FxHashMap<SocketAddr, Transfer>,
    by_source: FxHashMap<IpAddr, usize>,
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
    pub fn new(limits: TransferLimits) -> Self {
        Self {
            limits,
            by_peer: FxHashMap::default(),
            by_source: FxHashMap::default(),
            bytes: 0,
            swept: None,
        }
    }

    /// Takes one block of a request.
    pub fn accept(
        &mut self,
        peer: SocketAddr,
        request: &TelemetryRequest<'_>,
        block: Block,
        payload: &[u8],
        now: Instant,
    ) -> BlockStep {
        self.sweep(now);
        let announced = request.announced_size.unwrap_or(0) as usize;
        // An attempt to send too much ends the transfer, or it would stand idle.
        if announced > MAX_BODY_BYTES || block.start() + payload.len() > MAX_BODY_BYTES {
            self.remove(&peer);
            return TOO_LARGE;
        }
        let whole = payload.len() == block.size();
        if payload.len() > block.size() || (block.more && !whole) {
            self.remove(&peer);
            return BlockStep::Refuse(Code::BAD_REQUEST, "block size");
        }
        if block.number == 0 && !self.repeats_first(&peer, request, payload) {
            return self.begin(peer, request, block, payload, now);
        }
        self.go_on(peer, request, block, payload, now)
    }

    pub fn len(&self) -> usize {
        self.by_peer.len()
    }

    pub fn is_empty(&self) -> bool {
        self.by_peer.is_empty()
    }

    /// Bytes of all bodies under way.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// A late copy of the first block must not begin the transfer anew.
    fn repeats_first(
        &self,
        peer: &SocketAddr,
        request: &TelemetryRequest<'_>,
        block: &[u8],
    ) -> bool {
        self.by_peer.get(peer).is_some_and(|transfer| {
            transfer.is_of(request) && !block.is_empty() && transfer.body.starts_with(block)
        })
    }

    fn begin(
        &mut self,
        peer: SocketAddr,
        request: &TelemetryRequest<'_>,
        block: Block,
        payload: &[u8],
        now: Instant,
    ) -> BlockStep {
        self.remove(&peer);
        if !block.more {
            return BlockStep::Complete(payload.to_vec());
        }
        let source = source(peer.ip());
        let of_source = self.by_source.get(&source).copied().unwrap_or(0);
        if of_source >= self.limits.open_per_source
            || self.by_peer.len() >= self.limits.open
            || self.is_out_of_bytes(payload)
        {
            return TOO_MANY;
        }
        self.by_source.insert(source, of_source + 1);
        self.bytes += payload.len();
        self.by_peer.insert(
            peer,
            Transfer {
                device: request.device.into(),
                request_tag: request.request_tag.map(Into::into),
                body: payload.to_vec(),
                touched: now,
            },
        );
        BlockStep::Continue
    }

    fn go_on(
        &mut self,
        peer: SocketAddr,
        request: &TelemetryRequest<'_>,
        block: Block,
        payload: &[u8],
        now: Instant,
    ) -> BlockStep {
        let out_of_bytes = self.is_out_of_bytes(payload);
        let Some(transfer) = self.by_peer.get_mut(&peer) else {
            return INCOMPLETE;
        };
        if !transfer.is_of(request) {
            return INCOMPLETE;
        }
        transfer.touched = now;
        let (start, end) = (block.start(), block.start() + payload.len());
        if start < transfer.body.len() {
            // Only a block with more behind it can be a repetition: the last
            // one ends the transfer.
            let again = block.more && transfer.body.get(start..end) == Some(payload);
            if again {
                return BlockStep::Continue;
            }
        }
        if start != transfer.body.len() {
            self.remove(&peer);
            return INCOMPLETE;
        }
        if out_of_bytes {
            self.remove(&peer);
            return TOO_MANY;
        }
        transfer.body.extend_from_slice(payload);
        self.bytes += payload.len();
        if block.more {
            return BlockStep::Continue;
        }
        match self.remove(&peer) {
            Some(transfer) => BlockStep::Complete(transfer.body),
            None => INCOMPLETE,
        }
    }

    fn is_out_of_bytes(&self, payload: &[u8]) -> bool {
        self.bytes + payload.len() > self.limits.bytes
    }

    fn remove(&mut self, peer: &SocketAddr) -> Option<Transfer> {
        let transfer = self.by_peer.remove(peer)?;
        self.bytes -= transfer.body.len();
        let source = source(peer.ip());
        if let Some(count) = self.by_source.get_mut(&source) {
            *count -= 1;
            if *count == 0 {
                self.by_source.remove(&source);
            }
        }
        Some(transfer)
    }

    fn sweep(&mut self, now: Instant) {
        let recently = |at: Instant| now.saturating_duration_since(at) < SWEEP_PAUSE;
        if self.by_peer.is_empty() || self.swept.is_some_and(recently) {
            return;
        }
        let crowded =
            self.by_peer.len() >= self.limits.open || self.bytes >= self.limits.bytes / 4 * 3;
        let idle = match crowded {
            true => SOON_IDLE.min(self.limits.idle),
            false => self.limits.idle,
        };
        self.swept = Some(now);
        let stale: Vec<SocketAddr> = self
            .by_peer
            .iter()
            .filter(|(_, transfer)| now.saturating_duration_since(transfer.touched) >= idle)
            .map(|(peer, _)| *peer)
            .collect();
        for peer in stale {
            self.remove(&peer);
        }
    }
}

impl Transfer {
    fn is_of(&self, request: &TelemetryRequest<'_>) -> bool {
        *self.device == *request.device && self.request_tag.as_deref() == request.request_tag
    }
}
