//! The data folder's own version, looked at before anything in it is opened.

use std::path::Path;

use anyhow::{Context, bail};

use crate::backup::BACKUP_FILE;

/// Grows when the folder's layout changes in a way that an older binary would
/// not understand. The registry, the log, the store and the kept sessions have
/// versions of their own.
///
/// 2: `sessions.db`. A binary that does not know it would let devices begin
/// anew beside it, and the next newer one would take their messages of QoS 2
/// for those that it remembers.
const VERSION: u32 = 2;
pub(crate) const FILE: &str = "madang.format";
/// There as long as a backup is being restored into the folder.
pub(crate) const UNFINISHED: &str = "restore.unfinished";

/// Makes the folder, upgrades an older one in place, or refuses one that is
/// newer than this binary, untouched.
pub(crate) fn check_or_create(data: &Path) -> anyhow::Result<()> {
    if data.join(UNFINISHED).exists() {
        bail!(
            "a restore into {} did not come to its end: empty the folder and restore again",
            data.display()
        );
    }
    if data.join(BACKUP_FILE).exists() {
        bail!(
            "{} is a backup: use `madang restore` to make a data folder of it",
            data.display()
        );
    }
    let path = data.join(FILE);
    match std::fs::read_to_string(&path) {
        Ok(text) => match text.trim().parse::<u32>() {
            Ok(VERSION) => Ok(()),
            Ok(older) if older < VERSION => upgrade(data, &path, older),
            Ok(version) => bail!(
                "{} has format {version}, and this madang knows {VERSION}: use a newer madang",
                data.display()
            ),
            Err(_) => bail!("{} holds no format number", path.display()),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => create(data, &path),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Refuses a folder that is newer than this binary; changes nothing.
pub(crate) fn check_readable(data: &Path) -> anyhow::Result<()> {
    let path = data.join(FILE);
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    match text.trim().parse::<u32>() {
        Ok(version) if version > VERSION => bail!(
            "{} has format {version}, and this madang knows {VERSION}: use a newer madang",
            data.display()
        ),
        Ok(_) => Ok(()),
        Err(_) => bail!("{} holds no format number", path.display()),
    }
}

/// What the newer files are, their rooms make when they open.
fn upgrade(data: &Path, path: &Path, older: u32) -> anyhow::Result<()> {
    write(data, path)?;
    tracing::info!(
        "the data folder {} was upgraded from format {older} to {VERSION}",
        data.display()
    );
    Ok(())
}

fn create(data: &Path, path: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(data)
        .with_context(|| format!("cannot make the data folder {}", data.display()))?;
    write(data, path)
}

fn write(data: &Path, path: &Path) -> anyhow::Result<()> {
    let write = || -> std::io::Result<()> {
        let fresh = path.with_extension("format.new");
        std::fs::write(&fresh, format!("{VERSION}\n"))?;
        std::fs::File::open(&fresh)?.sync_all()?;
        std::fs::rename(&fresh, path)?;
        std::fs::File::open(data)?.sync_all()
    };
    write().with_context(|| format!("cannot write into the data folder {}", data.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_folder_is_upgraded_in_place_and_a_newer_one_refused() {
        let dir = tempfile::tempdir().unwrap();
        let (data, file) = (dir.path(), dir.path().join(FILE));
        for older in ["1\n", "2\n"] {
            std::fs::write(&file, older).unwrap();
            check_or_create(data).unwrap();
            assert_eq!(std::fs::read_to_string(&file).unwrap(), "2\n");
        }
        for refused in ["3\n", "two\n", ""] {
            std::fs::write(&file, refused).unwrap();
            assert!(check_or_create(data).is_err(), "{refused:?}");
            assert_eq!(std::fs::read_to_string(&file).unwrap(), refused);
        }
    }
}
