//! `madang restore`.

use std::path::PathBuf;

use anyhow::Context;

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
    let document = restore(&args.backup, &data)?;
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
