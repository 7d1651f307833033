//! Lists as `text/csv` (RFC 4180): one header line, one line for each item.

use serde::Serialize;
use serde_json::Value;

/// An item that can be a line of a table.
pub trait Row: Serialize {
    /// Names of the columns; a dot leads into an object, as `location.lat`.
    const COLUMNS: &'static [&'static str];

    /// Appends the line without its end. Long lists write it by hand.
    fn write(&self, out: &mut Vec<u8>) {
        let item = serde_json::to_value(self).unwrap_or_default();
        for (at, column) in Self::COLUMNS.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            let value = column
                .split('.')
                .try_fold(&item, |object, name| object.get(name));
            cell::value(out, value.unwrap_or(&Value::Null));
        }
    }
}

/// The whole table.
pub fn render<T: Row>(items: &[T]) -> Vec<u8> {
    const BYTES_A_LINE: usize = 96;
    let mut out = Vec::with_capacity((items.len() + 1) * BYTES_A_LINE);
    write_header(&mut out, T::COLUMNS);
    for item in items {
        item.write(&mut out);
        out.extend_from_slice(b"\r\n");
    }
    out
}

/// Appends the first line.
pub fn write_header(out: &mut Vec<u8>, columns: &[&str]) {
    out.extend_from_slice(columns.join(",").as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// Single cells.
pub mod cell {
    use serde::Serialize;
    use serde_json::Value;

    /// A text, as exports write it: quoted where it has to be, and no formula.
    pub use text_formats::csv::write_text as text;

    /// Whatever JSON writes without quotes: a number or a boolean.
    pub fn json(out: &mut Vec<u8>, value: &impl Serialize) {
        serde_json::to_writer(out, value).expect("a Vec takes all bytes");
    }

    /// A comma and a whole number.
    pub fn number(out: &mut Vec<u8>, number: u64) {
        out.push(b',');
        json(out, &number);
    }

    /// Null is an empty cell; a list is its items with spaces between.
    pub(super) fn value(out: &mut Vec<u8>, value: &Value) {
        match value {
            Value::Null => {}
            Value::Array(items) if items.is_empty() => {}
            Value::String(string) => text(out, string),
            Value::Array(items) if items.iter().all(Value::is_string) => {
                let words: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
                text(out, &words.join(" "));
            }
            Value::Array(_) | Value::Object(_) => text(out, &value.to_string()),
            Value::Bool(_) | Value::Number(_) => json(out, value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Item {
        name: &'static str,
        place: Option<Place>,
        words: Vec<&'static str>,
    }

    #[derive(Serialize)]
    struct Place {
        lat: f64,
    }

    impl Row for Item {
        const COLUMNS: &'static [&'static str] = &["name", "place.lat", "words"];
    }

    #[test]
    fn cells_are_quoted_where_they_must_be_and_no_text_is_a_formula() {
        let items = [
            Item {
                name: "a \"b\", c",
                place: Some(Place { lat: 37.5 }),
                words: vec!["x", "y"],
            },
            Item {
                name: "plain",
                place: None,
                words: vec!["=1+1"],
            },
            Item {
                name: "@SUM(1)",
                place: Some(Place { lat: -0.5 }),
                words: vec!["-x"],
            },
        ];
        let table = String::from_utf8(render(&items)).unwrap();
        assert_eq!(
            table,
            "name,place.lat,words\r\n\"a \"\"b\"\", c\",37.5,x y\r\nplain,,'=1+1\r\n'@SUM(1),-0.5,'-x\r\n"
        );
    }
}
