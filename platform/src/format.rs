//! The data folder's own version, looked at before anything in it is opened.

use std::path::Path;

use anyhow::{Context, bail};

/// Grows when the folder's layout changes in a way that an older binary would
/// not understand. The registry, the log and the store have versions of their own.
const VERSION: u32 = 1;
const FILE: &str = "madang.format";

/// Makes the folder, or refuses one that is newer than this binary, untouched.
pub(crate) fn check_or_create(data: &Path) -> anyhow::Result<()> {
    let path = data.join(FILE);
    match std::fs::read_to_string(&path) {
        Ok(text) => match text.trim().parse::<u32>() {
            Ok(version) if version <= VERSION => Ok(()),
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

fn create(data: &Path, path: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(data)
        .with_context(|| format!("cannot make the data folder {}", data.display()))?;
    let write = || -> std::io::Result<()> {
        let fresh = path.with_extension("format.new");
        std::fs::write(&fresh, format!("{VERSION}\n"))?;
        std::fs::File::open(&fresh)?.sync_all()?;
        std::fs::rename(&fresh, path)?;
        std::fs::File::open(data)?.sync_all()
    };
    write().with_context(|| format!("cannot write into the data folder {}", data.display()))
}
