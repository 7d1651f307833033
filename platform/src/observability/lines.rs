//! The queue of log lines, and the thread that writes them.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

/// Lines that wait to be written; beyond it new ones are lost and counted.
const WAITING_LINES: usize = 4_096;
/// The longest line, in bytes: what is beyond is cut. Together at most 64 MiB.
const MAX_LINE_BYTES: usize = 16 * 1_024;

static LOST: AtomicU64 = AtomicU64::new(0);

/// Lines that could not be written since the start.
pub(crate) fn lost() -> u64 {
    LOST.load(Ordering::Relaxed)
}

enum Item {
    Line(Vec<u8>),
    /// Answered once everything before it was written or lost.
    Drained(SyncSender<()>),
}

/// Puts lines into the queue; clones share it.
#[derive(Clone)]
pub(super) struct Lines {
    queue: SyncSender<Item>,
}

impl Lines {
    /// Writes to `out` on a thread of its own, which ends with the last clone.
    pub(super) fn start(out: impl Write + Send + 'static) -> io::Result<Self> {
        let (queue, items) = sync_channel(WAITING_LINES);
        std::thread::Builder::new()
            .name("log-lines".into())
            .spawn(move || write_out(out, &items))?;
        Ok(Self { queue })
    }

    pub(super) fn put(&self, mut line: Vec<u8>) {
        if line.len() > MAX_LINE_BYTES {
            line.truncate(MAX_LINE_BYTES - 1);
            line.push(b'\n');
        }
        if self.queue.try_send(Item::Line(line)).is_err() {
            LOST.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What the subscriber formats one event into.
    pub(super) fn line(&self) -> Line {
        Line {
            lines: self.clone(),
            text: Vec::new(),
        }
    }

    /// Waits until what was put before is written, `longest` at most.
    pub(super) fn drain(&self, longest: Duration) {
        let (done, drained) = sync_channel(1);
        let end = std::time::Instant::now() + longest;
        let mut marker = Item::Drained(done);
        // A queue that is full may become free within the time.
        while let Err(TrySendError::Full(again)) = self.queue.try_send(marker) {
            if std::time::Instant::now() >= end {
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
            marker = again;
        }
        // Too late or never: nobody is left to tell.
        let _ = drained.recv_timeout(end.saturating_duration_since(std::time::Instant::now()));
    }
}

/// One event: put into the queue when it is complete.
pub(super) struct Line {
    lines: Lines,
    text: Vec<u8>,
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if !self.text.is_empty() {
            self.lines.put(std::mem::take(&mut self.text));
        }
    }
}

fn write_out(mut out: impl Write, items: &Receiver<Item>) {
    let mut reported = 0;
    for item in items {
        match item {
            Item::Line(line) => {
                let lost = lost();
                if lost > reported {
                    let note = format!("{} log lines before this one were lost\n", lost - reported);
                    if out.write_all(note.as_bytes()).is_ok() {
                        reported = lost;
                    }
                }
                if out.write_all(&line).is_err() {
                    LOST.fetch_add(1, Ordering::Relaxed);
                }
            }
            // Nobody waits any more where the time was over.
            Item::Drained(done) => drop(done.try_send(())),
        }
    }
}

#[cfg(test)]
mod tests;
