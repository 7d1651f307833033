//! Browsers' sessions: kept in memory, under a hash of the cookie. A restart
//! of the platform ends them all.

use std::collections::HashMap;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Timestamp;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};

/// How long a session lasts.
const SESSION_LIFE: Duration = Duration::from_secs(12 * 3_600);
/// Sessions at once; the one that ends first makes room for a new one.
const MAX_SESSIONS: usize = 1_000;
/// Over TLS: a name that browsers bind to host and path.
const SECURE_NAME: &str = "__Host-madang";
const PLAIN_NAME: &str = "madang_session";
/// Bytes of chance in a cookie.
const COOKIE_BYTES: usize = 32;

/// A session that stood when it was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Session {
    hash: [u8; 32],
    pub until: Timestamp,
}

/// Who is logged in.
pub struct Sessions {
    ends: Mutex<HashMap<[u8; 32], Timestamp>>,
    /// Tells that one has ended before its time.
    ended: Box<dyn Fn() + Send + Sync>,
}

impl Sessions {
    pub fn new(ended: impl Fn() + Send + Sync + 'static) -> Self {
        Self {
            ends: Mutex::default(),
            ended: Box::new(ended),
        }
    }

    /// A new session's cookie and end.
    pub fn open(&self, now: Timestamp) -> Result<(String, Timestamp), getrandom::Error> {
        let mut chance = [0; COOKIE_BYTES];
        getrandom::fill(&mut chance)?;
        let cookie = URL_SAFE_NO_PAD.encode(chance);
        let life = i64::try_from(SESSION_LIFE.as_micros()).unwrap_or(i64::MAX);
        let end = Timestamp::from_micros(now.as_micros().saturating_add(life));
        let mut ends = self.ends.lock();
        ends.retain(|_, end| *end > now);
        let made_room = ends.len() >= MAX_SESSIONS;
        if made_room {
            let first = ends
                .iter()
                .min_by_key(|(_, end)| **end)
                .map(|(hash, _)| *hash);
            first.and_then(|hash| ends.remove(&hash));
        }
        ends.insert(hash(&cookie), end);
        drop(ends);
        if made_room {
            (self.ended)();
        }
        Ok((cookie, end))
    }

    /// A session that stands, by its cookie.
    pub fn find(&self, cookie: &str, now: Timestamp) -> Option<Session> {
        let hash = hash(cookie);
        let until = self.ends.lock().get(&hash).copied()?;
        (until > now).then_some(Session { hash, until })
    }

    /// Whether it stands still.
    pub fn stands(&self, session: &Session, now: Timestamp) -> bool {
        let end = self.ends.lock().get(&session.hash).copied();
        end.is_some_and(|end| end > now)
    }

    pub fn close(&self, headers: &HeaderMap, scheme: &str) {
        let Some(cookie) = session_cookie(headers, scheme) else {
            return;
        };
        let ended = self.ends.lock().remove(&hash(cookie));
        if ended.is_some() {
            (self.ended)();
        }
    }
}

fn hash(cookie: &str) -> [u8; 32] {
    Sha256::digest(cookie.as_bytes()).into()
}

fn name(scheme: &str) -> &'static str {
    if scheme == "https" {
        SECURE_NAME
    } else {
        PLAIN_NAME
    }
}

/// The session's cookie among all that a browser sends.
pub fn session_cookie<'a>(headers: &'a HeaderMap, scheme: &str) -> Option<&'a str> {
    let wanted = name(scheme);
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == wanted).then_some(value))
}

/// Hands the cookie to the browser, out of reach of its scripts.
pub fn set_cookie(cookie: &str, scheme: &str) -> HeaderValue {
    header_value(cookie, SESSION_LIFE.as_secs(), scheme)
}

/// Takes the cookie from the browser.
pub fn clear_cookie(scheme: &str) -> HeaderValue {
    header_value("", 0, scheme)
}

fn header_value(cookie: &str, max_age: u64, scheme: &str) -> HeaderValue {
    let name = name(scheme);
    let secure = if scheme == "https" { "; Secure" } else { "" };
    let text =
        format!("{name}={cookie}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age}{secure}");
    HeaderValue::try_from(text).expect("base64url and fixed words are a header's text")
}
