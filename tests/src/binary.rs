//! Finds the binaries under test beside the test's own.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// Names another build of `madang` for tests that measure, as the release's.
const OTHER_BUILD: &str = "BINARY_UNDER_TEST";

/// `cargo test --workspace` has built it; a test that runs alone builds it now.
pub fn madang() -> &'static PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| match std::env::var_os(OTHER_BUILD) {
        Some(path) => PathBuf::from(path),
        None => find("madang", "madang"),
    })
}

pub fn firmware_sim() -> &'static PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| find("firmware-sim", "firmware-sim"))
}

fn find(package: &str, name: &str) -> PathBuf {
    // target/{profile}/deps/{test}
    let test = std::env::current_exe().expect("a test knows its own path");
    let profile = test
        .ancestors()
        .nth(2)
        .expect("tests run from target/{profile}/deps");
    let path = profile.join(name);
    if !path.exists() {
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--package", package, "--bin", name]);
        if profile.ends_with("release") {
            build.arg("--release");
        }
        assert!(build.status().expect("cargo runs").success());
    }
    path
}
