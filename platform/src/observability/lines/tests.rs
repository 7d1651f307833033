//! Lines in order, and a writer that nobody waits for.

use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

use super::*;

const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn lines_are_written_in_order_and_long_ones_are_cut() {
    let memory = Memory::default();
    let lines = Lines::start(memory.clone()).unwrap();
    lines.line().write_all(b"first\n").unwrap();
    lines.put(vec![b'x'; 2 * MAX_LINE_BYTES]);
    lines.drain(PATIENCE);
    let written = memory.0.lock().unwrap().clone();
    assert_eq!(&written[..6], b"first\n");
    assert_eq!(written.len(), 6 + MAX_LINE_BYTES);
    assert_eq!(written.last(), Some(&b'\n'));
}

/// A pipe whose reader does nothing: its writer waits for good.
struct Stuck(Receiver<()>);

impl Write for Stuck {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        let _ = self.0.recv();
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn who_logs_never_waits_for_who_writes() {
    let (release, stuck) = channel();
    let lines = Lines::start(Stuck(stuck)).unwrap();
    let before = lost();
    for _ in 0..2 * WAITING_LINES {
        lines.put(b"a line\n".to_vec());
    }
    // One of them may be in the writer's hands.
    assert!(lost() - before >= WAITING_LINES as u64 - 1);
    lines.drain(Duration::from_millis(10));
    drop(release);
    // A writer that fails loses lines, and goes on.
    lines.drain(PATIENCE);
    assert!(lost() - before >= 2 * WAITING_LINES as u64);
}
