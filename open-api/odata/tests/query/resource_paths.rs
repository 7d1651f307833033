//! The path of a URL.

use odata::{EntityType, Id, PathEnd, ResourcePath, Version, parse_path};

fn read(path: &str) -> ResourcePath {
    match parse_path(Version::V1_1, path) {
        Ok(path) => path,
        Err(error) => panic!("{path}: {error}"),
    }
}

/// The steps as they would be written, with a star after those that lead to sets.
fn steps(path: &ResourcePath) -> String {
    let steps = path.steps.iter().map(|step| {
        let set = step.entity_type.set_name(Version::V1_1).unwrap();
        let name = step.relation.map_or(set, |relation| relation.name);
        let key = step
            .key
            .as_ref()
            .map_or(String::new(), |key| format!("({key})"));
        let star = if step.many { "*" } else { "" };
        format!("{name}{key}{star}")
    });
    steps.collect::<Vec<_>>().join("/")
}

#[test]
fn the_root_has_no_steps() {
    for path in ["", "/", "//"] {
        let read = read(path);
        assert!(read.steps.is_empty(), "{path}");
        assert_eq!(read.end, PathEnd::Entities, "{path}");
    }
}

#[test]
fn steps_lead_along_relations() {
    for (path, expected) in [
        ("/Things", "Things*"),
        ("Things/", "Things*"),
        ("/Things(1)", "Things(1)"),
        ("/Things('a')", "Things('a')"),
        ("/Things(1)/Datastreams", "Things(1)/Datastreams*"),
        (
            "/Things(1)/Datastreams(2)/Observations",
            "Things(1)/Datastreams(2)/Observations*",
        ),
        (
            "/Datastreams(2)/Thing/Locations",
            "Datastreams(2)/Thing/Locations*",
        ),
        (
            "/FeaturesOfInterest(18446744073709551615)",
            "FeaturesOfInterest(18446744073709551615)",
        ),
    ] {
        let read = read(path);
        assert_eq!(steps(&read), expected, "{path}");
        assert_eq!(read.end, PathEnd::Entities, "{path}");
    }
    let path = read("/Datastreams(1)/Thing");
    assert_eq!(path.steps[1].entity_type, EntityType::Thing);
    assert!(path.steps[0].relation.is_none());
}

#[test]
fn text_keys_hold_any_sign() {
    for (path, key) in [
        ("/Things('a''b')", "a'b"),
        ("/Things('a%2Fb')", "a/b"),
        ("/Things('a/b')", "a/b"),
        ("/Things('a)(b')", "a)(b"),
        ("/Things('%ED%95%9C%EA%B0%95')", "한강"),
        ("/Things('1')", "1"),
        ("/Things('')", ""),
        ("/Things('a+b%25')", "a+b%"),
    ] {
        let read = read(path);
        let expected = Id::Text(key.into());
        assert_eq!(read.steps[0].key.as_ref(), Some(&expected), "{path}");
    }
    // As it is written in a URL.
    assert_eq!(Id::Text("a'b".into()).to_string(), "'a''b'");
    assert_eq!(Id::Number(7).to_string(), "7");
    assert_ne!(
        read("/Things(1)").steps[0].key,
        read("/Things('1')").steps[0].key
    );
}

#[test]
fn a_path_ends_with_attributes_and_references() {
    let attribute = |name, path: &[&str], raw| PathEnd::Attribute {
        attribute: EntityType::Thing.attribute(Version::V1_1, name).unwrap(),
        path: path.iter().map(|member| (*member).to_owned()).collect(),
        raw,
    };
    for (path, expected) in [
        ("/Things/$ref", PathEnd::References),
        ("/Things(1)/$ref", PathEnd::References),
        ("/Things(1)/Datastreams/$ref", PathEnd::References),
        ("/Things(1)/name", attribute("name", &[], false)),
        ("/Things(1)/name/$value", attribute("name", &[], true)),
        ("/Things(1)/id", attribute("id", &[], false)),
        ("/Things(1)/@iot.id", attribute("id", &[], false)),
        (
            "/Things(1)/properties/storey",
            attribute("properties", &["storey"], false),
        ),
        (
            "/Things(1)/properties/a/b/$value",
            attribute("properties", &["a", "b"], true),
        ),
        (
            "/Things(1)/properties/a%20b",
            attribute("properties", &["a b"], false),
        ),
    ] {
        assert_eq!(read(path).end, expected, "{path}");
    }
    assert!(parse_path(Version::V2_0, "/Observations(1)/phenomenonTime/start").is_ok());
}

#[test]
fn what_is_not_there_is_named() {
    for (path, segment, hint) in [
        ("/things", "things", "Things"),
        ("/Thing", "Thing", "Things"),
        ("/Things(1)/Datastream", "Datastream", "Datastreams"),
        ("/Things(1)/nome", "nome", "name"),
        ("/Things/name", "name", "key"),
        ("/Things/Datastreams", "Datastreams", "key"),
        ("/Things(1)/Datastreams/name", "name", "key"),
        ("/Datastreams(1)/Thing(2)", "Thing(2)", "no key"),
        ("/Things(1", "Things(1", "key"),
        ("/Things()", "Things()", "key"),
        ("/Things(a)", "Things(a)", "key"),
        ("/Things(-1)", "Things(-1)", "key"),
        ("/Things(1)x", "Things(1)x", "key"),
        ("/Things('a'b)", "Things('a'b)", "key"),
        (
            "/Things(18446744073709551616)",
            "Things(18446744073709551616)",
            "key",
        ),
        ("/Things(1)/name/x", "x", "simple"),
        ("/Things(1)/name/$value/x", "x", "nothing follows"),
        ("/Things(1)/$ref/x", "x", "nothing follows"),
        ("/Things(1)/$count", "$count", "name"),
        ("/Things(1)/name(2)", "name(2)", "name"),
        ("/Things(%zz)", "Things(%zz)", "percent-encoded"),
        ("/Features", "Features", "FeaturesOfInterest"),
    ] {
        let error = parse_path(Version::V1_1, path).expect_err(path);
        assert_eq!(error.segment, format!("{segment:?}"), "{path}");
        assert!(error.hint.contains(hint), "{path}: {error}");
    }
    let error = parse_path(Version::V1_1, "/HistoricalLocations(1)/Thing/x(").unwrap_err();
    assert_eq!(error.place, "in a Thing");
    let error = parse_path(Version::V1_1, "/Observations(1)/x").unwrap_err();
    assert_eq!(error.place, "in an Observation");
    let error = parse_path(Version::V1_1, "/Observations/x").unwrap_err();
    assert_eq!(error.place, "in a set of Observations");
    let error = parse_path(Version::V1_1, "/Things(1)/nome").unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no \"nome\" in a Thing; it has id, name, description, properties, Locations, \
         HistoricalLocations, Datastreams"
    );
}

#[test]
fn every_set_and_relation_can_be_asked_for() {
    for version in [Version::V1_1, Version::V2_0] {
        for of in EntityType::ALL {
            let Some(set) = of.set_name(version) else {
                assert!(of.attributes(version).is_empty() && of.relations(version).is_empty());
                continue;
            };
            assert_eq!(EntityType::by_set_name(version, set), Some(of));
            for relation in of.relations(version) {
                let path = parse_path(version, &format!("/{set}(1)/{}", relation.name)).unwrap();
                assert_eq!(path.steps[1].relation, Some(relation));
                assert_eq!(path.steps[1].many, relation.many);
                assert!(relation.target.set_name(version).is_some());
                // There is a way back.
                let mut back = relation.target.relations(version).iter();
                assert!(back.any(|one| one.target == of), "{set} {}", relation.name);
            }
            for attribute in of.attributes(version) {
                assert!(parse_path(version, &format!("/{set}(1)/{}", attribute.name)).is_ok());
            }
        }
    }
}
