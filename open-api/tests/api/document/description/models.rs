//! Data models, their versions and what agencies say otherwise of them.

use serde_json::json;

use super::Visit;

pub(super) fn models(visit: &mut Visit<'_>) {
    visit.operator("POST /v1/models", "/v1/models", Some(json!({
        "id": "disaster.tide", "title": {"en": "Tide", "ko": "조위"},
        "fields": [{"name": "level", "kind": "number", "unit": "m", "title": {"en": "Level", "ko": "조위"}}]
    })));
    let line = "PUT /v1/agencies/{id}/refinements/{model}";
    let path = "/v1/agencies/seoul/refinements/disaster.tide";
    let body = json!({"expected_interval_s": 60, "purpose": {"en": "Floods", "ko": "침수"},
        "fields": [{"name": "level", "min": -5}]});
    visit.operator(line, path, Some(body)).expect(200);
    for (line, path) in [
        (
            "GET /v1/agencies/{id}/refinements",
            "/v1/agencies/seoul/refinements",
        ),
        (
            "GET /v1/models/{id}",
            "/v1/models/disaster.tide?agency=seoul",
        ),
        ("GET /v1/models/{id}", "/v1/models/traffic.flow"),
        (
            "GET /v1/models/{id}/versions",
            "/v1/models/disaster.tide/versions",
        ),
        (
            "GET /v1/models/{id}/versions/{version}",
            "/v1/models/disaster.tide/versions/2",
        ),
    ] {
        visit.operator(line, path, None).expect(200);
    }
}
