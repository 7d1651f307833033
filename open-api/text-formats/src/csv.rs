//! Cells of CSV (RFC 4180) that no spreadsheet takes for a formula.
//!
//! A spreadsheet takes a text that begins with `=`, `+`, `-` or `@` for a
//! formula, which a device could use to run something at whoever opens the
//! file. So a text cell whose first character is one of those, their full-width
//! forms, a tab, a line's end or `'` itself gets a `'` in front: to read the
//! text back, take one `'` off. An empty text is `""`.

/// Appends a text, quoted where it has to be.
pub fn write_text(out: &mut Vec<u8>, text: &str) {
    let guarded = text.starts_with([
        '=', '+', '-', '@', '\'', '\t', '\r', '\n', '＝', '＋', '－', '＠',
    ]);
    let quoted = text.is_empty() || text.contains([',', '"', '\r', '\n']);
    if quoted {
        out.push(b'"');
    }
    if guarded {
        out.push(b'\'');
    }
    for byte in text.bytes() {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    if quoted {
        out.push(b'"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_no_formula_and_can_be_read_back() {
        for (given, cell) in [
            ("plain", "plain"),
            ("", "\"\""),
            ("=1+1", "'=1+1"),
            ("+82", "'+82"),
            ("-sensor", "'-sensor"),
            ("@cmd", "'@cmd"),
            ("＝１", "'＝１"),
            ("\tx", "'\tx"),
            ("'", "''"),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            (
                "=HYPERLINK(\"x\",\"y\")",
                "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\"",
            ),
            ("한강", "한강"),
        ] {
            let mut out = Vec::new();
            write_text(&mut out, given);
            assert_eq!(String::from_utf8_lossy(&out), cell);
        }
    }
}
