//! The line protocol as its specification reads it, and no more: what is
//! doubtful is refused.

use std::fmt;

/// One line, its escapes undone.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct ParsedLine {
    pub(crate) measurement: String,
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) fields: Vec<(String, FieldValue)>,
    pub(crate) time: i64,
}

#[derive(Clone, PartialEq, Debug)]
pub(crate) enum FieldValue {
    Float(f64),
    Integer(i64),
    Boolean(bool),
    Text(String),
}

#[derive(Debug)]
pub(crate) struct NoLine(String);

impl fmt::Display for NoLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// All lines of a request; each ends with a line break.
pub(crate) fn lines(text: &str) -> Result<Vec<ParsedLine>, NoLine> {
    let Some(text) = text.strip_suffix('\n') else {
        return Err(NoLine("the last line does not end".to_owned()));
    };
    text.split('\n').map(line).collect()
}

pub(crate) fn line(text: &str) -> Result<ParsedLine, NoLine> {
    let wrong = |what: &str| NoLine(format!("{what}: {text:?}"));
    if text.contains(['\n', '\r']) {
        return Err(wrong("a line break in a line"));
    }
    let (measurement, mut rest) = word(text, ", ", ", ");
    if measurement.is_empty() || measurement.starts_with('#') {
        return Err(wrong("no measurement"));
    }
    let mut tags: Vec<(String, String)> = Vec::new();
    while let Some(after) = rest.strip_prefix(',') {
        let (key, after) = word(after, ",= ", ",= ");
        let after = after.strip_prefix('=').ok_or_else(|| wrong("a tag"))?;
        let (value, after) = word(after, ",= ", ",= ");
        if key.is_empty() || value.is_empty() || value.ends_with('\\') {
            return Err(wrong("an empty tag"));
        }
        if tags.last().is_some_and(|(last, _)| *last >= key) {
            return Err(wrong("tags out of order"));
        }
        tags.push((key, value));
        rest = after;
    }
    let mut fields: Vec<(String, FieldValue)> = Vec::new();
    let mut separator = ' ';
    while let Some(after) = rest.strip_prefix(separator) {
        let (key, after) = word(after, ",= ", ",= ");
        let after = after.strip_prefix('=').ok_or_else(|| wrong("a field"))?;
        let (value, after) = value(after).ok_or_else(|| wrong("a value"))?;
        if key.is_empty() || fields.iter().any(|(other, _)| *other == key) {
            return Err(wrong("a field's name"));
        }
        fields.push((key, value));
        rest = after;
        separator = ',';
    }
    let time = rest.strip_prefix(' ').and_then(|time| time.parse().ok());
    match time {
        Some(time) if !fields.is_empty() => Ok(ParsedLine {
            measurement,
            tags,
            fields,
            time,
        }),
        _ => Err(wrong("no time")),
    }
}

/// Up to one of `ends`, and what comes after it; a backslash before one of
/// `escaped` is undone, and one before an `n` or `r` is a line break.
fn word<'a>(text: &'a str, ends: &str, escaped: &str) -> (String, &'a str) {
    let mut word = String::new();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if ends.contains(c) {
            return (word, &text[at..]);
        }
        match chars.peek() {
            Some((_, next)) if c == '\\' && escaped.contains(*next) => {
                word.push(*next);
                chars.next();
            }
            Some((_, 'n')) if c == '\\' => {
                word.push('\n');
                chars.next();
            }
            Some((_, 'r')) if c == '\\' => {
                word.push('\r');
                chars.next();
            }
            _ => word.push(c),
        }
    }
    (word, "")
}

fn value(text: &str) -> Option<(FieldValue, &str)> {
    if let Some(quoted) = text.strip_prefix('"') {
        let (value, rest) = word(quoted, "\"", "\"\\");
        return Some((FieldValue::Text(value), rest.strip_prefix('"')?));
    }
    let end = text.find([',', ' '])?;
    let (word, rest) = text.split_at(end);
    let value = match word {
        "true" => FieldValue::Boolean(true),
        "false" => FieldValue::Boolean(false),
        _ => match word.strip_suffix('i') {
            Some(integer) => FieldValue::Integer(integer.parse().ok()?),
            None if word.bytes().all(|b| b"0123456789+-.eE".contains(&b)) => {
                FieldValue::Float(word.parse().ok().filter(|f: &f64| f.is_finite())?)
            }
            None => return None,
        },
    };
    Some((value, rest))
}

#[test]
fn what_is_not_by_the_specification_is_refused() {
    for bad in [
        "",
        "m f=1",
        "m  f=1 1",
        "m,t= f=1 1",
        "m,=v f=1 1",
        "m,b=1,a=1 f=1 1",
        "m f=1,f=2 1",
        "m f= 1",
        "m f=one 1",
        "m f=NaN 1",
        "m f=1u8 1",
        "m f=\"a 1",
        "m f=\"a\"b 1",
        "m f=1 1.5",
        "m f=1 1 ",
        "#m f=1 1",
        ",t=v f=1 1",
        "m ,f=1 1",
    ] {
        assert!(line(bad).is_err(), "{bad:?}");
    }
    let good = line(r#"a\ b\,c,t\=1=v\ 2 f=1.5e3,g:q=0i,h="x \"y\" \\ z=,\n",k=true -7"#).unwrap();
    assert_eq!(good.measurement, "a b,c");
    assert_eq!(good.tags, [("t=1".to_owned(), "v 2".to_owned())]);
    assert_eq!(good.time, -7);
    let values: Vec<FieldValue> = good.fields.into_iter().map(|(_, value)| value).collect();
    assert_eq!(
        values,
        [
            FieldValue::Float(1_500.0),
            FieldValue::Integer(0),
            FieldValue::Text("x \"y\" \\ z=,\n".to_owned()),
            FieldValue::Boolean(true)
        ]
    );
}
