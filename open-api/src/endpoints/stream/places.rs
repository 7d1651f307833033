//! The streams that stand: a bound in all, by account and by address. Where
//! there is no place left, the address that has most gives one to an address
//! that has fewer; a reader resumes where it was.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use http_edge::request::quota_address;
use http_edge::{Problem, ProblemKind};
use parking_lot::Mutex;
use tokio::sync::{Semaphore, SemaphorePermit, watch};

use crate::quota::Account;

/// Streams at once, of all callers.
const MAX_STREAMS: usize = 4_096;
/// Streams at once on one account: a person, a key, a service token, or an address without
/// one.
const MAX_STREAMS_AN_ACCOUNT: usize = 64;
/// Of operators, who share one account.
const MAX_STREAMS_OF_OPERATORS: usize = 512;
/// Of one address (IPv6: one /64), whatever keys it has.
const MAX_STREAMS_AN_ADDRESS: usize = 512;

/// Chunks that are made at once: who asks for anything else is not kept waiting
/// by all readers together.
const MAX_CHUNKS_AT_ONCE: usize = 2;

pub(crate) struct Streams {
    open: Arc<Mutex<Open>>,
    turns: Semaphore,
}

impl Default for Streams {
    fn default() -> Self {
        Self {
            open: Arc::default(),
            turns: Semaphore::new(MAX_CHUNKS_AT_ONCE),
        }
    }
}

#[derive(Default)]
struct Open {
    by_account: HashMap<Account, usize>,
    /// Oldest first.
    by_address: HashMap<IpAddr, Vec<(u64, watch::Sender<bool>)>>,
    /// One chunk of an address at a time waits for its turn.
    turns: HashMap<IpAddr, Arc<Semaphore>>,
    count: usize,
    next: u64,
}

/// One stream's place among them; given back when it is dropped.
pub(super) struct StreamPlace {
    open: Arc<Mutex<Open>>,
    account: Account,
    address: IpAddr,
    id: u64,
    wanted: watch::Receiver<bool>,
    turns: Arc<Semaphore>,
}

/// While it lives, a chunk may be made.
pub(super) struct Turn<'a> {
    _of_all: SemaphorePermit<'a>,
    _of_address: SemaphorePermit<'a>,
}

impl Streams {
    pub(super) fn take(&self, account: Account, client: IpAddr) -> Result<StreamPlace, Problem> {
        let address = quota_address(client);
        let mut open = self.open.lock();
        let most = match account {
            Account::Operator => MAX_STREAMS_OF_OPERATORS,
            Account::Address(_)
            | Account::Key(_)
            | Account::Person(_)
            | Account::ServiceToken(_)
            | Account::Device(_) => MAX_STREAMS_AN_ACCOUNT,
        };
        refuse_beyond(most, open.by_account.get(&account).copied())?;
        let of_address = open.by_address.get(&address).map(Vec::len);
        if account != Account::Operator {
            refuse_beyond(MAX_STREAMS_AN_ADDRESS, of_address)?;
        }
        if open.count >= MAX_STREAMS && !open.makes_room(of_address.unwrap_or(0)) {
            return Err(
                Problem::new(ProblemKind::UNAVAILABLE, "Too many streams are open.")
                    .retry_after(30),
            );
        }
        let (sender, wanted) = watch::channel(false);
        let id = open.next;
        open.next += 1;
        open.count += 1;
        *open.by_account.entry(account.clone()).or_default() += 1;
        open.by_address
            .entry(address)
            .or_default()
            .push((id, sender));
        let turns = open.turns.entry(address);
        let turns = Arc::clone(turns.or_insert_with(|| Arc::new(Semaphore::new(1))));
        Ok(StreamPlace {
            turns,
            open: Arc::clone(&self.open),
            account,
            address,
            id,
            wanted,
        })
    }

    pub(crate) fn count(&self) -> usize {
        self.open.lock().count
    }
}

fn refuse_beyond(most: usize, open: Option<usize>) -> Result<(), Problem> {
    if open.unwrap_or(0) < most {
        return Ok(());
    }
    Err(Problem::new(
        ProblemKind::QUOTA_EXCEEDED,
        format!("{most} streams are open already; close one."),
    )
    .retry_after(10))
}

impl Open {
    /// Asks the oldest stream of the address that has most to go, where that is
    /// fair to somebody who has `fewer`.
    fn makes_room(&self, fewer: usize) -> bool {
        let most = self.by_address.values().max_by_key(|streams| streams.len());
        let oldest = most
            .filter(|streams| streams.len() > fewer + 1)
            .and_then(|streams| streams.iter().find(|(_, wanted)| !*wanted.borrow()));
        if let Some((_, wanted)) = oldest {
            wanted.send_replace(true);
        }
        oldest.is_some()
    }
}

impl StreamPlace {
    /// A turn to make a chunk. The addresses take turns with each other, so
    /// that one with hundreds of streams holds up its own.
    pub(super) async fn turn<'a>(&'a self, streams: &'a Streams) -> Option<Turn<'a>> {
        // Neither is ever closed.
        let of_address = self.turns.acquire().await.ok()?;
        Some(Turn {
            _of_all: streams.turns.acquire().await.ok()?,
            _of_address: of_address,
        })
    }

    /// Resolves once somebody else is to have it.
    pub(super) async fn wanted(&self) {
        let mut wanted = self.wanted.clone();
        if wanted.wait_for(|wanted| *wanted).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for StreamPlace {
    fn drop(&mut self) {
        let mut open = self.open.lock();
        open.count -= 1;
        if let Some(count) = open.by_account.get_mut(&self.account) {
            *count -= 1;
            if *count == 0 {
                open.by_account.remove(&self.account);
            }
        }
        if let Some(streams) = open.by_address.get_mut(&self.address) {
            streams.retain(|(id, _)| *id != self.id);
            if streams.is_empty() {
                open.by_address.remove(&self.address);
                open.turns.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    fn take(streams: &Streams, last: u8, key: usize) -> Result<StreamPlace, Problem> {
        let key = domain::ApiKeyId::new(format!("k{key}")).unwrap();
        streams.take(Account::Key(key), address(last))
    }

    #[test]
    fn who_has_most_gives_a_place_to_who_has_fewer() {
        let streams = Streams::default();
        let mut places = Vec::new();
        for last in 0..8 {
            for at in 0..MAX_STREAMS_AN_ADDRESS {
                let key = usize::from(last) * 8 + at / MAX_STREAMS_AN_ACCOUNT;
                places.push(take(&streams, last, key).ok().unwrap());
            }
            assert!(
                take(&streams, last, 9_999).is_err(),
                "an address's own bound"
            );
        }
        assert_eq!(streams.count(), MAX_STREAMS);
        let newcomer = take(&streams, 200, 500).ok().unwrap();
        let wanted = places.iter().filter(|place| *place.wanted.borrow());
        assert_eq!(wanted.count(), 1);
        places.retain(|place| !*place.wanted.borrow());
        assert_eq!(streams.count(), MAX_STREAMS);
        drop((newcomer, places));
        assert_eq!(streams.count(), 0);
    }
}
