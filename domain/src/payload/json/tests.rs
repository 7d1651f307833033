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
