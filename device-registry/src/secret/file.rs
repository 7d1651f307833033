//! Small files that only the platform's own account may read: the pepper and
//! the first operator's token. Mode 0600, made once, synced before use.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// A secret file has at most this many bytes.
const MAX_BYTES: u64 = 1_024;

/// Why a secret file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{action} {}", path.display())]
pub struct SecretFileError {
    action: &'static str,
    path: PathBuf,
    #[source]
    source: io::Error,
}

fn failed<'a>(
    action: &'static str,
    path: &'a Path,
) -> impl FnOnce(io::Error) -> SecretFileError + 'a {
    move |source| SecretFileError {
        action,
        path: path.to_owned(),
        source,
    }
}

/// The content, or `None` where there is no such file. A mode that lets others
/// read it is mended, and said.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, SecretFileError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("cannot open", path)(error)),
    };
    let mode = file
        .metadata()
        .map_err(failed("cannot look at", path))?
        .permissions()
        .mode();
    if mode & 0o077 != 0 {
        tracing::warn!(path = %path.display(), "others could read this secret; its mode is 0600 now");
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
            .map_err(failed("cannot close to others", path))?;
    }
    let mut content = Vec::new();
    file.take(MAX_BYTES)
        .read_to_end(&mut content)
        .map_err(failed("cannot read", path))?;
    Ok(Some(content))
}

/// Makes the file, whole or not at all: a crash must not leave half a secret.
pub(crate) fn create(path: &Path, content: &[u8]) -> Result<(), SecretFileError> {
    let temporary = path.with_extension("new");
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&temporary)?;
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
        file.write_all(content)?;
        file.sync_all()?;
        std::fs::rename(&temporary, path)?;
        sync_folder_of(path)
    };
    write().map_err(failed("cannot write", path))
}

/// A file's name is durable only once its folder is synced.
pub(crate) fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}
