use std::sync::Arc;

use device_registry::{
    DeviceDatastreams, DeviceStatus, Field, Model, ModelDetails, ModelVersion, ValueKind,
};
use domain::batch::Resent;
use domain::{
    AgencyId, Assurance, CredentialId, DeviceId, FieldName, ModelId, Origin, Telemetry, ThingId,
    Transport, payload,
};

use super::*;

const NOW: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);

fn field(name: &str, kind: ValueKind, unit: Option<&str>) -> Arc<Field> {
    Arc::new(Field {
        name: FieldName::new(name).unwrap(),
        unit: unit.map(Box::from),
        min: unit.map(|_| -5.0),
        max: unit.map(|_| 50.0),
        expected_interval_s: None,
        kind,
        title_en: String::new(),
        title_ko: String::new(),
    })
}

/// `level` [m] -5..50, `open` boolean, `phase` red or green, `note` text.
fn device() -> Device {
    let id = DeviceId::new("dev-1").unwrap();
    let codes = vec!["red".into(), "green".into()];
    let fields = vec![
        field("level", ValueKind::Number, Some("m")),
        field("open", ValueKind::Boolean, None),
        field("phase", ValueKind::Text { codes }, None),
        field("note", ValueKind::Text { codes: Vec::new() }, None),
    ];
    let model = Model {
        id: ModelId::new("test.all").unwrap(),
        version: ModelVersion(1),
        title_en: String::new(),
        title_ko: String::new(),
        details: ModelDetails::default(),
        retention_days: None,
        fields,
    };
    let (thing, agency) = (ThingId::from(id.clone()), AgencyId::new("seoul").unwrap());
    let (model, first) = (Arc::new(model), DatastreamId::new(11));
    Device {
        gateway: None,
        datastreams: DeviceDatastreams::of_model(&thing, &agency, &id, &model, first),
        alias: None,
        thing,
        agency,
        model,
        name: String::new(),
        location: None,
        status: DeviceStatus::Active,
        expires: None,
        created: NOW,
        decommissioned: None,
        credentials: Box::default(),
        id,
    }
}

fn batch(payload: &str, transport: Transport) -> ObservationBatch<'_> {
    let device = DeviceId::new("dev-1").unwrap();
    ObservationBatch {
        origin: Origin {
            credential: CredentialId::new(1),
            assurance: Assurance::Key,
            gateway: None,
            transport,
            received: NOW,
            resent: Resent::No,
            boot_epoch: None,
            boot_sequence: None,
        },
        telemetry: payload::parse(payload.as_bytes(), None, &device, NOW),
        original: payload.as_bytes(),
    }
}

fn for_ever(_: &AgencyId, _: &ModelId) -> Option<u32> {
    None
}

/// What becomes of the only observation of `payload`; the device may have one
/// extra field, `more`.
fn check(payload: &str) -> Result<(u32, String, Quality, Flags), RejectReason> {
    let batch = batch(payload, Transport::Mqtt);
    let extra = |name: &str| match name {
        "more" => Ok(ExtraField::Standing(DatastreamId::new(99))),
        _ => Ok::<_, ()>(ExtraField::Refused(RejectReason::TooManyExtraFields)),
    };
    let validated = validate(&device(), &batch, Spread::default(), for_ever, extra).unwrap();
    match (validated.observations.as_slice(), &*validated.rejections) {
        ([valid], []) => Ok((
            valid.datastream.get(),
            format!("{:?}", valid.value),
            valid.quality,
            valid.flags,
        )),
        ([], [rejection]) => Err(rejection.reason),
        (observations, rejections) => panic!("{} and {rejections:?}", observations.len()),
    }
}

#[test]
fn values_leave_in_the_models_unit_or_are_refused() {
    use Quality::{Bad, Good, Missing, Uncertain};
    let (none, beyond) = (Flags::NONE, Flags::OUT_OF_RANGE);
    let ok = |id, value: &str, quality, flags| Ok((id, value.to_owned(), quality, flags));
    let table = [
        (r#"{"level":2.5}"#, ok(11, "Number(2.5)", Good, none)),
        (
            r#"[{"n":"level","u":"cm","v":278.7}]"#,
            ok(11, "Number(2.787)", Good, none),
        ),
        (
            r#"[{"n":"level","u":"m","v":1}]"#,
            ok(11, "Number(1.0)", Good, none),
        ),
        (r#"{"level":50}"#, ok(11, "Number(50.0)", Good, none)),
        (
            r#"{"level":50.1}"#,
            ok(11, "Number(50.1)", Uncertain, beyond),
        ),
        (
            r#"{"v":{"level":-6},"q":"bad"}"#,
            ok(11, "Number(-6.0)", Bad, beyond),
        ),
        (
            r#"{"v":{"level":1},"q":"uncertain"}"#,
            ok(11, "Number(1.0)", Uncertain, none),
        ),
        (r#"{"level":null}"#, ok(11, "Missing", Missing, none)),
        (r#"{"open":true}"#, ok(12, "Boolean(true)", Good, none)),
        (
            r#"{"phase":"green"}"#,
            ok(13, "Text(\"green\")", Good, none),
        ),
        (r#"{"note":"강변"}"#, ok(14, "Text(\"강변\")", Good, none)),
        (r#"{"more":7}"#, ok(99, "Number(7.0)", Good, Flags::EXTRA)),
        (
            r#"[{"n":"level","u":"furlong","v":1}]"#,
            Err(RejectReason::UnknownUnit),
        ),
        (
            r#"[{"n":"level","u":"Cel","v":1}]"#,
            Err(RejectReason::UnknownUnit),
        ),
        (
            r#"[{"n":"open","u":"m","vb":true}]"#,
            Err(RejectReason::UnknownUnit),
        ),
        (r#"{"level":"2.5"}"#, Err(RejectReason::WrongType)),
        (r#"{"level":true}"#, Err(RejectReason::WrongType)),
        (r#"{"open":1}"#, Err(RejectReason::WrongType)),
        (r#"{"phase":"blue"}"#, Err(RejectReason::BadText)),
        (r#"{"other":7}"#, Err(RejectReason::TooManyExtraFields)),
    ];
    for (payload, expected) in table {
        assert_eq!(check(payload), expected, "{payload}");
    }
}

#[test]
fn times_are_possible_from_1900_to_ten_minutes_ahead() {
    let with_time = |micros: i64| {
        let time = Timestamp::from_micros(micros);
        check(&format!(r#"{{"t":"{time}","v":{{"level":1}}}}"#)).map(|_| ())
    };
    let ahead = Timestamp::MAX_AHEAD_MICROS;
    assert_eq!(with_time(Timestamp::EARLIEST.as_micros()), Ok(()));
    assert_eq!(with_time(NOW.as_micros() + ahead), Ok(()));
    let impossible = Err(RejectReason::ImpossibleTime);
    assert_eq!(with_time(Timestamp::EARLIEST.as_micros() - 1), impossible);
    assert_eq!(with_time(NOW.as_micros() + ahead + 1), impossible);
}

#[test]
fn what_is_older_than_its_retention_is_refused_and_the_rest_kept() {
    let day = 86_400_000_000;
    let now = NOW.as_micros();
    let ages = [3 * day, 3 * day + 1, day, 0, 400 * day];
    let records: Vec<String> = ages
        .iter()
        .map(|age| {
            format!(
                r#"{{"t":"{}","v":{{"level":1}}}}"#,
                Timestamp::from_micros(now - age)
            )
        })
        .collect();
    let payload = format!("[{}]", records.join(","));
    let batch = batch(&payload, Transport::Mqtt);
    let extra = |_: &str| -> Result<ExtraField, ()> { panic!("the field is known") };
    let three_days = |agency: &AgencyId, model: &ModelId| {
        assert_eq!((agency.as_str(), model.as_str()), ("seoul", "test.all"));
        Some(3)
    };
    let validated = validate(&device(), &batch, Spread::default(), three_days, extra).unwrap();
    let kept: Vec<_> = validated.observations.iter().map(|one| one.index).collect();
    assert_eq!(kept, [0, 2, 3]);
    let refused: Vec<_> = validated
        .rejections
        .iter()
        .map(|one| (one.index, one.reason))
        .collect();
    let older = RejectReason::OlderThanRetention;
    assert_eq!(refused, [(1, older), (4, older)]);
    let all = validate(&device(), &batch, Spread::default(), for_ever, extra).unwrap();
    assert_eq!(all.observations.len(), ages.len());
}

#[test]
fn a_new_field_of_an_old_time_makes_no_datastream() {
    let payload = r#"{"t":"2020-01-01T00:00:00Z","v":{"strange":1}}"#;
    let batch = batch(payload, Transport::Mqtt);
    let extra = |_: &str| -> Result<ExtraField, ()> { panic!("it was asked for a datastream") };
    let validated = validate(&device(), &batch, Spread::default(), |_, _| Some(1), extra).unwrap();
    let reason = validated.rejections[0].reason;
    assert_eq!(reason, RejectReason::OlderThanRetention);
}

#[test]
fn a_refused_value_makes_no_datastream() {
    let batch = batch(
        r#"{"t":"1850-01-01T00:00:00Z","v":{"strange":1}}"#,
        Transport::Mqtt,
    );
    let extra = |_: &str| -> Result<ExtraField, ()> { panic!("it was asked for a datastream") };
    let validated = validate(&device(), &batch, Spread::default(), for_ever, extra).unwrap();
    assert_eq!(validated.rejections[0].reason, RejectReason::ImpossibleTime);
}

#[test]
fn good_and_bad_stand_beside_each_other_in_order() {
    let payload = r#"[{"n":"level","v":"x"},{"n":"open","vb":true},{"n":"dev-2:level","v":1},
        {"n":"phase","vs":"blue"},{"n":"note","vs":"fine"}]"#
        .replace("\"v\":\"x\"", "\"vs\":\"x\"");
    let batch = batch(&payload, Transport::Mqtt);
    let extra = |_: &str| Ok::<_, ()>(ExtraField::Refused(RejectReason::TooManyExtraFields));
    let validated = validate(&device(), &batch, Spread::default(), for_ever, extra).unwrap();
    let kept: Vec<_> = validated
        .observations
        .iter()
        .map(|valid| valid.index)
        .collect();
    let refused: Vec<_> = validated
        .rejections
        .iter()
        .map(|rejection| (rejection.index, rejection.reason))
        .collect();
    assert_eq!(kept, [1, 4]);
    let expected = [
        (0, RejectReason::WrongType),
        (2, RejectReason::OtherDevice),
        (3, RejectReason::BadText),
    ];
    assert_eq!(refused, expected);
}

#[test]
fn only_a_message_without_a_time_that_may_be_resent_has_a_hash() {
    let hash = |payload: &str, transport| {
        let batch = batch(payload, transport);
        let extra = |_: &str| Ok::<_, ()>(ExtraField::Refused(RejectReason::TooManyExtraFields));
        validate(&device(), &batch, Spread::default(), for_ever, extra)
            .unwrap()
            .payload_hash
    };
    assert!(hash(r#"{"level":1}"#, Transport::Mqtt).is_some());
    assert_ne!(
        hash(r#"{"level":1}"#, Transport::Mqtt),
        hash(r#"{"level":2}"#, Transport::Mqtt)
    );
    assert_eq!(hash(r#"{"level":1}"#, Transport::Coap), None);
    let timed = r#"{"t":"2026-05-01T00:00:00Z","v":{"level":1}}"#;
    assert_eq!(hash(timed, Transport::Mqtt), None);
}

#[test]
fn an_infinite_number_is_refused_even_where_a_codec_let_it_through() {
    let parsed = ParsedObservation {
        index: 0,
        field: "level".into(),
        time: None,
        value: domain::ParsedValue::Number(f64::INFINITY),
        unit: None,
        quality: None,
        location: None,
    };
    let mut batch = batch("{}", Transport::Mqtt);
    batch.telemetry = Ok(Telemetry {
        observations: [parsed].into_iter().collect(),
        ..Telemetry::default()
    });
    let extra = |_: &str| Ok::<_, ()>(ExtraField::Refused(RejectReason::TooManyExtraFields));
    let validated = validate(&device(), &batch, Spread::default(), for_ever, extra).unwrap();
    assert_eq!(validated.rejections[0].reason, RejectReason::NotFinite);
}
