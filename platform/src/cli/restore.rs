//! `madang restore`.

use std::path::PathBuf;

use anyhow::Context;
use progress::{Progress, Unit};

use super::copying::bytes_in;
use crate::backup::Document;
use crate::backup::restore::restore;

#[derive(clap::Args, Debug)]
pub struct RestoreArgs {
    /// A folder that `madang backup` made
    #[arg(value_name = "BACKUP")]
    backup: PathBuf,
    /// The data folder to make: new or empty
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

pub fn run(args: &RestoreArgs) -> anyhow::Result<()> {
    let data = std::path::absolute(&args.data)
        .with_context(|| format!("cannot find {}", args.data.display()))?;
    // What it says of itself is checked by the restore.
    let bytes = Document::read(&args.backup).map_or(0, |document| document.bytes());
    let progress = Progress::new("checking, then copying", Unit::Bytes, bytes);
    let document = progress.follow(|| bytes_in(&data), || restore(&args.backup, &data))?;
    drop(progress);
    println!(
        "{}: everything up to offset {}; {} rows, {} devices, as of {}",
        data.display(),
        document.offset,
        document.rows,
        document.devices,
        document.made
    );
    println!("Start it with: madang serve --data {}", data.display());
    Ok(())
}
