//! The head of the OpenAPI 3.1 document: title, security schemes, tags.

use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, Http, HttpAuthScheme, HttpBuilder, SecurityScheme,
};

const DESCRIPTION: &str = "\
Madang is an open IoT common platform: what public sensors observe, durable, queryable and live.

Public data answers without a key at a small quota. A key is made at `/` in a minute and is valid \
at once. Errors are RFC 9457 `application/problem+json` with a request id; lists are \
`{\"items\": [...], \"next\": URL or null}` and answer `Accept: text/csv` too. Times are RFC 3339 \
with an offset; `from` is inclusive and `to` exclusive. Every reply tells its quota in \
`RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset`.";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "Madang", description = "", license(name = "Apache-2.0", identifier = "Apache-2.0")),
    components(schemas(crate::openapi::Problem)),
    tags(
        (name = "data", description = "What was observed, for everybody who may read it"),
        (name = "applications", description = "Developers' programs and their API keys"),
        (name = "devices", description = "Devices, their credentials and their telemetry"),
        (name = "registry", description = "Agencies and data models"),
        (name = "operations", description = "The platform itself"),
    ),
)]
struct Head;

/// The document before any path is in it.
pub(crate) fn head(version: &str) -> OpenApi {
    let mut document = Head::openapi();
    DESCRIPTION.clone_into(document.info.description.get_or_insert_default());
    version.clone_into(&mut document.info.version);
    let components = document.components.get_or_insert_default();
    for (name, scheme) in [
        (
            "operator",
            http(
                HttpAuthScheme::Bearer,
                "The operator's token of `DIR/admin.token`",
            ),
        ),
        (
            "session",
            SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new("madang_session"))),
        ),
        ("key", http(HttpAuthScheme::Bearer, "An API key, `mdk_...`")),
        (
            "key_header",
            SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("X-API-Key"))),
        ),
        (
            "key_in_url",
            SecurityScheme::ApiKey(ApiKey::Query(ApiKeyValue::with_description(
                "key",
                "A browser's key, `mdk_pub_...`, bound to origins",
            ))),
        ),
        (
            "device_token",
            http(HttpAuthScheme::Bearer, "A JWT that the device's key signed"),
        ),
        (
            "device_password",
            http(HttpAuthScheme::Basic, "The device's id and its password"),
        ),
    ] {
        components.add_security_scheme(name, scheme);
    }
    document
}

fn http(scheme: HttpAuthScheme, description: &str) -> SecurityScheme {
    let http: Http = HttpBuilder::new()
        .scheme(scheme)
        .description(Some(description))
        .build();
    SecurityScheme::Http(http)
}

/// RFC 9457. `type` leads to a page that tells the way out.
#[derive(utoipa::ToSchema)]
#[schema(example = json!({
    "type": "/problems/invalid-parameter", "title": "A parameter cannot be read", "status": 400,
    "detail": "from: a time needs an offset, as 2026-05-01T09:00:00+09:00 or ...Z",
    "request_id": "5f1c22aa-1f3"
}))]
pub(crate) struct Problem {
    /// A stable path below `/problems/`.
    #[expect(dead_code, reason = "it describes what `Problem::render` writes")]
    r#type: String,
    #[expect(dead_code, reason = "it describes what `Problem::render` writes")]
    title: String,
    #[expect(dead_code, reason = "it describes what `Problem::render` writes")]
    status: u16,
    #[expect(dead_code, reason = "it describes what `Problem::render` writes")]
    detail: String,
    #[expect(dead_code, reason = "it describes what `Problem::render` writes")]
    request_id: String,
}
