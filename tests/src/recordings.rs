//! The real recordings lie beside the project, never in it.

use std::path::PathBuf;

/// A file below `../shared/data`, or `None` after having said so.
pub fn look_for(file: &str) -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("../../shared/data").join(file);
    if path.is_file() {
        return Some(path);
    }
    eprintln!("\n*** NOT TESTED: the recording {file} is not here ***\n");
    None
}
