//! What the document says of every operation alike, so that generators of
//! clients work and no operation can forget it.

use crate::access::Needs;
use device_registry::Role;
use serde_json::json;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::response::Response;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder};

/// Who may ask, where an operation does not say it by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Readers {
    /// Everybody; more for who proves who it is.
    All,
    /// As each operation says.
    Named,
}

/// Ids of devices, things, agencies, fields and boundaries.
const ID: &str = "^[A-Za-z0-9._~-]{1,64}$";
/// A model's id, and parts of it.
const MODEL_ID: &str = "^[a-z0-9-]{1,64}[.][a-z0-9-]{1,64}(~[A-Za-z0-9._~-]{1,64})?$";
const WORD: &str = "^[a-z0-9-]{1,64}$";
const MODEL: &str = "^[a-z0-9-]{1,64}([.][a-z0-9-]{1,64})?(~[A-Za-z0-9._~-]{1,64})?$";
const DAY: &str = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$";
/// Bytes of a cursor: base64url of the longest key.
const MAX_CURSOR: usize = 299;

/// Completes the description of `line`, as `GET /v1/agencies`.
pub(crate) fn complete(operation: &mut Operation, line: &str, readers: Readers) {
    operation.operation_id = Some(name(line));
    for (status, answer) in &mut operation.responses.responses {
        if let RefOr::T(answer) = answer {
            if answer.description.is_empty() {
                "As asked".clone_into(&mut answer.description);
            }
            if status == "200" {
                tell_tables(answer);
            }
        }
    }
    let problem = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .build();
    let refused = ResponseBuilder::new()
        .description("A problem: what is wrong, and the way out")
        .content("application/problem+json", problem)
        .build();
    let responses = &mut operation.responses.responses;
    responses.insert("default".to_owned(), refused.into());
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(parameter) = parameter {
            limit(parameter, line);
        }
    }
    if readers == Readers::All && operation.security.is_none() {
        operation.security = Some(alternatives());
    }
}

/// `GET /v1/devices/{id}/events` is `get_devices_id_events`.
fn name(line: &str) -> String {
    line.to_lowercase()
        .replace("/v1/", "/")
        .split(|sign: char| !sign.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join("_")
}

/// A list answers `Accept: text/csv` too.
fn tell_tables(answer: &mut Response) {
    let json = answer.content.get("application/json");
    let is_list = json.is_some_and(|content| match content {
        RefOr::T(content) => matches!(&content.schema, Some(RefOr::Ref(to)) if names_list(to)),
        RefOr::Ref(_) => false,
    });
    if is_list {
        let text = ObjectBuilder::new()
            .schema_type(SchemaType::Type(Type::String))
            .description(Some("A header line, and a line for each item (RFC 4180)."));
        let table = ContentBuilder::new().schema(Some(text)).build();
        answer.content.insert("text/csv".to_owned(), table.into());
    }
}

/// Whether the schema is one of our lists.
fn names_list(schema: &Ref) -> bool {
    let name = schema.ref_location.rsplit('/').next().unwrap_or_default();
    name.starts_with("List_") || name.ends_with("List")
}

/// Nothing, a key in whatever place, an operator's or a service token, or a
/// session.
fn alternatives() -> Vec<SecurityRequirement> {
    let scopes: [&str; 0] = [];
    let one = |name: &str| SecurityRequirement::new(name, scopes);
    vec![
        SecurityRequirement::default(),
        one("key"),
        one("key_header"),
        one("key_in_url"),
        one("operator"),
        one("session"),
        one("service_token"),
    ]
}

/// Where a role is needed: whoever may have one, and which.
pub(crate) fn secure(operation: &mut Operation, needs: Needs) {
    let Needs::May(permission) = needs else {
        return;
    };
    let scopes: [&str; 0] = [];
    let holders = ["operator", "session", "service_token"];
    let holders = holders.map(|name| SecurityRequirement::new(name, scopes));
    operation.security = Some(holders.to_vec());
    let roles: Vec<&str> = permission.roles().map(Role::as_str).collect();
    let roles = json!(roles);
    let extensions = operation.extensions.get_or_insert_default();
    extensions.insert("x-roles".to_owned(), roles);
}

/// The limits that the platform holds a parameter to.
fn limit(parameter: &mut Parameter, line: &str) {
    let in_path = parameter.parameter_in == ParameterIn::Path;
    let Some(RefOr::T(Schema::Object(schema))) = &mut parameter.schema else {
        return;
    };
    let is_text = match &schema.schema_type {
        SchemaType::Type(kind) => *kind == Type::String,
        SchemaType::Array(kinds) => kinds.contains(&Type::String),
        SchemaType::AnyValue => false,
    };
    match (parameter.name.as_str(), is_text) {
        ("limit", _) => {
            schema.minimum = Some(utoipa::Number::Int(1));
            schema.maximum = Some(utoipa::Number::Int(10_000));
            schema.default = Some(json!(100));
        }
        ("cursor", _) => schema.max_length = Some(MAX_CURSOR),
        ("date", true) => schema.pattern = Some(DAY.to_owned()),
        ("domain", true) => schema.pattern = Some(WORD.to_owned()),
        ("model", true) => schema.pattern = Some(MODEL.to_owned()),
        ("thing" | "device" | "agency" | "gateway" | "field" | "boundary" | "name", true) => {
            schema.pattern = Some(ID.to_owned());
        }
        ("id", true) if in_path && line.contains("/models/") => {
            schema.pattern = Some(MODEL_ID.to_owned());
        }
        // An alias of a device has colons, and may stand in the path.
        ("id", true) if in_path && !line.contains("/devices/") => {
            schema.pattern = Some(ID.to_owned());
        }
        _ => {}
    }
}
