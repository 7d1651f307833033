//! Names and other short texts that people give.

/// The longest name, attribution or contact, in bytes.
pub(crate) const MAX_LABEL_BYTES: usize = 256;

/// Why a text is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    #[error("`{0}` is empty")]
    Empty(&'static str),
    #[error("`{0}` is longer than {MAX_LABEL_BYTES} bytes")]
    TooLong(&'static str),
    #[error("`{0}` has a control character, or one that hides or turns what is beside it")]
    Control(&'static str),
}

impl LabelError {
    /// Which text.
    pub(crate) fn label(self) -> &'static str {
        let (Self::Empty(label) | Self::TooLong(label) | Self::Control(label)) = self;
        label
    }
}

/// A text that must say something.
pub(crate) fn required(what: &'static str, text: &str) -> Result<(), LabelError> {
    if text.trim().is_empty() {
        return Err(LabelError::Empty(what));
    }
    optional(what, text)
}

/// A text that may be empty.
pub(crate) fn optional(what: &'static str, text: &str) -> Result<(), LabelError> {
    if text.len() > MAX_LABEL_BYTES {
        return Err(LabelError::TooLong(what));
    }
    if text.chars().any(misleads) {
        return Err(LabelError::Control(what));
    }
    Ok(())
}

/// Whether a text with it could pass for another: control characters, those that
/// turn the direction of what follows, and those that nobody sees. What joins the
/// parts of a letter or an emoji (U+200C, U+200D) has its use.
pub(crate) fn misleads(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_pass_for_another_text_is_no_label() {
        for text in [
            "서울특별시",
            "Sejong-daero 1 (남)",
            "\u{1f468}\u{200d}\u{1f527}",
            "مرحبا",
            "é",
        ] {
            assert_eq!(required("name", text), Ok(()), "{text}");
        }
        for hidden in [
            '\n',
            '\u{202e}',
            '\u{2066}',
            '\u{200b}',
            '\u{200f}',
            '\u{2028}',
            '\u{feff}',
            '\u{e0041}',
        ] {
            let text = format!("서울{hidden}특별시");
            let refused = Err(LabelError::Control("name"));
            assert_eq!(
                required("name", &text),
                refused,
                "{}",
                text.escape_unicode()
            );
        }
    }
}
