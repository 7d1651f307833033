//! The next segment, made before it is needed.
//!
//! A released segment becomes the spare; where there is none, a thread fills a
//! new file with zeros. So a full disk shows here, before frames need the
//! space, and only a leader that finds no spare waits. There is one spare at
//! most, the file `spare`; `spare.tmp` is one in the making.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use data_files::{open_patiently, sync_folder};
use parking_lot::{Condvar, Mutex};
use supervisor::Scope;

const SPARE: &str = "spare";
const IN_THE_MAKING: &str = "spare.tmp";
/// Bytes of zeros per write.
const FILL_BYTES: usize = 1 << 20;
/// Of memory and of lengths, where a write goes past the page cache.
const DIRECT_ALIGNMENT: usize = 4096;

/// The spare, and the thread that makes it.
pub(crate) struct Spares {
    shared: Arc<SparesShared>,
    maker: Option<JoinHandle<()>>,
    scope: Scope,
}

struct SparesShared {
    folder: PathBuf,
    segment_bytes: u64,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    ready: bool,
    /// Why the last try failed; a leader that waited for it gets it.
    failed: Option<io::Error>,
    stop: bool,
}

impl Spares {
    /// Takes over a spare that was left, and starts the thread.
    pub(crate) fn start(folder: &Path, segment_bytes: u64, scope: &Scope) -> io::Result<Self> {
        remove_if_there(&folder.join(IN_THE_MAKING))?;
        let left = folder.join(SPARE);
        let ready = fs::metadata(&left).is_ok_and(|file| file.len() == segment_bytes);
        if !ready {
            remove_if_there(&left)?;
        }
        let shared = Arc::new(SparesShared {
            folder: folder.to_owned(),
            segment_bytes,
            state: Mutex::new(State {
                ready,
                ..State::default()
            }),
            changed: Condvar::new(),
        });
        let maker = scope.thread("log-spare", {
            let shared = Arc::clone(&shared);
            move || shared.make_spares()
        })?;
        Ok(Self {
            shared,
            maker: Some(maker),
            scope: scope.clone(),
        })
    }

    /// The path of a spare, which the caller renames at once and then calls
    /// [`Self::taken`]. Waits until there is one; where the last try failed, it
    /// may be long past, so one more is made.
    pub(crate) fn wait(&self) -> io::Result<PathBuf> {
        let mut state = self.shared.state.lock();
        state.failed = None;
        self.shared.changed.notify_all();
        while !state.ready {
            if let Some(error) = state.failed.take() {
                return Err(error);
            }
            if state.stop {
                return Err(io::ErrorKind::Interrupted.into());
            }
            self.shared.changed.wait(&mut state);
        }
        Ok(self.shared.folder.join(SPARE))
    }

    #[cfg(test)]
    pub(crate) fn has_failed(&self) -> bool {
        self.shared.state.lock().failed.is_some()
    }

    /// The spare has become a segment: the next one is made.
    pub(crate) fn taken(&self) {
        let mut state = self.shared.state.lock();
        (state.ready, state.failed) = (false, None);
        self.shared.changed.notify_all();
    }

    /// A released segment becomes the spare where there is none, and is
    /// removed otherwise. Durable before anybody may take the spare: a header
    /// that is written into it must not come back under the segment's old name.
    pub(crate) fn recycle(&self, path: &Path, bytes: u64) -> io::Result<()> {
        let mut state = self.shared.state.lock();
        let spare = !state.ready && bytes == self.shared.segment_bytes;
        if spare {
            fs::rename(path, self.shared.folder.join(SPARE))?;
        } else {
            fs::remove_file(path)?;
        }
        sync_folder(&self.shared.folder)?;
        if spare {
            state.ready = true;
            self.shared.changed.notify_all();
        }
        Ok(())
    }
}

impl Drop for Spares {
    fn drop(&mut self) {
        self.scope.close();
        self.shared.state.lock().stop = true;
        self.shared.changed.notify_all();
        if let Some(maker) = self.maker.take() {
            // A panic there has been told by the panic hook.
            let _ = maker.join();
        }
    }
}

impl SparesShared {
    fn make_spares(&self) {
        let mut state = self.state.lock();
        loop {
            while !state.stop && (state.ready || state.failed.is_some()) {
                self.changed.wait(&mut state);
            }
            if state.stop {
                return;
            }
            drop(state);
            let made = self.fill();
            state = self.state.lock();
            match made.and_then(|()| self.publish(&mut state)) {
                Ok(()) => {}
                // Kept until a leader needs a spare, which has it tried again.
                Err(error) => state.failed = Some(error),
            }
            self.changed.notify_all();
        }
    }

    /// Makes the file; past the page cache where the file system can, which
    /// costs an eighth of the processor's time.
    fn fill(&self) -> io::Result<()> {
        let path = self.folder.join(IN_THE_MAKING);
        let filled = match self.write_zeros(&path, libc::O_DIRECT) {
            // The file system cannot, or the length is no multiple of a page.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => self.write_zeros(&path, 0),
            done => done,
        };
        if filled.is_err() {
            // What could be written of it must not fill the disk.
            remove_if_there(&path)?;
        }
        filled
    }

    /// Writes the zeros, in pieces so that a stop is not held up.
    fn write_zeros(&self, path: &Path, flags: i32) -> io::Result<()> {
        let mut options = File::options();
        options.write(true).create(true).truncate(true);
        options.custom_flags(flags);
        let mut file = open_patiently(|| options.open(path))?;
        let buffer = vec![0u8; FILL_BYTES + DIRECT_ALIGNMENT];
        let zeros = &buffer[buffer.as_ptr().align_offset(DIRECT_ALIGNMENT)..][..FILL_BYTES];
        let mut left = self.segment_bytes;
        while left > 0 && !self.state.lock().stop {
            let piece = left.min(FILL_BYTES as u64);
            file.write_all(&zeros[..piece as usize])?;
            left -= piece;
        }
        file.sync_all()
    }

    /// The finished file becomes the spare, unless one was recycled meanwhile.
    fn publish(&self, state: &mut State) -> io::Result<()> {
        let made = self.folder.join(IN_THE_MAKING);
        if state.stop || state.ready {
            return remove_if_there(&made);
        }
        fs::rename(&made, self.folder.join(SPARE))?;
        sync_folder(&self.folder)?;
        state.ready = true;
        Ok(())
    }
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
