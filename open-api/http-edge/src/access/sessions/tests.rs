use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

/// A holder and the version that its sessions were opened under.
#[derive(Clone, PartialEq, Debug)]
struct Of(&'static str, u32);

impl Holder for Of {
    /// The first letter of the name.
    type Group = Option<char>;

    fn group(&self) -> Self::Group {
        self.0.chars().next()
    }

    fn is_same(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

fn at(seconds: u64) -> Timestamp {
    plus(Timestamp::from_micros(0), Duration::from_secs(seconds))
}

fn place() -> Place {
    Place {
        client: Ipv4Addr::LOCALHOST.into(),
        agent: "Firefox".to_owned(),
    }
}

fn sessions() -> (Sessions<Of>, Arc<AtomicU32>) {
    let told = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&told);
    let sessions = Sessions::new(move || {
        count.fetch_add(1, Ordering::Relaxed);
    });
    (sessions, told)
}

#[test]
fn it_ends_after_an_hour_without_use_and_after_twelve_with() {
    let (sessions, _) = sessions();
    let (cookie, opened) = sessions.open(Of("kim", 1), place(), at(0), at(0)).unwrap();
    assert_eq!(opened.until, at(3_600));
    assert!(sessions.find(&cookie, at(3_599)).is_some());
    // Who only waits does not use it.
    assert_eq!(sessions.end_of(&opened, at(7_000)), Some(at(7_199)));
    assert!(sessions.find(&cookie, at(7_199)).is_none());
    assert!(sessions.end_of(&opened, at(7_199)).is_none());

    let (cookie, _) = sessions.open(Of("kim", 1), place(), at(0), at(0)).unwrap();
    let uses = (0..12 * 3_600).step_by(3_000);
    assert!(
        uses.into_iter()
            .all(|it| sessions.find(&cookie, at(it)).is_some())
    );
    assert!(sessions.find(&cookie, at(12 * 3_600)).is_none());
}

#[test]
fn a_holder_sees_and_ends_its_own() {
    let (sessions, told) = sessions();
    let (kims, session) = sessions.open(Of("kim", 1), place(), at(0), at(0)).unwrap();
    let (other, _) = sessions.open(Of("kim", 2), place(), at(5), at(5)).unwrap();
    let (lees, lee) = sessions.open(Of("lee", 1), place(), at(0), at(0)).unwrap();
    let entries = sessions.of(&Of("kim", 1), at(10));
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[0].id, session.id());
    assert_eq!(entries[1].opened, at(5));
    assert_eq!(entries[0].place, place());
    assert!(!sessions.end(&Of("kim", 1), &lee.id()), "not its own");
    assert!(sessions.end(&Of("kim", 1), &session.id()));
    assert!(sessions.find(&kims, at(10)).is_none());
    assert!(sessions.find(&other, at(10)).is_some());
    assert!(sessions.find(&lees, at(10)).is_some());
    assert_eq!(told.load(Ordering::Relaxed), 1);
}

#[test]
fn those_of_a_changed_holder_end() {
    let (sessions, told) = sessions();
    let (old, _) = sessions.open(Of("kim", 1), place(), at(0), at(0)).unwrap();
    let (new, _) = sessions.open(Of("kim", 2), place(), at(0), at(0)).unwrap();
    sessions.keep(|holder| holder.1 == 2);
    assert!(sessions.find(&old, at(1)).is_none());
    assert!(sessions.find(&new, at(1)).is_some());
    sessions.keep(|_| true);
    assert_eq!(told.load(Ordering::Relaxed), 1, "none has ended since");
}

#[test]
fn a_holder_has_a_bound_that_costs_nobody_else_a_session() {
    let (sessions, told) = sessions();
    let (lees, _) = sessions.open(Of("lee", 1), place(), at(0), at(0)).unwrap();
    let (first, _) = sessions.open(Of("kim", 1), place(), at(1), at(1)).unwrap();
    for second in 2..=21 {
        sessions
            .open(Of("kim", 1), place(), at(second), at(second))
            .unwrap();
    }
    assert_eq!(sessions.of(&Of("kim", 1), at(30)).len(), 20);
    assert!(sessions.find(&first, at(30)).is_none());
    assert!(sessions.find(&lees, at(30)).is_some());
    assert_eq!(told.load(Ordering::Relaxed), 1);
}

#[test]
fn a_group_that_has_many_pushes_out_its_own() {
    let (sessions, _) = sessions();
    let (lees, _) = sessions.open(Of("lee", 1), place(), at(0), at(0)).unwrap();
    let names = (0..60).map(|number| -> &'static str { format!("k{number}").leak() });
    for name in names {
        for second in 1..=20 {
            sessions
                .open(Of(name, 1), place(), at(second), at(second))
                .unwrap();
        }
    }
    assert_eq!(sessions.standing.lock().len(), MAX_SESSIONS);
    assert!(
        sessions.find(&lees, at(30)).is_some(),
        "the first to end of all"
    );
}
