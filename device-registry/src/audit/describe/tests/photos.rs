//! Rows of photos.

use std::sync::Arc;

use domain::{PhotoId, Timestamp};

use crate::registry::RowChange;
use crate::snapshot::Snapshot;
use crate::thing::Photo;

pub(super) fn samples_of_photos(standing: &Snapshot) -> Vec<RowChange> {
    let thing = &standing.device("lot-1").unwrap().thing;
    let photo = Photo {
        id: PhotoId::new("photo-1").unwrap(),
        added: Timestamp::from_micros(2_000),
        bytes: 200_000,
        width: 1_280,
        height: 960,
        sha256: [7; 32],
    };
    vec![
        RowChange::AddPhoto {
            thing: thing.clone(),
            photo: Arc::new(photo.clone()),
        },
        RowChange::RemovePhoto {
            thing: thing.clone(),
            photo: photo.id,
        },
    ]
}
