//! `madang doctor`: what is wrong with a configuration, a data folder, a
//! certificate or a backup. It changes nothing, unless it is asked to repair a
//! data folder.
//!
//! One line for each finding, with its cure, then a summary. Status 0: sound;
//! 1: findings; 2: bad arguments.

mod backup;
mod certificate;
mod compare;
mod configuration;
mod data;
mod databases;
mod repair;
mod report;
mod secrets;

use std::path::PathBuf;
use std::process::ExitCode;

use ingest::{Clock, SystemClock};
use progress::{Progress, Unit};

use report::Report;

#[derive(clap::Args, Debug)]
pub struct DoctorArgs {
    /// A folder that `madang backup` made
    #[arg(value_name = "BACKUP")]
    backup: Option<PathBuf>,
    /// A data folder; one that a platform has open is looked at as far as possible
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// A configuration file of `serve`, and the certificate that it names
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A certificate chain, PEM
    #[arg(long, value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,
    /// Its private key, PEM
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// Mends what can be made again from other parts of --data, and says what it did; what is
    /// replaced is kept under a name with the date
    #[arg(long, requires = "data", conflicts_with = "json")]
    repair: bool,
    /// With --repair: goes on without what is lost for good, and says what that is
    #[arg(long, requires = "repair")]
    accept_loss: bool,
    /// One JSON object instead of lines
    #[arg(long)]
    json: bool,
}

pub fn run(args: &DoctorArgs) -> ExitCode {
    if let Err(fault) = check(args) {
        super::complain(fault);
        return ExitCode::from(2);
    }
    if let (Some(data), true) = (&args.data, args.repair) {
        match repair::repair(data, args.accept_loss) {
            Ok(()) => {}
            Err(error) => return super::report(Err(error)),
        }
    }
    let mut report = Report::default();
    let now = SystemClock.now();
    if let Some(config) = &args.config {
        configuration::check(config, now, &mut report);
    }
    if let (Some(cert), Some(key)) = (&args.cert, &args.key) {
        certificate::check(cert, key, now, &mut report);
    }
    if let Some(data) = &args.data {
        let progress = Progress::new("looking at the data folder", Unit::Of("files"), 0);
        progress.follow(|| 0, || data::check(data, &mut report));
    }
    if let Some(folder) = &args.backup {
        let progress = Progress::new("looking at the backup", Unit::Of("files"), 0);
        progress.follow(|| 0, || backup::check(folder, &mut report));
    }
    if args.json {
        println!("{}", report.to_json());
    } else {
        print!("{report}");
    }
    if report.is_sound() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn check(args: &DoctorArgs) -> Result<(), String> {
    let nothing = args.backup.is_none()
        && args.data.is_none()
        && args.config.is_none()
        && args.cert.is_none();
    if nothing {
        return Err(
            "nothing to look at: give --data DIR, --config FILE, --cert FILE --key FILE, or a backup's folder"
                .to_owned(),
        );
    }
    for folder in args.data.iter().chain(&args.backup) {
        if !folder.is_dir() {
            return Err(format!("there is no folder {}", folder.display()));
        }
    }
    for file in args.config.iter().chain(&args.cert).chain(&args.key) {
        if !file.is_file() {
            return Err(format!("there is no file {}", file.display()));
        }
    }
    Ok(())
}
