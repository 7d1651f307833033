//! Brings up to date what is made from Cargo's metadata: the picture of the
//! rooms, and the last column of their table in ARCHITECTURE.md.

use std::fs;

use anyhow::Result;
use structure::{PICTURE, Rooms, picture, root, with_known_rooms};

fn main() -> Result<()> {
    let root = root();
    let rooms = Rooms::read(&root)?;
    fs::write(root.join(PICTURE), picture(&rooms))?;
    let page = root.join("ARCHITECTURE.md");
    let text = fs::read_to_string(&page)?;
    fs::write(page, with_known_rooms(&text, &rooms))?;
    Ok(())
}
