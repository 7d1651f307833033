//! `madang backup`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use ingest::{Clock, FolderLock, LockError, SystemClock};
use progress::{Progress, Unit};
use sdk::api::{ApiClient, Backup, BackupProgress};

use super::client::ServerArgs;
use super::copying::bytes_in;
use crate::backup::take_closed;

/// How often the running platform is asked whether it has come to its end.
const ASK_INTERVAL: Duration = Duration::from_millis(200);

#[derive(clap::Args, Debug)]
pub struct BackupArgs {
    /// Folder of the backup, new or empty, on the platform's machine and outside its data
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    #[command(flatten)]
    server: ServerArgs,
}

/// What was made, in words for the operator.
struct Made {
    offset: u64,
    rows: u64,
    devices: u64,
    files: u64,
    bytes: u64,
    damaged: Vec<String>,
}

/// A running platform makes it; where --data names a folder that none has open,
/// it is made here.
pub fn run(args: &BackupArgs) -> anyhow::Result<()> {
    let folder = std::path::absolute(&args.folder)
        .with_context(|| format!("cannot find {}", args.folder.display()))?;
    let made = match args.server.data() {
        Some(data) if data.is_dir() => match FolderLock::of(data) {
            Ok(_lock) => of_closed(data, &folder)?,
            Err(LockError::InUse { .. }) => of_running(&args.server.operator()?, &folder)?,
            Err(error) => return Err(error.into()),
        },
        Some(data) => bail!("there is no data folder {}", data.display()),
        None => of_running(&args.server.operator()?, &folder)?,
    };
    println!(
        "{}: everything up to offset {}; {} rows, {} devices; {} bytes in {} files",
        folder.display(),
        made.offset,
        made.rows,
        made.devices,
        made.bytes,
        made.files
    );
    if !made.damaged.is_empty() {
        bail!(
            "the backup lacks {}, which the data folder has damaged: see madang doctor",
            made.damaged.join(", ")
        );
    }
    Ok(())
}

fn of_closed(data: &Path, folder: &Path) -> anyhow::Result<Made> {
    let progress = Progress::new("copying", Unit::Bytes, 0);
    let document = progress.follow(
        || bytes_in(folder),
        || take_closed(data, folder, SystemClock.now()),
    )?;
    Ok(Made {
        offset: document.offset,
        rows: document.rows,
        devices: document.devices,
        files: document.copied().len() as u64,
        bytes: document.bytes(),
        damaged: document.damaged,
    })
}

fn of_running(platform: &ApiClient, folder: &Path) -> anyhow::Result<Made> {
    let mut backup = platform.start_backup(folder)?;
    // How much it will be, only the platform knows.
    let progress = Progress::new("the platform makes the backup", Unit::Bytes, 0);
    while backup.state == BackupProgress::Running {
        std::thread::sleep(ASK_INTERVAL);
        progress.set(bytes_in(folder));
        backup = platform.backup()?;
        if Path::new(&backup.folder) != folder {
            bail!(
                "the platform was asked for another backup meanwhile: look for {}",
                folder.display()
            );
        }
    }
    match backup {
        Backup {
            state: BackupProgress::Made,
            offset: Some(offset),
            rows: Some(rows),
            devices: Some(devices),
            files: Some(files),
            bytes: Some(bytes),
            damaged,
            ..
        } => Ok(Made {
            offset,
            rows,
            devices,
            files,
            bytes,
            damaged,
        }),
        other => bail!(
            other
                .problem
                .unwrap_or_else(|| "the platform does not say why".to_owned())
        ),
    }
}
