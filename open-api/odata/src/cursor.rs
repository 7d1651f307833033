//! A place in an option's decoded text, and what went wrong there. Lists, options
//! and expressions are all read through one cursor, since they nest: text in
//! quotes may hold any of the signs that separate them.

use crate::options::OptionsErrorKind;

/// The longest piece of the input that an error repeats, in characters.
const MAX_FOUND_CHARS: usize = 40;

/// Why the text is refused, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) position: usize,
    pub(crate) kind: OptionsErrorKind,
    /// The innermost option that it is in; `None` until one says so.
    pub(crate) option: Option<String>,
}

impl Fault {
    pub(crate) fn limit(position: usize, limit: impl Into<String>) -> Self {
        Self::new(position, OptionsErrorKind::Limit(limit.into()))
    }

    pub(crate) fn unexpected(
        position: usize,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) -> Self {
        let (found, expected) = (found.into(), expected.into());
        Self::new(position, OptionsErrorKind::Unexpected { found, expected })
    }

    pub(crate) fn new(position: usize, kind: OptionsErrorKind) -> Self {
        Self {
            position,
            kind,
            option: None,
        }
    }

    /// Names the option that it is in, unless a nested one already did.
    pub(crate) fn within(mut self, option: &str) -> Self {
        self.option.get_or_insert_with(|| option.to_owned());
        self
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Cursor<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    pub(crate) fn position(&self) -> usize {
        self.at
    }

    pub(crate) fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.rest().is_empty()
    }

    pub(crate) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(crate) fn skip_spaces(&mut self) {
        self.take_while(|c| c == ' ' || c == '\t');
    }

    /// Steps over the sign, if it stands here.
    pub(crate) fn eat(&mut self, sign: char) -> bool {
        let is_here = self.peek() == Some(sign);
        if is_here {
            self.at += sign.len_utf8();
        }
        is_here
    }

    pub(crate) fn expect(&mut self, sign: char, expected: &str) -> Result<(), Fault> {
        if self.eat(sign) {
            Ok(())
        } else {
            Err(self.fault(expected))
        }
    }

    /// Steps over a text that is known to stand here.
    pub(crate) fn advance(&mut self, text: &str) {
        debug_assert!(self.rest().starts_with(text));
        self.at += text.len();
    }

    /// The name that stands here; empty where none does.
    pub(crate) fn name(&self) -> &'t str {
        let starts = |c: char| c.is_alphabetic() || matches!(c, '_' | '@' | '$');
        let goes_on = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '@' | '$');
        let rest = self.rest();
        if !rest.starts_with(starts) {
            return "";
        }
        &rest[..rest.find(|c| !goes_on(c)).unwrap_or(rest.len())]
    }

    /// The segment of a path within a JSON value: any key that has none of the
    /// signs of the language.
    pub(crate) fn member(&mut self) -> &'t str {
        self.take_while(|c| !c.is_whitespace() && !matches!(c, '/' | '(' | ')' | ',' | ';' | '\''))
    }

    /// Steps over what goes on as told, and returns it.
    pub(crate) fn take_while(&mut self, goes_on: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let taken = &rest[..rest.find(|c| !goes_on(c)).unwrap_or(rest.len())];
        self.at += taken.len();
        taken
    }

    /// A text in single quotes, in which a quote is doubled.
    pub(crate) fn quoted(&mut self) -> Result<String, Fault> {
        self.expect('\'', "a quote")?;
        let mut text = String::new();
        loop {
            text.push_str(self.take_while(|c| c != '\''));
            if !self.eat('\'') {
                return Err(self.fault("the quote that ends the text"));
            }
            if !self.eat('\'') {
                return Ok(text);
            }
            text.push('\'');
        }
    }

    /// An error here: what stands here is not what is expected.
    pub(crate) fn fault(&self, expected: impl Into<String>) -> Fault {
        Fault::unexpected(self.at, self.found(), expected)
    }

    /// What stands here, for an error.
    fn found(&self) -> String {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else {
            return "its end".to_owned();
        };
        let is_sign =
            |c: char| c.is_whitespace() || matches!(c, '(' | ')' | ',' | ';' | '/' | '\'');
        let end = if is_sign(first) {
            first.len_utf8()
        } else {
            rest.find(is_sign).unwrap_or(rest.len())
        };
        quote(&rest[..end])
    }
}

/// A piece of the input as an error repeats it.
pub(crate) fn quote(text: &str) -> String {
    match text.char_indices().nth(MAX_FOUND_CHARS) {
        Some((end, _)) => format!("{:?}...", &text[..end]),
        None => format!("{text:?}"),
    }
}
