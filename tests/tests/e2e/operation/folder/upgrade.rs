//! A folder of an older format.

use std::fs;
use std::path::Path;

use tests::{Start, TestPlatform};

use super::{Copy, files};
use crate::operation::backup::{madang, text};

/// A folder of format 2, as the last binary before ids left it when it was
/// stopped, in the form of its backup. It stays in git and must open for good.
#[test]
fn a_folder_of_the_format_before_is_upgraded_in_place() {
    let folder = tempfile::tempdir().unwrap();
    let (old, data) = (folder.path().join("old"), folder.path().join("data"));
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/folder-v2");
    Copy::of(&fixture).put(&old);
    let restored = madang(&["restore", text(&old), "--data", text(&data)]);
    assert!(restored.status.success(), "{restored:?}");
    let read = |name: &str| fs::read_to_string(data.join(name)).unwrap();
    assert_eq!(read("madang.format"), "2\n");
    let values: Vec<f64> = (1..=5).map(f64::from).collect();
    // The second start is on a folder that is held to its record.
    for round in 0..2 {
        let platform = TestPlatform::on(&data, &Start::default());
        assert_eq!(read("madang.format"), "3\n");
        assert!(read("madang.parts").contains(r#""state":"whole""#));
        let found = platform.get_json("/v1/datastreams?device=air-1&field=pm25");
        let id = found["items"][0]["id"].to_string();
        let path = format!("/v1/datastreams/{}/observations", id.trim_matches('"'));
        let rows = platform.get_json(&path);
        let rows = rows["items"].as_array().unwrap().iter();
        let found: Vec<f64> = rows.map(|row| row["value"].as_f64().unwrap()).collect();
        assert_eq!(found, values, "start {round}");
        platform.stop();
    }
    // As a checkout has them, others may read the secrets.
    for name in files(&data) {
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        fs::set_permissions(data.join(name), private).unwrap();
    }
    let sound = madang(&["doctor", "--data", text(&data)]);
    assert!(sound.status.success(), "{sound:?}");
}
