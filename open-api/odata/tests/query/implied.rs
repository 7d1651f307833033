//! What an expression implies of a path. That it holds of every row is shown by
//! the model's tests; here, that something is implied at all.

use domain::Timestamp;
use odata::{EntityType, Expr, Id, Implied, TimeBounds, Version};

use crate::world::{NOW, filter, time};

fn observations(text: &str) -> Expr {
    filter(Version::V1_1, EntityType::Observation, text)
}

fn implied(text: &str, path: &[&str]) -> Implied {
    observations(text).implied(path, NOW)
}

fn between(from: &str, to: &str) -> TimeBounds {
    let bound = |text: &str, open| if text.is_empty() { open } else { time(text) };
    TimeBounds {
        from: bound(from, Timestamp::MIN),
        to: bound(to, Timestamp::MAX),
    }
}

#[test]
fn ids() {
    let number = |ids: &[u64]| Some(ids.iter().map(|id| Id::Number(*id)).collect::<Vec<_>>());
    for (text, path, expected) in [
        ("id eq 5", &["id"][..], number(&[5])),
        ("5 eq @iot.id", &["id"], number(&[5])),
        ("id in (5, 6)", &["id"], number(&[5, 6])),
        ("id eq 5 or id eq 7 or id eq 5", &["id"], number(&[5, 7])),
        (
            "id in (5, 6) and id in (6, 7) and result gt 5",
            &["id"],
            number(&[6]),
        ),
        ("id eq 5 and id eq 6", &["id"], number(&[])),
        ("id eq 'a'", &["id"], Some(vec![Id::Text("a".into())])),
        ("Datastream/id eq 5", &["Datastream", "id"], number(&[5])),
        (
            "Datastream/Thing/id eq 5",
            &["Datastream", "Thing", "id"],
            number(&[5]),
        ),
        ("id eq -1", &["id"], number(&[])),
        ("id ne 5", &["id"], None),
        ("not (id eq 5)", &["id"], None),
        ("id gt 5", &["id"], None),
        ("id eq 5 or result gt 5", &["id"], None),
        ("Datastream/id eq 5", &["id"], None),
        ("id eq result", &["id"], None),
    ] {
        assert_eq!(implied(text, path).ids, expected, "{text}");
    }
}

#[test]
fn times() {
    let t = "2026-11-29T09:00:00Z";
    let after = "2026-11-29T09:00:00.000001Z";
    for (text, expected) in [
        (format!("phenomenonTime ge {t}"), between(t, "")),
        (format!("phenomenonTime gt {t}"), between(after, "")),
        (format!("phenomenonTime lt {t}"), between("", t)),
        (format!("phenomenonTime le {t}"), between("", after)),
        (format!("phenomenonTime eq {t}"), between(t, after)),
        (format!("{t} le phenomenonTime"), between(t, "")),
        (format!("phenomenonTime ne {t}"), between("", "")),
        (
            format!("phenomenonTime ge {t} and phenomenonTime lt 2026-11-30"),
            between(t, "2026-11-30T00:00:00Z"),
        ),
        (
            format!("(phenomenonTime ge {t} and result gt 5) and phenomenonTime lt 2026-11-30"),
            between(t, "2026-11-30T00:00:00Z"),
        ),
        (
            format!("phenomenonTime eq {t} or phenomenonTime eq 2026-11-30"),
            between(t, "2026-11-30T00:00:00.000001Z"),
        ),
        (
            "phenomenonTime gt now() sub duration'PT1H'".to_owned(),
            between("2026-11-30T11:00:00.000001Z", ""),
        ),
        (format!("phenomenonTime/start ge {t}"), between(t, "")),
        (format!("phenomenonTime/end lt {t}"), between("", t)),
        (format!("phenomenonTime/end ge {t}"), between("", "")),
        (
            format!("phenomenonTime gt 2026-11-29T08:00:00Z/{t}"),
            between(t, ""),
        ),
        (format!("resultTime ge {t}"), between("", "")),
        (format!("not (phenomenonTime ge {t})"), between("", "")),
        (
            format!("year(phenomenonTime) eq 2026 and resultTime gt {t}"),
            between("", ""),
        ),
    ] {
        assert_eq!(implied(&text, &["phenomenonTime"]).time, expected, "{text}");
    }
}

#[test]
fn numbers_and_texts() {
    let inf = f64::INFINITY;
    for (text, expected) in [
        ("result ge 5", Some((5.0, inf))),
        ("result gt 5", Some((5.0_f64.next_up(), inf))),
        ("result lt 5.5", Some((-inf, 5.5_f64.next_down()))),
        ("5 ge result", Some((-inf, 5.0))),
        ("result eq 5", Some((5.0, 5.0))),
        ("result in (9, 5, 7)", Some((5.0, 9.0))),
        (
            "result gt 2 add 3 and result lt 10",
            Some((5.0_f64.next_up(), 10.0_f64.next_down())),
        ),
        ("result lt 1 or result gt 5", Some((-inf, inf))),
        // Where an `f64` does not keep whole numbers, the bound is a little wide.
        (
            "result gt 9007199254740993",
            Some((9_007_199_254_740_992.0, inf)),
        ),
        ("result add 1 gt 5", None),
        ("result ne 5", None),
        ("result gt 5 or id eq 5", None),
        ("result eq 'five'", None),
        ("result eq null", None),
    ] {
        assert_eq!(implied(text, &["result"]).number, expected, "{text}");
    }
    let name = &["Datastream", "name"];
    let text = |text: &str| implied(text, name).text;
    assert_eq!(
        text("Datastream/name eq 'a' and id eq 5").as_deref(),
        Some("a")
    );
    assert_eq!(text("Datastream/name in ('a')").as_deref(), Some("a"));
    assert_eq!(text("Datastream/name in ('a', 'b')"), None);
    assert_eq!(
        text("Datastream/name eq 'a' or Datastream/name eq 'b'"),
        None
    );
    assert_eq!(text("Datastream/name gt 'a'"), None);
    let parameter = implied("parameters/a eq 'x'", &["parameters", "a"]);
    assert_eq!(parameter.text.as_deref(), Some("x"));
}

#[test]
fn boxes() {
    let area = "geography'POLYGON ((1 2, 3 2, 3 4, 1 2))'";
    let point = "geography'POINT (10 20)'";
    let place = "FeatureOfInterest/feature";
    let whole = Some([1.0, 2.0, 3.0, 4.0]);
    for (text, expected) in [
        (format!("st_within({place}, {area})"), whole),
        (format!("st_contains({area}, {place})"), whole),
        (
            format!("geo.intersects({place}, {area}) and result gt 5"),
            whole,
        ),
        (format!("st_intersects({place}, {area}) eq true"), whole),
        (
            format!("geo.distance({place}, {point}) lt 0.5"),
            Some([9.5, 19.5, 10.5, 20.5]),
        ),
        (
            format!("0.5 ge geo.distance({point}, {place})"),
            Some([9.5, 19.5, 10.5, 20.5]),
        ),
        (
            format!("st_within({place}, {area}) or st_equals({place}, {point})"),
            Some([1.0, 2.0, 10.0, 20.0]),
        ),
        // Of two the smaller.
        (
            format!("st_within({place}, {area}) and st_equals({place}, {point})"),
            Some([10.0, 20.0, 10.0, 20.0]),
        ),
        (format!("geo.distance({place}, {point}) gt 0.5"), None),
        (format!("st_disjoint({place}, {area})"), None),
        (format!("not st_within({place}, {area})"), None),
        (format!("st_within({place}, {area}) eq false"), None),
        (format!("st_relate({place}, {area}, 'T********')"), None),
    ] {
        let path = &["FeatureOfInterest", "feature"];
        assert_eq!(implied(&text, path).bbox, expected, "{text}");
    }
}

#[test]
fn paths_through_sets() {
    let things = |text: &str| filter(Version::V1_1, EntityType::Thing, text);
    let area = "geography'POLYGON ((1 2, 3 2, 3 4, 1 2))'";
    let whole = Some([1.0, 2.0, 3.0, 4.0]);
    for text in [
        format!("st_within(Locations/location, {area})"),
        format!("Locations/any(l: st_within(l/location, {area}) and l/name eq 'x')"),
        format!("name eq 'x' and Locations/any(l: st_within(l/location, {area}))"),
    ] {
        let implied = things(&text).implied(&["Locations", "location"], NOW);
        assert_eq!(implied.bbox, whole, "{text}");
    }
    let observations = format!("st_within(Datastream/Thing/Locations/location, {area})");
    let path = &["Datastream", "Thing", "Locations", "location"];
    assert_eq!(implied(&observations, path).bbox, whole);

    // Two rows of one set may be meant: only what is said of one of them counts.
    let id = |text: &str| things(text).implied(&["Datastreams", "id"], NOW).ids;
    let two = "Datastreams/any(d: d/id eq 1) and Datastreams/any(e: e/id eq 2)";
    assert_eq!(id(two), Some(vec![Id::Number(1)]));
    let one = "Datastreams/id in (1, 2) and Datastreams/id in (2, 3)";
    assert_eq!(id(one), Some(vec![Id::Number(2)]));
    assert_eq!(id("not Datastreams/any(d: d/id eq 1)"), None);
    let deep = "Datastreams/any(d: d/Observations/any(o: o/result gt 5 and d/id eq 7))";
    assert_eq!(id(deep), Some(vec![Id::Number(7)]));
    let result = things(deep).implied(&["Datastreams", "Observations", "result"], NOW);
    assert_eq!(result.number, Some((5.0_f64.next_up(), f64::INFINITY)));
}

#[test]
fn an_expression_may_say_no_more_than_it_implies() {
    let paths: &[&[&str]] = &[&["phenomenonTime"], &["result"], &["Datastream", "id"]];
    for (text, expected) in [
        (
            "phenomenonTime ge 2026-01-01 and phenomenonTime lt 2026-02-01",
            true,
        ),
        (
            "Datastream/id eq 5 and phenomenonTime gt now() sub duration'P1D'",
            true,
        ),
        ("Datastream/id in (5, 6)", true),
        ("Datastream/id eq 5 or Datastream/id in (6, 7)", true),
        ("result gt 5 and result le 10", true),
        ("result eq 5", true),
        ("result gt 9007199254740993", false),
        ("result in (5, 7)", false),
        ("result ne 5", false),
        ("result eq null", false),
        ("result gt 'a'", false),
        ("result lt 1 or result gt 5", false),
        ("Datastream/id eq 5 or result gt 5", false),
        ("Datastream/id gt 5", false),
        ("phenomenonTime/start gt 2026-01-01", false),
        (
            "phenomenonTime gt 2026-01-01T00:00:00Z/2026-01-02T00:00:00Z",
            false,
        ),
        ("resultTime gt 2026-01-01", false),
        ("id eq 5", false),
        ("not (result gt 5)", false),
        ("result gt 5 and year(phenomenonTime) eq 2026", false),
        ("result add 1 gt 5", false),
        ("result gt result", false),
    ] {
        assert_eq!(
            observations(text).is_implied_by(paths, NOW),
            expected,
            "{text}"
        );
    }
}
