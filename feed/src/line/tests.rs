//! Lines as the protocol has them, and the longest of all.

use super::*;

fn line(value: Option<&Value>, quality: Quality) -> String {
    let mut out = Vec::new();
    let line = Line {
        measurement: "traffic.flow",
        agency: "seoul",
        thing: "dev-1",
        field: "speed",
        value,
        quality,
        time: Timestamp::from_micros(1_690_000_000_000_000),
    };
    line.write(&mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn a_line_says_whose_what_how_good_and_when() {
    assert_eq!(
        line(Some(&Value::Number(12.1)), Quality::Good),
        "traffic.flow,agency=seoul,thing=dev-1 speed=12.1,speed__q=0i 1690000000000000\n"
    );
    assert_eq!(
        line(Some(&Value::Boolean(true)), Quality::Uncertain),
        "traffic.flow,agency=seoul,thing=dev-1 speed=true,speed__q=1i 1690000000000000\n"
    );
    assert_eq!(
        line(None, Quality::Missing),
        "traffic.flow,agency=seoul,thing=dev-1 speed__q=3i 1690000000000000\n"
    );
}

#[test]
fn a_text_is_quoted_and_stays_on_its_line() {
    let text = Value::Text("a \"b\" \\ c=1,\nd\r".into());
    assert_eq!(
        line(Some(&text), Quality::Good),
        "traffic.flow,agency=seoul,thing=dev-1 \
         speed=\"a \\\"b\\\" \\\\ c=1,\\nd\\r\",speed__q=0i 1690000000000000\n"
    );
}

#[test]
fn numbers_are_floats_in_their_shortest_form() {
    for (number, written) in [
        (30.0, "30.0"),
        (-0.0, "-0.0"),
        (1e300, "1e300"),
        (5e-324, "5e-324"),
        (f64::MAX, "1.7976931348623157e308"),
    ] {
        let line = line(Some(&Value::Number(number)), Quality::Good);
        assert!(line.contains(&format!(" speed={written},")), "{line}");
    }
}

#[test]
fn the_longest_line_is_no_longer_than_the_limit() {
    let longest = "x".repeat(MAX_ID_BYTES);
    let model = format!("{longest}.{longest}");
    let text = Value::Text("\"".repeat(MAX_TEXT_BYTES).into());
    let line = Line {
        measurement: &model,
        agency: &longest,
        thing: &longest,
        field: &"~".repeat(MAX_ID_BYTES),
        value: Some(&text),
        quality: Quality::Good,
        time: Timestamp::MIN,
    };
    let mut out = Vec::new();
    line.write(&mut out);
    assert_eq!(out.len(), MAX_LINE_BYTES);
}
