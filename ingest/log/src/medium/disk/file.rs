//! The file that is written to. Its writes and syncs can be made to fail in
//! tests; elsewhere [`Faults`] is empty and compiles to nothing.

use std::fs::{File, OpenOptions};
use std::io;
use std::num::NonZeroU64;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

use data_files::open_patiently;
use rustix::fs::Advice;

pub(crate) use faults::Faults;

/// A segment, open for writing.
pub(crate) struct LogFile {
    file: File,
    faults: Faults,
}

impl LogFile {
    pub(crate) fn open(path: &Path, faults: &Faults) -> io::Result<Self> {
        Ok(Self {
            file: open_patiently(|| OpenOptions::new().read(true).write(true).open(path))?,
            faults: faults.clone(),
        })
    }

    pub(crate) fn write_at(&self, bytes: &[u8], position: u64) -> io::Result<()> {
        self.faults.before_write(&self.file, bytes, position)?;
        self.file.write_all_at(bytes, position)
    }

    pub(crate) fn sync(&self) -> io::Result<()> {
        self.faults.before_sync()?;
        self.file.sync_data()
    }

    /// Lets the system drop these bytes from its cache; they are synced. An
    /// advice: a file system that does not take it goes on caching them.
    pub(crate) fn forget(&self, bytes: Range<u64>) {
        let length = NonZeroU64::new(bytes.end - bytes.start);
        let _ = rustix::fs::fadvise(&self.file, bytes.start, length, Advice::DontNeed);
    }
}

#[cfg(not(test))]
mod faults {
    use std::fs::File;
    use std::io;

    /// None.
    #[derive(Clone, Debug, Default)]
    pub(crate) struct Faults(());

    impl Faults {
        pub(super) fn before_write(&self, _: &File, _: &[u8], _: u64) -> io::Result<()> {
            Ok(())
        }

        pub(super) fn before_sync(&self) -> io::Result<()> {
            Ok(())
        }
    }
}

#[cfg(test)]
mod faults {
    use std::fs::File;
    use std::io;
    use std::os::unix::fs::FileExt;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst};
    use std::time::Duration;

    use parking_lot::Mutex;

    /// What a test makes go wrong. Clones share it.
    #[derive(Clone, Debug, Default)]
    pub(crate) struct Faults(Arc<Switches>);

    #[derive(Debug, Default)]
    struct Switches {
        sync_fails: AtomicBool,
        write_fails: AtomicBool,
        /// Of a write that fails, as many bytes still reach the file.
        torn_bytes: AtomicUsize,
        /// The names of the threads that made them.
        syncs: Mutex<Vec<String>>,
        writes_panic: AtomicBool,
        /// Milliseconds that a sync takes longer.
        delay: AtomicU64,
    }

    impl Faults {
        pub(crate) fn fail_syncs(&self) {
            self.0.sync_fails.store(true, SeqCst);
        }

        pub(crate) fn fail_writes(&self, torn_bytes: usize) {
            self.0.torn_bytes.store(torn_bytes, SeqCst);
            self.0.write_fails.store(true, SeqCst);
        }

        pub(crate) fn panic_writes(&self) {
            self.0.writes_panic.store(true, SeqCst);
        }

        pub(crate) fn delay_syncs(&self, delay: Duration) {
            self.0.delay.store(delay.as_millis() as u64, SeqCst);
        }

        pub(crate) fn heal(&self) {
            self.0.writes_panic.store(false, SeqCst);
            self.0.sync_fails.store(false, SeqCst);
            self.0.write_fails.store(false, SeqCst);
        }

        /// Syncs tried so far, failed ones included.
        pub(crate) fn syncs(&self) -> usize {
            self.0.syncs.lock().len()
        }

        /// By which threads, from the sync of this number on.
        pub(crate) fn syncing_threads(&self, from: usize) -> Vec<String> {
            self.0.syncs.lock()[from..].to_vec()
        }

        pub(super) fn before_write(&self, file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
            assert!(!self.0.writes_panic.load(SeqCst), "an injected panic");
            if !self.0.write_fails.load(SeqCst) {
                return Ok(());
            }
            let torn = self.0.torn_bytes.load(SeqCst).min(bytes.len());
            file.write_all_at(&bytes[..torn], at)?;
            Err(io::ErrorKind::StorageFull.into())
        }

        pub(super) fn before_sync(&self) -> io::Result<()> {
            let thread = std::thread::current();
            let name = thread.name().unwrap_or_default().to_owned();
            self.0.syncs.lock().push(name);
            let delay = self.0.delay.load(SeqCst);
            if delay > 0 {
                std::thread::sleep(Duration::from_millis(delay));
            }
            if self.0.sync_fails.load(SeqCst) {
                return Err(io::Error::other("an injected fault"));
            }
            Ok(())
        }
    }
}
