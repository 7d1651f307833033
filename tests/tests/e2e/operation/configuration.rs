//! Faults of the surroundings: a taken port, a newer data folder, a second server.

use tests::{Start, TestPlatform};

#[test]
fn a_port_in_use_is_a_fault_with_the_way_out() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let start = Start {
        flags: vec!["--http".into(), address.clone()],
        ..Start::default()
    };
    let Err((status, said)) = TestPlatform::try_on(&folder.path().join("data"), &start) else {
        panic!("it came up on a taken port");
    };
    assert_eq!(status.code(), Some(1));
    let last = said.trim().lines().last().unwrap();
    assert!(last.contains(&address) && last.contains("--http"), "{said}");
}

#[test]
fn a_newer_data_folder_is_refused_and_left_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("madang.format"), "999\n").unwrap();
    let Err((status, said)) = TestPlatform::try_on(&data, &Start::default()) else {
        panic!("it opened a newer folder");
    };
    assert_eq!(status.code(), Some(1));
    assert!(said.contains("newer madang"), "{said}");
    assert_eq!(std::fs::read_dir(&data).unwrap().count(), 1, "untouched");
}

#[test]
fn two_servers_do_not_share_a_data_folder() {
    let first = TestPlatform::start();
    let Err((status, said)) = TestPlatform::try_on(first.data(), &Start::default()) else {
        panic!("two servers over one folder");
    };
    assert_eq!(status.code(), Some(1), "{said}");
}
