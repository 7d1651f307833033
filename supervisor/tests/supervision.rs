//! What ends by itself is told with its reason; what was closed is not.

use std::time::Duration;

use supervisor::{How, Supervisor};

/// Generous: what is waited for comes within microseconds.
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_thread_that_returns_by_itself_is_told_by_name() {
    let supervisor = Supervisor::default();
    let scope = supervisor.scope("log");
    scope.thread("commit", || {}).unwrap();
    let ended = tokio::time::timeout(PATIENCE, supervisor.failed()).await;
    let ended = ended.expect("told");
    assert_eq!(&*ended.task, "log: commit");
    assert_eq!(ended.how, How::Returned);
    assert!(supervisor.running().is_empty());
}

#[tokio::test]
async fn a_panic_is_told_with_its_words() {
    supervisor::panics::install();
    let supervisor = Supervisor::default();
    let scope = supervisor.scope("store");
    let thread = scope
        .thread("flush", || panic!("no room for {}", 7))
        .unwrap();
    thread.join().unwrap_err();
    let ended = supervisor.ended().expect("told");
    let text = ended.to_string();
    assert!(
        text.contains("store: flush") && text.contains("no room for 7"),
        "{text}"
    );
}

#[tokio::test]
async fn a_task_that_is_dropped_is_told_and_one_that_panics_too() {
    let supervisor = Supervisor::default();
    let scope = supervisor.scope("http");
    let task = tokio::spawn(scope.task("accept", std::future::pending::<()>()));
    assert_eq!(supervisor.running().len(), 1);
    assert!(supervisor.ended().is_none());
    task.abort();
    let ended = tokio::time::timeout(PATIENCE, supervisor.failed()).await;
    assert_eq!(&*ended.expect("told").task, "http: accept");

    let supervisor = Supervisor::default();
    let panics = async { panic!("an arm is missing") };
    let task = tokio::spawn(supervisor.scope("http").task("accept", panics));
    task.await.unwrap_err();
    let how = supervisor.ended().expect("told").how;
    assert!(matches!(how, How::Panicked(_)), "{how}");
}

#[tokio::test]
async fn the_first_that_ends_is_the_reason() {
    let supervisor = Supervisor::default();
    for task in ["first", "second"] {
        supervisor.scope("mqtt").task(task, async {}).await;
    }
    assert_eq!(&*supervisor.ended().unwrap().task, "mqtt: first");
}

#[test]
fn what_ends_after_its_room_closed_is_as_planned_but_a_panic_is_not() {
    let supervisor = Supervisor::default();
    let scope = supervisor.scope("log");
    let other = supervisor.scope("store");
    let (end, ended) = std::sync::mpsc::channel::<()>();
    let thread = scope.thread("commit", move || {
        assert!(ended.recv().is_err());
    });
    scope.close();
    drop(end);
    thread.unwrap().join().unwrap();
    assert!(supervisor.ended().is_none());

    other.close();
    let panics = other.thread("flush", || panic!("in the last flush"));
    panics.unwrap().join().unwrap_err();
    assert!(supervisor.ended().is_some(), "a panic is never as planned");
}

#[test]
fn one_that_beats_is_missed_when_it_no_longer_does() {
    let supervisor = Supervisor::default();
    let scope = supervisor.scope("mqtt");
    let quiet = scope.watch("quiet");
    let watched = scope.watch("worker 0");
    watched.beat();
    assert!(supervisor.silent(PATIENCE).is_empty());
    std::thread::sleep(Duration::from_millis(5));
    let silent = supervisor.silent(Duration::from_millis(1));
    assert_eq!(silent.len(), 1, "only one that has told that it is alive");
    assert_eq!(&*silent[0], "mqtt: worker 0");
    watched.beat();
    scope.close();
    drop((quiet, watched));
}
