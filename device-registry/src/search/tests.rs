//! Against a search that looks at every field of every entity.

use domain::{AgencyId, DeviceId, ThingId};
use proptest::prelude::*;

use super::fold::fold;
use super::*;
use crate::agency::Agency;
use crate::boundary::{GeoJson, Shape};
use crate::device::{Device, DeviceDatastreams, DeviceStatus};
use crate::model::{Model, ModelVersion};
use crate::thing::{Description, Licence, Tag, ThingDatastreams, Visibility};
use domain::Timestamp;

/// A thing with one device, as far as it is searched.
#[derive(Clone, Debug, Default)]
struct Named {
    id: String,
    name: String,
    alias: Option<String>,
    address: String,
    tags: Vec<String>,
    is_public: bool,
}

fn model() -> Arc<Model> {
    let file = r#"{"id": "traffic.parking", "title": {"en": "Parking", "ko": "주차"}, "fields": [
        {"name": "total", "unit": "1", "title": {"en": "Spaces", "ko": "면수"}}]}"#;
    Arc::new(Model::parse(file.as_bytes(), ModelVersion(1)).unwrap())
}

/// Puts it where another of its number may have stood, as an operation does.
fn put(snapshot: &mut Snapshot, number: u64, named: &Named) {
    let id = DeviceId::new(&named.id).unwrap();
    let tags = named.tags.iter().map(|tag| Tag::parse(tag).unwrap());
    let description = Description {
        address: named.address.clone(),
        note: String::new(),
        tags: tags.collect(),
    };
    let agency = AgencyId::new("seoul").unwrap();
    let thing = Thing {
        id: ThingId::from(id.clone()),
        number,
        datastreams: ThingDatastreams::none(id.clone().into(), agency.clone()),
        agency,
        devices: [id.clone()].into(),
        locations: Box::default(),
        owners: Box::default(),
        licence: Licence::default(),
        attribution: Arc::default(),
        visibility: if named.is_public {
            Visibility::Public
        } else {
            Visibility::Restricted
        },
        description: description.kept(),
    };
    let model = model();
    let device = Device {
        thing: thing.id.clone(),
        agency: thing.agency.clone(),
        id,
        alias: named.alias.as_deref().map(Into::into),
        gateway: None,
        datastreams: DeviceDatastreams::new(&model, &thing.datastreams, &[]),
        model,
        name: named.name.clone(),
        location: None,
        status: DeviceStatus::Active,
        expires: None,
        created: Timestamp::from_micros(0),
        decommissioned: None,
        credentials: Box::default(),
    };
    snapshot.put_thing(thing);
    snapshot.put_device(device);
}

fn registry(all: &[Named]) -> Snapshot {
    let mut snapshot = Snapshot::default();
    for (named, number) in all.iter().zip(1..) {
        put(&mut snapshot, number, named);
    }
    snapshot.index_changes();
    snapshot
}

fn whole(_: Found<'_>) -> Sight {
    Sight::Whole
}

fn by_visibility(found: Found<'_>) -> Sight {
    match found {
        Found::Thing(thing) if thing.visibility == Visibility::Public => Sight::Open,
        _ => Sight::Nothing,
    }
}

/// Rank and id of all hits, page by page.
fn found<'a>(
    snapshot: &'a Snapshot,
    text: &str,
    limit: usize,
    sight: fn(Found<'_>) -> Sight,
) -> Vec<(Rank, String)> {
    let needle = Needle::new(text).unwrap();
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let page = snapshot.search(&needle, &FoundKind::ALL, after.as_ref(), limit, sight);
        assert!(page.hits.len() <= limit);
        all.extend(page.hits.iter().map(|hit| {
            let id = match hit.found {
                Found::Agency(agency) => agency.id.to_string(),
                Found::Boundary(boundary) => boundary.name.to_string(),
                Found::Feature(feature) => feature.id.to_string(),
                Found::Group(group) => group.id.to_string(),
                Found::Thing(thing) => thing.id.to_string(),
            };
            (hit.rank, id)
        }));
        let Some(next) = page.next else {
            return all;
        };
        // As a caller sends it back.
        after = Some(next.to_string().parse().unwrap());
    }
}

/// The same by a look at every field.
fn expected(all: &[Named], text: &str, is_owner: bool) -> Vec<(Rank, String)> {
    let text = fold(text);
    let mut found = Vec::new();
    for named in all {
        let mut fields = vec![named.id.clone(), named.name.clone()];
        if is_owner {
            fields.extend(named.alias.clone());
            fields.push(named.address.clone());
            fields.extend(named.tags.clone());
        } else if !named.is_public {
            continue;
        }
        let fields: Vec<String> = fields.iter().map(|field| fold(field)).collect();
        let begins =
            |field: &String| field.starts_with(&text) || field.contains(&format!(" {text}"));
        let has = |word: &str| fields.iter().any(|field| field.contains(word));
        let rank = if fields.contains(&text) {
            Rank::Exact
        } else if fields.iter().any(begins) {
            Rank::Prefix
        } else if has(&text) || text.split(' ').all(has) {
            Rank::Contains
        } else {
            continue;
        };
        found.push((rank, named.id.clone()));
    }
    found.sort_by_key(|(rank, _)| *rank);
    found
}

/// Few characters, so that they meet; some that fold into each other.
fn text() -> impl Strategy<Value = String> {
    let character = prop::sample::select(vec![
        'a', 'B', 'b', '한', '강', '우', '대', '기', '1', '１', ' ', '\u{1112}', '\u{1161}', '-',
    ]);
    prop::collection::vec(character, 0..9).prop_map(String::from_iter)
}

fn named(number: usize) -> impl Strategy<Value = Named> {
    let tag = prop::sample::select(vec!["강우", "대기", "ab", "B"]);
    (
        text(),
        prop::option::weighted(0.3, text()),
        text(),
        prop::collection::vec(tag, 0..3),
        any::<bool>(),
    )
        .prop_map(move |(name, alias, address, tags, is_public)| Named {
            id: format!("a{number}"),
            name,
            alias,
            address,
            tags: tags.into_iter().map(str::to_owned).collect(),
            is_public,
        })
}

fn some_named() -> impl Strategy<Value = Vec<Named>> {
    (0..12_usize).prop_flat_map(|count| (0..count).map(named).collect::<Vec<_>>())
}

proptest! {
    #[test]
    fn it_finds_what_a_look_at_everything_finds(
        before in some_named(),
        after in some_named(),
        text in text(),
        limit in 1..5_usize,
    ) {
        prop_assume!(!fold(&text).is_empty());
        let mut snapshot = registry(&before);
        // They are called otherwise from now on, some with the same name.
        for (named, number) in after.iter().zip(1..) {
            put(&mut snapshot, number, named);
        }
        snapshot.index_changes();
        let kept = before.get(after.len()..).unwrap_or_default();
        let all = [after.as_slice(), kept].concat();
        prop_assert_eq!(found(&snapshot, &text, limit, whole), expected(&all, &text, true));
        let open = found(&snapshot, &text, limit, by_visibility);
        prop_assert_eq!(open, expected(&all, &text, false));
        // Whichever way it came about, it is the same index.
        prop_assert_eq!(&snapshot.search, &registry(&all).search);
    }
}

fn with_names(names: &[&str]) -> Snapshot {
    let named = |(number, name): (usize, &&str)| Named {
        id: format!("dev-{number}"),
        name: (*name).to_owned(),
        ..Named::default()
    };
    registry(&names.iter().enumerate().map(named).collect::<Vec<_>>())
}

#[test]
fn korean_words_of_two_syllables_and_of_one_are_found() {
    let snapshot = with_names(&[
        "한강대교 수위",
        "강우량계",
        "대기질 측정소",
        "서울 강변북로",
    ]);
    for (text, ids) in [
        ("한강", vec!["dev-0"]),
        ("강우", vec!["dev-1"]),
        ("대기", vec!["dev-2"]),
        ("강", vec!["dev-1", "dev-3", "dev-0"]),
        ("수위 한강", vec!["dev-0"]),
        (
            "\u{1112}\u{1161}\u{11ab}\u{1100}\u{1161}\u{11bc}",
            vec!["dev-0"],
        ),
        ("한강공원", vec![]),
        ("DEV", vec!["dev-0", "dev-1", "dev-2", "dev-3"]),
        ("dev-2", vec!["dev-2"]),
    ] {
        let found = found(&snapshot, text, 3, whole);
        let found: Vec<&str> = found.iter().map(|(_, id)| id.as_str()).collect();
        assert_eq!(found, ids, "{text}");
    }
}

#[test]
fn agencies_and_boundaries_come_before_things_of_their_rank() {
    let mut snapshot = with_names(&["종로", "종로구청"]);
    for (id, name) in [("jongno", "종로구"), ("busan", "부산")] {
        snapshot.put_agency(Arc::new(Agency {
            id: AgencyId::new(id).unwrap(),
            name: name.to_owned(),
            retention_days: std::collections::BTreeMap::new(),
            created: Timestamp::from_micros(0),
        }));
    }
    let ring = [(0.0, 1.0), (1.0, 2.0), (0.0, 3.0), (0.0, 1.0)];
    let ring = ring.map(|(lon, lat)| vec![lon, lat]).to_vec();
    let name = BoundaryName::new("seoul-jongno").unwrap();
    snapshot.put_boundary(Arc::new(Boundary {
        name: name.clone(),
        title_en: "Jongno".to_owned(),
        title_ko: "종로".to_owned(),
        shape: Shape::try_from(GeoJson::Polygon(vec![ring])).unwrap(),
        changed: Timestamp::from_micros(0),
    }));
    let ids = |text: &str, snapshot: &Snapshot| -> Vec<String> {
        let found = found(snapshot, text, 1, whole);
        found.into_iter().map(|(_, id)| id).collect()
    };
    let all = ["seoul-jongno", "dev-0", "jongno", "dev-1"];
    assert_eq!(ids("종로", &snapshot), all);
    assert_eq!(ids("jongno", &snapshot), ["jongno", "seoul-jongno"]);
    snapshot.remove_boundary(&name);
    assert_eq!(ids("종로", &snapshot), all[1..]);
}

#[test]
fn what_cannot_be_searched_for_is_refused() {
    assert_eq!(Needle::new(" \t").err(), Some(NeedleError::Empty));
    assert!(Needle::new(&"강".repeat(MAX_NEEDLE_CHARS)).is_ok());
    let long = "강".repeat(MAX_NEEDLE_CHARS + 1);
    assert_eq!(Needle::new(&long).err(), Some(NeedleError::TooLong));
    for wrong in [
        "",
        "exact",
        "exact thing x",
        "best thing 1",
        "exact device 1",
    ] {
        assert!(wrong.parse::<SearchPlace>().is_err(), "{wrong}");
    }
}
