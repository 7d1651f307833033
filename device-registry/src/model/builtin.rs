//! The data models that the platform brings: data files under `models/`.
//!
//! Units are UCUM codes. The A-weighted decibel has none: `dB[SPL]`, with the
//! title saying so. `rssi` is in `dB[mW]`, which UCUM builds from its decibel
//! as it builds `dB[SPL]`; UCUM's own list has no dBm. Parts per million are
//! `[ppm]`. A share of the lower explosive limit is a plain `%`. Plausible
//! ranges are this project's proposals, not statutes; an operator changes them
//! by adding a model of the same id.

/// One JSON each, in order of id.
pub(crate) const BUILTIN_MODELS: &[&str] = &[
    include_str!("../../models/disaster.fire.json"),
    include_str!("../../models/disaster.rain.json"),
    include_str!("../../models/disaster.seismic.json"),
    include_str!("../../models/disaster.slope.json"),
    include_str!("../../models/disaster.water-level.json"),
    include_str!("../../models/safety.air.json"),
    include_str!("../../models/safety.crowd.json"),
    include_str!("../../models/safety.gas.json"),
    include_str!("../../models/safety.lamp.json"),
    include_str!("../../models/safety.street.json"),
    include_str!("../../models/safety.structure.json"),
    include_str!("../../models/traffic.flow.json"),
    include_str!("../../models/traffic.parking.json"),
    include_str!("../../models/traffic.signal.json"),
];

#[cfg(test)]
mod tests {
    use super::super::{Model, ModelVersion};
    use super::*;

    #[test]
    fn each_is_sound_and_carries_what_every_model_does() {
        let mut last = String::new();
        for json in BUILTIN_MODELS {
            let model = Model::parse(json.as_bytes(), ModelVersion(1)).unwrap();
            assert!(
                model.id.as_str() > last.as_str(),
                "{} stands in order",
                model.id
            );
            last = model.id.to_string();
            for field in ["battery", "rssi", "snr", "firmware"] {
                assert!(model.field(field).is_some(), "{} has {field}", model.id);
            }
            let again = Model::parse(model.to_json().as_bytes(), ModelVersion(1)).unwrap();
            assert_eq!(again, model, "a data file reads as it was written");
        }
    }
}
