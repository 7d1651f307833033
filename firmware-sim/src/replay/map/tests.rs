//! The maps that come along, and a map with a fault.

use super::*;

#[test]
fn every_map_that_comes_along_can_be_used() {
    for (name, _) in MAPS {
        let map = Map::load(name).unwrap();
        assert!(!map.rules.is_empty(), "{name}");
        for model in &map.models {
            assert!(
                map.rules.iter().any(|rule| rule.model.as_str() == model),
                "{name}"
            );
        }
    }
}

#[test]
fn every_data_file_has_the_fields_that_maps_send_to_it() {
    for (id, text) in MODELS {
        let model: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(model["id"], *id);
        let fields: Vec<_> = model["fields"].as_array().unwrap().iter().collect();
        for (name, _) in MAPS {
            let rules = Map::load(name).unwrap().rules;
            for rule in rules.iter().filter(|rule| rule.model.as_str() == *id) {
                let field = fields.iter().find(|f| f["name"] == rule.field.as_str());
                let unit = field.unwrap()["unit"].as_str().unwrap();
                assert!(
                    domain::units::convert(1.0, &rule.send, unit).is_ok(),
                    "{name}: {rule:?}"
                );
            }
        }
    }
}

#[test]
fn a_map_is_refused_with_its_fault() {
    let refusal = |text: &str| format!("{:#}", Map::parse(text).unwrap_err());
    let head = "title='t'\nagency='a'\nagency_name='A'\n";
    let rule = "[[rule]]\nmetric='m'\nmodel='a.b'\nfield='f'\n";
    assert!(refusal(&format!("{head}{rule}unit='furlong'")).contains("furlong"));
    assert!(refusal(&format!("{head}models=['a.b']\n{rule}unit='m'")).contains("a.b"));
    assert!(refusal(&format!("{head}{rule}unit='m'\nunti='m'")).contains("unti"));
    assert!(format!("{:#}", Map::load("nowhere").unwrap_err()).contains("han-river"));
}
