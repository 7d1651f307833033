//! `madang audit`: who changed what, and whether that is still as it was
//! written.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Subcommand;
use device_registry::{
    AuditEntry, AuditHead, REGISTRY_FILE, read_entry, verify_audit, verify_registry_audit,
};
use ingest::{FolderLock, LockError};
use sdk::api::ApiClient;

use super::client::ServerArgs;
use crate::backup::Staging;

#[derive(Subcommand)]
pub enum AuditCommand {
    /// Print every entry, oldest first, as one JSON object a line
    Export {
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Tell whether the chain is whole, and else the first entry that was altered or is missing
    Verify(VerifyArgs),
}

#[derive(clap::Args)]
pub struct VerifyArgs {
    /// What `madang audit export` printed, - for standard input [default: the data folder of
    /// --data, or the running server]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// The last entry as somebody wrote it down before: the chain must still have it
    #[arg(long, value_name = "NUMBER:HASH")]
    head: Option<AuditHead>,
    /// Of a file that does not begin with entry 1: the entry before its first
    #[arg(long, value_name = "NUMBER:HASH", requires = "file")]
    after: Option<AuditHead>,
    #[command(flatten)]
    server: ServerArgs,
}

pub fn run(command: AuditCommand) -> anyhow::Result<()> {
    match command {
        AuditCommand::Export { server } => export(&server.operator()?),
        AuditCommand::Verify(args) => {
            let end = verify(&args)?;
            println!("sound up to its end, {end}");
            Ok(())
        }
    }
}

fn export(api: &ApiClient) -> anyhow::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    for entry in api.audit() {
        writeln!(out, "{}", entry?)?;
    }
    Ok(out.flush()?)
}

fn verify(args: &VerifyArgs) -> anyhow::Result<AuditHead> {
    if let Some(file) = &args.file {
        return of_file(file, args.after.unwrap_or_default(), args.head);
    }
    if let Some(data) = args.server.data()
        && let Some(end) = of_folder(data, args.head)?
    {
        return Ok(end);
    }
    let entries = args.server.operator()?.audit().map(|entry| {
        let entry = entry.map_err(|error| format!("{:#}", anyhow::Error::new(error)))?;
        read_entry(&entry)
    });
    Ok(verify_audit(entries, AuditHead::default(), args.head)?)
}

fn of_file(path: &Path, after: AuditHead, head: Option<AuditHead>) -> anyhow::Result<AuditHead> {
    let reader: Box<dyn BufRead> = if path == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        Box::new(BufReader::new(file))
    };
    let entries = reader.lines().map(|line| -> Result<AuditEntry, String> {
        read_entry(&line.map_err(|error| error.to_string())?)
    });
    Ok(verify_audit(entries, after, head)?)
}

/// `None` where a platform has the folder open: it is asked then.
fn of_folder(data: &Path, head: Option<AuditHead>) -> anyhow::Result<Option<AuditHead>> {
    let _lock = match FolderLock::of(data) {
        Ok(lock) => lock,
        Err(LockError::InUse { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let path = data.join(REGISTRY_FILE);
    // To open a database is to change it.
    let staging = Staging::elsewhere().context("no room for a copy of the registry")?;
    staging
        .take_database(data, REGISTRY_FILE)
        .with_context(|| format!("cannot copy {}", path.display()))?;
    let verified = verify_registry_audit(staging.path(), head)
        .with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Some(verified?))
}
