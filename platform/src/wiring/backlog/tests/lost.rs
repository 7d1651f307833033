//! What the log has given away, and what cannot be read of it.

use std::fs::File;
use std::ops::RangeInclusive;
use std::os::unix::fs::FileExt;

use super::*;
use crate::wiring::downlink::Subscribers;

#[tokio::test]
async fn what_the_log_has_given_away_is_reported() {
    let plane = Plane::open(|config| {
        config.segment_bytes = ingest::MIN_SEGMENT_BYTES;
        config.log_budget_bytes = 0;
        config.flush_rows = 10_000;
    });
    let app = plane.application();
    let all = [wanted("open/#", start())];
    let (begun, mut message) = (Instant::now(), 0);
    let (messages, gone) = loop {
        let records: Vec<String> = (0..1_000).map(|n| level(message * 1_000 + n)).collect();
        plane.submit("a", &format!("[{}]", records.join(","))).await;
        message += 1;
        let (messages, gone) = match message % 100 {
            0 => plane.read(&app, &all, start()).await,
            _ => continue,
        };
        // What goes while the pages are read is missing in their middle.
        if gone > 0 && messages[0].position.offset() == Offset::new(gone + 1) {
            break (messages, gone);
        }
        assert!(begun.elapsed() < PATIENCE, "the log gives nothing away");
    };
    // What is not gone is all there.
    assert_eq!(messages.len() as u64, (message as u64 - gone) * 1_000);
}

#[tokio::test]
async fn who_is_at_the_end_reads_no_log() {
    let plane = Plane::open(|_| {});
    plane.submit("a", &level(1)).await;
    let end = plane.missed.end();
    for principal in [plane.application(), plane.device("a"), Principal::Anybody] {
        let all = [
            wanted("open/#", start()),
            wanted("devices/a/rejects", start()),
        ];
        let page = plane.missed.read(&principal, &all, end).await.unwrap();
        assert_eq!(page, Page::default().ends(end));
        let ahead = LogPosition::at(Offset::new(1_000));
        let page = plane.missed.read(&principal, &all, ahead).await.unwrap();
        assert_eq!(page, Page::default().ends(ahead));
    }
}

/// What the fan-out tells the broker.
#[derive(Clone)]
struct Recorded(tokio::sync::mpsc::UnboundedSender<Sent>);

enum Sent {
    Messages(Vec<LogMessage>),
    PassedOver(RangeInclusive<Offset>),
}

impl Subscribers for Recorded {
    fn publish(&self, messages: &mut dyn Iterator<Item = LogMessage>) -> bool {
        // A few at a time: the rest comes in the next turn.
        const TURN: usize = 100;
        let turn: Vec<_> = messages.take(TURN).collect();
        let more = turn.len() == TURN;
        let _ = self.0.send(Sent::Messages(turn));
        more
    }

    fn pass_over(&self, frames: &RangeInclusive<Offset>) {
        let _ = self.0.send(Sent::PassedOver(frames.clone()));
    }

    fn any(&self) -> bool {
        true
    }
}

/// Turns over a byte in the middle of the log's first frames.
fn damage(plane: &Plane) {
    const WHERE: u64 = 20_000;
    let segments = std::fs::read_dir(plane.folder.path().join("log")).unwrap();
    let first = segments.map(|it| it.unwrap().path()).min().unwrap();
    let file = File::options().read(true).write(true).open(first).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, WHERE).unwrap();
    file.write_all_at(&[!byte[0]], WHERE).unwrap();
}

#[tokio::test]
async fn what_the_fan_out_cannot_read_a_session_reads_or_is_told_of() {
    // More than the newest frames that are in memory.
    const FRAMES: i64 = 10_000;
    let plane = Plane::open(|_| {});
    plane.downlink.wanted();
    plane.submit_levels(FRAMES).await;
    damage(&plane);
    let (sender, mut sent) = tokio::sync::mpsc::unbounded_channel();
    let downlink = Arc::clone(&plane.downlink);
    let running = tokio::spawn(async move { downlink.run(Recorded(sender)).await });
    let mut published = Vec::new();
    let frames = loop {
        match sent.recv().await.unwrap() {
            Sent::Messages(messages) => published.extend(messages),
            Sent::PassedOver(frames) => break frames,
        }
    };
    assert!(!published.is_empty());
    assert_eq!(frames.start().get(), published.len() as u64 + 1);
    assert_eq!(frames.end().get(), FRAMES as u64);

    let (app, all) = (plane.application(), [wanted("open/#", start())]);
    let from = LogPosition::at(*frames.start());
    let (read, gone) = plane.read(&app, &all, from).await;
    assert_eq!(read, []);
    assert_eq!(gone, FRAMES as u64 - published.len() as u64);
    // The disk has come to its senses.
    damage(&plane);
    let (read, gone) = plane.read(&app, &all, from).await;
    assert_eq!(gone, 0);
    published.extend(read);
    let values: Vec<f64> = published.iter().map(value).collect();
    assert_eq!(values, (0..FRAMES).map(|n| n as f64).collect::<Vec<_>>());

    let next = plane.submit("b", &level(1)).await;
    let live = loop {
        match sent.recv().await.unwrap() {
            Sent::Messages(messages) if messages.is_empty() => {}
            Sent::Messages(messages) => break messages,
            Sent::PassedOver(frames) => panic!("{frames:?} can be read"),
        }
    };
    assert_eq!(live[0].position, LogPosition::at(next));
    running.abort();
}
