//! A field's name as every supported store takes it, and no two of them alike.
//!
//! Letters, digits and an underscore before one of them stand as they are. Two
//! underscores never do, so they begin what stands for another character:
//!
//! | in the field | written |
//! |---|---|
//! | `.` | `__d` |
//! | `-` | `__h` |
//! | `~` | `__t` |
//! | `_` at the end, or before one that is no letter or digit | `__u` |
//!
//! QuestDB refuses those characters in the name of a column. A name that a
//! store has a column or tag of its own for gets `__f` at its end: QuestDB
//! drops a field `agency` beside the tag with a 204, and fails with 500 at
//! `timestamp`; InfluxDB keeps `time` for itself.

use std::borrow::Cow;

use domain::ids::MAX_ID_BYTES;

/// The longest name, in bytes: every character stands for itself by three.
pub(crate) const MAX_FIELD_BYTES: usize = 3 * MAX_ID_BYTES;

/// Columns and tags that are there already. QuestDB does not look at case.
const TAKEN: [&str; 4] = ["agency", "thing", "time", "timestamp"];

/// Borrowed where it stands as it is, which is the rule.
pub(crate) fn written(field: &str) -> Cow<'_, str> {
    if TAKEN.iter().any(|taken| field.eq_ignore_ascii_case(taken)) {
        return Cow::Owned(format!("{field}__f"));
    }
    if field
        .char_indices()
        .all(|(at, character)| stand_in(field, at, character).is_none())
    {
        return Cow::Borrowed(field);
    }
    let mut written = String::with_capacity(MAX_FIELD_BYTES);
    for (at, character) in field.char_indices() {
        match stand_in(field, at, character) {
            Some(stand_in) => written.push_str(stand_in),
            None => written.push(character),
        }
    }
    Cow::Owned(written)
}

/// What is written in the place of the character at `at`.
fn stand_in(field: &str, at: usize, character: char) -> Option<&'static str> {
    match character {
        '.' => Some("__d"),
        '-' => Some("__h"),
        '~' => Some("__t"),
        '_' => {
            let next = field.as_bytes().get(at + 1);
            let stands = next.is_some_and(u8::is_ascii_alphanumeric);
            (!stands).then_some("__u")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_names_stand_as_they_are() {
        for name in ["speed", "wind_speed", "pm2_5", "_x", "9x", "windSpeed"] {
            assert!(matches!(written(name), Cow::Borrowed(same) if same == name));
        }
    }

    #[test]
    fn what_a_store_would_refuse_or_mistake_is_written_otherwise() {
        for (name, expected) in [
            ("pm2.5", "pm2__d5"),
            ("wind-speed", "wind__hspeed"),
            ("a~", "a__t"),
            ("a_", "a__u"),
            ("a__b", "a__u_b"),
            // Not the quality of `speed`.
            ("speed__q", "speed__u_q"),
            ("a_.b", "a__u__db"),
            ("timestamp", "timestamp__f"),
            ("Timestamp", "Timestamp__f"),
            ("thing", "thing__f"),
            ("things", "things"),
        ] {
            assert_eq!(written(name), expected, "{name}");
        }
    }
}
