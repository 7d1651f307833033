//! Lists the built pages of `web/dist` in a table that the crate embeds, so
//! that the binary carries them and cargo alone builds it.

use std::collections::hash_map::DefaultHasher;
use std::fmt::Write;
use std::hash::Hasher;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let dist = manifest.join("../web/dist");
    println!("cargo::rerun-if-changed={}", dist.display());
    println!("cargo::rerun-if-changed=build.rs");

    let mut files = Vec::new();
    if dist.is_dir() {
        collect(&dist, &mut files)?;
    } else {
        println!("cargo::warning=web/dist is not built: the pages / and /ops will answer 404");
    }
    files.sort();

    let mut table = String::from("pub(super) static EMBEDDED: &[Embedded] = &[\n");
    for file in &files {
        let name = file
            .strip_prefix(&dist)
            .expect("it was found below")
            .to_string_lossy()
            .replace('\\', "/");
        let mut hasher = DefaultHasher::new();
        hasher.write(&fs::read(file)?);
        writeln!(
            table,
            "    Embedded {{ path: {name:?}, etag: \"\\\"{:016x}\\\"\", bytes: include_bytes!({:?}) }},",
            hasher.finish(),
            fs::canonicalize(file)?
        )
        .expect("a String takes all");
    }
    table.push_str("];\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("embedded.rs"), table)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
