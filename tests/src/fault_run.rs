//! A [`SmallPlane`](crate::small_plane::SmallPlane) in a process of its own,
//! with a fault before it, and what it had acknowledged by then.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use crate::PATIENCE;
use crate::small_plane::{SmallPlane, prepare_registry};
use ingest::{LockError, OpenError};
use rustix::process::Signal;

/// Between two looks at the process.
const LOOK: Duration = Duration::from_millis(2);

/// A registry, a data folder, and what was acknowledged over it so far.
pub struct FaultBench {
    registry: tempfile::TempDir,
    /// Where the process says what it has to say.
    said: PathBuf,
    pub acknowledged: BTreeSet<u64>,
    /// Sent and never answered: it may be stored or not.
    open: BTreeSet<u64>,
    next: u64,
}

/// The process, running.
pub struct FaultRun<'a> {
    bench: &'a mut FaultBench,
    child: Child,
    pid: i32,
    numbers: Receiver<u64>,
    address: SocketAddr,
    ended: bool,
}

impl Default for FaultBench {
    fn default() -> Self {
        let registry = tempfile::tempdir().unwrap();
        prepare_registry(registry.path());
        Self {
            said: registry.path().join("said"),
            registry,
            acknowledged: BTreeSet::new(),
            open: BTreeSet::new(),
            next: 0,
        }
    }
}

/// A thread of the plane before lets go of the folder a moment after its handle is
/// gone.
fn open_again(registry: &Path, data: &Path) -> SmallPlane {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match SmallPlane::open(registry, data) {
            Err(OpenError::Lock(LockError::InUse { .. })) if Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(20));
            }
            opened => return opened.unwrap(),
        }
    }
}

impl FaultBench {
    /// Starts it over `data` for so many messages more; `wrapper` is put before
    /// it, as `strace ...`. `binary` is `env!("CARGO_BIN_EXE_small-plane")`.
    pub fn start(
        &mut self,
        binary: &str,
        wrapper: &[&str],
        data: &Path,
        messages: u64,
    ) -> FaultRun<'_> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut line: Vec<&str> = wrapper.to_vec();
        line.push(binary);
        let child = Command::new(line[0])
            .args(&line[1..])
            .args([self.registry.path(), data])
            .arg(address.to_string())
            .args([self.next, self.next + messages].map(|number| number.to_string()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&self.said).unwrap())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", line[0]));
        let (sender, numbers) = channel();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut number = [0; 8];
            while stream.read_exact(&mut number).is_ok() {
                if sender.send(u64::from_le_bytes(number)).is_err() {
                    return;
                }
            }
        });
        let mut run = FaultRun {
            bench: self,
            child,
            pid: 0,
            numbers,
            address,
            ended: false,
        };
        if let Some(pid) = run.hear() {
            run.pid = i32::try_from(pid).unwrap();
        }
        run
    }

    fn range(&self) -> Range<u64> {
        0..self.next
    }

    /// Opens what the fault has left, undisturbed: all that was acknowledged is
    /// there once, and nothing that was never sent. Then it goes on from there,
    /// and that holds again, as it does after one more start.
    pub fn check(&mut self, data: &Path, what: &str) {
        let registry = self.registry.path();
        let plane = SmallPlane::open(registry, data)
            .unwrap_or_else(|error| panic!("{what}: {:#}", anyhow::Error::from(error)));
        self.compare(&plane, what);
        let next = self.next;
        let mut done = Vec::new();
        plane
            .run(next..next + 40, |number| done.push(number))
            .unwrap_or_else(|error| panic!("{what}: going on: {error:#}"));
        drop(plane);
        self.acknowledged.extend(done);
        self.next = next + 40;
        let plane = open_again(registry, data);
        self.compare(&plane, what);
    }

    /// The first part of [`Self::check`].
    pub fn compare_with(&self, data: &Path, what: &str) {
        let plane = SmallPlane::open(self.registry.path(), data)
            .unwrap_or_else(|error| panic!("{what}: {:#}", anyhow::Error::from(error)));
        self.compare(&plane, what);
    }

    fn compare(&self, plane: &SmallPlane, what: &str) {
        let stored = plane.stored();
        let lost: Vec<_> = self.acknowledged.difference(&stored).collect();
        assert!(lost.is_empty(), "{what}: acknowledged and lost: {lost:?}");
        let more: BTreeSet<_> = stored.difference(&self.acknowledged).copied().collect();
        let foreign: Vec<_> = more.difference(&self.open).collect();
        assert!(foreign.is_empty(), "{what}: never sent: {foreign:?}");
        assert!(self.range().end >= stored.len() as u64);
    }
}

impl FaultRun<'_> {
    /// The next number it tells; `None` when it has ended.
    fn hear(&mut self) -> Option<u64> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.numbers.recv_timeout(LOOK) {
                Ok(number) => return Some(number),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if !self.ended && self.child.try_wait().unwrap().is_some() {
                self.ended = true;
                // In the place of one that died before it could connect. Where
                // nobody listens any more, it had connected.
                let _ = TcpStream::connect(self.address);
            }
            assert!(Instant::now() < deadline, "it neither goes on nor ends");
        }
    }

    /// Waits for so many acknowledgements; gives whether they came.
    pub fn hear_acknowledged(&mut self, count: usize) -> bool {
        (0..count).all(|_| {
            let number = self.hear();
            number.inspect(|number| self.take(*number)).is_some()
        })
    }

    /// Goes on until `seen`, which is looked at all the time, or its end.
    pub fn go_on_until(&mut self, mut seen: impl FnMut() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !seen() && self.child.try_wait().unwrap().is_none() {
            while let Ok(number) = self.numbers.try_recv() {
                self.take(number);
            }
            assert!(Instant::now() < deadline, "never seen");
        }
    }

    fn take(&mut self, number: u64) {
        assert_eq!(number, self.bench.next, "acknowledgements keep the order");
        self.bench.acknowledged.insert(number);
        self.bench.next = number + 1;
    }

    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// Waits for its end; gives how it ended and what it said.
    pub fn finish(mut self) -> (ExitStatus, String) {
        while let Some(number) = self.hear() {
            self.take(number);
        }
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < deadline, "it never ended");
            std::thread::sleep(LOOK);
        };
        // What was under way when it ended.
        self.bench.open.insert(self.bench.next);
        self.bench.next += 1;
        let said = std::fs::read_to_string(&self.bench.said).unwrap();
        assert!(!said.contains("panicked"), "{said}");
        (status, said)
    }

    pub fn kill(self) -> (ExitStatus, String) {
        if self.pid > 0 {
            crate::send_signal(self.pid, Signal::KILL);
        }
        self.finish()
    }
}

impl Drop for FaultRun<'_> {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            if self.pid > 0 {
                crate::send_signal(self.pid, Signal::KILL);
            }
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
