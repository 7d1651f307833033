//! Where the value of a setting comes from: its flag, else its variable, else
//! its key in the file, else its default.
//!
//! A setting is written once, as a field of its concern's struct with clap's
//! attributes. Clap reads twice. The first time it takes flags and variables as
//! they are written ([`ServeFlags`]). The file gives what they leave open
//! ([`Given`]), and all of it is read as one command line, where each field's
//! parser sees its value and the defaults stand for the rest.

use std::collections::BTreeMap;
use std::error::Error;
use std::ffi::OsString;
use std::fmt::{self, Display};
use std::path::Path;
use std::str::FromStr;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, FromArgMatches};

use super::{ConfigError, ServeArgs, Settings, file};

/// What says where the file is, and what would be said for ever if it stood in it.
const NOT_IN_A_FILE: [&str; 2] = ["config", "trust-clock"];

/// The settings as clap knows them.
fn command() -> Command {
    ServeArgs::augment_args(Command::new("serve").no_binary_name(true))
}

/// The flags and variables of `serve` as they are written.
#[derive(Clone, Debug)]
pub struct ServeFlags(Given);

impl ServeFlags {
    pub fn settings(self) -> Result<Settings, ConfigError> {
        self.0.settings()
    }
}

impl Args for ServeFlags {
    fn augment_args(command: Command) -> Command {
        // Not read yet: what is wrong is reported in one line, and with the file.
        let as_written = |arg: clap::Arg| {
            if arg.get_action().takes_values() {
                arg.value_parser(clap::value_parser!(OsString))
                    .required(false)
            } else {
                arg
            }
        };
        ServeArgs::augment_args(command).mut_args(as_written)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for ServeFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut given = Given::default();
        for arg in command().get_arguments() {
            let (id, name) = (arg.get_id().as_str(), arg.get_long().unwrap_or_default());
            match matches.value_source(id) {
                Some(ValueSource::CommandLine | ValueSource::EnvVariable) => {}
                _ => continue,
            }
            if !arg.get_action().takes_values() {
                if matches.get_flag(id) {
                    given = given.with(name, "");
                }
            } else if let Some(text) = matches.get_raw(id).and_then(|mut texts| texts.next()) {
                given = given.with(name, text);
            }
        }
        Ok(Self(given))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Settings by name, as they are written.
#[derive(Clone, Debug, Default)]
pub struct Given(BTreeMap<String, OsString>);

impl Given {
    #[must_use]
    pub fn with(mut self, name: &str, text: impl Into<OsString>) -> Self {
        self.0.insert(name.to_owned(), text.into());
        self
    }

    /// Reads the file that is named, where one is, and checks everything. No
    /// variable is looked at.
    pub fn settings(mut self) -> Result<Settings, ConfigError> {
        if let Some(path) = self.0.get("config") {
            let command = command();
            let names = command.get_arguments().filter_map(|arg| arg.get_long());
            let names: Vec<&str> = names.filter(|it| !NOT_IN_A_FILE.contains(it)).collect();
            for (name, text) in file::read(Path::new(path), &names)? {
                self.0.entry(name).or_insert_with(|| text.into());
            }
        }
        Settings::checked(self.read()?)
    }

    fn read(&self) -> Result<ServeArgs, ConfigError> {
        let command = command().mut_args(|arg| arg.env(None::<&'static str>));
        let takes_no_value = |name: &str| {
            let found = command
                .get_arguments()
                .find(|it| it.get_long() == Some(name));
            found.is_some_and(|arg| !arg.get_action().takes_values())
        };
        let mut line = Vec::new();
        for (name, text) in &self.0 {
            let mut argument = OsString::from(format!("--{name}"));
            if !takes_no_value(name) {
                argument.push("=");
                argument.push(text);
            }
            line.push(argument);
        }
        let matches = command
            .try_get_matches_from(line)
            .map_err(|error| refusal(&error))?;
        ServeArgs::from_arg_matches(&matches).map_err(|error| refusal(&error))
    }
}

/// Clap's own report has several lines and speaks of a command line.
fn refusal(error: &clap::Error) -> ConfigError {
    if error.kind() == ErrorKind::MissingRequiredArgument {
        return ConfigError::NoData;
    }
    let flag = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(usage)) => usage.split([' ', '=']).next().unwrap_or_default(),
        _ => "a setting",
    };
    let fault = match (error.source(), error.kind()) {
        (Some(fault), _) => fault.to_string(),
        (None, ErrorKind::InvalidUtf8) => "is not UTF-8".to_owned(),
        (None, _) => "needs a value".to_owned(),
    };
    ConfigError::Value {
        flag: flag.to_owned(),
        fault,
    }
}

/// The parser of settings that are numbers.
pub(super) fn number<T: FromStr<Err: Display>>(text: &str) -> Result<T, String> {
    text.parse()
        .map_err(|error| format!("{text:?} is no number that it can be: {error}"))
}

/// The same, with a bound.
pub(super) fn at_most<T, const MOST: usize>(text: &str) -> Result<T, String>
where
    T: FromStr<Err: Display> + Copy + Into<usize>,
{
    let given: T = number(text)?;
    if given.into() <= MOST {
        Ok(given)
    } else {
        Err(format!("{text} is more than {MOST}"))
    }
}

/// The parser of settings that name a file with one secret in it.
pub(super) fn secret<const LEAST: usize>(path: &str) -> Result<Secret, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    let text = text.trim();
    let sound = (LEAST..=MOST_SECRET).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_graphic());
    if !sound {
        return Err(format!(
            "{path}: {LEAST} to {MOST_SECRET} printable characters without a space, \
             as `openssl rand -hex 32` makes them"
        ));
    }
    Ok(Secret(text.to_owned()))
}

/// The longest secret.
const MOST_SECRET: usize = 256;

/// What no log line shows.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(test)]
mod tests;
