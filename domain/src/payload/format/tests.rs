//! How each format is told from the others.

use super::*;

fn sniffed(payload: &[u8]) -> Result<ContentFormat, PayloadError> {
    Ok(match Encoded::of(payload, None)? {
        Encoded::SenmlJson(_) => ContentFormat::SenmlJson,
        Encoded::SenmlCbor(_) => ContentFormat::SenmlCbor,
        Encoded::CompactJson(_) => ContentFormat::CompactJson,
    })
}

#[test]
fn content_types_and_numbers_name_the_format() {
    for format in ContentFormat::ALL {
        assert_eq!(
            ContentFormat::from_content_type(format.content_type()),
            Ok(format)
        );
        assert_eq!(
            ContentFormat::from_coap_number(format.coap_number()),
            Ok(format)
        );
    }
    assert_eq!(
        ContentFormat::from_content_type("Application/SenML+JSON ; charset=utf-8"),
        Ok(ContentFormat::SenmlJson)
    );
    assert_eq!(
        ContentFormat::from_content_type("text/plain"),
        Err(PayloadError::ContentType)
    );
    assert_eq!(
        ContentFormat::from_coap_number(0),
        Err(PayloadError::ContentType)
    );
}

#[test]
fn the_first_bytes_decide_without_a_content_type() {
    for (payload, format) in [
        (&br#"{"t":1,"v":{"a":1}}"#[..], ContentFormat::CompactJson),
        (br#" [ {"t":1,"v":{"a":1}}]"#, ContentFormat::CompactJson),
        (br#"[{"pm25":1,"pm10":2}]"#, ContentFormat::CompactJson),
        (br#"[{"n":"a","v":1}]"#, ContentFormat::SenmlJson),
        (
            br#"[{"bt":1.5e9,"bu":"Cel"},{"n":"a","v":1}]"#,
            ContentFormat::SenmlJson,
        ),
        (br#"[{"v":1,"n":"a"}]"#, ContentFormat::SenmlJson),
        (
            br#"[{"t":1,"u":"Cel","n":"a","v":1}]"#,
            ContentFormat::SenmlJson,
        ),
        (&[0x81, 0xa0], ContentFormat::SenmlCbor),
        (&[0x9f, 0xff], ContentFormat::SenmlCbor),
    ] {
        assert_eq!(sniffed(payload), Ok(format), "{payload:?}");
    }
    assert_eq!(sniffed(b" \n"), Err(PayloadError::Empty));
    assert_eq!(sniffed(b"12.5"), Err(PayloadError::Shape));
    assert_eq!(sniffed(b"[1, 2]"), Err(PayloadError::Shape));
}
