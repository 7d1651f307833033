//! Addresses that are written, and those that a killed server left.

use super::*;

fn running(public_url: Option<&str>) -> Running {
    Running(Content {
        pid: std::process::id(),
        began: None,
        public_url: public_url.map(str::to_owned),
        listeners: BTreeMap::from([("http".to_owned(), "127.0.0.1:8080".parse().unwrap())]),
    })
}

#[test]
fn it_answers_where_it_listens_and_where_the_world_knows_it() {
    let server = running(Some("https://madang.example.kr"));
    for (url, its) in [
        ("http://127.0.0.1:8080", true),
        ("http://127.0.0.1:8080/", true),
        ("https://madang.example.kr/", true),
        ("http://127.0.0.1:8081", false),
        ("http://127.0.0.1", false),
        ("https://127.0.0.1:8080", false),
        ("http://127.0.0.1:8080@192.0.2.1:8080", false),
        ("https://madang.example.kr.invalid", false),
        ("127.0.0.1:8080", false),
    ] {
        assert_eq!(server.answers_at(url), its, "{url}");
    }
    assert_eq!(server.url().as_deref(), Some("http://127.0.0.1:8080"));
}

#[test]
fn what_a_killed_server_left_names_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let put = |content: &Content| {
        let text = serde_json::to_vec(content).unwrap();
        std::fs::write(folder.path().join(FILE), text).unwrap();
    };
    assert!(Running::on(folder.path()).unwrap().is_none());
    let mut content = running(None).0;
    // This very process, but as if it had begun at another time.
    content.began = Some(1);
    put(&content);
    assert!(Running::on(folder.path()).unwrap().is_none());
    content.began = began(content.pid);
    put(&content);
    assert!(Running::on(folder.path()).unwrap().is_some());
    std::fs::write(folder.path().join(FILE), "{").unwrap();
    assert!(Running::on(folder.path()).is_err());
}
