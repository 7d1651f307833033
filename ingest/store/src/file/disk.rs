//! The steps of the store on disk, one function each: in tests each of them
//! can fail, or be the last that reaches the disk.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use data_files::open_patiently;

#[cfg(test)]
pub(crate) use faults::Faults;

/// What is about to happen to a path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Step {
    Create,
    Write,
    Sync,
    Rename,
    Remove,
    SyncFolder,
}

pub(crate) fn create(path: &Path) -> io::Result<File> {
    hooks::before(Step::Create, path)?;
    let file = open_patiently(|| File::create(path))?;
    hooks::after(Step::Create, path, None);
    Ok(file)
}

pub(crate) fn write_all(file: &mut File, path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Err(error) = hooks::before(Step::Write, path) {
        hooks::torn_write(file, bytes);
        return Err(error);
    }
    file.write_all(bytes)
}

pub(crate) fn sync(file: &File, path: &Path) -> io::Result<()> {
    hooks::before(Step::Sync, path)?;
    file.sync_all()?;
    hooks::after(Step::Sync, path, None);
    Ok(())
}

pub(crate) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    hooks::before(Step::Rename, from)?;
    fs::rename(from, to)?;
    hooks::after(Step::Rename, from, Some(to));
    Ok(())
}

/// Removes a file; one that is not there is no fault.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    hooks::before(Step::Remove, path)?;
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes created, renamed and removed names of a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    hooks::before(Step::SyncFolder, &folder.join("folder"))?;
    open_patiently(|| File::open(folder))?.sync_all()
}

#[cfg(not(test))]
mod hooks {
    use super::{File, Path, Step, io};

    pub(crate) fn before(_: Step, _: &Path) -> io::Result<()> {
        Ok(())
    }

    pub(crate) fn after(_: Step, _: &Path, _: Option<&Path>) {}

    pub(crate) fn torn_write(_: &mut File, _: &[u8]) {}
}

#[cfg(test)]
mod hooks {
    use super::{File, Path, Step, Write, faults, io};

    pub(crate) fn before(_: Step, path: &Path) -> io::Result<()> {
        match faults::of(path) {
            Some(faults) => faults.before(),
            None => Ok(()),
        }
    }

    pub(crate) fn after(step: Step, path: &Path, to: Option<&Path>) {
        if let Some(faults) = faults::of(path) {
            faults.after(step, path, to);
        }
    }

    /// A write that fails may have written a part.
    pub(crate) fn torn_write(file: &mut File, bytes: &[u8]) {
        // It is the failure of a write that is being played.
        let _ = file.write_all(&bytes[..bytes.len() / 2]);
    }
}

#[cfg(test)]
mod faults {
    use std::collections::{HashMap, HashSet};
    use std::fs::File;
    use std::io;
    use std::path::{Path, PathBuf};
    use std::sync::{Arc, LazyLock};

    use parking_lot::Mutex;

    use super::Step;

    /// By folder, since tests run side by side.
    static PLANNED: LazyLock<Mutex<HashMap<PathBuf, Arc<Faults>>>> = LazyLock::new(Mutex::default);

    pub(crate) fn of(path: &Path) -> Option<Arc<Faults>> {
        PLANNED.lock().get(path.parent()?).cloned()
    }

    /// What happens to the steps in one folder.
    #[derive(Default)]
    pub(crate) struct Faults(Mutex<Plan>);

    #[derive(Default)]
    struct Plan {
        steps: usize,
        /// The number of the step that fails.
        fails: Option<(usize, Failure)>,
        /// Created or written, and not yet synced.
        unsynced: HashSet<PathBuf>,
    }

    #[derive(Clone, Copy, PartialEq, Eq)]
    enum Failure {
        /// This step alone.
        Once(i32),
        /// This one and all after it: the machine is gone.
        Crash,
    }

    impl Faults {
        /// Takes the steps in `folder` from now on.
        pub(crate) fn watch(folder: &Path) -> Arc<Self> {
            let faults = Arc::new(Self::default());
            PLANNED
                .lock()
                .insert(folder.to_owned(), Arc::clone(&faults));
            faults
        }

        /// How many steps there were since the last call.
        pub(crate) fn take_steps(&self) -> usize {
            std::mem::take(&mut self.0.lock().steps)
        }

        /// `after` more steps succeed; the next one fails with an error of the
        /// system.
        pub(crate) fn fail_once(&self, after: usize, error: i32) {
            let mut plan = self.0.lock();
            plan.fails = Some((plan.steps + after, Failure::Once(error)));
        }

        /// `after` more steps reach the disk, and nothing after them.
        pub(crate) fn crash(&self, after: usize) {
            let mut plan = self.0.lock();
            plan.fails = Some((plan.steps + after, Failure::Crash));
        }

        /// From now on nothing fails.
        pub(crate) fn heal(&self) {
            self.0.lock().fails = None;
        }

        /// The machine starts again: what was not synced is there in part.
        pub(crate) fn restart(&self) {
            let plan = std::mem::take(&mut *self.0.lock());
            for path in plan.unsynced {
                if let Ok(file) = File::options().write(true).open(&path) {
                    let half = file.metadata().unwrap().len() / 2;
                    file.set_len(half).unwrap();
                }
            }
        }

        pub(crate) fn before(&self) -> io::Result<()> {
            let mut plan = self.0.lock();
            let this = plan.steps;
            plan.steps += 1;
            match plan.fails {
                Some((at, Failure::Once(error))) if at == this => {
                    Err(io::Error::from_raw_os_error(error))
                }
                Some((at, Failure::Crash)) if at <= this => Err(io::Error::other("a crash")),
                _ => Ok(()),
            }
        }

        pub(in crate::file::disk) fn after(&self, step: Step, path: &Path, to: Option<&Path>) {
            let mut plan = self.0.lock();
            match (step, to) {
                (Step::Create, _) => {
                    plan.unsynced.insert(path.to_owned());
                }
                (Step::Sync, _) => {
                    plan.unsynced.remove(path);
                }
                (Step::Rename, Some(to)) => {
                    if plan.unsynced.remove(path) {
                        plan.unsynced.insert(to.to_owned());
                    } else {
                        plan.unsynced.remove(to);
                    }
                }
                _ => {}
            }
        }
    }
}
