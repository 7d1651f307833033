//! Crowds: thousands of connections from one process, for what they cost a
//! server and for how it takes them all at once.
//!
//! - [`idle`]: made as fast as they go, then silent
//! - [`storm`]: all at once, each with one acknowledged message
//! - [`road`]: the way to the broker, plain or TLS
//! - `link`: one connection, a few hundred bytes and no buffer while idle
//! - `descriptors`: the process's limit of open sockets
//!
//! One thread serves the whole crowd, so that the broker keeps the other core.

mod descriptors;
pub mod idle;
mod link;
pub mod road;
pub mod storm;
pub mod storm_report;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use serde::Serialize;
use tokio::task::JoinSet;

use super::process::Process;
use crate::publisher::{PATIENCE, PublishError};
use crate::wire::Login;
use link::Link;
use road::Road;

/// Connections under way at once where there is no storm: enough to keep the
/// broker busy, and fewer than any broker's limit of unfinished ones.
const HANDS: usize = 128;
/// Faults that a report tells of; the others are of the same kind.
const MAX_FAULTS: usize = 10;

/// What a server has cost, once it is at rest.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Cost {
    pub cpu_seconds: f64,
    pub resident_kib: u64,
    pub peak_kib: u64,
}

impl Cost {
    fn at_rest(server: &Process) -> anyhow::Result<Self> {
        let cpu_seconds = server.cpu_seconds_at_rest()?;
        let memory = server.memory()?;
        Ok(Self {
            cpu_seconds,
            resident_kib: memory.resident_kib,
            peak_kib: memory.peak_kib,
        })
    }
}

/// Those that the broker let in, by their place in the crowd, and why others
/// were not.
#[derive(Default)]
struct Gathered {
    links: Vec<(usize, Link)>,
    faults: Vec<String>,
}

/// Makes a connection for each login, a few at once, and subscribes it to
/// `filter`, where there is one.
async fn gather(road: &Rc<Road>, logins: &Rc<[Login]>, filter: Option<&Rc<str>>) -> Gathered {
    let gathered: Rc<RefCell<Gathered>> = Rc::default();
    let next = Rc::new(Cell::new(0));
    let mut hands = JoinSet::new();
    for _ in 0..HANDS.min(logins.len()) {
        let (road, logins) = (Rc::clone(road), Rc::clone(logins));
        let (gathered, next) = (Rc::clone(&gathered), Rc::clone(&next));
        let filter = filter.cloned();
        hands.spawn_local(async move {
            while let Some((number, login)) = take_next(&next, &logins) {
                let opened = open(&road, number, login, filter.as_deref());
                let opened = tokio::time::timeout(PATIENCE, opened).await;
                let opened = opened.unwrap_or(Err(PublishError::Silent));
                let mut gathered = gathered.borrow_mut();
                match opened {
                    Ok(link) => gathered.links.push((number, link)),
                    Err(fault) => gathered.faults.push(told(login, &fault)),
                }
            }
        });
    }
    hands.join_all().await;
    gathered.take()
}

fn take_next<'a>(next: &Cell<usize>, logins: &'a [Login]) -> Option<(usize, &'a Login)> {
    let number = next.replace(next.get() + 1);
    logins.get(number).map(|login| (number, login))
}

async fn open(
    road: &Road,
    number: usize,
    login: &Login,
    filter: Option<&str>,
) -> Result<Link, PublishError> {
    let mut link = road.reach(number).await?;
    link.greet(login).await?;
    if let Some(filter) = filter {
        link.subscribe(filter).await?;
    }
    Ok(link)
}

/// Pings each connection; those that answer still stand.
async fn still_stand(links: Vec<(usize, Link)>) -> Vec<(usize, Link)> {
    let waiting = Rc::new(RefCell::new(links));
    let standing: Rc<RefCell<Vec<(usize, Link)>>> = Rc::default();
    let mut hands = JoinSet::new();
    for _ in 0..HANDS {
        let (waiting, standing) = (Rc::clone(&waiting), Rc::clone(&standing));
        hands.spawn_local(async move {
            loop {
                let Some((number, mut link)) = waiting.borrow_mut().pop() else {
                    return;
                };
                if link.ping().await.is_ok() {
                    standing.borrow_mut().push((number, link));
                }
            }
        });
    }
    hands.join_all().await;
    standing.take()
}

fn told(login: &Login, fault: &PublishError) -> String {
    format!("{}: {}", login.client_id, fault.with_cause())
}
