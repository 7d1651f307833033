//! The table of contents.

use std::io;
use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::Router;
use axum::http::HeaderMap;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use device_registry::Permission::{
    InstallDevices, ManageAgency, ManageDevices, ManagePeople, ManagePlatform, ReadAudit, ReadData,
    ReadDevices, ReadPeople, ReadPlatform,
};
use http_edge::Problem;
use rustls::ServerConfig;
use tokio::net::TcpListener;
use utoipa_axum::routes;

use crate::access;
use crate::access::Needs::{Application, Device, May, Nothing};
use crate::endpoints::applications::{application, keys};
use crate::endpoints::data::{
    aggregate, datastreams, health as data_health, latest, locations, measuring, observations,
    range, search, things,
};
use crate::endpoints::devices::{
    connection, credentials, device, events, health as device_health, import, lifecycle, next_key,
    photos, sensors, telemetry,
};
use crate::endpoints::enrolment::{batches, claims, installer};
use crate::endpoints::export::day;
use crate::endpoints::login::{invitation, oidc, password, session, sessions};
use crate::endpoints::operations::{backup, health, metrics, platform};
use crate::endpoints::pages::{page, problems};
use crate::endpoints::people::{operators, service_tokens};
use crate::endpoints::registry::{
    agencies, audit, boundaries, features, groups, models, refinements, shares,
};
use crate::endpoints::{sensorthings, stream};
use crate::openapi::{self, Operations, Readers};
use crate::state::ApiState;

/// Answers the API on a bound listener until `shutdown` resolves. With `tls`,
/// each new connection takes the configuration that stands at its time.
pub async fn serve(
    listener: TcpListener,
    tls: Option<Arc<ArcSwap<ServerConfig>>>,
    state: ApiState,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let edge = Arc::clone(&state.edge);
    http_edge::serve(listener, tls, router(state), edge, shutdown).await
}

/// Everything that the API answers.
fn router(state: ApiState) -> Router {
    let mut document = openapi::head(&state.platform);
    let api = Router::new()
        .merge(
            public()
                .describe(&mut document)
                .merge(sensorthings::below())
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
        .with_state(state)
}

/// What other sites' pages may read, and what changes it: a preflight lets no
/// other method than GET and HEAD through.
// One line a path.
#[rustfmt::skip]
fn public() -> Operations {
    Operations::new(Readers::All)
        .on("GET /v1/platform", Nothing, routes!(platform::show))
        .on("GET /v1/models", Nothing, routes!(models::list))
        .on("POST /v1/models", May(ManageAgency), routes!(models::add))
        .on("GET /v1/models/{id}", Nothing, routes!(models::show))
        .on("GET /v1/models/{id}/versions", Nothing, routes!(models::versions))
        .on("GET /v1/models/{id}/versions/{version}", Nothing, routes!(models::version))
        .on("GET /v1/boundaries", Nothing, routes!(boundaries::list))
        .on("GET /v1/boundaries/{name}", Nothing, routes!(boundaries::show))
        .on("PUT /v1/boundaries/{name}", May(ManagePlatform), routes!(boundaries::put))
        .on("DELETE /v1/boundaries/{name}", May(ManagePlatform), routes!(boundaries::remove))
        .on("GET /v1/devices/{id}/health", Nothing, routes!(data_health::of_device))
        .on("GET /v1/features", Nothing, routes!(features::list))
        .on("GET /v1/features/{id}", Nothing, routes!(features::show))
        .on("PUT /v1/features/{id}", May(ManageDevices), routes!(features::put))
        .on("DELETE /v1/features/{id}", May(ManageDevices), routes!(features::remove))
        .on("GET /v1/search", Nothing, routes!(search::list))
        .on("GET /v1/things", Nothing, routes!(things::list))
        .on("GET /v1/things/{id}", Nothing, routes!(things::show))
        .on("GET /v1/things/{id}/locations", Nothing, routes!(locations::list))
        .on("GET /v1/datastreams", Nothing, routes!(datastreams::list))
        .on("GET /v1/datastreams/summary", Nothing, routes!(datastreams::summary))
        .on("GET /v1/datastreams/{id}", Nothing, routes!(datastreams::show))
        .on("GET /v1/datastreams/{id}/health", Nothing, routes!(data_health::of_datastream))
        .on("GET /v1/datastreams/{id}/sensors", Nothing, routes!(measuring::list))
        .on("GET /v1/datastreams/{id}/observations", Nothing, routes!(observations::list))
        .on("GET /v1/observations", Nothing, routes!(range::list))
        .on("GET /v1/latest", Nothing, routes!(latest::list))
        .on("GET /v1/aggregate", Nothing, routes!(aggregate::list))
        .on("GET /v1/export/{date}", Nothing, routes!(day::list))
        .on("GET /v1/export/{date}/SHA256SUMS", Nothing, routes!(day::sums))
        .on("GET /v1/export/{date}/{domain}/{file}", Nothing, routes!(day::file))
        .on("GET /sta/v1.1", Nothing, routes!(sensorthings::landing_1_1))
        .on("GET /sta/v2.0", Nothing, routes!(sensorthings::landing_2_0))
        .on("GET /v1/stream", Nothing, routes!(stream::events::follow))
        .on("GET /v1/stream/ws", Nothing, routes!(stream::socket::follow))
}

/// What the platform's own pages and programs ask for.
#[rustfmt::skip]
fn guarded() -> Operations {
    installing(Operations::new(Readers::Named))
        .on("POST /v1/session", Nothing, routes!(session::open))
        .on("GET /v1/session", Nothing, routes!(session::show))
        .on("DELETE /v1/session", Nothing, routes!(session::close))
        .on("GET /v1/session/oidc", Nothing, routes!(oidc::begin))
        .on("GET /v1/session/oidc/callback", Nothing, routes!(oidc::callback))
        .on("POST /v1/session/oidc/backchannel", Nothing, routes!(oidc::log_out))
        .on("POST /v1/session/password", Nothing, routes!(password::change))
        .on("GET /v1/sessions", Nothing, routes!(sessions::list))
        .on("DELETE /v1/sessions/{id}", Nothing, routes!(sessions::end))
        .on("POST /v1/invitation", Nothing, routes!(invitation::read))
        .on("POST /v1/invitation/accept", Nothing, routes!(invitation::accept))
        .on("GET /v1/agencies", May(ReadDevices), routes!(agencies::list))
        .on("POST /v1/agencies", May(ManagePlatform), routes!(agencies::create))
        .on("PATCH /v1/agencies/{id}", May(ManageAgency), routes!(agencies::patch))
        .on("GET /v1/agencies/{id}/refinements", May(ReadDevices), routes!(refinements::list))
        .on("PUT /v1/agencies/{id}/refinements/{model}", May(ManageAgency), routes!(refinements::put))
        .on("GET /v1/audit", May(ReadAudit), routes!(audit::list))
        .on("GET /v1/audit/head", May(ReadAudit), routes!(audit::head))
        .on("GET /v1/shares", May(ManageAgency), routes!(shares::list))
        .on("POST /v1/shares", May(ManageAgency), routes!(shares::create))
        .on("GET /v1/shares/{id}", May(ManageAgency), routes!(shares::show))
        .on("PATCH /v1/shares/{id}", May(ManageAgency), routes!(shares::patch))
        .on("DELETE /v1/shares/{id}", May(ManageAgency), routes!(shares::remove))
        .on("GET /v1/groups", May(ReadDevices), routes!(groups::list))
        .on("POST /v1/groups", May(ManageDevices), routes!(groups::create))
        .on("GET /v1/groups/{id}", May(ReadDevices), routes!(groups::show))
        .on("PATCH /v1/groups/{id}", May(ManageDevices), routes!(groups::patch))
        .on("DELETE /v1/groups/{id}", May(ManageDevices), routes!(groups::remove))
        .on("GET /v1/groups/{id}/devices", May(ReadDevices), routes!(groups::devices))
        .on("GET /v1/devices", May(ReadDevices), routes!(device::list))
        .on("POST /v1/devices", May(InstallDevices), routes!(device::register))
        .on("POST /v1/devices/import", May(ManageDevices), routes!(import::import))
        .on("GET /v1/devices/{id}", May(ReadDevices), routes!(device::show))
        .on("PATCH /v1/devices/{id}", May(InstallDevices), routes!(device::patch))
        .on("POST /v1/devices/{id}/revoke", May(ManageDevices), routes!(device::revoke))
        .on("POST /v1/devices/{id}/decommission", May(ManageDevices), routes!(lifecycle::decommission))
        .on("POST /v1/devices/{id}/replace", May(ManageDevices), routes!(lifecycle::replace))
        .on("POST /v1/devices/{id}/transfer", May(ManageAgency), routes!(lifecycle::transfer))
        .on("POST /v1/devices/{id}/keys", May(InstallDevices), routes!(credentials::add_key))
        .on("PATCH /v1/devices/{id}/keys/{credential}", May(ManageDevices), routes!(credentials::end))
        .on("DELETE /v1/devices/{id}/keys/{credential}", May(ManageDevices), routes!(credentials::remove))
        .on("POST /v1/devices/{id}/password", May(InstallDevices), routes!(credentials::make_password))
        .on("GET /v1/devices/{id}/sensors", May(ReadDevices), routes!(sensors::list))
        .on("POST /v1/devices/{id}/sensors", May(InstallDevices), routes!(sensors::add))
        .on("GET /v1/devices/{id}/sensors/{sensor}", May(ReadDevices), routes!(sensors::show))
        .on("PATCH /v1/devices/{id}/sensors/{sensor}", May(InstallDevices), routes!(sensors::patch))
        .on("POST /v1/devices/{id}/sensors/{sensor}/calibrations", May(InstallDevices), routes!(sensors::calibrate))
        .on("GET /v1/devices/{id}/connection", May(ReadDevices), routes!(connection::show))
        .on("GET /v1/devices/{id}/events", May(ReadDevices), routes!(events::of_device))
        .on("GET /v1/devices/{id}/quarantine", May(ReadData), routes!(events::quarantine))
        .on("GET /v1/health/devices", May(ReadData), routes!(device_health::list))
        .on("GET /v1/health/summary", May(ReadData), routes!(device_health::summary))
        .on("GET /v1/refused", May(ReadPlatform), routes!(events::refused))
        .on("GET /v1/operators", May(ReadPeople), routes!(operators::list))
        .on("POST /v1/operators", May(ManagePeople), routes!(operators::create))
        .on("PATCH /v1/operators/{id}", May(ManagePeople), routes!(operators::patch))
        .on("DELETE /v1/operators/{id}", May(ManagePeople), routes!(operators::remove))
        .on("POST /v1/operators/{id}/invitation", May(ManagePeople), routes!(invitation::invite))
        .on("GET /v1/service-tokens", May(ReadPeople), routes!(service_tokens::list))
        .on("POST /v1/service-tokens", May(ManagePeople), routes!(service_tokens::create))
        .on("DELETE /v1/service-tokens/{id}", May(ManagePeople), routes!(service_tokens::remove))
        .on("POST /v1/backup", May(ManagePlatform), routes!(backup::start))
        .on("GET /v1/backup", May(ReadPlatform), routes!(backup::show))
        .on("POST /v1/applications", Nothing, routes!(application::create))
        .on("GET /v1/applications/{id}", Application, routes!(application::show))
        .on("GET /v1/applications/{id}/keys", Application, routes!(keys::list))
        .on("POST /v1/applications/{id}/keys", Application, routes!(keys::create))
        .on("DELETE /v1/applications/{id}/keys/{key}", Application, routes!(keys::revoke))
}

/// What brings devices into service, and what is told of where they are.
#[rustfmt::skip]
fn installing(others: Operations) -> Operations {
    others
        .on("GET /v1/claims", May(InstallDevices), routes!(claims::list))
        .on("POST /v1/claims", May(ManageDevices), routes!(claims::create))
        .on("POST /v1/claims/read", Nothing, routes!(installer::read))
        .on("POST /v1/claims/redeem", Nothing, routes!(installer::redeem))
        .on("POST /v1/claims/first-data", Nothing, routes!(installer::first_data))
        .on("POST /v1/claims/photos", Nothing, routes!(installer::add_photo))
        .on("DELETE /v1/claims/{id}", May(ManageDevices), routes!(claims::revoke))
        .on("GET /v1/batches", May(ManageDevices), routes!(batches::list))
        .on("POST /v1/batches", May(ManageDevices), routes!(batches::create))
        .on("DELETE /v1/batches/{id}", May(ManageDevices), routes!(batches::revoke))
        .on("GET /v1/things/{id}/photos", May(ReadDevices), routes!(photos::list))
        .on("POST /v1/things/{id}/photos", May(InstallDevices), routes!(photos::add))
        .on("GET /v1/things/{id}/photos/{photo}", May(ReadDevices), routes!(photos::show))
        .on("DELETE /v1/things/{id}/photos/{photo}", May(ManageDevices), routes!(photos::remove))
}

/// What a device itself asks for, with its own credentials or its batch's.
#[rustfmt::skip]
fn of_devices() -> Operations {
    Operations::new(Readers::Named)
        .on("POST /v1/batches/enrol", Device, routes!(batches::enrol))
        .on("POST /v1/devices/{id}/next-key", Device, routes!(next_key::add))
        .on("POST /v1/devices/{id}/telemetry", Device, routes!(telemetry::publish))
        .on("POST /v1/devices/{id}/children/{child}/telemetry", Device, routes!(telemetry::publish_for_child))
}

#[rustfmt::skip]
fn of_operations() -> Operations {
    Operations::new(Readers::Named)
        .on("GET /healthz", Nothing, routes!(health::alive))
        .on("GET /readyz", Nothing, routes!(health::ready))
        .on("GET /metrics", Nothing, routes!(metrics::show))
}

/// What a browser opens.
fn pages(document: &utoipa::openapi::OpenApi) -> Router<ApiState> {
    let document = page::Document::new(document);
    Router::new()
        .route("/", get(|headers| page::page("index.html", headers)))
        .route("/ops", get(|headers| page::page("ops.html", headers)))
        .route("/field", get(|headers| page::page("field.html", headers)))
        .route(
            "/field-worker.js",
            get(|headers| page::page("field-worker.js", headers)),
        )
        .route("/docs", get(|headers| page::page("docs.html", headers)))
        .route("/assets/{*path}", get(page::asset))
        .route("/problems/{kind}", get(problems::show))
        .route(
            "/openapi.json",
            get(async move |headers: HeaderMap| document.reply(&headers).await),
        )
        .layer(from_fn(page::not_modified))
}
