//! The connections that stand, over all HTTP listeners: how many, of which
//! address, and which of them waits for its caller. Where there is no room, one
//! of the address with most of those gives way to the newcomer.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use super::moment;
use super::standing::{Arrives, Standing};
use crate::limits::HttpLimits;
use crate::request::client_address::quota_address;

/// Of those that may go, one part in so many goes at once: a flood does not
/// make the platform look through all of them for each newcomer.
const SHED_PART: usize = 64;

/// Between two looks through all connections for those that hoard.
const SEEK_HOARDERS: Duration = Duration::from_millis(200);
/// Fewer bytes are no hoard.
const LEAST_HOARD: usize = 1_024;

/// Who is connected.
pub(crate) struct Book {
    limits: HttpLimits,
    pub(super) entries: Mutex<Entries>,
    pub(super) counters: Counters,
}

#[derive(Default)]
pub(super) struct Entries {
    standing: HashMap<u64, Arc<Standing>>,
    by_address: HashMap<IpAddr, Counted>,
    handshakes: usize,
    next: u64,
    /// When hoarders were last sought.
    hoarders_sought: u64,
}

#[derive(Clone, Copy, Default)]
struct Counted {
    open: usize,
    handshakes: usize,
}

/// What the limits did.
#[derive(Default)]
pub(super) struct Counters {
    pub(super) accepted: AtomicU64,
    /// Closed at once: there was no room.
    pub(super) refused: AtomicU64,
    /// Ended for a newcomer.
    pub(super) gave_way: AtomicU64,
    /// Ended by a deadline.
    pub(super) late: AtomicU64,
    /// Ended since they took nothing while others' replies had no room.
    pub(super) hoarding: AtomicU64,
    /// Ended for a flood of frames.
    pub(super) floods: AtomicU64,
}

/// A connection that may give way.
struct Idle {
    id: u64,
    waits_since: u64,
    /// None for a trusted proxy.
    address: Option<IpAddr>,
    /// Those of its address that have not waited as long. A crowd that comes from
    /// some addresses so pushes out its own, and not who has one connection and
    /// was about to speak.
    younger: usize,
}

impl Idle {
    fn new(id: u64, standing: &Standing) -> Self {
        Self {
            id,
            waits_since: standing.waits_since(),
            address: standing.address,
            younger: 0,
        }
    }

    fn count_younger(all: &mut [Self]) {
        all.sort_unstable_by_key(|one| (one.address, Reverse((one.waits_since, one.id))));
        let same_address = |one: &Self, other: &Self| one.address == other.address;
        for of_address in all.chunk_by_mut(same_address) {
            // A trusted proxy's are those of many.
            if of_address[0].address.is_some() {
                let numbered = of_address.iter_mut().enumerate();
                numbered.for_each(|(younger, one)| one.younger = younger);
            }
        }
    }

    /// The first goes first.
    fn order(&self) -> (Reverse<usize>, u64, u64) {
        (Reverse(self.younger), self.waits_since, self.id)
    }
}

/// Why there is no place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum NoPlace {
    /// All who are connected are being answered.
    Full,
    /// Too many are shaking hands, and the oldest is too young to give way.
    Handshakes,
}

impl Book {
    pub(crate) fn new(limits: HttpLimits) -> Arc<Self> {
        Arc::new(Self {
            limits,
            entries: Mutex::default(),
            counters: Counters::default(),
        })
    }

    pub(super) fn limits(&self) -> &HttpLimits {
        &self.limits
    }

    /// Notes a newcomer, if there is room, and gives its number.
    pub(super) fn enter(
        &self,
        address: IpAddr,
        arrives: Arrives,
        counted: bool,
    ) -> Result<(u64, Arc<Standing>), NoPlace> {
        let address = counted.then(|| quota_address(address));
        let mut entries = self.entries.lock();
        self.make_room(&mut entries, address, arrives)
            .inspect_err(|no_place| {
                if *no_place == NoPlace::Full {
                    self.counters.refused.fetch_add(1, Ordering::Relaxed);
                }
            })?;
        let standing = Arc::new(Standing::new(address, arrives));
        let id = entries.next;
        entries.next += 1;
        entries.count(&standing, true);
        entries.standing.insert(id, Arc::clone(&standing));
        drop(entries);
        self.counters.accepted.fetch_add(1, Ordering::Relaxed);
        Ok((id, standing))
    }

    fn make_room(
        &self,
        entries: &mut Entries,
        address: Option<IpAddr>,
        arrives: Arrives,
    ) -> Result<(), NoPlace> {
        let limits = &self.limits;
        let of_address = address.map(|address| {
            let counted = entries.by_address.get(&address).copied();
            (address, counted.unwrap_or_default())
        });
        if arrives == Arrives::WithTls {
            if let Some((address, counted)) = of_address
                && counted.handshakes >= limits.handshakes_an_address
            {
                self.shed(entries, 1, |one| one.shakes_hands_from(address));
            }
            if entries.handshakes >= limits.handshakes {
                let age = limits.handshake_age;
                let part = limits.handshakes.div_ceil(SHED_PART);
                if self.shed(entries, part, |one| one.shakes_hands_since(age)) == 0 {
                    return Err(NoPlace::Handshakes);
                }
            }
        }
        if let Some((address, counted)) = of_address
            && counted.open >= limits.connections_an_address
        {
            let part = limits.connections_an_address.div_ceil(SHED_PART);
            if self.shed(entries, part, |one| one.is_idle_from(address)) == 0 {
                return Err(NoPlace::Full);
            }
        }
        if entries.standing.len() >= limits.connections {
            let part = limits.connections.div_ceil(SHED_PART);
            if self.shed(entries, part, Standing::is_idle) == 0 {
                return Err(NoPlace::Full);
            }
        }
        Ok(())
    }

    /// Ends connections of those that `may` go, as many as `most`: of the
    /// addresses that have most of them, and there those that have waited
    /// longest. Tells how many went.
    fn shed(&self, entries: &mut Entries, most: usize, may: impl Fn(&Standing) -> bool) -> usize {
        let idle = entries.standing.iter().filter(|(_, one)| may(one));
        let mut idle: Vec<Idle> = idle.map(|(id, one)| Idle::new(*id, one)).collect();
        Idle::count_younger(&mut idle);
        if idle.len() > most && most > 0 {
            idle.select_nth_unstable_by_key(most - 1, Idle::order);
            idle.truncate(most);
        }
        for one in &idle {
            if let Some(standing) = entries.remove(one.id) {
                standing.end();
            }
        }
        let gone = idle.len() as u64;
        self.counters.gave_way.fetch_add(gone, Ordering::Relaxed);
        idle.len()
    }

    /// Ends some that are idle, where the process has no file handles left.
    pub(super) fn shed_idle(&self) {
        let mut entries = self.entries.lock();
        let part = self.limits.connections.div_ceil(SHED_PART);
        self.shed(&mut entries, part, Standing::is_idle);
    }

    /// Ends connections that hold bytes and take none, longest stalled first,
    /// until `wanted` bytes come back.
    pub(super) fn shed_hoarders(&self, wanted: usize) {
        let mut entries = self.entries.lock();
        // Many may ask at once, and what they are given comes back in a moment.
        if moment::since(entries.hoarders_sought) < SEEK_HOARDERS {
            return;
        }
        entries.hoarders_sought = moment::now();
        let mut hoarders: Vec<(u64, usize, u64)> = entries
            .standing
            .iter()
            .filter_map(|(id, one)| one.hoards().map(|(since, bytes)| (since, bytes, *id)))
            // What is owed without bytes of its own frees none.
            .filter(|(_, bytes, _)| *bytes >= LEAST_HOARD)
            .collect();
        hoarders.sort_unstable();
        let mut back = 0;
        for (_, bytes, id) in hoarders {
            if back >= wanted {
                break;
            }
            back += bytes;
            if let Some(standing) = entries.remove(id) {
                standing.end();
                self.counters.hoarding.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    pub(super) fn leave(&self, id: u64) {
        self.entries.lock().remove(id);
    }

    /// The handshake is done: TLS stands.
    pub(super) fn has_shaken_hands(&self, standing: &Standing, id: u64) {
        let mut entries = self.entries.lock();
        if entries.standing.contains_key(&id) && standing.is_through() {
            entries.count_handshake(standing, false);
        }
    }

    /// What became of connections, as metrics name it.
    pub(crate) fn outcomes(&self) -> [(&'static str, u64); 6] {
        let counters = &self.counters;
        [
            ("accepted", &counters.accepted),
            ("refused", &counters.refused),
            ("gave-way", &counters.gave_way),
            ("late", &counters.late),
            ("hoarding", &counters.hoarding),
            ("flood", &counters.floods),
        ]
        .map(|(name, count)| (name, count.load(Ordering::Relaxed)))
    }

    /// Whether the next newcomer pushes somebody out.
    pub(super) fn is_full(&self) -> bool {
        self.open() >= self.limits.connections
    }

    pub(crate) fn open(&self) -> usize {
        self.entries.lock().standing.len()
    }
}

impl Entries {
    fn remove(&mut self, id: u64) -> Option<Arc<Standing>> {
        let standing = self.standing.remove(&id)?;
        self.count(&standing, false);
        Some(standing)
    }

    fn count(&mut self, standing: &Standing, enters: bool) {
        if standing.shakes_hands() {
            self.count_handshake(standing, enters);
        }
        let Some(address) = standing.address else {
            return;
        };
        let counted = self.by_address.entry(address).or_default();
        if enters {
            counted.open += 1;
        } else {
            counted.open -= 1;
            if counted.open == 0 {
                self.by_address.remove(&address);
            }
        }
    }

    fn count_handshake(&mut self, standing: &Standing, enters: bool) {
        let step = |count: &mut usize| {
            *count = if enters { *count + 1 } else { *count - 1 };
        };
        step(&mut self.handshakes);
        if let Some(address) = standing.address {
            step(&mut self.by_address.entry(address).or_default().handshakes);
        }
    }
}
