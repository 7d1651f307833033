//! The table of contents.

use axum::Router;
use axum::http::HeaderMap;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;

use crate::access;
use crate::endpoints::{
    agencies, aggregate, application_keys, applications, backup, boundaries, datastreams,
    device_connection, device_credentials, device_events, device_import, devices, export, health,
    latest, metrics, models, observations, pages, platform, problems, session, stream,
    stream_socket, telemetry, things,
};
use crate::envelope::envelope;
use crate::openapi;
use crate::operation_rules::Readers;
use crate::operations::Operations;
use crate::problem::Problem;
use crate::state::ApiState;

/// Everything that the API answers.
pub(crate) fn router(state: ApiState) -> Router {
    let mut document = openapi::head(&state.platform);
    let api = Router::new()
        .merge(
            public()
                .describe(&mut document)
                .layer(from_fn_with_state(state.clone(), access::public)),
        )
        .merge(
            guarded()
                .describe(&mut document)
                .layer(from_fn_with_state(state.clone(), access::guarded)),
        )
        .merge(of_devices().describe(&mut document))
        .merge(of_operations().describe(&mut document));
    Router::new()
        .merge(api)
        .merge(pages(&document))
        .fallback(async || {
            Problem::not_found("Nothing is at this path. /openapi.json lists every path.")
        })
        .layer(from_fn_with_state(state.clone(), envelope))
        .with_state(state)
}

/// What other sites' pages may read, and what changes it: a preflight lets no
/// other method than GET and HEAD through.
// One line a path.
#[rustfmt::skip]
fn public() -> Operations {
    Operations::new(Readers::All)
        .on("GET /v1/platform", platform::show, platform::__path_show)
        .on("GET /v1/models", models::list, models::__path_list)
        .on("POST /v1/models", models::add, models::__path_add)
        .on("GET /v1/boundaries", boundaries::list, boundaries::__path_list)
        .on("GET /v1/boundaries/{name}", boundaries::show, boundaries::__path_show)
        .on("PUT /v1/boundaries/{name}", boundaries::put, boundaries::__path_put)
        .on("DELETE /v1/boundaries/{name}", boundaries::remove, boundaries::__path_remove)
        .on("GET /v1/things", things::list, things::__path_list)
        .on("GET /v1/datastreams", datastreams::list, datastreams::__path_list)
        .on("GET /v1/datastreams/summary", datastreams::summary, datastreams::__path_summary)
        .on("GET /v1/datastreams/{id}", datastreams::show, datastreams::__path_show)
        .on("GET /v1/datastreams/{id}/observations", observations::list, observations::__path_list)
        .on("GET /v1/latest", latest::list, latest::__path_list)
        .on("GET /v1/aggregate", aggregate::list, aggregate::__path_list)
        .on("GET /v1/export/{date}", export::list, export::__path_list)
        .on("GET /v1/export/{date}/SHA256SUMS", export::sums, export::__path_sums)
        .on("GET /v1/export/{date}/{domain}/{file}", export::file, export::__path_file)
        .on("GET /v1/stream", stream::follow, stream::__path_follow)
        .on("GET /v1/stream/ws", stream_socket::follow, stream_socket::__path_follow)
}

/// What the platform's own pages and programs ask for.
#[rustfmt::skip]
fn guarded() -> Operations {
    Operations::new(Readers::Named)
        .on("POST /v1/session", session::open, session::__path_open)
        .on("GET /v1/session", session::show, session::__path_show)
        .on("DELETE /v1/session", session::close, session::__path_close)
        .on("GET /v1/agencies", agencies::list, agencies::__path_list)
        .on("POST /v1/agencies", agencies::create, agencies::__path_create)
        .on("PATCH /v1/agencies/{id}", agencies::patch, agencies::__path_patch)
        .on("GET /v1/devices", devices::list, devices::__path_list)
        .on("POST /v1/devices", devices::register, devices::__path_register)
        .on("POST /v1/devices/import", device_import::import, device_import::__path_import)
        .on("GET /v1/devices/{id}", devices::show, devices::__path_show)
        .on("PATCH /v1/devices/{id}", devices::patch, devices::__path_patch)
        .on("POST /v1/devices/{id}/revoke", devices::revoke, devices::__path_revoke)
        .on("POST /v1/devices/{id}/keys", device_credentials::add_key, device_credentials::__path_add_key)
        .on("DELETE /v1/devices/{id}/keys/{credential}", device_credentials::remove, device_credentials::__path_remove)
        .on("POST /v1/devices/{id}/password", device_credentials::make_password, device_credentials::__path_make_password)
        .on("GET /v1/devices/{id}/connection", device_connection::show, device_connection::__path_show)
        .on("GET /v1/devices/{id}/events", device_events::of_device, device_events::__path_of_device)
        .on("GET /v1/devices/{id}/quarantine", device_events::quarantine, device_events::__path_quarantine)
        .on("GET /v1/refused", device_events::refused, device_events::__path_refused)
        .on("POST /v1/backup", backup::start, backup::__path_start)
        .on("GET /v1/backup", backup::show, backup::__path_show)
        .on("POST /v1/applications", applications::create, applications::__path_create)
        .on("GET /v1/applications/{id}", applications::show, applications::__path_show)
        .on("GET /v1/applications/{id}/keys", application_keys::list, application_keys::__path_list)
        .on("POST /v1/applications/{id}/keys", application_keys::create, application_keys::__path_create)
        .on("DELETE /v1/applications/{id}/keys/{key}", application_keys::revoke, application_keys::__path_revoke)
}

/// What a device itself asks for, with its own credentials.
#[rustfmt::skip]
fn of_devices() -> Operations {
    Operations::new(Readers::Named)
        .on("POST /v1/devices/{id}/telemetry", telemetry::publish, telemetry::__path_publish)
}

#[rustfmt::skip]
fn of_operations() -> Operations {
    Operations::new(Readers::Named)
        .on("GET /healthz", health::alive, health::__path_alive)
        .on("GET /readyz", health::ready, health::__path_ready)
        .on("GET /metrics", metrics::show, metrics::__path_show)
}

/// What a browser opens.
fn pages(document: &utoipa::openapi::OpenApi) -> Router<ApiState> {
    let document = pages::Document::new(document);
    Router::new()
        .route("/", get(|headers| pages::page("index.html", headers)))
        .route("/ops", get(|headers| pages::page("ops.html", headers)))
        .route("/docs", get(|headers| pages::page("docs.html", headers)))
        .route("/assets/{*path}", get(pages::asset))
        .route("/problems/{kind}", get(problems::show))
        .route(
            "/openapi.json",
            get(async move |headers: HeaderMap| document.reply(&headers).await),
        )
        .layer(from_fn(pages::not_modified))
}
