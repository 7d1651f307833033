//! Streams over a real log: each frame once and in order, whatever the pace
//! of writer, applier, reader and release.

use std::sync::Arc;
use std::time::Duration;

use domain::{
    Assurance, CredentialId, DatastreamId, DeviceId, Flags, Offset, Quality, Timestamp, Transport,
};
use frame_log::{
    DiskConfig, Frame, Log, LogFrames, ObservationRef, Outcome, StagingError, TelemetryHead,
    ValueRef, Verdict,
};
use proptest::collection::vec;
use proptest::prelude::*;

use super::ring::RING_FRAMES;
use super::{FrameStream, Live, StreamItem, StreamStart};
use crate::CommitPolicy;
use crate::apply::Progress;
use crate::sequence::Sequencer;
use crate::stats::Counters;

/// Some 36 frames: the log is given back in steps.
const SEGMENT_BYTES: u64 = 4_096;
/// Frames of one group, which a segment must hold.
const GROUP_FRAMES: usize = 30;

struct Plane {
    log: Arc<Log<Sequencer>>,
    live: Live,
    progress: Progress,
    counters: Arc<Counters>,
    /// What the applier has not applied yet.
    durable: LogFrames,
    _folder: tempfile::TempDir,
}

impl Plane {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let counters = Arc::new(Counters::default());
        let disk = DiskConfig::new(folder.path().join("log"), SEGMENT_BYTES);
        let scope = supervisor::Scope::default();
        let order = Sequencer::default();
        let log = Log::open(&disk, CommitPolicy::Inline, &scope, Offset::ZERO, order).unwrap();
        let progress = Progress::new(Offset::ZERO);
        Self {
            live: Live::new(progress.clone(), Arc::clone(&counters)),
            durable: log.frames(Offset::new(1)),
            log: Arc::new(log),
            progress,
            counters,
            _folder: folder,
        }
    }

    fn append(&self, frames: usize) {
        for number in 1..=frames {
            self.stage();
            if number % GROUP_FRAMES == 0 || number == frames {
                self.log.sync_all().unwrap();
            }
        }
        // Nobody takes the groups here: they must not fill the feed.
        drop(self.log.take_groups(Duration::ZERO));
    }

    fn stage(&self) {
        let device = DeviceId::new("dev-1").unwrap();
        let head = TelemetryHead {
            received: Timestamp::from_micros(1),
            device: &device,
            credential: CredentialId::new(1),
            assurance: Assurance::Key,
            gateway: None,
            transport: Transport::Mqtt,
            model_version: 1,
            boot_epoch: None,
            boot_sequence: None,
            sequence: None,
            payload_hash: None,
            unreadable: None,
            rejections: &[],
            original: None,
            observations: 2,
        };
        let staged = self.log.stage(|_, slot| {
            let offset = slot.offset();
            let mut frame = slot.telemetry(head);
            // The second is a duplicate: no stream shows it.
            for (index, verdict) in [(0, Verdict::First), (1, Verdict::Duplicate)] {
                frame.observation(&ObservationRef {
                    index,
                    datastream: DatastreamId::new(1),
                    time: Timestamp::from_micros(offset.get() as i64),
                    value: ValueRef::Number(offset.get() as f64),
                    quality: Quality::Good,
                    flags: Flags::NONE,
                    verdict,
                    location: None,
                });
            }
            Ok::<_, StagingError>(frame.finish(Outcome::Accepted {
                stored: 1,
                duplicates: 1,
                rejected: 0,
            }))
        });
        drop(staged.unwrap());
    }

    fn apply(&mut self, frames: usize) {
        let mut applied = self.progress.applied();
        for frame in self.durable.by_ref().take(frames) {
            let Frame::Telemetry(frame) = frame.unwrap();
            self.live.apply(&frame);
            applied = frame.offset;
        }
        self.live.pass(applied);
        self.progress.set(applied);
    }

    fn stream(&self, start: StreamStart) -> FrameStream {
        FrameStream::new(&self.live, Arc::clone(&self.log), start)
    }

    /// Reads up to `limit` items and checks that each is the next one.
    fn read(&self, stream: &mut FrameStream, limit: usize) {
        for _ in 0..limit {
            let expected = stream.position().next();
            match stream.try_next().unwrap() {
                None => {
                    assert!(stream.position() >= self.progress.applied());
                    return;
                }
                Some(StreamItem::Gap { from, to }) => {
                    assert_eq!(from, expected);
                    assert!(from <= to && to < self.log.first_offset());
                    assert_eq!(stream.position(), to);
                }
                Some(StreamItem::Frame(frame)) => {
                    assert_eq!(frame.offset, expected);
                    assert_eq!(stream.position(), expected);
                    assert!(frame.offset <= self.progress.applied());
                    let times: Vec<_> = frame
                        .observations
                        .iter()
                        .map(|o| o.time.as_micros())
                        .collect();
                    assert_eq!(times, [expected.get() as i64]);
                }
            }
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Append(usize),
    Apply(usize),
    Open(Option<u64>),
    Read(usize, usize),
    Close(usize),
    Release,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1..2 * RING_FRAMES).prop_map(Step::Append),
        6 => (1..2 * RING_FRAMES).prop_map(Step::Apply),
        2 => prop::option::of(0..300u64).prop_map(Step::Open),
        8 => (0..4usize, 1..100usize).prop_map(|(stream, items)| Step::Read(stream, items)),
        1 => (0..4usize).prop_map(Step::Close),
        1 => Just(Step::Release),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn every_stream_sees_each_frame_once_and_in_order(steps in vec(step(), 1..60)) {
        let mut plane = Plane::new();
        let mut streams: Vec<FrameStream> = Vec::new();
        for step in steps {
            match step {
                Step::Append(frames) => plane.append(frames),
                Step::Apply(frames) => plane.apply(frames),
                Step::Open(None) => streams.push(plane.stream(StreamStart::Live)),
                Step::Open(Some(after)) => {
                    streams.push(plane.stream(StreamStart::After(Offset::new(after))));
                }
                Step::Read(stream, items) => {
                    if let Some(stream) = streams.get_mut(stream) {
                        plane.read(stream, items);
                    }
                }
                Step::Close(stream) => {
                    if stream < streams.len() {
                        drop(streams.swap_remove(stream));
                    }
                }
                Step::Release => plane.log.release(plane.progress.applied(), 0).unwrap(),
            }
        }
        plane.apply(usize::MAX);
        let open = streams.len() as u64;
        for stream in &mut streams {
            plane.read(stream, usize::MAX);
        }
        let stats = plane.counters.snapshot();
        prop_assert_eq!((stats.stream_readers, stats.stream_readers_lagging), (open, 0));
        drop(streams);
        prop_assert_eq!(plane.counters.snapshot().stream_readers, 0);
    }
}

#[test]
fn a_stream_that_lags_far_reads_the_log_and_comes_back() {
    let mut plane = Plane::new();
    let mut early = plane.stream(StreamStart::After(Offset::ZERO));
    plane.append(10 * RING_FRAMES);
    plane.apply(usize::MAX);
    let mut late = plane.stream(StreamStart::After(Offset::new(3)));
    plane.read(&mut early, 1);
    plane.read(&mut late, 1);
    assert_eq!(plane.counters.snapshot().stream_readers_lagging, 2);
    for stream in [&mut early, &mut late] {
        plane.read(stream, usize::MAX);
        assert_eq!(stream.position(), plane.progress.applied());
    }
}

#[test]
fn what_the_log_gave_away_is_told_as_one_gap() {
    let mut plane = Plane::new();
    plane.append(10 * RING_FRAMES);
    plane.apply(usize::MAX);
    plane.log.release(plane.progress.applied(), 0).unwrap();
    let first = plane.log.first_offset();
    assert!(first > Offset::new(5), "something was given back");
    let mut stream = plane.stream(StreamStart::After(Offset::new(2)));
    let item = stream.try_next().unwrap();
    let to = Offset::new(first.get() - 1);
    assert_eq!(
        item,
        Some(StreamItem::Gap {
            from: Offset::new(3),
            to
        })
    );
    plane.read(&mut stream, usize::MAX);
    assert_eq!(stream.position(), plane.progress.applied());
}

#[test]
fn a_waiting_stream_wakes_for_a_frame_and_for_the_end() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let mut plane = Plane::new();
    let mut stream = plane.stream(StreamStart::Live);
    let waiting = std::thread::spawn(move || {
        runtime.block_on(async move {
            let first = stream.next().await.unwrap();
            (first, stream.next().await)
        })
    });
    plane.append(1);
    plane.apply(1);
    plane.progress.end();
    let (first, end) = waiting.join().unwrap();
    assert!(matches!(first, StreamItem::Frame(frame) if frame.offset == Offset::new(1)));
    assert!(end.is_err());
}
