//! The rooms: the packages of the workspace and of `fuzz`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// A package of the repository.
#[derive(Debug)]
pub struct Room {
    /// Its folder below the root, as `broker/session-store`.
    pub folder: String,
    /// Its package.
    pub name: String,
    /// The rooms that it depends on: the name that its Cargo.toml gives each,
    /// and its place in [`Rooms::all`]. What only its tests use does not count.
    pub knows: BTreeMap<String, usize>,
    /// The other packages that it depends on.
    pub foreign: BTreeSet<String>,
}

impl Room {
    /// Whether its package has the name of its folder.
    pub(crate) fn is_called_as_its_folder(&self) -> bool {
        self.folder.rsplit('/').next() == Some(self.name.as_str())
    }

    /// Its package, or its folder where the two are called otherwise.
    pub(crate) fn short_name(&self) -> &str {
        if self.is_called_as_its_folder() {
            &self.name
        } else {
            &self.folder
        }
    }
}

/// All rooms, sorted by folder.
#[derive(Debug)]
pub struct Rooms(Vec<Room>);

impl Rooms {
    /// Asks Cargo, which needs no network for it.
    pub fn read(root: &Path) -> Result<Self> {
        let mut packages = packages(&root.join("Cargo.toml"))?;
        packages.extend(self::packages(&root.join("fuzz/Cargo.toml"))?);
        let mut folders = Vec::new();
        for package in &packages {
            folders.push(folder(root, &package["manifest_path"])?);
        }
        let mut sorted = folders.clone();
        sorted.sort();
        let mut rooms = Vec::new();
        for (package, folder) in packages.iter().zip(folders) {
            rooms.push(room(package, folder, &sorted, root)?);
        }
        rooms.sort_by(|one, other| one.folder.cmp(&other.folder));
        Ok(Self(rooms))
    }

    /// For tests of what is made of rooms: each with the folders that it knows.
    pub fn of(rooms: &[(&str, &[&str])]) -> Self {
        let mut rooms = rooms.to_vec();
        rooms.sort();
        let place = |folder: &str| rooms.iter().position(|(room, _)| *room == folder);
        Self(
            rooms
                .iter()
                .map(|(folder, knows)| Room {
                    folder: (*folder).to_owned(),
                    name: folder.rsplit('/').next().unwrap_or(folder).to_owned(),
                    knows: knows
                        .iter()
                        .filter_map(|known| Some(((*known).to_owned(), place(known)?)))
                        .collect(),
                    foreign: BTreeSet::new(),
                })
                .collect(),
        )
    }

    pub fn all(&self) -> &[Room] {
        &self.0
    }

    /// A room, and those that it depends on through others too.
    pub fn reached_from(&self, room: usize) -> BTreeSet<usize> {
        let mut reached = BTreeSet::new();
        let mut next = vec![room];
        while let Some(room) = next.pop() {
            if reached.insert(room) {
                next.extend(self.0[room].knows.values());
            }
        }
        reached
    }

    /// The arrows that say all of it: where a room knows another through a
    /// third, the direct one is left out.
    pub fn arrows(&self) -> Vec<(usize, usize)> {
        let mut arrows = Vec::new();
        for (from, room) in self.0.iter().enumerate() {
            let known: BTreeSet<usize> = room.knows.values().copied().collect();
            for &to in &known {
                let others = known.iter().filter(|&&other| other != to);
                let through_another = others
                    .into_iter()
                    .any(|&other| self.reached_from(other).contains(&to));
                if !through_another {
                    arrows.push((from, to));
                }
            }
        }
        arrows
    }
}

/// The members of a workspace.
fn packages(manifest: &Path) -> Result<Vec<Value>> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .arg("--manifest-path")
        .arg(manifest)
        .output()
        .context("cargo metadata does not start")?;
    if !output.status.success() {
        bail!(
            "cargo metadata: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata["packages"].as_array();
    Ok(packages.context("metadata without packages")?.clone())
}

fn room(package: &Value, folder: String, folders: &[String], root: &Path) -> Result<Room> {
    let name = package["name"].as_str();
    let mut room = Room {
        folder,
        name: name.context("a package without name")?.to_owned(),
        knows: BTreeMap::new(),
        foreign: BTreeSet::new(),
    };
    let dependencies = package["dependencies"].as_array();
    for dependency in dependencies.context("a package without dependencies")? {
        if dependency["kind"] == "dev" {
            continue;
        }
        let renamed = dependency["rename"].as_str();
        let name = renamed.or_else(|| dependency["name"].as_str());
        let name = name.context("a dependency without name")?.to_owned();
        match dependency["path"].as_str() {
            Some(path) => {
                let folder = below(root, Path::new(path))?;
                let place = folders.binary_search(&folder);
                let place = place.ok().with_context(|| format!("{folder} is no room"))?;
                room.knows.insert(name, place);
            }
            None => {
                room.foreign.insert(name);
            }
        }
    }
    Ok(room)
}

fn folder(root: &Path, manifest: &Value) -> Result<String> {
    let manifest = manifest.as_str().context("a package without manifest")?;
    let folder = Path::new(manifest).parent();
    below(root, folder.context("a manifest without folder")?)
}

fn below(root: &Path, path: &Path) -> Result<String> {
    let below = path.canonicalize()?;
    let below = below.strip_prefix(root.canonicalize()?)?.to_owned();
    Ok(below.to_string_lossy().replace('\\', "/"))
}
