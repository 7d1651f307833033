//! `madang device import`: a file of devices, with its progress.

use std::path::PathBuf;

use anyhow::{Context, bail};
use progress::{Progress, Unit};
use sdk::api::{ImportFault, ImportFile, ImportForm, ImportMode, ImportReport, ImportStep};

use super::client::ServerArgs;

#[derive(clap::Args)]
pub struct ImportArgs {
    /// A table (.csv, in UTF-8 or CP949), or one JSON object a line (.ndjson, .jsonl)
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Only say what would happen
    #[arg(long)]
    dry_run: bool,
    /// Register the rows without a fault, instead of none where one has a fault
    #[arg(long)]
    good_rows: bool,
    /// Change devices that are registered already, instead of refusing their rows
    #[arg(long)]
    upsert: bool,
    /// What the table is written in, as cp949, where the server does not find it out
    #[arg(long, value_name = "NAME")]
    charset: Option<String>,
    #[command(flatten)]
    server: ServerArgs,
}

/// Each fault goes to standard output, a line each; all else to standard error.
pub(super) fn run(args: &ImportArgs) -> anyhow::Result<()> {
    let content = std::fs::read(&args.file)
        .with_context(|| format!("cannot read {}", args.file.display()))?;
    let file = ImportFile {
        content: &content,
        form: form(args)?,
        mode: if args.dry_run {
            ImportMode::DryRun
        } else {
            ImportMode::Apply
        },
        good_rows: args.good_rows,
        upsert: args.upsert,
    };
    let operator = args.server.operator()?;
    // Reading, checking and registering count as one piece of work each.
    let lines = content.iter().filter(|byte| **byte == b'\n').count() as u64;
    let rounds = if args.dry_run { 2 } else { 3 };
    let progress = Progress::new("importing", Unit::Of("steps"), lines * rounds);
    let report = operator.import_file(&file, |step| match step {
        ImportStep::Read(rows) => progress.set(rows),
        ImportStep::Checked(rows) => progress.set(lines + rows),
        ImportStep::Registered(rows) => progress.set(2 * lines + rows),
        ImportStep::Fault(fault) => print(&fault),
    })?;
    drop(progress);
    finish(args, &report)
}

fn form(args: &ImportArgs) -> anyhow::Result<ImportForm<'_>> {
    let ending = args.file.extension().and_then(|ending| ending.to_str());
    match ending.map(str::to_ascii_lowercase).as_deref() {
        Some("csv") => Ok(ImportForm::Table {
            charset: args.charset.as_deref(),
        }),
        Some("ndjson" | "jsonl") => Ok(ImportForm::Lines),
        _ => bail!(
            "{}: name the file .csv for a table, or .ndjson for one JSON object a line",
            args.file.display()
        ),
    }
}

fn print(fault: &ImportFault) {
    let column = fault.column.as_deref().map(|name| format!(", {name}"));
    println!(
        "line {}{}: {} [{}]; {}",
        fault.line,
        column.unwrap_or_default(),
        fault.message,
        fault.code,
        fault.cure
    );
}

fn finish(args: &ImportArgs, report: &ImportReport) -> anyhow::Result<()> {
    eprintln!(
        "{} rows ({}): {} registered, {} changed, {} unchanged, {} with a fault",
        report.rows,
        report.encoding,
        report.created,
        report.updated,
        report.unchanged,
        report.faults
    );
    if report.faults == 0 {
        return Ok(());
    }
    if args.dry_run || args.good_rows {
        bail!("{} rows have a fault", report.faults);
    }
    bail!(
        "{} rows have a fault, so nothing was registered: correct them, or give --good-rows",
        report.faults
    );
}
