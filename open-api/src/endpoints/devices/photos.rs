//! `/v1/things/{id}/photos`: where a device hangs, and how to reach it.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use device_registry::{Actor, MAX_PHOTO_BYTES, ReadPhotoError, Snapshot, Thing};
use domain::{PhotoId, ThingId};
use http_edge::reply::{List, ListRequest};
use http_edge::request::{media_type, read_slow_body};
use http_edge::{Problem, ProblemKind};

use crate::access::Permitted;
use crate::endpoints::registry_problem::registry_problem;
use crate::openapi::schemas::Binary;
use crate::state::{ApiState, Shared};
use crate::views::PhotoView;

const JPEG: &str = "image/jpeg";
/// Opened by itself, a picture is a page that may do nothing.
const POLICY: &str = "default-src 'none'; sandbox; frame-ancestors 'none'";
/// When to send a photo again where the disk is full, in seconds.
const ASK_AGAIN: u64 = 60;

/// A photo of the body, which is a JPEG.
pub(crate) async fn read_photo(request: Request) -> Result<Bytes, Problem> {
    if media_type(request.headers()).is_none_or(|kind| kind != JPEG) {
        return Err(Problem::new(
            ProblemKind::UNSUPPORTED_MEDIA_TYPE,
            "Send a JPEG as the body, with content-type: image/jpeg.",
        ));
    }
    read_slow_body(request, MAX_PHOTO_BYTES).await
}

/// Keeps a photo, unless the disk's last bytes are for the log.
pub(crate) fn keep(
    shared: &Shared,
    actor: &Actor,
    thing: &ThingId,
    file: &[u8],
) -> Result<PhotoView, Problem> {
    if !ingest::has_room(shared.registry.folder()) {
        let detail = "The disk has too little room for a photo. Nothing of it was kept.";
        return Err(Problem::new(ProblemKind::UNAVAILABLE, detail).retry_after(ASK_AGAIN));
    }
    let added = shared.registry.add_photo(actor, thing, file);
    let added = added.map_err(|error| registry_problem(&error))?;
    Ok(PhotoView::from(added.as_ref()))
}

/// The photos of a thing, oldest first.
#[utoipa::path(get, path = "/v1/things/{id}/photos", tag = "devices",
    params(("id" = String, Path, description = "The thing's id")),
    responses((status = 200, body = List<PhotoView>), (status = 404, description = "There is no such thing")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    permitted: Permitted,
    Path(id): Path<String>,
    request: ListRequest,
) -> Result<Response, Problem> {
    let snapshot = state.registry.snapshot();
    let thing = find(&snapshot, &permitted, &id)?;
    let photos = snapshot.photos(&thing.id);
    let views = photos.map(|photo| PhotoView::from(photo.as_ref()));
    Ok(request.whole(views.collect()))
}

/// Adds a photo to a thing: a JPEG of at most 512 KiB and 4,096 pixels a side,
/// four of a thing. What the camera has written beside the picture, as where it was
/// taken, is not kept. The same photo again is the one that is there.
#[utoipa::path(post, path = "/v1/things/{id}/photos", tag = "devices",
    params(("id" = String, Path, description = "The thing's id")),
    request_body(content = inline(Binary), content_type = "image/jpeg", example = json!("the bytes of a JPEG")),
    responses((status = 201, body = PhotoView), (status = 404, description = "There is no such thing"),
        (status = 409, description = "The thing has four already")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn add(
    State(state): State<ApiState>,
    permitted: Permitted,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    // Before the body, which may take its time.
    permitted_thing(&state.registry.snapshot(), &permitted, &id)?;
    let file = read_photo(request).await?;
    let judged = permitted.clone();
    let added = state
        .changing_by(&permitted, move |shared, actor| {
            let _owners = shared.registry.hold_owners();
            let snapshot = shared.registry.snapshot();
            let thing = permitted_thing(&snapshot, &judged, &id)?;
            keep(shared, actor, &thing.id, &file)
        })
        .await??;
    Ok((StatusCode::CREATED, Json(added)).into_response())
}

/// The picture.
#[utoipa::path(get, path = "/v1/things/{id}/photos/{photo}", tag = "devices",
    params(("id" = String, Path, description = "The thing's id"),
        ("photo" = String, Path, description = "The photo's id")),
    responses((status = 200, body = inline(Binary), content_type = "image/jpeg"),
        (status = 404, description = "There is none")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn show(
    State(state): State<ApiState>,
    permitted: Permitted,
    Path((id, photo)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let snapshot = state.registry.snapshot();
    let thing = find(&snapshot, &permitted, &id)?;
    let found = snapshot.photo(&thing.id, &photo).cloned();
    let found = found.ok_or_else(|| no_photo(&photo))?;
    let picture = state
        .reading(move |shared| shared.registry.read_photo(&found))
        .await?
        .map_err(|error| match error {
            ReadPhotoError::Missing(_) => Problem::not_found(format!(
                "{error}, perhaps since it was left out of a backup. Send it again, or remove it."
            )),
            error => Problem::internal(&error),
        })?;
    // No cache: who loses the right, or uses the same browser next, sees it no more.
    let told = [
        (header::CONTENT_TYPE, JPEG),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (
            header::CONTENT_DISPOSITION,
            "inline; filename=\"photo.jpg\"",
        ),
    ];
    Ok((told, picture).into_response())
}

/// Removes a photo for good.
#[utoipa::path(delete, path = "/v1/things/{id}/photos/{photo}", tag = "devices",
    params(("id" = String, Path, description = "The thing's id"),
        ("photo" = String, Path, description = "The photo's id")),
    responses((status = 204, description = "It is gone"), (status = 404, description = "There is none")),
    security(("operator" = []), ("session" = [])))]
pub(crate) async fn remove(
    State(state): State<ApiState>,
    permitted: Permitted,
    Path((id, photo)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let judged = permitted.clone();
    state
        .changing_by(&permitted, move |shared, actor| {
            let _owners = shared.registry.hold_owners();
            let snapshot = shared.registry.snapshot();
            let thing = permitted_thing(&snapshot, &judged, &id)?;
            let photo = PhotoId::new(&photo).map_err(|_| no_photo(&photo))?;
            let removed = shared.registry.remove_photo(actor, &thing.id, &photo);
            removed.map_err(|error| registry_problem(&error))
        })
        .await??;
    Ok(StatusCode::NO_CONTENT)
}

/// The thing of a path, if the caller may know of it.
fn find<'a>(
    snapshot: &'a Snapshot,
    permitted: &Permitted,
    id: &str,
) -> Result<&'a Arc<Thing>, Problem> {
    let thing = snapshot.thing(id);
    thing
        .filter(|thing| permitted.sees(&thing.agency))
        .ok_or_else(|| Problem::not_found(format!("There is no thing {id}.")))
}

/// The same, if the caller is permitted there what the operation needs.
fn permitted_thing<'a>(
    snapshot: &'a Snapshot,
    permitted: &Permitted,
    id: &str,
) -> Result<&'a Arc<Thing>, Problem> {
    let thing = find(snapshot, permitted, id)?;
    permitted.in_agency(&thing.agency)?;
    Ok(thing)
}

fn no_photo(id: &str) -> Problem {
    Problem::not_found(format!("There is no photo {id}."))
}
