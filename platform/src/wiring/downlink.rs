//! Applied observations on their way to MQTT subscribers.
//!
//! Reads the live stream like any other reader, and only while somebody
//! subscribes: without a subscriber a message costs nothing here. What it
//! cannot read it passes over, and the broker lets each session read that part
//! of the log for itself ([`super::backlog`]), which tells what is gone.

use std::ops::{ControlFlow, RangeInclusive};
use std::sync::Arc;
use std::time::{Duration, Instant};

use device_registry::Registry;
use domain::Offset;
use ingest::{FrameStream, Ingest, StreamError, StreamItem, StreamStart};
use parking_lot::Mutex;
use tokio::sync::Notify;
use transport::LogMessage;

use super::messages::{self, All, OpenDatastreams};

/// How long the stream stays open after the last subscriber has left.
const LINGER: Duration = Duration::from_secs(10);
/// After all that was there: a message that comes alone waits for nothing, and
/// those that trickle in after it share their wake-ups.
const REST: Duration = Duration::from_millis(5);
/// Frames fanned out before the subscribers are woken once for all of them.
const FRAMES_PER_WAKE: usize = 256;
/// Messages after which no further frame joins them; a frame has 1,000 at
/// most. About 1 MB.
const MESSAGES_PER_WAKE: usize = 4_096;

/// The broker's side: fans out, and says whether anybody would hear it.
pub(crate) trait Subscribers: Send + Sync + 'static {
    /// Takes whole frames, in their order, as many messages as go in one turn;
    /// whether some may be left.
    fn publish(&self, messages: &mut dyn Iterator<Item = LogMessage>) -> bool;
    /// Nothing of these frames will be published.
    fn pass_over(&self, frames: &RangeInclusive<Offset>);
    fn any(&self) -> bool;
}

/// One task; [`Downlink::wanted`] wakes it.
pub(crate) struct Downlink {
    ingest: Ingest,
    registry: Arc<Registry>,
    state: Mutex<State>,
    wake: Notify,
}

struct State {
    /// Opened by the first subscriber, so that nothing between its SUBACK and
    /// the task's first look is missed.
    opened: Option<FrameStream>,
    running: bool,
    last_wanted: Instant,
}

impl Downlink {
    pub(crate) fn new(ingest: Ingest, registry: Arc<Registry>) -> Self {
        Self {
            ingest,
            registry,
            state: Mutex::new(State {
                opened: None,
                running: false,
                last_wanted: Instant::now(),
            }),
            wake: Notify::new(),
        }
    }

    /// Somebody is about to subscribe, or catches up and will go on live:
    /// everything that is applied from now on is fanned out.
    pub(crate) fn wanted(&self) {
        let mut state = self.state.lock();
        state.last_wanted = Instant::now();
        if !state.running {
            state.running = true;
            state.opened = Some(self.ingest.stream(StreamStart::Live));
            self.wake.notify_one();
        }
    }

    /// Runs until the data plane is closed.
    pub(crate) async fn run(&self, subscribers: impl Subscribers) {
        let mut open = OpenDatastreams::default();
        let mut flow = ControlFlow::Continue(());
        while flow.is_continue() {
            let opened = self.state.lock().opened.take();
            match opened {
                Some(stream) => flow = self.fan_out(stream, &subscribers, &mut open).await,
                None => self.wake.notified().await,
            }
        }
    }

    async fn fan_out(
        &self,
        mut stream: FrameStream,
        subscribers: &impl Subscribers,
        open: &mut OpenDatastreams,
    ) -> ControlFlow<()> {
        let mut messages = Vec::new();
        while !self.abandoned(subscribers) {
            let Ok(first) = tokio::time::timeout(LINGER, stream.next()).await else {
                continue;
            };
            open.refresh(&self.registry);
            self.take(first, &mut stream, subscribers, open, &mut messages)
                .await?;
            let mut drained = false;
            for _ in 1..FRAMES_PER_WAKE {
                if messages.len() >= MESSAGES_PER_WAKE {
                    break;
                }
                match stream.try_next().transpose() {
                    Some(next) => {
                        self.take(next, &mut stream, subscribers, open, &mut messages)
                            .await?;
                    }
                    None => {
                        drained = true;
                        break;
                    }
                }
            }
            publish(subscribers, &mut messages).await;
            if drained {
                tokio::time::sleep(REST).await;
            } else {
                // What lags is always ready: without this the thread that it
                // runs on, and with it the sockets of HTTP, had no turn.
                tokio::task::yield_now().await;
            }
        }
        ControlFlow::Continue(())
    }

    /// Breaks where nothing will come any more.
    async fn take(
        &self,
        item: Result<StreamItem, StreamError>,
        stream: &mut FrameStream,
        subscribers: &impl Subscribers,
        open: &mut OpenDatastreams,
        messages: &mut Vec<LogMessage>,
    ) -> ControlFlow<()> {
        match item {
            Ok(StreamItem::Frame(frame)) => {
                open.observations(&self.registry, &frame, &All, messages);
                messages::rejects(&frame, &All, messages);
            }
            Ok(StreamItem::Gap { from, to }) => {
                tracing::warn!(%from, %to, "the live fan-out lagged: the log has removed frames that it had not read");
                publish(subscribers, messages).await;
                subscribers.pass_over(&(from..=to));
            }
            Err(StreamError::Closed) => return ControlFlow::Break(()),
            Err(error) => {
                let from = stream.position().next();
                *stream = self.ingest.stream(StreamStart::Live);
                let to = stream.position();
                tracing::error!(%error, %from, %to, "the live fan-out passes frames over");
                publish(subscribers, messages).await;
                subscribers.pass_over(&(from..=to));
            }
        }
        ControlFlow::Continue(())
    }

    /// Nobody subscribes, and nobody has been about to for a while.
    fn abandoned(&self, subscribers: &impl Subscribers) -> bool {
        let mut state = self.state.lock();
        let abandoned = state.last_wanted.elapsed() > LINGER && !subscribers.any();
        state.running = !abandoned;
        abandoned
    }
}

/// Where a message reaches thousands, the runtime's other tasks run in between.
async fn publish(subscribers: &impl Subscribers, messages: &mut Vec<LogMessage>) {
    let mut rest = messages.drain(..);
    while subscribers.publish(&mut rest) {
        tokio::task::yield_now().await;
    }
}
