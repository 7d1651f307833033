//! `docs/settings.md` says what the program takes.

#![allow(clippy::unwrap_used)]

use std::fmt::Write;
use std::path::Path;

use clap::{Arg, Args, Command};
use platform::config::ServeArgs;

const HEAD: &str = "# Settings

What `madang serve` can be told. Each setting is a flag, an environment variable and a key of the TOML file that `--config` names (the flag's name without its dashes); a flag beats a variable, which beats the file. Numbers stand in the file without quotation marks. What cannot be right is refused in one line before a port is bound, and `madang doctor --config FILE` looks at a file.
";

/// The page as it should be.
fn page() -> String {
    let command = ServeArgs::augment_args(Command::new("serve"));
    let mut page = HEAD.to_owned();
    let mut heading = None;
    for arg in command.get_arguments() {
        if arg.get_help_heading() != heading {
            heading = arg.get_help_heading();
            let heading = heading.unwrap();
            let _ = write!(
                page,
                "\n## {heading}\n\n| Flag | Variable | Default | What it is |\n|---|---|---|---|\n"
            );
        }
        if heading.is_some() {
            page.push_str(&row(arg));
        }
    }
    page
}

fn row(arg: &Arg) -> String {
    let mut flag = format!("--{}", arg.get_long().unwrap());
    if arg.get_action().takes_values() {
        let _ = write!(flag, " {}", arg.get_value_names().unwrap()[0]);
    }
    let variable = arg.get_env().unwrap().to_str().unwrap();
    let help = arg.get_help().unwrap().to_string();
    // One that depends on others stands in the help.
    let (help, default) = match help.split_once(" [default: ") {
        Some((help, default)) => (help.to_owned(), default.trim_end_matches(']').to_owned()),
        None => (help, default_of(arg)),
    };
    format!("| `{flag}` | `{variable}` | {default} | {help} |\n")
}

fn default_of(arg: &Arg) -> String {
    match arg.get_default_values() {
        [default] if arg.get_action().takes_values() => {
            format!("`{}`", default.to_str().unwrap())
        }
        _ => String::new(),
    }
}

#[test]
fn the_page_lists_every_setting() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/settings.md");
    let page = page();
    if std::env::var_os("WRITE_SETTINGS_PAGE").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/settings.md is not what the program takes: write it with \
         WRITE_SETTINGS_PAGE=1 cargo test --package madang --test settings_page"
    );
}
