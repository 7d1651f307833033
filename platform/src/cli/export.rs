//! `madang export`: a day of one domain and agency as a file, from the running
//! server.
//!
//! What has come is kept as `FILE.{sha256}.part`, so that a download that was
//! cut off goes on where it stood, and never with bytes of another version. The
//! file gets its name once its SHA-256 is right.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::ValueEnum;
use domain::AgencyId;
use progress::{Progress, Unit};
use sdk::api::{ApiClient, ApiError, DayFile, ExportVersion};

use super::client::ServerArgs;

/// How long a file may be in the making.
const MAKING_PATIENCE: Duration = Duration::from_secs(3_600);
/// Between two questions whether it is made, or the server is back.
const ASK_AGAIN: Duration = Duration::from_secs(2);
/// Connections in a row that bring nothing before it is given up.
const MAX_FRUITLESS: u32 = 5;
/// Bytes written at once.
const PIECE_BYTES: usize = 256 << 10;
/// Ends the name of what is not complete.
const PART: &str = "part";
/// Characters of a SHA-256.
const SHA256_DIGITS: usize = 64;

#[derive(clap::Args)]
pub struct ExportArgs {
    /// A day in UTC that is over, as 2026-05-01
    #[arg(long)]
    date: String,
    /// As traffic
    #[arg(long)]
    domain: String,
    #[arg(long)]
    agency: AgencyId,
    #[arg(long, value_enum)]
    format: Format,
    /// A byte order mark in front of CSV, by which Excel knows that it is UTF-8
    #[arg(long)]
    bom: bool,
    /// Written once it is complete and its SHA-256 right [default: DATE-DOMAIN-AGENCY.FORMAT]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq)]
enum Format {
    Csv,
    Parquet,
}

impl Format {
    fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Parquet => "parquet",
        }
    }
}

/// With an operator's token the exact positions and restricted datastreams,
/// without one what is public.
pub fn run(args: ExportArgs) -> anyhow::Result<()> {
    if args.bom && args.format != Format::Csv {
        bail!("--bom is for --format csv");
    }
    let api = args.server.operator_if_told()?;
    let format = args.format.as_str();
    let file = DayFile {
        date: args.date,
        domain: args.domain,
        agency: args.agency,
        format: format.to_owned(),
        byte_order_mark: args.bom,
    };
    let out = args.out.unwrap_or_else(|| {
        let DayFile {
            date,
            domain,
            agency,
            ..
        } = &file;
        // What comes from the command line leads nowhere but here.
        format!("{date}-{domain}-{agency}.{format}")
            .replace('/', "_")
            .into()
    });
    let version = fetch(&api, &file, &out)?;
    println!("{}  {}", version.sha256, out.display());
    Ok(())
}

fn fetch(api: &ApiClient, file: &DayFile, out: &Path) -> anyhow::Result<ExportVersion> {
    let mut fruitless = 0;
    loop {
        let version = match version(api, file) {
            Ok(version) => version,
            // The server may be on its way back.
            Err(error) if fruitless > 0 && is_passing(&error) && fruitless < MAX_FRUITLESS => {
                fruitless += 1;
                sleep(ASK_AGAIN);
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let part = part_of(out, &version);
        remove_other_parts(out, &part)?;
        let had = size(&part)?;
        match download(api, file, &version, &part)? {
            Download::Complete => {}
            Download::OtherVersion => continue,
            Download::CutOff(error) => {
                fruitless = if size(&part)? > had { 1 } else { fruitless + 1 };
                if fruitless >= MAX_FRUITLESS {
                    return Err(error);
                }
                eprintln!("the download was cut off ({error:#}); it goes on");
                sleep(ASK_AGAIN);
                continue;
            }
        }
        let whole = File::open(&part).and_then(|part| version.is_in(part));
        if !whole.with_context(|| format!("cannot read {}", part.display()))? {
            fs::remove_file(&part)?;
            bail!("what came is not what the server's SHA-256 says: it was thrown away, try again");
        }
        fs::rename(&part, out).with_context(|| format!("cannot write {}", out.display()))?;
        return Ok(version);
    }
}

/// Waits while the file is being made.
fn version(api: &ApiClient, file: &DayFile) -> Result<ExportVersion, ApiError> {
    let begun = Instant::now();
    let progress = Progress::new("the server makes the file", Unit::Of("files"), 0);
    loop {
        match api.export_version(file) {
            Err(error) if error.status() == Some(503) && begun.elapsed() < MAKING_PATIENCE => {
                progress.tick();
                sleep(ASK_AGAIN);
            }
            answer => return answer,
        }
    }
}

enum Download {
    Complete,
    OtherVersion,
    /// The way to the server failed, or it is busy: it is worth going on.
    CutOff(anyhow::Error),
}

/// Adds to `part` what it lacks.
fn download(
    api: &ApiClient,
    file: &DayFile,
    version: &ExportVersion,
    part: &Path,
) -> anyhow::Result<Download> {
    let mut start = size(part)?;
    if start > version.bytes {
        fs::remove_file(part)?;
        start = 0;
    }
    if start == version.bytes {
        return Ok(Download::Complete);
    }
    let mut coming = match api.export_download(file, version, start) {
        Ok(coming) => coming,
        Err(error) if is_passing(&error) => return Ok(Download::CutOff(error.into())),
        Err(error) => return Err(error.into()),
    };
    if coming.start != start {
        return Ok(Download::OtherVersion);
    }
    let mut kept = OpenOptions::new()
        .create(true)
        .append(true)
        .open(part)
        .with_context(|| format!("cannot write {}", part.display()))?;
    let progress = Progress::new("downloading", Unit::Bytes, version.bytes);
    let mut piece = vec![0; PIECE_BYTES];
    let mut left = version.bytes - start;
    while left > 0 {
        let most = piece.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let count = match coming.read(&mut piece[..most]) {
            Ok(0) => {
                let early = io::Error::from(io::ErrorKind::UnexpectedEof);
                return Ok(Download::CutOff(early.into()));
            }
            Ok(count) => count,
            Err(error) => return Ok(Download::CutOff(error.into())),
        };
        kept.write_all(&piece[..count])
            .with_context(|| format!("cannot write {}", part.display()))?;
        left -= count as u64;
        progress.set(version.bytes - left);
    }
    kept.sync_all()?;
    Ok(Download::Complete)
}

/// Whether the next try may find it otherwise.
fn is_passing(error: &ApiError) -> bool {
    matches!(error, ApiError::Transport { .. }) || error.status() == Some(503)
}

/// As `FILE.{sha256}.part`.
fn part_of(out: &Path, version: &ExportVersion) -> PathBuf {
    let mut name = out.as_os_str().to_owned();
    name.push(format!(".{}.{PART}", version.sha256));
    name.into()
}

fn size(path: &Path) -> io::Result<u64> {
    match fs::metadata(path) {
        Ok(found) => Ok(found.len()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error),
    }
}

/// Parts of versions that are gone would never be completed.
fn remove_other_parts(out: &Path, part: &Path) -> anyhow::Result<()> {
    let folder = match out.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let name = |path: &Path| path.file_name().map(OsString::from).unwrap_or_default();
    let (ours, kept) = (name(out), name(part));
    let found =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in found {
        let entry = entry?;
        let given = entry.file_name();
        let middle = given.to_str().zip(ours.to_str()).and_then(|(given, ours)| {
            given
                .strip_prefix(ours)?
                .strip_prefix('.')?
                .strip_suffix(&format!(".{PART}"))
        });
        let of_ours = middle.is_some_and(|sha256| {
            sha256.len() == SHA256_DIGITS && sha256.bytes().all(|byte| byte.is_ascii_hexdigit())
        });
        if of_ours && given != kept {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
