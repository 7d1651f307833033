//! A pull reader of JSON (RFC 8259) over a slice.
//!
//! Own, because a codec here needs three things at once: strings that stay
//! borrowed, numbers that are the nearest f64 to their text, and limits that
//! hold before anything is allocated. It accepts exactly the texts that RFC
//! 8259 allows; a number beyond f64 comes out infinite, for the caller to
//! reject by name.

mod number;

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

    /// Inside an object: its next key, or `None` behind its last one.
    #[inline]
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
    pub(super) fn skip(&mut self, token: &Token<'a>, depth: usize) -> Result<(), PayloadError> {
        if !matches!(token, Token::Object | Token::Array) {
            return Ok(());
        }
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

    #[inline]
    fn string(&mut self) -> Result<Cow<'a, str>, NotJson> {
        let bytes = self.text.as_bytes();
        let start = self.at + 1;
        let at = plain_end(bytes, start);
        match bytes.get(at) {
            Some(b'"') => {
                self.at = at + 1;
                Ok(Cow::Borrowed(&self.text[start..at]))
            }
            Some(b'\\') => {
                self.at = start;
                self.escaped(at)
            }
            _ => Err(NotJson),
        }
    }

    /// A string with an escape: `self.at` is behind the opening quote and
    /// nothing before `escape` needs a change.
    #[cold]
    fn escaped(&mut self, escape: usize) -> Result<Cow<'a, str>, NotJson> {
        let mut owned = self.text[self.at..escape].to_owned();
        self.at = escape;
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
        let (number, end) = number::read(self.text, self.at).ok_or(NotJson)?;
        self.at = end;
        Ok(number)
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn whole(bytes: &[u8]) -> Result<Token<'_>, PayloadError> {
        let mut reader = Reader::new(utf8(bytes)?);
        let token = reader.token()?;
        reader.skip(&token, 0)?;
        reader.end()?;
        Ok(token)
    }

    #[test]
    fn numbers_are_the_nearest_f64() {
        for text in [
            "0",
            "-0",
            "12.1",
            "1e5",
            "1.7976931348623157e308",
            "5e-324",
            "0.1",
            "278.7",
            "9007199254740993",
            "123456789012345678901234567890",
            "1E+2",
            "-1.25e-3",
            "0.1000000000000000055511151231257827",
        ] {
            let expected: f64 = text.parse().unwrap();
            assert_eq!(
                whole(text.as_bytes()),
                Ok(Token::Number(expected)),
                "{text}"
            );
        }
        assert_eq!(whole(b"1e999"), Ok(Token::Number(f64::INFINITY)));
    }

    proptest! {
        /// Eight bytes at a time find what one at a time does.
        #[test]
        fn strings_end_at_the_first_byte_that_ends_them(
            bytes in proptest::collection::vec(prop_oneof![any::<u8>(), 0x1du8..0x24, 0x5bu8..0x5e], 0..40),
            at in 0usize..48,
        ) {
            let ends = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..=0x1f);
            let rest = bytes.get(at..).unwrap_or_default();
            let expected = at + rest.iter().position(ends).unwrap_or(rest.len());
            prop_assert_eq!(plain_end(&bytes, at), expected);
        }
    }

    #[test]
    fn escapes_are_resolved_and_plain_text_is_borrowed() {
        assert!(matches!(
            whole(br#""pm25""#),
            Ok(Token::Text(Cow::Borrowed("pm25")))
        ));
        assert_eq!(
            whole(br#""a\"\\\/\b\f\n\r\t\u00e9\ud55c\ud83d\ude00z""#),
            Ok(Token::Text("a\"\\/\u{8}\u{c}\n\r\té한😀z".into()))
        );
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in [
            "",
            " ",
            "01",
            "+1",
            ".5",
            "1.",
            "1e",
            "--1",
            "NaN",
            "Infinity",
            "tru",
            "nul",
            "'a'",
            "\"a",
            "\"\n\"",
            r#""\x""#,
            r#""\ud800""#,
            r#""\ud800\u0041""#,
            "[1,]",
            "[1 2]",
            "[,]",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{a:1}",
            "1 2",
            "[1]]",
            "{\"a\":1",
        ] {
            assert_eq!(whole(text.as_bytes()), Err(PayloadError::Json), "{text}");
        }
        assert_eq!(whole(b"\"\xff\""), Err(PayloadError::Json));
    }

    #[test]
    fn depth_and_duplicate_keys_are_limited() {
        let deep = |n: usize| "[".repeat(n) + &"]".repeat(n);
        assert!(whole(deep(MAX_DEPTH).as_bytes()).is_ok());
        assert_eq!(
            whole(deep(MAX_DEPTH + 1).as_bytes()),
            Err(PayloadError::TooDeep)
        );
        assert_eq!(whole(deep(30_000).as_bytes()), Err(PayloadError::TooDeep));
        assert_eq!(
            whole(br#"{"a":1,"\u0061":2}"#),
            Err(PayloadError::DuplicateKey)
        );
        let many: Vec<String> = (0..2_000)
            .map(|n| format!("\"k{}\":1", n % 1_999))
            .collect();
        let object = format!("{{{}}}", many.join(","));
        assert_eq!(whole(object.as_bytes()), Err(PayloadError::DuplicateKey));
    }

    proptest! {
        /// Against another implementation: the same texts pass, and numbers
        /// are those of the standard library.
        #[test]
        fn it_accepts_what_serde_json_accepts(text in r#"[\[\]{}",:0-9eE.+\- \\untrfalsb]{0,24}"#) {
            let ours = whole(text.as_bytes());
            let theirs = serde_json::from_str::<serde::de::IgnoredAny>(&text);
            match ours {
                // IgnoredAny knows neither limit.
                Err(PayloadError::TooDeep | PayloadError::DuplicateKey) => {}
                ours => prop_assert_eq!(ours.is_ok(), theirs.is_ok(), "{}", text),
            }
        }

        #[test]
        fn printed_numbers_come_back(number in proptest::num::f64::NORMAL) {
            for text in [format!("{number}"), format!("{number:e}")] {
                prop_assert_eq!(whole(text.as_bytes()), Ok(Token::Number(number)));
            }
        }

        #[test]
        fn any_string_comes_back(text in any::<String>()) {
            let json = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(whole(json.as_bytes()), Ok(Token::Text(text.into())));
        }
    }
}
