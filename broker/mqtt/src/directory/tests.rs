//! What must hold of the directory whatever its tables say.

use std::collections::BTreeSet;
use std::time::Duration;

use transport::LogPosition;

use super::*;
use crate::session::Kept;

fn key(owner: &str, client_id: &str) -> Arc<SessionKey> {
    Arc::new(SessionKey {
        owner: owner.into(),
        client_id: client_id.into(),
    })
}

fn make(key: &Arc<SessionKey>, account: Arc<Account>) -> Arc<Endpoint> {
    let end = LogPosition::default();
    let config = Config::default();
    Endpoint::new(key.clone(), Realm::Platform, end, account, &config)
}

fn join(directory: &Directory, config: &Config, owner: &str, client_id: &str) -> Joined {
    let key = key(owner, client_id);
    let request = JoinRequest {
        clean_start: true,
        keeps: false,
        arrival: None,
    };
    directory.join(&key, &request, config, |account| make(&key, account))
}

fn leave_waiting(directory: &Directory, owner: &str, client_id: &str, expiry: Duration) {
    let key = key(owner, client_id);
    let waiting = Waiting::new(Kept::default(), LogPosition::default(), expiry);
    directory.restore(&key, waiting, |account| make(&key, account));
}

fn endpoint(joined: Joined) -> Arc<Endpoint> {
    match joined {
        Joined::Fresh { endpoint, .. } => endpoint,
        _ => panic!("it is not fresh"),
    }
}

#[test]
fn what_is_over_ends_a_few_at_a_time() {
    let directory = Directory::default();
    for n in 0..10 {
        leave_waiting(&directory, &format!("o{n}"), "c", Duration::ZERO);
    }
    leave_waiting(&directory, "later", "c", Duration::from_secs(3_600));
    let now = Instant::now();
    let counts = [4; 4].map(|most| directory.expired(now, most, |_| {}).len());
    assert_eq!(counts, [4, 4, 2, 0]);
    assert_eq!(directory.waiting(), 1);
}

/// A key among those that end whose session has a connection: the tables never
/// say so, and if they did, it would cost nobody his session nor the broker its
/// lock.
#[test]
fn a_session_with_a_connection_never_ends_by_time() {
    let directory = Directory::default();
    let endpoint = endpoint(join(&directory, &Config::default(), "o", "c"));
    {
        let inner = &mut *directory.inner.lock();
        let over = Instant::now();
        inner.ends.insert((over, 7), key("o", "c"));
        inner.waiting.insert(7, key("o", "c"));
    }
    assert!(directory.expired(Instant::now(), 64, |_| {}).is_empty());
    assert!(directory.has(&endpoint));
    assert_eq!(directory.waiting(), 0);
    assert!(directory.purge("o", |_| {}).is_empty());
    assert!(directory.has(&endpoint));
}

#[test]
fn owners_of_waiting_sessions_come_page_by_page() {
    let directory = Directory::default();
    for n in 0..10 {
        let expiry = Duration::from_secs(60);
        leave_waiting(&directory, &format!("o{n}"), "c", expiry);
    }
    let (mut after, mut seen) = (0, Vec::new());
    loop {
        let page = directory.waiting_owners(after, 3);
        assert!(page.len() <= 3);
        let Some((last, _)) = page.last() else { break };
        after = *last;
        seen.extend(page.into_iter().map(|(_, key)| key.owner.clone()));
    }
    assert_eq!(seen.len(), 10);
    assert_eq!(seen.into_iter().collect::<BTreeSet<_>>().len(), 10);
}

#[test]
fn an_account_has_so_many_sessions() {
    let directory = Directory::default();
    let config = Config {
        sessions_per_account: 2,
        ..Config::default()
    };
    let first = endpoint(join(&directory, &config, "o", "a"));
    endpoint(join(&directory, &config, "o", "b"));
    assert!(matches!(join(&directory, &config, "o", "c"), Joined::Full));
    // One that stands is only taken over.
    let again = endpoint(join(&directory, &config, "o", "a"));
    endpoint(join(&directory, &config, "other", "c"));
    directory.leave(&first);
    assert!(directory.has(&again));
    directory.leave(&again);
    endpoint(join(&directory, &config, "o", "c"));
}
