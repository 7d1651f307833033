//! "Why does it not connect?": the latest connections, refusals and ends, in memory.
//!
//! Each device has a ring of its last 1,000 events, and all refusals, of known
//! and unknown identities, stand in one more ring of 1,000. Together the
//! devices keep at most [`MAX_EVENTS`]; beyond that a device with many gives
//! up its oldest, so that a flood by one does not wipe out the history of the
//! quiet ones. A refusal that comes again within [`FOLD_WITHIN`] is one event
//! with a count: a client that tries each second makes one event a minute.
//! Recording is one short lock and one allocation or two; nothing is written
//! to the disk, and a restart begins anew.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::{DeviceId, Timestamp};
use parking_lot::Mutex;
use rustc_hash::FxHashMap;

/// Events that one device keeps.
pub const MAX_EVENTS_OF_DEVICE: usize = 1_000;
/// Refusals that are kept, of all identities together.
pub const MAX_REFUSED: usize = 1_000;
/// Events that all devices keep together: about 60 MB at 600 bytes each.
pub const MAX_EVENTS: usize = 100_000;
/// The longest login that is kept, in bytes.
pub(crate) const MAX_LOGIN_BYTES: usize = 64;
/// The longest address, reason or cure that is kept, in bytes.
pub(crate) const MAX_TEXT_BYTES: usize = 512;
/// Bytes of what came that are kept.
pub(crate) const MAX_HEAD_BYTES: usize = 256;
/// Repeats of a refusal are one event for so long after the first of them.
pub(crate) const FOLD_WITHIN: Duration = Duration::from_secs(60);
/// Newest events of a ring among which one is looked for that comes again.
const FOLD_DEPTH: usize = 8;
/// A device with fewer events than this gives up none for others.
const FAIR_SHARE: usize = 16;
/// Rings that are looked at for one with more than its share.
const MAX_STEPS: usize = 64;

/// What kind of event it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum EventKind {
    Connected,
    Disconnected,
    /// A login or a request without a right.
    Refused,
    ProtocolError,
    PublishDenied,
    SubscribeDenied,
    /// Another connection of the same identity came.
    TakenOver,
    /// The registry took the right away.
    Kicked,
    TlsFailed,
    ConnectTimeout,
    /// A message that cannot be read.
    Unreadable,
    /// Too many messages or attempts.
    Throttled,
    /// The device will be shut out in some days.
    ExpiresSoon,
    /// The calibration of one of its sensors will run out in some days.
    CalibrationEnds,
}

impl EventKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::Disconnected => "disconnected",
            Self::Refused => "refused",
            Self::ProtocolError => "protocol-error",
            Self::PublishDenied => "publish-denied",
            Self::SubscribeDenied => "subscribe-denied",
            Self::TakenOver => "taken-over",
            Self::Kicked => "kicked",
            Self::TlsFailed => "tls-failed",
            Self::ConnectTimeout => "connect-timeout",
            Self::Unreadable => "unreadable",
            Self::Throttled => "throttled",
            Self::ExpiresSoon => "expires-soon",
            Self::CalibrationEnds => "calibration-ends",
        }
    }

    /// Whether somebody did not get what they came for.
    pub const fn is_refusal(self) -> bool {
        !matches!(
            self,
            Self::Connected
                | Self::Disconnected
                | Self::TakenOver
                | Self::ExpiresSoon
                | Self::CalibrationEnds
        )
    }
}

/// One event, as it is kept.
#[derive(Clone, PartialEq, Debug)]
pub struct Event {
    /// Grows with each event, over restarts too; a follower asks for what
    /// came after it.
    pub sequence: u64,
    /// Of the newest of those that it stands for.
    pub time: Timestamp,
    /// Of the first of them.
    pub since: Timestamp,
    /// How often it came.
    pub count: u32,
    /// The registered device, where it is known which one it is.
    pub device: Option<DeviceId>,
    /// The name that was given, at most `MAX_LOGIN_BYTES`.
    pub login: Box<str>,
    /// The peer's address.
    pub peer: Box<str>,
    pub listener: &'static str,
    pub kind: EventKind,
    pub reason: Box<str>,
    pub cure: Box<str>,
    /// The first bytes of what came; never a password.
    pub head: Box<[u8]>,
}

/// An event on its way in; longer texts are cut.
#[derive(Clone, Debug)]
pub struct NewEvent<'a> {
    pub time: Timestamp,
    pub device: Option<DeviceId>,
    pub login: &'a str,
    pub peer: &'a str,
    pub listener: &'static str,
    pub kind: EventKind,
    pub reason: &'a str,
    pub cure: &'a str,
    pub head: &'a [u8],
}

/// The rings.
#[derive(Default)]
pub struct Events {
    sequence: AtomicU64,
    rings: Mutex<Rings>,
}

#[derive(Default)]
struct Rings {
    refused: VecDeque<Arc<Event>>,
    /// Where a device's ring stands in `rings`.
    places: FxHashMap<DeviceId, usize>,
    rings: Vec<VecDeque<Arc<Event>>>,
    /// Events in all of `rings`.
    total: usize,
    /// Whose turn it is to give up an event.
    hand: usize,
}

impl Events {
    /// Numbers from the start's milliseconds on: above all that was given
    /// before, so that a follower sees past a restart.
    pub(crate) fn since(start: Timestamp) -> Self {
        const MICROS_A_NUMBER: i64 = 1_000;
        let first = u64::try_from(start.as_micros() / MICROS_A_NUMBER).unwrap_or(0);
        Self {
            sequence: AtomicU64::new(first),
            ..Self::default()
        }
    }

    pub fn record(&self, event: NewEvent<'_>) {
        let device = event.device.clone();
        let mut event = Event {
            sequence: 0,
            time: event.time,
            since: event.time,
            count: 1,
            device: event.device,
            login: cut(event.login, MAX_LOGIN_BYTES).into(),
            peer: cut(event.peer, MAX_TEXT_BYTES).into(),
            listener: event.listener,
            kind: event.kind,
            reason: cut(event.reason, MAX_TEXT_BYTES).into(),
            cure: cut(event.cure, MAX_TEXT_BYTES).into(),
            head: event.head[..event.head.len().min(MAX_HEAD_BYTES)].into(),
        };
        let mut rings = self.rings.lock();
        // Numbered under the lock, so that each ring is in order.
        event.sequence = self.sequence.load(Ordering::Relaxed) + 1;
        let sequence = event.sequence;
        if let Some(before) = rings.take_same(&event) {
            event.since = before.since;
            event.count = before.count.saturating_add(1);
        }
        let event = Arc::new(event);
        if event.kind.is_refusal() {
            push(&mut rings.refused, Arc::clone(&event), MAX_REFUSED);
        }
        if let Some(device) = device {
            rings.push_of_device(device, event);
        }
        self.sequence.store(sequence, Ordering::Release);
    }

    /// The newest `limit` events of a device after `after`, oldest first.
    pub fn of_device(&self, device: &DeviceId, after: u64, limit: usize) -> Vec<Arc<Event>> {
        let rings = self.rings.lock();
        rings
            .places
            .get(device)
            .map_or_else(Vec::new, |place| newest(&rings.rings[*place], after, limit))
    }

    /// The newest event of a device that is `wanted`.
    pub fn last_of_device(
        &self,
        device: &DeviceId,
        wanted: impl Fn(&Event) -> bool,
    ) -> Option<Arc<Event>> {
        let rings = self.rings.lock();
        let ring = &rings.rings[*rings.places.get(device)?];
        ring.iter().rev().find(|event| wanted(event)).cloned()
    }

    /// The newest `limit` refusals after `after`, oldest first.
    pub fn refused(&self, after: u64, limit: usize) -> Vec<Arc<Event>> {
        newest(&self.rings.lock().refused, after, limit)
    }

    /// The newest event's number. A follower that sees it grow asks for what
    /// came after the last one that it has.
    pub fn sequence(&self) -> u64 {
        self.sequence.load(Ordering::Acquire)
    }
}

impl Event {
    /// Whether the two are the same but for their time and the peer's port.
    /// The figures in a refusal's reason tell times and ages, and differ.
    fn repeats(&self, before: &Self) -> bool {
        let address = |peer: &str| peer.rsplit_once(':').map_or(peer.len(), |(ip, _)| ip.len());
        let same_words = |one: &str, other: &str| {
            one.chars()
                .filter(|it| !it.is_ascii_digit())
                .eq(other.chars().filter(|it| !it.is_ascii_digit()))
        };
        let same_reason = match self.kind {
            EventKind::Refused => same_words(&self.reason, &before.reason),
            _ => self.reason == before.reason,
        };
        let age = self
            .time
            .as_micros()
            .saturating_sub(before.since.as_micros());
        same_reason
            && u128::try_from(age).is_ok_and(|age| age <= FOLD_WITHIN.as_micros())
            && (self.kind, self.listener) == (before.kind, before.listener)
            && (&self.device, &self.login, &self.cure)
                == (&before.device, &before.login, &before.cure)
            && self.peer[..address(&self.peer)] == before.peer[..address(&before.peer)]
    }
}

impl Rings {
    /// Takes the refusal out that `event` is a repeat of.
    fn take_same(&mut self, event: &Event) -> Option<Arc<Event>> {
        if !event.kind.is_refusal() {
            return None;
        }
        let of_device = event.device.as_ref().map(|it| self.places.get(it).copied());
        let ring = match of_device {
            Some(place) => &mut self.rings[place?],
            None => &mut self.refused,
        };
        let newest = ring.iter().enumerate().rev().take(FOLD_DEPTH);
        let (at, _) = newest
            .into_iter()
            .find(|(_, before)| event.repeats(before))?;
        let before = ring.remove(at)?;
        if of_device.is_some() {
            self.total -= 1;
            let number = |it: &Arc<Event>| it.sequence.cmp(&before.sequence);
            if let Ok(at) = self.refused.binary_search_by(number) {
                self.refused.remove(at);
            }
        }
        Some(before)
    }

    fn push_of_device(&mut self, device: DeviceId, event: Arc<Event>) {
        let place = *self.places.entry(device).or_insert_with(|| {
            self.rings.push(VecDeque::new());
            self.rings.len() - 1
        });
        if self.total >= MAX_EVENTS && self.rings[place].len() < MAX_EVENTS_OF_DEVICE {
            self.make_room(place);
        }
        let ring = &mut self.rings[place];
        let before = ring.len();
        push(ring, event, MAX_EVENTS_OF_DEVICE);
        self.total = self.total + ring.len() - before;
    }

    /// Takes one event from the ring that wants to grow, if it has its share
    /// already, or else from the next one that has more than its share.
    fn make_room(&mut self, own: usize) {
        if self.rings[own].len() >= FAIR_SHARE {
            self.pop(own);
            return;
        }
        let mut oldest = None;
        for _ in 0..MAX_STEPS {
            self.hand = (self.hand + 1) % self.rings.len();
            if self.rings[self.hand].len() > FAIR_SHARE {
                self.pop(self.hand);
                return;
            }
            if let Some(event) = self.rings[self.hand].front()
                && oldest.is_none_or(|(sequence, _)| event.sequence < sequence)
            {
                oldest = Some((event.sequence, self.hand));
            }
        }
        // So many devices that none has more than a few: the oldest that was
        // seen goes.
        if let Some((_, place)) = oldest {
            self.pop(place);
        }
    }

    fn pop(&mut self, place: usize) {
        if self.rings[place].pop_front().is_some() {
            self.total -= 1;
        }
    }
}

fn push(ring: &mut VecDeque<Arc<Event>>, event: Arc<Event>, limit: usize) {
    if ring.len() >= limit {
        ring.pop_front();
    }
    ring.push_back(event);
}

fn newest(ring: &VecDeque<Arc<Event>>, after: u64, limit: usize) -> Vec<Arc<Event>> {
    let first = ring.partition_point(|event| event.sequence <= after);
    let first = first.max(ring.len().saturating_sub(limit));
    ring.range(first..).cloned().collect()
}

/// At most `limit` bytes, on a character's boundary.
fn cut(text: &str, limit: usize) -> &str {
    let mut end = limit.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
