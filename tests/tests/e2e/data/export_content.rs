//! What an export holds: value for value what the API answers, in both formats.

use std::collections::BTreeMap;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch};
use domain::Timestamp;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tests::TestPlatform;

use crate::data::export::{CSV, DAY, PARQUET, get, get_as_operator, lines, observe};

#[test]
fn csv_and_parquet_are_value_for_value_what_the_api_answers() {
    let platform = TestPlatform::start();
    observe(&platform);

    let list = get(&platform, &format!("/v1/export/{DAY}"))
        .expect(200)
        .json();
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), 2, "{list}");
    assert_eq!(items[1]["url"], format!("{}{PARQUET}", platform.url()));
    assert_eq!(items[0]["licences"], serde_json::json!(["KOGL-1"]));

    let csv = get_as_operator(&platform, CSV).expect(200);
    let table = lines(&csv.body);
    let expected = observations(&platform);
    assert_eq!(table.len(), expected.len());
    assert_eq!(table.len(), 2 * (500 + 1 + 3), "{} lines", table.len());
    for (line, expected) in table.iter().zip(&expected) {
        assert_eq!(line, expected);
    }
    let corrected = table
        .iter()
        .find(|line| line["revision"] == "1")
        .expect("the second minute was corrected");
    assert_eq!(corrected["value"], "-4.5");
    assert_eq!(corrected["phenomenon_time"], "2024-05-01T00:01:00Z");
    assert_eq!(
        [&corrected["lat"], &corrected["lon"]],
        ["37.1234567", "127.7654321"]
    );

    let parquet = get_as_operator(&platform, PARQUET).expect(200);
    assert_eq!(parquet_lines(parquet.body), table);
}

/// All of the day as `/v1/datastreams/{id}/observations` answers it, in the
/// columns of an export.
fn observations(platform: &TestPlatform) -> Vec<BTreeMap<String, String>> {
    let datastreams = platform.get_json("/v1/datastreams?domain=safety&agency=seoul&limit=1000");
    let mut all = Vec::new();
    for datastream in datastreams["items"].as_array().unwrap() {
        let id = &datastream["id"];
        let path = format!(
            "/v1/datastreams/{id}/observations?from=2024-05-01T00:00:00Z&to=2024-05-02T00:00:00Z&limit=10000"
        );
        for item in platform.get_json(&path)["items"].as_array().unwrap() {
            all.push(expected_line(datastream, item));
        }
    }
    all
}

fn expected_line(
    datastream: &serde_json::Value,
    item: &serde_json::Value,
) -> BTreeMap<String, String> {
    let plain = |value: &serde_json::Value| match value {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut line: BTreeMap<String, String> =
        ["thing", "agency", "domain", "model", "field", "unit"]
            .iter()
            .map(|name| ((*name).to_owned(), plain(&datastream[*name])))
            .collect();
    line.insert("datastream".to_owned(), plain(&datastream["id"]));
    for name in [
        "phenomenon_time",
        "result_time",
        "quality",
        "revision",
        "offset",
    ] {
        line.insert(name.to_owned(), plain(&item[name]));
    }
    let value = &item["value"];
    let cells = [
        ("value", value.is_number(), plain(value)),
        ("boolean", value.is_boolean(), plain(value)),
        // A text is no formula.
        ("text", value.is_string(), format!("'{}", plain(value))),
    ];
    for (name, is, cell) in cells {
        line.insert(name.to_owned(), if is { cell } else { String::new() });
    }
    let place = if item["location"].is_null() {
        &datastream["location"]
    } else {
        &item["location"]
    };
    line.insert("lat".to_owned(), plain(&place["lat"]));
    line.insert("lon".to_owned(), plain(&place["lon"]));
    line
}

pub(crate) fn parquet_lines(bytes: Vec<u8>) -> Vec<BTreeMap<String, String>> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes)).unwrap();
    let pairs = reader.metadata().file_metadata().key_value_metadata();
    let pairs = pairs.unwrap().iter();
    let told: BTreeMap<&str, Option<&str>> = pairs
        .map(|pair| (pair.key.as_str(), pair.value.as_deref()))
        .collect();
    assert_eq!(told["madang.export"], Some("1"));
    assert_eq!(told["madang.date"], Some(DAY));
    let batches = reader.build().unwrap();
    batches
        .flat_map(|batch| batch_lines(&batch.unwrap()))
        .collect()
}

fn batch_lines(batch: &RecordBatch) -> Vec<BTreeMap<String, String>> {
    let schema = batch.schema();
    let line = |row: usize| {
        let cells = schema.fields().iter().zip(batch.columns());
        cells
            .map(|(field, column)| {
                (
                    field.name().clone(),
                    cell(field.name(), column.as_ref(), row),
                )
            })
            .collect()
    };
    (0..batch.num_rows()).map(line).collect()
}

/// As CSV writes it.
fn cell(name: &str, column: &dyn Array, row: usize) -> String {
    if column.is_null(row) {
        return String::new();
    }
    match name {
        "datastream" | "offset" => column.as_primitive::<Int64Type>().value(row).to_string(),
        "revision" => column.as_primitive::<Int32Type>().value(row).to_string(),
        "value" | "lat" | "lon" => {
            let number = column.as_primitive::<Float64Type>().value(row);
            serde_json::to_string(&number).unwrap()
        }
        "boolean" => column.as_boolean().value(row).to_string(),
        "phenomenon_time" | "result_time" => {
            let micros = column.as_primitive::<TimestampMicrosecondType>().value(row);
            Timestamp::from_micros(micros).to_rfc3339()
        }
        "text" => format!("'{}", column.as_string::<i32>().value(row)),
        _ => column.as_string::<i32>().value(row).to_owned(),
    }
}
