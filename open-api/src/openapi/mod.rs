//! The OpenAPI 3.1 document: its head here (title, security schemes, tags), its
//! paths from the handlers that the router names.

mod operations;
mod rules;
pub(crate) mod schemas;

pub(crate) use operations::Operations;
pub(crate) use rules::Readers;

use utoipa::OpenApi as _;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, Http, HttpAuthScheme, HttpBuilder, SecurityScheme,
};
use utoipa::openapi::{OpenApi, Server};

use self::schemas::ProblemSchema;
use crate::state::PlatformInfo;
use crate::views::{FrameView, GapView};

const DESCRIPTION: &str = "\
Madang is an open IoT common platform: what public sensors observe, durable, queryable and live.

Public data answers without a key at a small quota. A key is made at `/` in a minute and is valid \
at once. Errors are RFC 9457 `application/problem+json` with a request id; lists are \
`{\"items\": [...], \"next\": URL or null}` and answer `Accept: text/csv` too. Times are RFC 3339 \
with an offset; `from` is inclusive and `to` exclusive. In tables a text that a spreadsheet would \
take for a formula has a `'` in front, as in exports. Every reply tells its quota in \
`RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset`.";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "Madang", description = "", license(name = "Apache-2.0", identifier = "Apache-2.0")),
    components(schemas(ProblemSchema, FrameView<'static>, GapView)),
    tags(
        (name = "data", description = "What was observed, for everybody who may read it"),
        (name = "sensorthings", description = "OGC SensorThings: the same data in the words of a standard"),
        (name = "applications", description = "Developers' programs and their API keys"),
        (name = "devices", description = "Devices, their credentials and their telemetry"),
        (name = "enrolment", description = "Claim codes and batch credentials: devices that come into service without an operator beside them"),
        (name = "registry", description = "Agencies and data models"),
        (name = "people", description = "People and programs with roles in agencies"),
        (name = "login", description = "People who log in, and their sessions"),
        (name = "operations", description = "The platform itself"),
    ),
)]
struct Head;

/// The document before any path is in it.
pub(crate) fn head(platform: &PlatformInfo) -> OpenApi {
    let mut document = Head::openapi();
    DESCRIPTION.clone_into(document.info.description.get_or_insert_default());
    platform.version.clone_into(&mut document.info.version);
    // Relative to where the document is, unless the platform knows better.
    let url = platform.public_url.as_deref().unwrap_or("/");
    document.servers = Some(vec![Server::new(url)]);
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
            "service_token",
            http(HttpAuthScheme::Bearer, "A service token, `mdt_...`"),
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
            "batch_credential",
            http(HttpAuthScheme::Bearer, "A batch's credential, `mdb_...`"),
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
