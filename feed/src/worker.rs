//! The feed's thread: asks, gathers, sends, and goes back where it must.

use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use device_registry::Registry;
use domain::{Offset, Timestamp};
use ingest::{Ingest, StreamError};
use supervisor::Scope;

use crate::batch::{Batch, Datastreams, Position};
use crate::config::Config;
use crate::continuity::{Continuity, Verdict};
use crate::cursor::{Cursor, CursorError};
use crate::marks::Marks;
use crate::missed::Missed;
use crate::others::Others;
use crate::sending::backoff::Backoff;
use crate::sending::client::{Client, Failure};
use crate::sending::delivery::Delivery;
use crate::sending::throttle::Throttle;
use crate::sending::trial::Undelivered;
use crate::source::{Read, Source};
use crate::stats::{Counters, FeedStats};
use crate::stop::Stop;

/// How often the log is looked at while nothing new is there.
const POLL: Duration = Duration::from_millis(200);
/// How often the cursor is written: what is sent again after our own end,
/// beside the horizon.
const CURSOR_INTERVAL: Duration = Duration::from_secs(5);

/// Why a feed does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the feed does not know where to go on")]
    Cursor(#[source] CursorError),
    #[error("the feed has no thread")]
    Thread(#[source] std::io::Error),
}

/// A running feed. Dropped, it ends by itself; nobody waits for it then.
pub struct Feed {
    stats: FeedStats,
    stop: Arc<Stop>,
    agent: Option<ureq::Agent>,
    thread: Option<JoinHandle<()>>,
    scope: Scope,
}

impl Feed {
    /// Goes on where `folder/feed.json` says, a horizon earlier.
    pub fn start(
        config: Config,
        folder: &Path,
        ingest: Ingest,
        registry: Arc<Registry>,
        scope: Scope,
    ) -> Result<Self, StartError> {
        let url = config.target.write_url();
        let mut cursor = Cursor::open(folder, url, ingest.mark()).map_err(StartError::Cursor)?;
        let client = Client::new(&config.target, config.token);
        let agent = client.agent();
        let counters = Arc::<Counters>::default();
        let stop = Arc::<Stop>::default();
        let position = beginning(&cursor, &ingest);
        // What comes after it is promised from now on, also where nothing is
        // acknowledged before the log gives it away or the process ends.
        cursor.save(position).map_err(StartError::Cursor)?;
        counters.stands_at(position);
        counters.caught_up(match position.received.as_micros() {
            0 => ingest.now(),
            _ => Timestamp::from_micros(0),
        });
        let now = Instant::now();
        let mut worker = Worker {
            source: Source::after(ingest.clone(), position.offset),
            datastreams: Datastreams::new(registry, config.selection),
            continuity: Continuity::new(now),
            marks: Marks::starting(now, position),
            backoff: Backoff::default(),
            delivery: Delivery::new(),
            counters: Arc::clone(&counters),
            stop: Arc::clone(&stop),
            ingest: ingest.clone(),
            horizon: config.horizon,
            gone: position.offset,
            went_back_from: None,
            failing: false,
            saved: now,
            told: Throttle::per_minute(1),
            client,
            cursor,
            position,
        };
        let thread = scope.thread("feed", move || worker.run());
        let thread = thread.map_err(StartError::Thread)?;
        Ok(Self {
            stats: FeedStats::new(counters, ingest),
            stop,
            agent: Some(agent),
            thread: Some(thread),
            scope,
        })
    }

    pub fn stats(&self) -> FeedStats {
        self.stats.clone()
    }

    /// Ends it, the request under way too, and writes the cursor. Blocks.
    pub fn stop(mut self) {
        self.tell_it_to_end();
        if let Some(thread) = self.thread.take() {
            // A panic there was told by the panic hook.
            let _ = thread.join();
        }
    }

    fn tell_it_to_end(&mut self) {
        self.scope.close();
        self.stop.stop();
        if let Some(agent) = self.agent.take() {
            agent.shutdown();
        }
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.tell_it_to_end();
    }
}

/// Where the cursor says, unless the log is another one: a restored backup
/// gives numbers again that the store has seen. Without a cursor, where the log
/// begins: `madang export` has what was before.
fn beginning(cursor: &Cursor, ingest: &Ingest) -> Position {
    let start = || Position {
        offset: Offset::new(ingest.first_offset().get().saturating_sub(1)),
        received: Timestamp::from_micros(0),
    };
    match cursor.position() {
        Some(position) if position.offset <= ingest.durable_offset() => position,
        Some(position) => {
            tracing::warn!(
                offset = %position.offset,
                "the feed's cursor lies beyond the end of the log: everything in the log is sent again"
            );
            start()
        }
        None => start(),
    }
}

/// What interrupts a turn.
enum Trouble {
    Store(Failure),
    Log(StreamError),
    Stopping,
}

struct Worker {
    ingest: Ingest,
    source: Source,
    datastreams: Datastreams,
    client: Client,
    continuity: Continuity,
    marks: Marks,
    cursor: Cursor,
    backoff: Backoff,
    delivery: Delivery,
    counters: Arc<Counters>,
    stop: Arc<Stop>,
    horizon: Duration,
    /// Everything up to it is acknowledged.
    position: Position,
    /// Up to it, what is gone was told.
    gone: Offset,
    /// Up to it, a batch at some of whose lines the store failed led back: each
    /// does so once, and all parts of a gap together do.
    went_back_from: Option<Offset>,
    failing: bool,
    saved: Instant,
    told: Throttle,
}

impl Worker {
    fn run(&mut self) {
        while !self.stop.is_stopping() {
            match self.turn() {
                Ok(()) => {}
                // Our own end breaks a request off.
                Err(_) if self.stop.is_stopping() => break,
                Err(Trouble::Store(failure)) => self.fail(&failure),
                Err(Trouble::Log(error)) => self.pause(&error),
                Err(Trouble::Stopping) => break,
            }
            if self.saved.elapsed() >= CURSOR_INTERVAL {
                self.save();
            }
        }
        self.save();
    }

    /// One batch, or a look at a log that has nothing new.
    fn turn(&mut self) -> Result<(), Trouble> {
        match self.continuity.look(&mut self.client) {
            Ok(Verdict::Same) => {}
            Ok(Verdict::Changed) => {
                self.go_back("it is another process than before");
                return Ok(());
            }
            Err(failure) => return Err(Trouble::Store(failure)),
        }
        let batch = self.gather().map_err(Trouble::Log)?;
        if batch.lines() == 0 {
            self.acknowledged(batch.reaches());
            return Ok(());
        }
        let begun = Instant::now();
        let others = Others {
            ingest: &self.ingest,
            datastreams: &self.datastreams,
        };
        let (counters, stop) = (&self.counters, &self.stop);
        let delivered = self
            .delivery
            .deliver(&batch, &mut self.client, &others, counters, stop)
            .map_err(|undelivered| match undelivered {
                Undelivered::Failure(failure) => Trouble::Store(failure),
                Undelivered::Stopping => Trouble::Stopping,
            })?;
        let reaches = batch.reaches();
        self.acknowledged(reaches);
        self.backoff.succeeded();
        if std::mem::take(&mut self.failing) {
            tracing::info!("the store takes lines again");
        }
        // A part of what is gone reaches nowhere before the end of its gap.
        let end = self.source.gap_end().unwrap_or(reaches.offset);
        if delivered.failed
            && self.continuity.is_anonymous()
            && self.went_back_from.is_none_or(|last| end > last)
        {
            self.went_back_from = Some(end);
            self.go_back("it failed at some lines");
        } else if let Some(link) = delivered.link
            && self.continuity.answered(link, begun) == Verdict::Changed
        {
            self.go_back("its connection is new");
        }
        Ok(())
    }

    /// The frames after the position, as soon as there are enough or the oldest
    /// has waited long enough; nothing if nothing comes for a while.
    fn gather(&mut self) -> Result<Batch, StreamError> {
        self.datastreams.refresh();
        let mut batch = Batch::after(self.position);
        while !batch.is_full() && !batch.linger().is_zero() && !self.stop.is_stopping() {
            match self.source.next()? {
                Read::Frame(frame) => {
                    if !batch.add(&frame, &mut self.datastreams) {
                        self.source.give_back(Read::Frame(frame));
                        break;
                    }
                }
                Read::Missed(part) => {
                    if !batch.add_lines(&part, &mut self.datastreams) {
                        self.source.give_back(Read::Missed(part));
                        break;
                    }
                }
                Read::Gone { from, to } => self.miss(&mut batch, from, to),
                Read::Passed(to) => batch.skip_to(to),
                Read::Nothing if batch.lines() > 0 => self.stop.wait(batch.linger().min(POLL)),
                Read::Nothing => {
                    if batch.reaches() == self.position {
                        self.counters.caught_up(self.ingest.now());
                        self.stop.wait(POLL);
                    }
                    break;
                }
            }
        }
        Ok(batch)
    }

    fn acknowledged(&mut self, position: Position) {
        if position != self.position {
            self.position = position;
            self.marks.acknowledged(Instant::now(), position);
            self.counters.stands_at(position);
        }
    }

    fn fail(&mut self, failure: &Failure) {
        self.counters.failed(failure);
        self.failing = true;
        if let Some(untold) = self.told.tell() {
            tracing::warn!(untold, "the store does not take lines: {failure}");
        }
        match failure {
            Failure::Unreachable { .. } => self.go_back("it could not be reached"),
            // Overloaded, or a proxy speaks for one that is gone.
            Failure::Failing { status: 503, .. } => {
                self.continuity.doubt();
                self.source.go_to(self.position.offset);
            }
            Failure::Failing { .. } => self.go_back("it failed"),
            Failure::Busy { .. } | Failure::Refused { .. } => {
                self.source.go_to(self.position.offset);
            }
        }
        let wait = self.backoff.failed(failure.retry_after());
        self.stop.wait(wait);
    }

    /// The log cannot be read now.
    fn pause(&mut self, error: &StreamError) {
        self.source.go_to(self.position.offset);
        if !matches!(error, StreamError::Closed)
            && let Some(untold) = self.told.tell()
        {
            let cause = std::error::Error::source(error).map(ToString::to_string);
            tracing::error!(untold, %error, cause, "the feed waits for the log");
        }
        let wait = self.backoff.failed(None);
        self.stop.wait(wait);
    }

    /// The store may have lost what it acknowledged last: that is sent again.
    fn go_back(&mut self, why: &str) {
        let position = self.marks.go_back(self.cutoff());
        if position != self.position {
            Counters::one(&self.counters.went_back);
            tracing::info!(
                after = %position.offset,
                up_to = %self.position.offset,
                "the store may have lost what it acknowledged last ({why}): it is sent again"
            );
        }
        self.position = position;
        self.counters.stands_at(position);
        self.source.go_to(position.offset);
        self.continuity.broken();
    }

    /// What was acknowledged before it is safe.
    fn cutoff(&self) -> Option<Instant> {
        self.continuity.alive().checked_sub(self.horizon)
    }

    /// Frames are gone before they were sent: the store has them.
    fn miss(&mut self, batch: &mut Batch, from: Offset, to: Offset) {
        if to > self.gone {
            let untold = from.max(self.gone.next());
            self.gone = to;
            self.counters.gone(to.get() + 1 - untold.get());
            tracing::warn!(
                from = %untold,
                %to,
                received_after = %self.position.received,
                "the log has given away frames before they were sent on"
            );
        }
        match Missed::between(&self.ingest, self.datastreams.all(), from, to) {
            Ok(missed) => self.source.make_up(missed),
            Err(error) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::error!(%error, cause, "they are not sent: `madang export` has them");
                batch.skip_to(to);
            }
        }
    }

    fn save(&mut self) {
        self.saved = Instant::now();
        let settled = self.marks.settled(self.cutoff());
        self.delivery.is_settled(settled.offset);
        if let Err(error) = self.cursor.save(settled)
            && let Some(untold) = self.told.tell()
        {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::error!(untold, %error, cause, "the feed's cursor is not written");
        }
    }
}
