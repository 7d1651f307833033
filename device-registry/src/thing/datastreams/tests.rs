//! Against a list of all that a thing has.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::model::ModelVersion;

/// Fields of the models; more of them than a model has, so that some are extra.
const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
const DEVICES: [&str; 2] = ["one", "two"];

fn model(name: &str, fields: &[&str], version: u32) -> Arc<Model> {
    let fields: Vec<String> = fields
        .iter()
        .map(|field| {
            format!(r#"{{"name": "{field}", "unit": "m", "title": {{"en": "-", "ko": "-"}}}}"#)
        })
        .collect();
    let file = format!(
        r#"{{"id": "test.{name}", "title": {{"en": "-", "ko": "-"}}, "fields": [{}]}}"#,
        fields.join(",")
    );
    Arc::new(Model::parse(file.as_bytes(), ModelVersion(version)).unwrap())
}

fn thing() -> (ThingId, AgencyId) {
    (
        ThingId::new("thing").unwrap(),
        AgencyId::new("seoul").unwrap(),
    )
}

fn none() -> ThingDatastreams {
    let (thing, agency) = thing();
    ThingDatastreams::none(thing, agency)
}

/// One that is put: how far its number is from the one before, or which of those
/// that stand it replaces.
#[derive(Clone, Copy, Debug)]
enum Put {
    After { gap: u32, field: usize },
    InPlaceOf(usize),
}

fn puts() -> impl Strategy<Value = Vec<(Put, usize, usize)>> {
    let after = (prop_oneof![4 => Just(1_u32), 1 => 2..5_u32], 0..NAMES.len());
    let put = prop_oneof![
        4 => after.prop_map(|(gap, field)| Put::After { gap, field }),
        1 => any::<usize>().prop_map(Put::InPlaceOf),
    ];
    prop::collection::vec((put, 0..DEVICES.len(), 0..2_usize), 0..24)
}

/// What each number is.
type Known = BTreeMap<u32, NewDatastream>;

fn check(datastreams: &ThingDatastreams, known: &Known) {
    let numbers: Vec<u32> = datastreams.numbers().map(DatastreamId::get).collect();
    assert!(known.keys().eq(&numbers));
    assert_eq!(datastreams.len(), known.len());
    let last = known.keys().next_back().map_or(0, |last| last + 3);
    for number in 0..last {
        let found = datastreams.get(DatastreamId::new(number));
        let Some(known) = known.get(&number) else {
            assert_eq!(found, None);
            continue;
        };
        let found = found.unwrap();
        assert_eq!(found.id, known.id);
        assert_eq!(
            (found.field, found.device, found.model),
            (&known.field, &known.device, &known.model.id)
        );
        let definition = known.model.field(known.field.as_str());
        assert_eq!(found.definition, definition);
        assert_eq!(found.unit, definition.map(|_| "m"));
    }
    let all: Vec<Datastream<'_>> = datastreams.iter().collect();
    let each = numbers.iter().map(|number| DatastreamId::new(*number));
    assert!(each.filter_map(|id| datastreams.get(id)).eq(all));
}

proptest! {
    #[test]
    fn each_is_what_it_was_put_as(puts in puts()) {
        let models = [model("first", &NAMES[..4], 1), model("second", &["b", "a"], 1)];
        let mut datastreams = none();
        let mut known = Known::new();
        for (put, device, model) in puts {
            let device = DeviceId::new(DEVICES[device]).unwrap();
            let model = Arc::clone(&models[model]);
            let (id, field) = match put {
                Put::After { gap, field } => {
                    let last = known.keys().next_back().copied().unwrap_or(0);
                    (last + gap, FieldName::new(NAMES[field]).unwrap())
                }
                Put::InPlaceOf(at) => match known.values().nth(at % known.len().max(1)) {
                    Some(one) => (one.id.get(), one.field.clone()),
                    None => continue,
                },
            };
            let id = DatastreamId::new(id);
            let new = NewDatastream { id, field, device, model };
            known.insert(id.get(), new.clone());
            datastreams.put(new);
            check(&datastreams, &known);
        }
        let mut anew = none();
        known.values().for_each(|one| anew.put(one.clone()));
        prop_assert_eq!(&datastreams, &anew, "the same datastreams make the same runs");

        // A field more, in the middle, and the models of the others as they were.
        let grown = model("first", &["a", "e", "b", "c", "d"], 2);
        let current = |id: &ModelId| (*id == grown.id).then(|| Arc::clone(&grown));
        let lags = known.values().any(|one| one.model.id == grown.id);
        prop_assert_eq!(datastreams.lag(current), lags);
        datastreams.follow(current);
        prop_assert!(!datastreams.lag(current));
        for one in known.values_mut().filter(|one| one.model.id == grown.id) {
            one.model = Arc::clone(&grown);
        }
        check(&datastreams, &known);
    }
}

#[test]
fn those_of_one_model_are_one_run() {
    let model = model("first", &NAMES[..4], 1);
    let mut datastreams = none();
    let put = |datastreams: &mut ThingDatastreams, number: u32, field: &str| {
        datastreams.put(NewDatastream {
            id: DatastreamId::new(number),
            field: FieldName::new(field).unwrap(),
            device: DeviceId::new("one").unwrap(),
            model: Arc::clone(&model),
        });
    };
    for (number, field) in (7..).zip(&NAMES[..4]) {
        put(&mut datastreams, number, field);
    }
    assert_eq!(datastreams.runs().len(), 1);
    put(&mut datastreams, 11, "extra");
    assert_eq!(datastreams.runs().len(), 2);
}
