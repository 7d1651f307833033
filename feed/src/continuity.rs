//! Whether the process that acknowledged is still the one that answers.
//!
//! A store may acknowledge what it has in memory only. While its process lives
//! nothing of that is lost; when it died, what it acknowledged in its last
//! seconds may be. It may die and come back between two requests, so no
//! failure shows: it is asked since when it runs, every [`ASK_INTERVAL`]. One
//! that does not tell is known by its connection: a new one, where the store
//! had not announced the end of the old one, may lead to a new process. So is
//! one that tells, but died so young that its successor tells the same: stores
//! tell whole seconds.

use std::time::{Duration, Instant};

use crate::sending::client::{Client, Failure, Link, Process};

/// How long a death can stay unnoticed.
const ASK_INTERVAL: Duration = Duration::from_secs(10);
/// A process that was alive for so long shares the time of its start with no
/// successor: told in whole seconds, cut or rounded.
const TELLING_AGE: Duration = Duration::from_secs(2);

/// Whether anything may have been lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    Same,
    Changed,
}

pub(crate) struct Continuity {
    /// `None`: to be asked before anything is sent.
    process: Option<Process>,
    /// When it had answered for the first time.
    known_since: Instant,
    /// The last time at which the process was certainly alive.
    alive: Instant,
    asked: Instant,
    link: Option<Link>,
    /// It has to be asked again before anything is sent.
    doubted: bool,
}

impl Continuity {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            process: None,
            known_since: now,
            alive: now,
            asked: now,
            link: None,
            doubted: false,
        }
    }

    pub(crate) fn alive(&self) -> Instant {
        self.alive
    }

    /// It tells nothing of its start.
    pub(crate) fn is_anonymous(&self) -> bool {
        self.process == Some(Process::Anonymous)
    }

    /// It may have died: whoever answers next is another process.
    pub(crate) fn broken(&mut self) {
        self.process = None;
        self.link = None;
        self.doubted = false;
    }

    /// It may have died, and can prove that it did not.
    pub(crate) fn doubt(&mut self) {
        self.doubted = true;
    }

    /// Asks where it is time to. Before anything is sent.
    pub(crate) fn look(&mut self, client: &mut Client) -> Result<Verdict, Failure> {
        let due = self.process.is_none() || self.doubted || self.asked.elapsed() >= ASK_INTERVAL;
        if !due {
            return Ok(Verdict::Same);
        }
        let begun = Instant::now();
        let (process, link) = client.process()?;
        let proven = match (&self.process, &process) {
            (None, _) => true,
            (Some(Process::Started(old)), Process::Started(new)) => {
                old == new && (self.is_old_enough() || self.stands(link))
            }
            (Some(Process::Anonymous), Process::Anonymous) => !self.doubted && self.stands(link),
            _ => false,
        };
        if !proven {
            return Ok(Verdict::Changed);
        }
        if self.process.is_none() {
            self.known_since = Instant::now();
        }
        self.process = Some(process);
        self.link = Some(link);
        self.asked = begun;
        self.alive = begun;
        self.doubted = false;
        Ok(Verdict::Same)
    }

    /// A request that was begun at `begun` was answered.
    pub(crate) fn answered(&mut self, link: Link, begun: Instant) -> Verdict {
        let is_anonymous = self.is_anonymous();
        if (is_anonymous || !self.is_old_enough()) && !self.stands(link) {
            return Verdict::Changed;
        }
        if is_anonymous {
            self.alive = begun;
        }
        self.link = Some(link);
        Verdict::Same
    }

    /// What it tells of its start is its own.
    fn is_old_enough(&self) -> bool {
        self.alive.saturating_duration_since(self.known_since) >= TELLING_AGE
    }

    fn stands(&self, link: Link) -> bool {
        self.link.is_none_or(|last| last == link)
    }
}
