//! Browsers' sessions: kept in memory, under a hash of the cookie. A restart
//! of the platform ends them all.

use std::collections::HashMap;
use std::hash::Hash as HashKey;
use std::net::IpAddr;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Timestamp;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};

use super::cookie::Cookie;

/// How long a session lasts at most.
const SESSION_LIFE: Duration = Duration::from_secs(12 * 3_600);
/// It ends earlier where nothing was asked for so long.
const IDLE_LIFE: Duration = Duration::from_secs(3_600);
/// Sessions at once. Beyond it, the one that ends first of the group with most
/// makes room for a new one: no group pushes out another that has fewer.
const MAX_SESSIONS: usize = 1_000;
/// Of one holder.
const MAX_SESSIONS_A_HOLDER: usize = 20;
const COOKIE: Cookie = Cookie::new("__Host-madang", "madang_session", SESSION_LIFE);
/// Bytes of chance in a cookie.
const COOKIE_BYTES: usize = 32;
/// What is kept of the name by which a browser calls itself.
const MAX_AGENT_BYTES: usize = 200;

type Hash = [u8; 32];

/// Who holds sessions, and what has to stay as it was for them to stand.
pub trait Holder: Clone + Send + Sync {
    /// Those that share a bound.
    type Group: HashKey + Eq;

    /// Whether both are the same one's, whatever else has changed.
    fn is_same(&self, other: &Self) -> bool;

    fn group(&self) -> Self::Group;
}

/// A session that stood when it was asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Session<H> {
    hash: Hash,
    pub holder: H,
    /// When its holder proved itself.
    pub opened: Timestamp,
    /// When it ends, unless it is used before.
    pub until: Timestamp,
}

impl<H> Session<H> {
    /// How its holder names it, which opens nothing.
    pub fn id(&self) -> String {
        id(&self.hash)
    }
}

/// What its holder is told of one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SessionEntry {
    pub id: String,
    pub opened: Timestamp,
    pub last_used: Timestamp,
    pub until: Timestamp,
    pub place: Place,
}

/// From where it was opened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    pub client: IpAddr,
    /// As the browser calls itself.
    pub agent: String,
}

impl Place {
    pub fn of(client: IpAddr, headers: &HeaderMap) -> Self {
        let agent = headers.get(header::USER_AGENT);
        let agent = agent.and_then(|agent| agent.to_str().ok());
        let agent = agent.unwrap_or_default();
        Self {
            client,
            // A header that is a text is ASCII.
            agent: agent[..agent.len().min(MAX_AGENT_BYTES)].to_owned(),
        }
    }
}

/// Who is logged in.
pub struct Sessions<H> {
    standing: Mutex<HashMap<Hash, Standing<H>>>,
    /// Tells that one has ended before its time.
    ended: Box<dyn Fn() + Send + Sync>,
}

#[derive(Clone)]
struct Standing<H> {
    holder: H,
    place: Place,
    opened: Timestamp,
    last_used: Timestamp,
}

impl<H> Standing<H> {
    fn until(&self) -> Timestamp {
        plus(self.opened, SESSION_LIFE).min(plus(self.last_used, IDLE_LIFE))
    }
}

impl<H: Holder> Sessions<H> {
    pub fn new(ended: impl Fn() + Send + Sync + 'static) -> Self {
        Self {
            standing: Mutex::default(),
            ended: Box::new(ended),
        }
    }

    /// A new session of who logged in at `opened`, and its cookie.
    pub fn open(
        &self,
        holder: H,
        place: Place,
        opened: Timestamp,
        now: Timestamp,
    ) -> Result<(String, Session<H>), getrandom::Error> {
        let mut chance = [0; COOKIE_BYTES];
        getrandom::fill(&mut chance)?;
        let cookie = URL_SAFE_NO_PAD.encode(chance);
        let hash = hash(&cookie);
        let new = Standing {
            holder: holder.clone(),
            place,
            opened,
            last_used: now,
        };
        let until = new.until();
        let mut standing = self.standing.lock();
        standing.retain(|_, it| it.until() > now);
        let own = |it: &Standing<H>| it.holder.is_same(&holder);
        let mut made_room = false;
        if standing.values().filter(|it| own(it)).count() >= MAX_SESSIONS_A_HOLDER {
            made_room |= end_first(&mut standing, own);
        }
        if standing.len() >= MAX_SESSIONS {
            let largest = largest_group(&standing);
            made_room |= end_first(&mut standing, |it| Some(it.holder.group()) == largest);
        }
        standing.insert(hash, new);
        drop(standing);
        if made_room {
            (self.ended)();
        }
        let session = Session {
            hash,
            holder,
            opened,
            until,
        };
        Ok((cookie, session))
    }

    /// A session that stands, by its cookie; it is used now.
    pub fn find(&self, cookie: &str, now: Timestamp) -> Option<Session<H>> {
        let hash = hash(cookie);
        let mut standing = self.standing.lock();
        let found = standing.get_mut(&hash).filter(|it| it.until() > now)?;
        found.last_used = found.last_used.max(now);
        Some(Session {
            hash,
            holder: found.holder.clone(),
            opened: found.opened,
            until: found.until(),
        })
    }

    /// When it ends, if it stands still.
    pub fn end_of(&self, session: &Session<H>, now: Timestamp) -> Option<Timestamp> {
        let standing = self.standing.lock();
        let until = standing.get(&session.hash)?.until();
        (until > now).then_some(until)
    }

    /// The holder's, the oldest first.
    pub fn of(&self, holder: &H, now: Timestamp) -> Vec<SessionEntry> {
        let standing = self.standing.lock();
        let mut entries: Vec<SessionEntry> = standing
            .iter()
            .filter(|(_, it)| it.holder.is_same(holder) && it.until() > now)
            .map(|(hash, it)| SessionEntry {
                id: id(hash),
                opened: it.opened,
                last_used: it.last_used,
                until: it.until(),
                place: it.place.clone(),
            })
            .collect();
        drop(standing);
        entries.sort_by(|a, b| (a.opened, &a.id).cmp(&(b.opened, &b.id)));
        entries
    }

    /// Ends the holder's session of this id, if there is one.
    pub fn end(&self, holder: &H, ended: &str) -> bool {
        self.end_those(|hash, it| it.holder.is_same(holder) && id(hash) == ended)
    }

    /// Ends all that are not `keep`'s kind any more: their holders have changed.
    pub fn keep(&self, stands: impl Fn(&H) -> bool) {
        self.end_those(|_, it| !stands(&it.holder));
    }

    /// Ends the one whose cookie is among the headers.
    pub fn close(&self, headers: &HeaderMap, scheme: &str) {
        if let Some(cookie) = session_cookie(headers, scheme) {
            let closed = hash(cookie);
            self.end_those(|hash, _| *hash == closed);
        }
    }

    fn end_those(&self, ends: impl Fn(&Hash, &Standing<H>) -> bool) -> bool {
        let mut standing = self.standing.lock();
        let before = standing.len();
        standing.retain(|hash, it| !ends(hash, it));
        let some = standing.len() < before;
        drop(standing);
        if some {
            (self.ended)();
        }
        some
    }
}

/// Ends the one that ends first among some.
fn end_first<H>(
    standing: &mut HashMap<Hash, Standing<H>>,
    among: impl Fn(&Standing<H>) -> bool,
) -> bool {
    let first = standing
        .iter()
        .filter(|(_, it)| among(it))
        .min_by_key(|(_, it)| it.until())
        .map(|(hash, _)| *hash);
    first.is_some_and(|hash| standing.remove(&hash).is_some())
}

/// The group with most sessions.
fn largest_group<H: Holder>(standing: &HashMap<Hash, Standing<H>>) -> Option<H::Group> {
    let mut counts: HashMap<H::Group, usize> = HashMap::new();
    for it in standing.values() {
        *counts.entry(it.holder.group()).or_default() += 1;
    }
    let largest = counts.into_iter().max_by_key(|(_, count)| *count);
    largest.map(|(group, _)| group)
}

fn plus(time: Timestamp, life: Duration) -> Timestamp {
    let life = i64::try_from(life.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(time.as_micros().saturating_add(life))
}

fn hash(cookie: &str) -> Hash {
    Sha256::digest(cookie.as_bytes()).into()
}

/// A part of the hash: from it nobody makes the cookie.
fn id(hash: &Hash) -> String {
    URL_SAFE_NO_PAD.encode(&hash[..12])
}

/// The session's cookie among all that a browser sends.
pub fn session_cookie<'a>(headers: &'a HeaderMap, scheme: &str) -> Option<&'a str> {
    COOKIE.find(headers, scheme)
}

/// Hands the cookie to the browser, out of reach of its scripts.
pub fn set_cookie(cookie: &str, scheme: &str) -> HeaderValue {
    COOKIE.set(cookie, scheme)
}

/// Takes the cookie from the browser.
pub fn clear_cookie(scheme: &str) -> HeaderValue {
    COOKIE.clear(scheme)
}

#[cfg(test)]
mod tests;
