//! The table "Rooms" of ARCHITECTURE.md.

use std::collections::BTreeSet;

use crate::rooms::{Room, Rooms};

/// A longer list says instead which rooms are missing, if they are as few as this.
const LONG: usize = 8;
const FEW: usize = 3;

/// A row: its line on the page, its room's folder and its cells.
#[derive(Debug)]
pub struct Row<'a> {
    pub folder: &'a str,
    cells: Vec<&'a str>,
    line: usize,
}

/// The rows of the page's first table.
pub fn rows(page: &str) -> Vec<Row<'_>> {
    let lines = page.lines().enumerate();
    let table = lines.skip_while(|(_, line)| !line.starts_with("|---"));
    table
        .skip(1)
        .take_while(|(_, line)| line.starts_with('|'))
        .map(|(number, line)| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            Row {
                folder: cells[0].split('`').nth(1).unwrap_or_default(),
                cells,
                line: number,
            }
        })
        .collect()
}

/// The page with the first and the last cell of each room's row as Cargo has
/// them. A row of what is no package of Cargo's stays as it is.
pub fn with_known_rooms(page: &str, rooms: &Rooms) -> String {
    let mut lines: Vec<String> = page.lines().map(str::to_owned).collect();
    for row in rows(page) {
        let place = rooms
            .all()
            .iter()
            .position(|room| room.folder == row.folder);
        let Some(place) = place else { continue };
        let (named, known) = (named(place, rooms), known(place, rooms));
        let mut cells = row.cells.clone();
        cells[0] = &named;
        if let Some(last) = cells.last_mut() {
            *last = &known;
        }
        lines[row.line] = format!("| {} |", cells.join(" | "));
    }
    lines.join("\n") + "\n"
}

/// A room's folder, and its package where that is called otherwise.
fn named(place: usize, rooms: &Rooms) -> String {
    let room = &rooms.all()[place];
    if room.is_called_as_its_folder() {
        format!("`{}`", room.folder)
    } else {
        format!("`{}` (`{}`)", room.folder, room.name)
    }
}

/// The rooms that a room knows, in words.
fn known(place: usize, rooms: &Rooms) -> String {
    let room = &rooms.all()[place];
    if room.knows.is_empty() {
        return "nobody".to_owned();
    }
    let missing = missing(place, rooms);
    match missing.len() {
        0 if room.knows.len() > LONG => "all".to_owned(),
        1..=FEW if room.knows.len() > LONG => format!("all but {}", missing.join(", ")),
        _ => {
            let known = room.knows.values().map(|&known| &rooms.all()[known]);
            let known: BTreeSet<&str> = known.map(Room::short_name).collect();
            known.into_iter().collect::<Vec<_>>().join(", ")
        }
    }
}

/// The rooms that it could know and does not. A room that knows it cannot be
/// known by it, and a program that nobody knows is not meant by "all".
fn missing(place: usize, rooms: &Rooms) -> Vec<&str> {
    let all = rooms.all();
    let knows = |room: usize, other: usize| all[room].knows.values().any(|&known| known == other);
    (0..all.len())
        .filter(|&other| !knows(place, other) && !rooms.reached_from(other).contains(&place))
        .filter(|&other| (0..all.len()).any(|room| knows(room, other)))
        .map(|other| all[other].folder.as_str())
        .collect()
}
