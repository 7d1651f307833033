//! A pull reader of JSON (RFC 8259) over a slice.
//!
//! Own, because a codec here needs three things at once: strings that stay
//! borrowed, numbers that are the nearest f64 to their text, and limits that
//! hold before anything is allocated. It accepts exactly the texts that RFC
//! 8259 allows; a number beyond f64 comes out infinite, for the caller to
//! reject by name.

mod number;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use smallvec::SmallVec;

use super::{MAX_DEPTH, PayloadError};

/// One value, or the opening bracket of one.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Token<'a> {
    Object,
    Array,
    Text(Cow<'a, str>),
    Number(f64),
    True,
    False,
    Null,
}

/// What follows is not JSON. Without a size of its own, like the tokens of
/// truth values: an answer that holds a single byte beside wide fields is
/// copied in overlapping pieces, which costs more than reading the text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct NotJson;

impl From<NotJson> for PayloadError {
    fn from(NotJson: NotJson) -> Self {
        Self::Json
    }
}

/// JSON between systems is UTF-8 (RFC 8259, 8.1); checked once a payload.
pub(super) fn utf8(bytes: &[u8]) -> Result<&str, PayloadError> {
    std::str::from_utf8(bytes).map_err(|_| PayloadError::Json)
}

pub(super) struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline]
    fn after_space(&mut self) -> Result<u8, NotJson> {
        loop {
            match self.byte().ok_or(NotJson)? {
                b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                byte => return Ok(byte),
            }
        }
    }

    /// The next value; of an object or array only its opening bracket. Into its
    /// caller: a token that comes back through memory is copied in pieces other
    /// than it was written in, for which the processor waits.
    #[inline(always)]
    pub(super) fn token(&mut self) -> Result<Token<'a>, NotJson> {
        match self.after_space()? {
            b'"' => Ok(Token::Text(self.string()?)),
            b'-' | b'0'..=b'9' => Ok(Token::Number(self.number()?)),
            b'{' => self.punctuation(Token::Object),
            b'[' => self.punctuation(Token::Array),
            b't' => self.word("true", Token::True),
            b'f' => self.word("false", Token::False),
            b'n' => self.word("null", Token::Null),
            _ => Err(NotJson),
        }
    }

    fn punctuation(&mut self, token: Token<'a>) -> Result<Token<'a>, NotJson> {
        self.at += 1;
        Ok(token)
    }

    fn word(&mut self, word: &str, token: Token<'a>) -> Result<Token<'a>, NotJson> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(NotJson);
        }
        self.at += word.len();
        Ok(token)
    }

    /// Inside an object: its next key, or `None` after its last one.
    #[inline(always)]
    pub(super) fn key(&mut self, first: bool) -> Result<Option<Cow<'a, str>>, NotJson> {
        let mut byte = self.after_space()?;
        if byte == b'}' {
            self.at += 1;
            return Ok(None);
        }
        if !first {
            if byte != b',' {
                return Err(NotJson);
            }
            self.at += 1;
            byte = self.after_space()?;
        }
        if byte != b'"' {
            return Err(NotJson);
        }
        let key = self.string()?;
        if self.after_space()? != b':' {
            return Err(NotJson);
        }
        self.at += 1;
        Ok(Some(key))
    }

    /// Inside an array: whether a further element follows.
    #[inline]
    pub(super) fn element(&mut self, first: bool) -> Result<bool, NotJson> {
        match self.after_space()? {
            b']' => {
                self.at += 1;
                Ok(false)
            }
            _ if first => Ok(true),
            b',' => {
                self.at += 1;
                Ok(true)
            }
            _ => Err(NotJson),
        }
    }

    /// Nothing but white space may follow the one value of a payload.
    pub(super) fn end(&mut self) -> Result<(), NotJson> {
        match self.after_space() {
            Err(_) => Ok(()),
            Ok(_) => Err(NotJson),
        }
    }

    /// Reads past the rest of a value whose `token` was taken; `depth` is the
    /// number of brackets that stand open around it.
    #[inline]
    pub(super) fn skip(&mut self, token: &Token<'a>, depth: usize) -> Result<(), PayloadError> {
        match token {
            Token::Object | Token::Array => self.skip_inner(token, depth),
            _ => Ok(()),
        }
    }

    fn skip_inner(&mut self, token: &Token<'a>, depth: usize) -> Result<(), PayloadError> {
        if depth >= MAX_DEPTH {
            return Err(PayloadError::TooDeep);
        }
        let mut first = true;
        if *token == Token::Array {
            while self.element(first)? {
                first = false;
                let inner = self.token()?;
                self.skip(&inner, depth + 1)?;
            }
            return Ok(());
        }
        let mut keys = Keys::new();
        while let Some(key) = self.key(first)? {
            first = false;
            keys.push(key);
            let inner = self.token()?;
            self.skip(&inner, depth + 1)?;
        }
        refuse_duplicates(&mut keys)
    }

    #[inline(always)]
    fn string(&mut self) -> Result<Cow<'a, str>, NotJson> {
        match self.plain_string() {
            Some(text) => Ok(Cow::Borrowed(text)),
            None => self.escaped(),
        }
    }

    /// The string that begins here and means what it says: nearly every one.
    /// Its answer fits into registers.
    fn plain_string(&mut self) -> Option<&'a str> {
        let bytes = self.text.as_bytes();
        let start = self.at + 1;
        let end = plain_end(bytes, start);
        if bytes.get(end) != Some(&b'"') {
            return None;
        }
        self.at = end + 1;
        self.text.get(start..end)
    }

    /// The string that begins here, with an escape or without an end.
    #[cold]
    fn escaped(&mut self) -> Result<Cow<'a, str>, NotJson> {
        self.at += 1;
        let mut owned = String::new();
        loop {
            let start = self.at;
            loop {
                match self.byte().ok_or(NotJson)? {
                    b'"' | b'\\' => break,
                    0..=0x1f => return Err(NotJson),
                    _ => self.at += 1,
                }
            }
            owned.push_str(&self.text[start..self.at]);
            self.at += 1;
            if self.text.as_bytes()[self.at - 1] == b'"' {
                return Ok(Cow::Owned(owned));
            }
            owned.push(self.escape()?);
        }
    }

    fn escape(&mut self) -> Result<char, NotJson> {
        let letter = self.byte().ok_or(NotJson)?;
        self.at += 1;
        Ok(match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode(),
            _ => return Err(NotJson),
        })
    }

    fn unicode(&mut self) -> Result<char, NotJson> {
        let unit = self.hex4()?;
        let code = match unit {
            0xd800..=0xdbff => {
                if !self.text.as_bytes()[self.at..].starts_with(b"\\u") {
                    return Err(NotJson);
                }
                self.at += 2;
                let low = self.hex4()?;
                if !(0xdc00..=0xdfff).contains(&low) {
                    return Err(NotJson);
                }
                0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00)
            }
            unit => unit,
        };
        char::from_u32(code).ok_or(NotJson)
    }

    fn hex4(&mut self) -> Result<u32, NotJson> {
        let digits = self
            .text
            .as_bytes()
            .get(self.at..self.at + 4)
            .ok_or(NotJson)?;
        self.at += 4;
        digits.iter().try_fold(0, |sum, byte| {
            let digit = char::from(*byte).to_digit(16).ok_or(NotJson)?;
            Ok(sum * 16 + digit)
        })
    }

    fn number(&mut self) -> Result<f64, NotJson> {
        number::read(self.text, &mut self.at).ok_or(NotJson)
    }
}

/// Where the first byte from `at` on stands that ends what a string says as it
/// is: a quote, a backslash or a control character; at the latest the end.
/// Eight bytes at a time.
#[inline]
fn plain_end(bytes: &[u8], mut at: usize) -> usize {
    const ONES: u64 = u64::MAX / 0xff;
    const HIGH_BITS: u64 = ONES << 7;
    // The high bit of the lowest byte that is zero, or below `limit`; those
    // above it may be wrong.
    let zero = |word: u64| word.wrapping_sub(ONES) & !word;
    let below = |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit)) & !word;
    while let Some(&eight) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let word = u64::from_le_bytes(eight);
        let quote = zero(word ^ (ONES * u64::from(b'"')));
        let backslash = zero(word ^ (ONES * u64::from(b'\\')));
        let ends = (quote | backslash | below(word, 0x20)) & HIGH_BITS;
        if ends != 0 {
            return at + ends.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let ends = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..=0x1f);
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().position(ends).unwrap_or(rest.len())
}

/// The keys of one object, for [`refuse_duplicates`].
pub(super) type Keys<'a> = SmallVec<[Cow<'a, str>; 8]>;

/// Few keys are compared pair by pair, many are sorted first, so that a
/// hostile object of thousands costs no quadratic time.
pub(super) fn refuse_duplicates(keys: &mut Keys<'_>) -> Result<(), PayloadError> {
    const PAIRWISE: usize = 8;
    let twice = if keys.len() <= PAIRWISE {
        (1..keys.len()).any(|at| keys[..at].contains(&keys[at]))
    } else {
        keys.sort_unstable();
        keys.windows(2).any(|pair| pair[0] == pair[1])
    };
    if twice {
        return Err(PayloadError::DuplicateKey);
    }
    Ok(())
}
