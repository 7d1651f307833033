//! A written line's parts, as stores tell lines apart.

use super::QUALITY_SUFFIX;

/// Measurement and tags.
pub(crate) fn series(line: &[u8]) -> &[u8] {
    &line[..unescaped(line, b' ')]
}

/// Measurement, tags and field. A line that has the quality alone is of the
/// same field.
pub(crate) fn field(line: &[u8]) -> &[u8] {
    let start = series(line).len();
    let field = &line[..start + unescaped(&line[start..], b'=')];
    field
        .strip_suffix(QUALITY_SUFFIX.as_bytes())
        .unwrap_or(field)
}

/// Measurement and name of the field, whatever thing it is of.
pub(crate) fn field_of_all_things(line: &[u8]) -> Vec<u8> {
    let name = &field(line)[series(line).len()..];
    [&line[..unescaped(line, b',')], name].concat()
}

/// The last word, without the line's end.
pub(crate) fn time(line: &[u8]) -> &[u8] {
    let line = line.trim_ascii_end();
    let start = line.iter().rposition(|byte| *byte == b' ');
    &line[start.map_or(0, |space| space + 1)..]
}

/// Where `byte` stands first without a backslash before it; the length of
/// `text` where it does not.
fn unescaped(text: &[u8], byte: u8) -> usize {
    let mut escaped = false;
    let found = text.iter().position(|other| {
        let here = *other == byte && !escaped;
        escaped = *other == b'\\' && !escaped;
        here
    });
    found.unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_a_series_a_field_and_a_time() {
        let line = b"traffic.flow,agency=a\\ b,thing=t speed=1.5,speed__q=0i 17\n";
        assert_eq!(series(line), b"traffic.flow,agency=a\\ b,thing=t");
        assert_eq!(field(line), b"traffic.flow,agency=a\\ b,thing=t speed");
        assert_eq!(field_of_all_things(line), b"traffic.flow speed");
        assert_eq!(time(line), b"17");
        let text = b"m,agency=a,thing=t name=\"x = y \\\" z\",name__q=0i -5\n";
        assert_eq!(series(text), b"m,agency=a,thing=t");
        assert_eq!(field(text), b"m,agency=a,thing=t name");
        assert_eq!(time(text), b"-5");
    }

    #[test]
    fn a_missing_value_is_of_the_same_field() {
        let missing = b"m,agency=a,thing=t speed__q=3i 17\n";
        assert_eq!(field(missing), b"m,agency=a,thing=t speed");
        assert_eq!(field_of_all_things(missing), b"m speed");
    }
}
