//! The store by its public face: what is kept over a reopening and a kill, in
//! which order, and what becomes of faults and damage.

#![allow(clippy::unwrap_used)]

mod faults;
mod kept;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use domain::{Offset, Timestamp};
use session_store::{OpenSessionsError, SessionClock, Sessions, SessionsFolder};
use transport::{
    LogPosition, SessionChange, SessionKey, SessionStore, StoredSession, StoredSubscription,
};

/// Each look at it is a microsecond later.
#[derive(Default)]
struct Ticks(AtomicI64);

impl SessionClock for Ticks {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.fetch_add(1, Ordering::Relaxed))
    }

    fn settled(&self) -> Timestamp {
        self.now()
    }

    fn has_leapt(&self) -> bool {
        false
    }
}

fn open(dir: &Path) -> Sessions {
    try_open(dir, SessionsFolder::ANY).unwrap()
}

fn try_open(dir: &Path, folder: SessionsFolder) -> Result<Sessions, OpenSessionsError> {
    let scope = supervisor::Scope::default();
    Sessions::open(dir, folder, Arc::new(Ticks::default()), &scope)
}

fn key(client_id: &str) -> Arc<SessionKey> {
    Arc::new(SessionKey {
        owner: "key:abc".into(),
        client_id: client_id.into(),
    })
}

fn at(offset: u64) -> LogPosition {
    LogPosition::at(Offset::new(offset))
}

fn attached(client_id: &str, offset: u64) -> SessionChange {
    SessionChange::Attached {
        key: key(client_id),
        expiry: 3_600,
        position: at(offset),
    }
}

fn detached(client_id: &str, offset: u64) -> SessionChange {
    SessionChange::Detached {
        key: key(client_id),
        expiry: 60,
        position: at(offset),
    }
}

fn moved(client_id: &str, offset: u64) -> SessionChange {
    SessionChange::Position {
        key: key(client_id),
        position: at(offset),
    }
}

fn subscription(filter: &str, since: u64) -> StoredSubscription {
    StoredSubscription {
        filter: filter.into(),
        options: 0x29,
        id: Some(7),
        since: at(since),
    }
}

fn subscribed(client_id: &str, filter: &str, since: u64) -> SessionChange {
    SessionChange::Subscribed {
        key: key(client_id),
        subscription: subscription(filter, since),
    }
}

fn received(client_id: &str, packet_id: u16) -> SessionChange {
    SessionChange::Received {
        key: key(client_id),
        packet_id,
    }
}

fn ended(client_id: &str) -> SessionChange {
    SessionChange::Ended {
        key: key(client_id),
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

fn save(sessions: &Sessions, changes: Vec<SessionChange>) {
    block_on(sessions.save(changes)).unwrap();
}

/// By client id, as the next start finds them.
fn reopened(dir: &Path) -> BTreeMap<String, StoredSession> {
    let sessions = open(dir);
    let loaded = sessions.load().unwrap();
    block_on(sessions.close()).unwrap();
    loaded
        .into_iter()
        .map(|session| (session.key.client_id.to_string(), session))
        .collect()
}

/// A copy of the files as they lie on the disk now: what is there after kill -9.
fn killed(dir: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    copy
}
