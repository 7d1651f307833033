//! The folder that a copy is made in: a backup's, or a data folder that is
//! restored.
//!
//! Constraints: it was not there or empty before; what is in it is durable once
//! [`CopyFolder::finish`] has come back, and its last file is put there last, so that
//! a folder without it is known to be unfinished. One that is dropped before is
//! emptied again, so that a full disk does not stay full.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};

use data_files::free_bytes;

use super::sum::{Checksum, Summing};

/// Bytes copied at once.
const COPY_BYTES: usize = 1 << 20;
/// Only the platform's own account reads a copy: it holds its secrets.
const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

/// One file of a copy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CopiedFile {
    /// Within the folder, with `/`.
    pub name: String,
    pub bytes: u64,
    pub sum: Checksum,
}

/// Why a copy cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    #[error("{} is no absolute path without `..`: where it is must not hang on where the platform was started", .0.display())]
    Relative(PathBuf),
    #[error("{} is not empty: name a new folder or an empty one", .0.display())]
    NotEmpty(PathBuf),
    #[error("{} lies within {}: name a folder elsewhere, best on another disk", folder.display(), within.display())]
    Within { folder: PathBuf, within: PathBuf },
    #[error("{} has room for {free} bytes, and {needed} are needed: free some space or name another folder", folder.display())]
    NoRoom {
        folder: PathBuf,
        needed: u64,
        free: u64,
    },
    #[error("{name:?} is no name of a file within the folder")]
    Name { name: String },
    #[error("cannot {action} {}", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
}

impl CopyError {
    pub(super) fn io<'a>(
        action: &'static str,
        path: &'a Path,
    ) -> impl FnOnce(io::Error) -> Self + 'a {
        move |cause| Self::Io {
            action,
            path: path.to_owned(),
            cause,
        }
    }
}

/// A folder that is being filled.
#[derive(Debug)]
pub struct CopyFolder {
    root: PathBuf,
    /// Whether it was made here.
    fresh: bool,
    folders: Vec<PathBuf>,
    /// Paths that were written to, whatever became of them.
    begun: Vec<PathBuf>,
    files: Vec<CopiedFile>,
    finished: bool,
}

impl CopyFolder {
    /// Makes `root`, or takes an empty folder. Neither it nor `source` may lie
    /// within the other.
    pub fn create(root: &Path, source: &Path) -> Result<Self, CopyError> {
        let upwards = root.components().any(|part| part == Component::ParentDir);
        if !root.is_absolute() || upwards {
            return Err(CopyError::Relative(root.to_owned()));
        }
        refuse_within(root, source)?;
        let fresh = match fs::read_dir(root) {
            Ok(mut entries) => match entries.next() {
                None => false,
                Some(_) => return Err(CopyError::NotEmpty(root.to_owned())),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                make_folder(root).map_err(CopyError::io("make the folder", root))?;
                true
            }
            Err(cause) => return Err(CopyError::io("look into the folder", root)(cause)),
        };
        Ok(Self {
            root: root.to_owned(),
            fresh,
            folders: Vec::new(),
            begun: Vec::new(),
            files: Vec::new(),
            finished: false,
        })
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What is in it by now.
    pub fn files(&self) -> &[CopiedFile] {
        &self.files
    }

    /// Refuses where the disk has not `needed` bytes left.
    pub fn check_room(&self, needed: u64) -> Result<(), CopyError> {
        let free = free_bytes(&self.root).map_err(CopyError::io("look at", &self.root))?;
        if free < needed {
            return Err(CopyError::NoRoom {
                folder: self.root.clone(),
                needed,
                free,
            });
        }
        Ok(())
    }

    /// Copies the file `from` whole.
    pub fn copy(&mut self, from: &Path, name: &str) -> Result<Checksum, CopyError> {
        self.copy_part(from, name, u64::MAX, Summing::sha256())
    }

    /// Copies the file `from` whole, with a sum of the kind of `like`.
    pub fn copy_like(
        &mut self,
        from: &Path,
        name: &str,
        like: Checksum,
    ) -> Result<Checksum, CopyError> {
        self.copy_part(from, name, u64::MAX, like.again())
    }

    /// Copies the first `bytes` of the file `from`, or all where it has less.
    pub(super) fn copy_part(
        &mut self,
        from: &Path,
        name: &str,
        bytes: u64,
        sum: Summing,
    ) -> Result<Checksum, CopyError> {
        let source = File::open(from).map_err(CopyError::io("open", from))?;
        let to = self.place(name)?;
        let mut target = Target::new(&to, sum).map_err(CopyError::io("make", &to))?;
        let mut source = source.take(bytes);
        let mut buffer = vec![0; COPY_BYTES];
        loop {
            let read = source
                .read(&mut buffer)
                .map_err(CopyError::io("read", from))?;
            if read == 0 {
                break;
            }
            target
                .write(&buffer[..read])
                .map_err(CopyError::io("write", &to))?;
        }
        let (bytes, sum) = target.finish().map_err(CopyError::io("write", &to))?;
        Ok(self.add(name, bytes, sum))
    }

    /// A small file.
    pub fn write(&mut self, name: &str, content: &[u8]) -> Result<Checksum, CopyError> {
        let to = self.place(name)?;
        let write = || {
            let mut target = Target::new(&to, Summing::sha256())?;
            target.write(content)?;
            target.finish()
        };
        let (bytes, sum) = write().map_err(CopyError::io("write", &to))?;
        Ok(self.add(name, bytes, sum))
    }

    /// Another name for the file `from`, whose sum is known; false where the
    /// file system has no hard links there.
    pub(super) fn link(
        &mut self,
        from: &Path,
        name: &str,
        bytes: u64,
        sum: Checksum,
    ) -> Result<bool, CopyError> {
        let to = self.place(name)?;
        if fs::hard_link(from, &to).is_err() {
            return Ok(false);
        }
        self.add(name, bytes, sum);
        Ok(true)
    }

    /// Takes the file out again.
    pub(super) fn remove(&mut self, name: &str) -> Result<(), CopyError> {
        let path = self.root.join(name);
        fs::remove_file(&path).map_err(CopyError::io("remove", &path))?;
        self.files.retain(|file| file.name != name);
        Ok(())
    }

    /// Syncs everything and puts the last file there, whole or not at all.
    pub fn finish(mut self, name: &str, content: &[u8]) -> Result<(), CopyError> {
        for folder in self.folders.iter().chain([&self.root]) {
            sync(folder).map_err(CopyError::io("sync", folder))?;
        }
        let temporary = self.root.join(format!("{name}.tmp"));
        let path = self.root.join(name);
        let put = || {
            let mut target = Target::new(&temporary, Summing::crc32c())?;
            target.write(content)?;
            target.finish()?;
            fs::rename(&temporary, &path)?;
            sync(&self.root)?;
            self.root.parent().map_or(Ok(()), sync)
        };
        match put() {
            Ok(()) => {
                self.finished = true;
                Ok(())
            }
            Err(cause) => {
                // Without them the folder is emptied with the rest.
                let _ = fs::remove_file(&temporary);
                let _ = fs::remove_file(&path);
                Err(CopyError::io("write", &path)(cause))
            }
        }
    }

    fn add(&mut self, name: &str, bytes: u64, sum: Checksum) -> Checksum {
        self.files.push(CopiedFile {
            name: name.to_owned(),
            bytes,
            sum,
        });
        sum
    }

    /// The path of `name`; its folder is made.
    fn place(&mut self, name: &str) -> Result<PathBuf, CopyError> {
        let relative = Path::new(name);
        let plain = relative
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        if name.is_empty() || !plain {
            return Err(CopyError::Name {
                name: name.to_owned(),
            });
        }
        let mut folder = self.root.clone();
        for part in relative.parent().into_iter().flat_map(Path::components) {
            folder.push(part);
            if !self.folders.contains(&folder) {
                make_folder(&folder).map_err(CopyError::io("make the folder", &folder))?;
                self.folders.push(folder.clone());
            }
        }
        let path = self.root.join(relative);
        self.begun.push(path.clone());
        Ok(path)
    }
}

impl Drop for CopyFolder {
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        // As far as it goes: why it was not finished has been told.
        for path in &self.begun {
            let _ = fs::remove_file(path);
        }
        for folder in self.folders.iter().rev() {
            let _ = fs::remove_dir_all(folder);
        }
        if self.fresh {
            let _ = fs::remove_dir_all(&self.root);
        }
    }
}

/// A file that is written, summed up and synced.
struct Target {
    file: File,
    bytes: u64,
    sum: Summing,
}

impl Target {
    fn new(path: &Path, sum: Summing) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(FILE_MODE);
        Ok(Self {
            file: options.open(path)?,
            bytes: 0,
            sum,
        })
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.sum.add(bytes);
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    fn finish(self) -> io::Result<(u64, Checksum)> {
        self.file.sync_all()?;
        Ok((self.bytes, self.sum.finish()))
    }
}

fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(FOLDER_MODE)
        .create(path)
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// By the real paths: a link must not hide that one is in the other.
fn refuse_within(root: &Path, source: &Path) -> Result<(), CopyError> {
    let source = fs::canonicalize(source).map_err(CopyError::io("find", source))?;
    // Of a folder that is still to be made, the part that is there.
    let mut there = root;
    let mut rest = PathBuf::new();
    let real = loop {
        match (fs::canonicalize(there), there.parent(), there.file_name()) {
            (Ok(real), _, _) => break real.join(rest),
            (Err(_), Some(parent), Some(name)) => {
                rest = Path::new(name).join(rest);
                there = parent;
            }
            (Err(cause), _, _) => return Err(CopyError::io("find", root)(cause)),
        }
    };
    let within = |folder: &Path, within: &Path| CopyError::Within {
        folder: folder.to_owned(),
        within: within.to_owned(),
    };
    if real.starts_with(&source) {
        return Err(within(root, &source));
    }
    if source.starts_with(&real) {
        return Err(within(&source, root));
    }
    Ok(())
}
