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
///
/// 3: the folder has an id, which its parts tell, and a record of them
/// (`madang.parts`). A binary that does not know them would make what is lost
/// anew.
pub(crate) const VERSION: u32 = 3;
pub(crate) const FILE: &str = "madang.format";
/// There as long as a backup is being restored into the folder.
pub(crate) const UNFINISHED: &str = "restore.unfinished";

/// What a folder's format file says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Format {
    /// There is none.
    None,
    /// To be upgraded in place.
    Older(u32),
    Ours,
}

/// Reads the format of a folder that a platform may start on; changes nothing.
pub(crate) fn look(data: &Path) -> anyhow::Result<Format> {
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
    read(data)
}

/// Reads the format of a folder or a backup, and refuses a newer one.
pub(crate) fn read(data: &Path) -> anyhow::Result<Format> {
    let path = data.join(FILE);
    let text = match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Format::None),
        read => read.with_context(|| format!("cannot read {}", path.display()))?,
    };
    match text.trim().parse::<u32>() {
        Ok(VERSION) => Ok(Format::Ours),
        Ok(older) if older < VERSION => Ok(Format::Older(older)),
        Ok(version) => bail!(
            "{} has format {version}, and this madang knows {VERSION}: use a newer madang",
            data.display()
        ),
        Err(_) => bail!(
            "{} holds no format number: restore it from a backup, or let madang doctor --repair \
             write it again",
            path.display()
        ),
    }
}

pub(crate) fn write(data: &Path) -> anyhow::Result<()> {
    let path = data.join(FILE);
    let write = || -> std::io::Result<()> {
        let fresh = path.with_extension("format.new");
        std::fs::write(&fresh, format!("{VERSION}\n"))?;
        std::fs::File::open(&fresh)?.sync_all()?;
        std::fs::rename(&fresh, &path)?;
        std::fs::File::open(data)?.sync_all()
    };
    write().with_context(|| format!("cannot write into the data folder {}", data.display()))
}
