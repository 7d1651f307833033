//! Whether the process that acknowledged is still the one that answers.
//!
//! A store may acknowledge what it has in memory only. While its process lives
//! nothing of that is lost; when it died, what it acknowledged in its last
//! seconds may be. It may die and come back between two requests, so no
//! failure shows: it is asked since when it runs, every [`ASK_INTERVAL`]. One
//! that does not tell is known by its connection: a new one, where the store
//! had not announced the end of the old one, may lead to a new process.

use std::time::{Duration, Instant};

use crate::client::{Client, Failure, Link, Process};

/// How long a death can stay unnoticed.
const ASK_INTERVAL: Duration = Duration::from_secs(10);

/// Whether anything may have been lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    Same,
    Changed,
}

pub(crate) struct Continuity {
    /// `None`: to be asked before anything is sent.
    process: Option<Process>,
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
            alive: now,
            asked: now,
            link: None,
            doubted: false,
        }
    }

    pub(crate) fn alive(&self) -> Instant {
        self.alive
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
    pub(crate) fn look(&mut self, client: &Client) -> Result<Verdict, Failure> {
        let due = self.process.is_none() || self.doubted || self.asked.elapsed() >= ASK_INTERVAL;
        if !due {
            return Ok(Verdict::Same);
        }
        let begun = Instant::now();
        let (process, link) = client.process()?;
        let proven = match (&self.process, &process) {
            (None, _) => true,
            (Some(Process::Started(old)), Process::Started(new)) => old == new,
            (Some(Process::Anonymous), Process::Anonymous) => !self.doubted && self.stands(link),
            _ => false,
        };
        if !proven {
            return Ok(Verdict::Changed);
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
        if self.process == Some(Process::Anonymous) {
            if !self.stands(link) {
                return Verdict::Changed;
            }
            self.alive = begun;
        }
        self.link = Some(link);
        Verdict::Same
    }

    fn stands(&self, link: Link) -> bool {
        self.link
            .is_none_or(|last| last.number == link.number || !last.stays)
    }
}
