//! Each limit, at it and beyond it.

use odata::limits::{
    MAX_EXPAND_DEPTH, MAX_EXPANDS, MAX_EXPRESSION_DEPTH, MAX_GEOMETRY_DEPTH, MAX_GEOMETRY_POINTS,
    MAX_LIST_ITEMS, MAX_OPTION_BYTES, MAX_PATH_SEGMENTS, MAX_QUANTIFIERS, MAX_QUERY_BYTES,
};
use odata::{EntityType, OptionsErrorKind, Version, parse_options, parse_path};

/// Whether a query keeps within the limits; any other error fails.
fn fits(of: EntityType, query: &str) -> bool {
    match parse_options(Version::V1_1, of, &query.replace(' ', "%20")) {
        Ok(_) => true,
        Err(error) => match error.kind {
            OptionsErrorKind::Limit(_) => false,
            _ => panic!("{error}"),
        },
    }
}

fn filter_fits(text: &str) -> bool {
    fits(EntityType::Thing, &format!("$filter={text}"))
}

fn list(item: &str, count: usize) -> String {
    vec![item; count].join(",")
}

#[test]
fn an_option_has_so_many_bytes_and_so_has_a_query() {
    let text = |length: usize| format!("'{}' eq 'x'", "x".repeat(length - 9));
    assert!(filter_fits(&text(MAX_OPTION_BYTES)));
    assert!(!filter_fits(&text(MAX_OPTION_BYTES + 1)));
    assert!(fits(EntityType::Thing, &"&".repeat(MAX_QUERY_BYTES)));
    assert!(!fits(EntityType::Thing, &"&".repeat(MAX_QUERY_BYTES + 1)));
}

#[test]
fn an_expression_is_so_deep() {
    for (open, inner, close) in [
        ("(", "true", ")"),
        ("not ", "true", ""),
        ("not(", "true", ")"),
        ("tolower(", "name", ")"),
        ("-", "properties/x", ""),
    ] {
        let text = |depth: usize| {
            let whole = format!("{}{inner}{}", open.repeat(depth), close.repeat(depth));
            format!("{whole} eq null")
        };
        assert!(filter_fits(&text(MAX_EXPRESSION_DEPTH / 2 - 1)), "{open}");
        assert!(!filter_fits(&text(MAX_EXPRESSION_DEPTH)), "{open}");
        // As deep as the option is long: refused, and no stack is used up.
        let most = (MAX_OPTION_BYTES - 30) / (open.len() + close.len());
        assert!(!filter_fits(&text(most)), "{open}");
    }
    // Chains to the left are trees too.
    for word in ["add", "sub", "mul"] {
        let chain = |length: usize| format!("1{} eq 1", format!(" {word} 1").repeat(length));
        assert!(filter_fits(&chain(MAX_EXPRESSION_DEPTH - 2)));
        assert!(!filter_fits(&chain(MAX_EXPRESSION_DEPTH)));
    }
    // Of `and` and `or` they are not.
    for word in ["and", "or"] {
        let chain = format!("true{}", format!(" {word} true").repeat(1_500));
        assert!(filter_fits(&chain));
    }
}

#[test]
fn a_path_has_so_many_segments() {
    let members = |count: usize| format!("properties{} eq 1", "/x".repeat(count - 1));
    assert!(filter_fits(&members(MAX_PATH_SEGMENTS)));
    assert!(!filter_fits(&members(MAX_PATH_SEGMENTS + 1)));
    let url = |count: usize| format!("/Things(1)/properties{}", "/x".repeat(count - 2));
    assert!(parse_path(Version::V1_1, &url(MAX_PATH_SEGMENTS)).is_ok());
    let error = parse_path(Version::V1_1, &url(MAX_PATH_SEGMENTS + 1)).unwrap_err();
    assert!(error.hint.contains(&MAX_PATH_SEGMENTS.to_string()));
    // The same to and fro.
    let relations = |pairs: usize| {
        format!(
            "$filter={}time gt 2026-01-01",
            "Thing/HistoricalLocations/".repeat(pairs)
        )
    };
    assert!(fits(
        EntityType::HistoricalLocation,
        &relations(MAX_PATH_SEGMENTS / 2 - 1)
    ));
    assert!(!fits(
        EntityType::HistoricalLocation,
        &relations(MAX_PATH_SEGMENTS)
    ));
}

#[test]
fn so_many_sets_are_searched() {
    let any = |count: usize| {
        let each = (0..count).map(|index| format!("Datastreams/any(d{index}: d{index}/id eq 1)"));
        each.collect::<Vec<_>>().join(" and ")
    };
    assert!(filter_fits(&any(MAX_QUANTIFIERS)));
    assert!(!filter_fits(&any(MAX_QUANTIFIERS + 1)));
    // One set that is named often is one.
    assert!(filter_fits(&["Datastreams/id eq 1"; 100].join(" and ")));
}

#[test]
fn so_much_is_expanded() {
    // Each item is one more, but for the first relation of its path.
    let wide = |count: usize| {
        let relations = ["Locations", "HistoricalLocations", "Datastreams"];
        let mut paths = Vec::new();
        let mut ends: Vec<(String, EntityType)> = vec![(String::new(), EntityType::Thing)];
        while paths.len() < count {
            let (path, of) = ends.remove(0);
            for relation in of.relations(Version::V1_1) {
                let longer = format!("{path}{}", relation.name);
                ends.push((format!("{longer}/"), relation.target));
                paths.push(longer);
            }
        }
        assert!(paths[0] == relations[0]);
        format!("$expand={}", paths[..count].join(","))
    };
    assert!(fits(EntityType::Thing, &wide(MAX_EXPANDS)));
    assert!(!fits(EntityType::Thing, &wide(MAX_EXPANDS + 1)));
    for (open, between, close) in [("($expand=", "", ")"), ("/", "", "")] {
        let deep = |depth: usize| {
            let names = ["Thing", "HistoricalLocations"];
            let path: Vec<_> = (0..depth).map(|index| names[index % 2]).collect();
            let closing = close.repeat(depth - 1);
            format!("$expand={}{between}{closing}", path.join(open))
        };
        let of = EntityType::HistoricalLocation;
        assert!(fits(of, &deep(MAX_EXPAND_DEPTH)));
        assert!(!fits(of, &deep(MAX_EXPAND_DEPTH + 1)));
        assert!(!fits(of, &deep(500)));
    }
}

#[test]
fn a_list_has_so_many_items() {
    let thing = EntityType::Thing;
    assert!(filter_fits(&format!(
        "id in ({})",
        list("1", MAX_LIST_ITEMS)
    )));
    assert!(!filter_fits(&format!(
        "id in ({})",
        list("1", MAX_LIST_ITEMS + 1)
    )));
    assert!(fits(
        thing,
        &format!("$orderby={}", list("id", MAX_LIST_ITEMS))
    ));
    assert!(!fits(
        thing,
        &format!("$orderby={}", list("id", MAX_LIST_ITEMS + 1))
    ));
    let names = |count: usize| {
        let names: Vec<_> = (0..count)
            .map(|index| format!("properties/x{index}"))
            .collect();
        format!("$select={}", names.join(","))
    };
    assert!(fits(thing, &names(MAX_LIST_ITEMS)));
    assert!(!fits(thing, &names(MAX_LIST_ITEMS + 1)));
}

#[test]
fn geometries_are_so_large_and_so_deep() {
    let line = |points: usize| {
        let points: Vec<_> = (0..points).map(|x| format!("{}e-3 2", x)).collect();
        format!("geography'LINESTRING ({})'", points.join(","))
    };
    let length = |points: usize| format!("geo.length({}) gt 1", line(points));
    assert!(filter_fits(&length(MAX_GEOMETRY_POINTS)));
    assert!(!filter_fits(&length(MAX_GEOMETRY_POINTS + 1)));
    // Of all geometries of a query together.
    let half = length(MAX_GEOMETRY_POINTS / 2);
    let query =
        |more: &str| format!("$filter={half}&$expand=Datastreams($filter={half} and {more})");
    assert!(fits(EntityType::Thing, &query("true")));
    assert!(!fits(
        EntityType::Thing,
        &query("geo.length(geography'POINT (1 2)') gt 1")
    ));
    let nested = |depth: usize| {
        let (open, close) = ("GEOMETRYCOLLECTION (".repeat(depth), ")".repeat(depth));
        format!("geo.length(geography'{open}POINT (1 2){close}') gt 1")
    };
    assert!(filter_fits(&nested(MAX_GEOMETRY_DEPTH)));
    assert!(!filter_fits(&nested(MAX_GEOMETRY_DEPTH + 1)));
    assert!(!filter_fits(&nested(700)));
}

/// On a small stack: neither parsing nor evaluating nor dropping what is as deep as
/// may be needs more.
#[test]
fn the_deepest_expression_fits_a_small_stack() {
    /// Each takes two levels, and what is in the innermost one some more.
    const NOTS: usize = MAX_EXPRESSION_DEPTH / 2 - 4;
    let run = || {
        let open = "not(".repeat(NOTS);
        let close = ")".repeat(NOTS);
        let text = format!("{open}1 add 1 mul 2 gt 3 eq true and true or false{close}");
        let deep: Vec<_> = (0..MAX_EXPAND_DEPTH)
            .map(|index| ["Thing", "HistoricalLocations"][index % 2])
            .collect();
        let filter = format!("$filter={text}");
        let query = format!(
            "$expand={}({filter}{}",
            deep.join("($expand="),
            ")".repeat(deep.len())
        );
        let query = query.replace(' ', "%20");
        let options = parse_options(Version::V1_1, EntityType::HistoricalLocation, &query).unwrap();
        let mut innermost = &options.expand[0];
        while let Some(inner) = innermost.options.expand.first() {
            innermost = inner;
        }
        let world = crate::world::observation();
        let filter = innermost.options.filter.as_ref().unwrap();
        assert!(filter.holds(&world.row(0), crate::world::NOW).is_ok());
        assert_eq!(filter.to_string().matches("not").count(), NOTS);
    };
    let thread = std::thread::Builder::new().stack_size(1 << 20);
    thread.spawn(run).unwrap().join().unwrap();
}
