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
    #[error("`{0}` has a control character")]
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
    if text.chars().any(char::is_control) {
        return Err(LabelError::Control(what));
    }
    Ok(())
}
