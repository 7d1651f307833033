//! What the pages of this repository say of its structure, drawn from Cargo's
//! metadata and compared with the sources.
//!
//! `cargo run -p structure` brings ARCHITECTURE.md and the picture of the rooms
//! up to date; `cargo test -p structure` fails where something is not as a page
//! says.

mod layout;
mod pages;
mod picture;
mod rooms;
mod sources;
mod table;

use std::path::{Path, PathBuf};

pub use pages::{blocks, files, named_paths};
pub use picture::picture;
pub use rooms::{Room, Rooms};
pub use sources::{Source, sources};
pub use table::{rows, with_known_rooms};

/// The picture that ARCHITECTURE.md shows.
pub const PICTURE: &str = "docs/pictures/rooms.svg";

/// The folder of the repository.
pub fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = package.ancestors().nth(2);
    root.expect("the package lies two folders below it")
        .to_owned()
}
