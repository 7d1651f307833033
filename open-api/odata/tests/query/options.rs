//! The options of a query.

use odata::{EntityType, Expand, Format, Metadata, Options, OptionsErrorKind, SelectItem, Version};

use crate::world::options;

fn read(query: &str) -> Options {
    match options(Version::V1_1, EntityType::Thing, query) {
        Ok(options) => options,
        Err(error) => panic!("{query}: {error}"),
    }
}

fn kind(version: Version, query: &str) -> OptionsErrorKind {
    options(version, EntityType::Thing, query)
        .expect_err(query)
        .kind
}

/// Names of expanded relations, with those within them in brackets.
fn names(expand: &[Expand]) -> String {
    let names = expand
        .iter()
        .map(|one| match one.options.expand.as_slice() {
            [] => one.relation.name.to_owned(),
            inner => format!("{}({})", one.relation.name, names(inner)),
        });
    names.collect::<Vec<_>>().join(",")
}

#[test]
fn nothing_is_asked_for_by_nothing() {
    for query in [
        "",
        "&",
        "&&",
        "key=mdk_pub_1&_=17",
        "top=5",
        "filter=nonsense(",
    ] {
        assert_eq!(read(query), Options::default(), "{query}");
    }
}

#[test]
fn numbers_and_truths() {
    let options = read("$top=10&$skip=0&$count=true");
    assert_eq!(options.top, Some(10));
    assert_eq!(options.skip, Some(0));
    assert_eq!(options.count, Some(true));
    assert_eq!(read("$count=false").count, Some(false));
    assert_eq!(read("$top=0").top, Some(0));
    for query in [
        "$top=",
        "$top=-1",
        "$top=1.5",
        "$top=ten",
        "$top=1 2",
        "$skip=1e3",
        "$count=1",
        "$count=True",
        "$count=",
        "$count=truee",
    ] {
        let kind = kind(Version::V1_1, query);
        assert!(
            matches!(kind, OptionsErrorKind::Unexpected { .. }),
            "{query} {kind:?}"
        );
    }
    for query in ["$top=9007199254740992", "$skip=99999999999999999999999"] {
        assert!(
            matches!(kind(Version::V1_1, query), OptionsErrorKind::Limit(_)),
            "{query}"
        );
    }
}

#[test]
fn an_order_has_items_and_directions() {
    let options = read("$orderby=name,id desc , properties/floor asc,length(name) add 1 desc");
    let items: Vec<_> = options
        .order
        .iter()
        .map(|item| (item.by.to_string(), item.descending))
        .collect();
    assert_eq!(
        items,
        [
            ("name".to_owned(), false),
            ("id".to_owned(), true),
            ("properties/floor".to_owned(), false),
            ("length(name) add 1".to_owned(), true),
        ]
    );
    for query in [
        "$orderby=",
        "$orderby=name down",
        "$orderby=name,",
        "$orderby=name desc asc",
        // No single value for each row, and no order.
        "$orderby=Datastreams/name",
        "$orderby=properties",
    ] {
        kind(Version::V1_1, query);
    }
    assert!(
        crate::world::options(Version::V1_1, EntityType::Location, "$orderby=location").is_err()
    );
    let through_one = crate::world::options(
        Version::V1_1,
        EntityType::Observation,
        "$orderby=Datastream/name",
    );
    assert!(through_one.is_ok());
}

#[test]
fn a_selection_has_attributes_relations_and_paths() {
    let select = read("$select=id,name, properties/floor,Datastreams,@iot.id")
        .select
        .unwrap();
    let thing = EntityType::Thing;
    let attribute = |name| thing.attribute(Version::V1_1, name).unwrap();
    assert_eq!(
        select,
        [
            SelectItem::Id,
            SelectItem::Attribute(attribute("name"), vec![]),
            SelectItem::Attribute(attribute("properties"), vec!["floor".to_owned()]),
            SelectItem::Relation(thing.relation(Version::V1_1, "Datastreams").unwrap()),
        ]
    );
    for query in [
        "$select=",
        "$select=nome",
        "$select=name,",
        "$select=name/x",
        "$select=name id",
    ] {
        kind(Version::V1_1, query);
    }
}

#[test]
fn a_selection_may_be_distinct_in_2_0() {
    let distinct = "$select=distinct:name,properties/type";
    let parsed = options(Version::V2_0, EntityType::Thing, distinct).unwrap();
    assert!(parsed.distinct);
    assert_eq!(parsed.select.unwrap().len(), 2);
    assert!(options(Version::V1_1, EntityType::Thing, distinct).is_err());
    let plain = options(Version::V2_0, EntityType::Thing, "$select=name").unwrap();
    assert!(!plain.distinct);
    // Only what is selected has an order.
    for (order, is_sound) in [
        ("name", true),
        ("properties/type desc,name", true),
        ("id", false),
        ("properties", false),
        ("length(name)", false),
    ] {
        let query = format!("$orderby={order}&{distinct}");
        let parsed = options(Version::V2_0, EntityType::Thing, &query);
        assert_eq!(parsed.is_ok(), is_sound, "{query}");
        let query = format!("$expand=Things({distinct};$orderby={order})");
        let parsed = options(Version::V2_0, EntityType::Location, &query);
        assert_eq!(parsed.is_ok(), is_sound, "{query}");
    }
}

#[test]
fn expansions_nest() {
    for (query, expected) in [
        ("$expand=Locations", "Locations"),
        ("$expand=Locations,Datastreams", "Locations,Datastreams"),
        ("$expand=Datastreams/Sensor", "Datastreams(Sensor)"),
        ("$expand=Datastreams($expand=Sensor)", "Datastreams(Sensor)"),
        (
            "$expand=Datastreams/Sensor,Datastreams/ObservedProperty",
            "Datastreams(Sensor,ObservedProperty)",
        ),
        (
            "$expand=Datastreams,Datastreams/Sensor",
            "Datastreams(Sensor)",
        ),
        (
            "$expand=Datastreams/Sensor,Datastreams($top=1)",
            "Datastreams(Sensor)",
        ),
        (
            "$expand=Datastreams($expand=Sensor),Datastreams/Observations",
            "Datastreams(Sensor,Observations)",
        ),
        (
            "$expand=Datastreams/Observations/FeatureOfInterest,Locations",
            "Datastreams(Observations(FeatureOfInterest)),Locations",
        ),
        (
            "$expand=Datastreams($expand=Sensor,Observations($expand=FeatureOfInterest)),Locations",
            "Datastreams(Sensor,Observations(FeatureOfInterest)),Locations",
        ),
    ] {
        assert_eq!(names(&read(query).expand), expected, "{query}");
    }
}

#[test]
fn an_expansion_has_options_of_its_own() {
    let query = "$expand=Datastreams($filter=name eq 'a;b)(,' and id gt 1;$top=3;$skip=2; \
                 $count=true;$select=name,id;$orderby=name desc,id;\
                 $expand=Observations($top=1;$orderby=phenomenonTime desc)),Locations&$top=7";
    let options = read(query);
    assert_eq!(options.top, Some(7));
    let [datastreams, locations] = options.expand.as_slice() else {
        panic!("{:?}", options.expand);
    };
    assert_eq!(locations.options, Options::default());
    let inner = &datastreams.options;
    let filter = inner.filter.as_ref().unwrap().to_string();
    assert_eq!(filter, "name eq 'a;b)(,' and id gt 1");
    assert_eq!(
        (inner.top, inner.skip, inner.count),
        (Some(3), Some(2), Some(true))
    );
    assert_eq!(inner.select.as_ref().unwrap().len(), 2);
    assert_eq!(inner.order.len(), 2);
    let observations = &inner.expand[0].options;
    assert_eq!(observations.top, Some(1));
    assert!(observations.order[0].descending);
}

#[test]
fn expansions_are_refused() {
    for query in [
        "$expand=",
        "$expand=name",
        "$expand=Sensors",
        "$expand=Datastreams,",
        "$expand=Datastreams/",
        "$expand=Datastreams(",
        "$expand=Datastreams()",
        "$expand=Datastreams($top)",
        "$expand=Datastreams($top=1",
        "$expand=Datastreams($top=1,$skip=1)",
        "$expand=Datastreams($top=1);$skip=1",
        "$expand=Datastreams(top=1)",
        "$expand=Datastreams($skiptoken=x)",
        "$expand=Datastreams($filter=Sensors/name eq 'x')",
    ] {
        let kind = kind(Version::V1_1, query);
        assert!(
            matches!(kind, OptionsErrorKind::Unexpected { .. }),
            "{query} {kind:?}"
        );
    }
    for query in [
        "$expand=Datastreams,Datastreams",
        "$expand=Datastreams/Sensor,Datastreams/Sensor",
        "$expand=Datastreams($expand=Sensor),Datastreams/Sensor",
        "$expand=Datastreams($top=1;$top=2)",
    ] {
        assert_eq!(
            kind(Version::V1_1, query),
            OptionsErrorKind::Twice,
            "{query}"
        );
    }
}

#[test]
fn formats() {
    for (version, query, expected) in [
        (Version::V1_1, "$resultFormat=dataArray", Format::DataArray),
        (Version::V1_1, "$resultFormat=GeoJSON", Format::GeoJson),
        (Version::V1_1, "$resultFormat=csv", Format::Csv),
        (Version::V1_1, "$format=json", Format::Json(None)),
        (
            Version::V2_0,
            "$format=application/json",
            Format::Json(None),
        ),
        (
            Version::V2_0,
            "$format=json;metadata=none",
            Format::Json(Some(Metadata::None)),
        ),
        (
            Version::V2_0,
            "$format=application/json; metadata=full",
            Format::Json(Some(Metadata::Full)),
        ),
        (
            Version::V2_0,
            "$format=application/json;odata.metadata=minimal",
            Format::Json(Some(Metadata::Minimal)),
        ),
        (
            Version::V2_0,
            "$format=application/geo%2Bjson",
            Format::GeoJson,
        ),
    ] {
        let query = query.replace("%2B", "+");
        let parsed = options(version, EntityType::Thing, &query).unwrap();
        assert_eq!(parsed.format, Some(expected), "{query}");
    }
    for query in [
        "$format=xml",
        "$format=",
        "$format=json;metadata=some",
        "$format=json;metadata=none;metadata=full",
        "$format=csv;metadata=none",
    ] {
        kind(Version::V2_0, query);
    }
}

#[test]
fn a_token_is_kept_as_it_is() {
    let options = read("$skiptoken=%7B\"a\":1%7D");
    // The helper writes a percent sign as one.
    assert_eq!(options.skip_token.unwrap(), "%7B\"a\":1%7D");
}

#[test]
fn names_of_options() {
    // 501, not ignored.
    for query in ["$apply=x", "$search=x", "$compute=x", "$levels=1", "$=1"] {
        assert_eq!(
            kind(Version::V1_1, query),
            OptionsErrorKind::Unsupported,
            "{query}"
        );
    }
    let nested = options(
        Version::V1_1,
        EntityType::Thing,
        "$expand=Datastreams($levels=2)",
    );
    let nested = nested.unwrap_err();
    assert_eq!(nested.kind, OptionsErrorKind::Unsupported);
    assert_eq!(nested.option, "$levels");
    // Clients of 1.1 write `$orderBy`.
    for query in ["$Top=1", "$TOP=1"] {
        assert_eq!(read(query).top, Some(1), "{query}");
    }
    // In 2.0 without the sign too.
    for query in ["top=1", "$Top=1", "TOP=1"] {
        let parsed = options(Version::V2_0, EntityType::Thing, query).unwrap();
        assert_eq!(parsed.top, Some(1), "{query}");
    }
    let nested = options(
        Version::V2_0,
        EntityType::Thing,
        "expand=Datastreams(top=1)",
    )
    .unwrap();
    assert_eq!(nested.expand[0].options.top, Some(1));
    // Twice is once too often, whichever name.
    assert_eq!(
        kind(Version::V1_1, "$top=1&$top=1"),
        OptionsErrorKind::Twice
    );
    assert_eq!(kind(Version::V2_0, "$top=1&top=1"), OptionsErrorKind::Twice);
    assert_eq!(
        kind(Version::V1_1, "$format=json&$resultFormat=json"),
        OptionsErrorKind::Twice
    );
}

#[test]
fn encoding() {
    for (query, position) in [("$filter=%zz", 0), ("$filter=a%4", 1), ("$filter=ab%ff", 2)] {
        let parsed = odata::parse_options(Version::V1_1, EntityType::Thing, query);
        let error = parsed.unwrap_err();
        assert_eq!(error.kind, OptionsErrorKind::Encoding, "{query}");
        assert_eq!(error.position, position, "{query}");
    }
    let twice = "$filter=name%20eq%20%27%2527%27";
    let parsed = odata::parse_options(Version::V1_1, EntityType::Thing, twice).unwrap();
    assert_eq!(parsed.filter.unwrap().to_string(), "name eq '%27'");
}
