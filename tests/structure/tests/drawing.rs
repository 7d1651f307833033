//! What is made from rooms: arrows, the table's last column, the picture.

use structure::{Rooms, picture, with_known_rooms};

fn rooms() -> Rooms {
    Rooms::of(&[
        ("words", &[]),
        ("store", &["words"]),
        ("store/file", &["words"]),
        ("api", &["store", "words"]),
        ("program", &["api", "store", "words"]),
        ("alone", &[]),
    ])
}

fn named(rooms: &Rooms) -> Vec<(&str, &str)> {
    let name = |room: usize| rooms.all()[room].folder.as_str();
    let arrows = rooms.arrows();
    arrows
        .iter()
        .map(|&(from, to)| (name(from), name(to)))
        .collect()
}

#[test]
fn a_way_through_another_room_is_no_arrow() {
    assert_eq!(
        named(&rooms()),
        [
            ("api", "store"),
            ("program", "api"),
            ("store", "words"),
            ("store/file", "words"),
        ]
    );
}

#[test]
fn the_last_column_is_made_anew_and_nothing_else() {
    let page = "# Page\n\n| Room | What | Knows |\n|---|---|---|\n\
                | `store` | rows | nobody |\n| `words` | types | store |\n\
                | `program` | it | store |\n| `pages` | no package | the API |\n\nEnd | of it\n";
    let right = "# Page\n\n| Room | What | Knows |\n|---|---|---|\n\
                 | `store` | rows | words |\n| `words` | types | nobody |\n\
                 | `program` | it | api, store, words |\n| `pages` | no package | the API |\n\nEnd | of it\n";
    assert_eq!(with_known_rooms(page, &rooms()), right);
    assert_eq!(with_known_rooms(right, &rooms()), right);
}

#[test]
fn a_long_list_says_what_is_missing() {
    let names: Vec<String> = (0..12).map(|number| format!("room-{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut rooms: Vec<(&str, &[&str])> = names.iter().map(|name| (*name, &[][..])).collect();
    rooms.push(("all", &names));
    rooms.push(("but-two", &names[2..]));
    let rooms = Rooms::of(&rooms);
    let table = |room: &str| {
        let page = format!("| Room | Knows |\n|---|---|\n| `{room}` | ? |\n");
        let page = with_known_rooms(&page, &rooms);
        page.lines().last().unwrap().to_owned()
    };
    assert_eq!(table("all"), "| `all` | all |");
    assert_eq!(table("but-two"), "| `but-two` | all but room-0, room-1 |");
}

#[test]
fn the_same_rooms_give_the_same_picture() {
    let drawn = picture(&rooms());
    assert_eq!(drawn, picture(&rooms()));
    assert_eq!(drawn.matches("<rect").count(), 5, "alone has no arrow");
    assert_eq!(drawn.matches("marker-end").count(), 4);
    assert!(drawn.contains("prefers-color-scheme: dark"));
    // A room stands above each that it points to.
    let height = |room: &str| {
        let at = drawn.find(&format!(">{room}</text>")).unwrap();
        let before = &drawn[..at];
        let y = before
            .rsplit("y=\"")
            .next()
            .unwrap()
            .split('"')
            .next()
            .unwrap();
        y.parse::<f64>().unwrap()
    };
    assert!(height("program") < height("api"));
    assert!(height("api") < height("store"));
    assert!(height("store") < height("words"));
}
