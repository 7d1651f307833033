//! Foreign programs. Where one is absent the test says so loudly and passes;
//! in CI its absence is a failure.

use std::path::{Path, PathBuf};

/// The program's path, or `None` after having said so.
pub fn look_for(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let sbin = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
    let found = std::env::split_paths(&path)
        .chain(sbin)
        .map(|folder| folder.join(program))
        .find(|candidate| candidate.is_file());
    if found.is_none() {
        assert!(
            std::env::var_os("CI").is_none(),
            "{program} is absent, and CI must have it"
        );
        eprintln!("\n*** NOT TESTED: {program} is not installed ***\n");
    }
    found
}

/// What `.ci/run` installs beside the project's own build; `None` after having
/// said so, and a failure in CI.
pub fn look_below_the_project(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    if path.exists() {
        return Some(path);
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "{} is absent, and CI must have it",
        path.display()
    );
    eprintln!("\n*** NOT TESTED: {} is not there ***\n", path.display());
    None
}
