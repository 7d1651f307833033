//! What there must be for a feed.

use super::*;

fn args(url: &str) -> FeedArgs {
    FeedArgs {
        url: Some(url.to_owned()),
        ..FeedArgs::default()
    }
}

#[test]
fn without_an_address_there_is_no_feed() {
    assert!(FeedArgs::default().checked().unwrap().is_none());
    let config = args("http://127.0.0.1:8428").checked().unwrap().unwrap();
    assert_eq!(config.horizon, Duration::from_secs(60));
    assert_eq!(config.selection, Selection::Public);
    assert_eq!(config.token, None);
}

#[test]
fn each_fault_names_its_flag() {
    let refused = |args: FeedArgs| args.checked().unwrap_err().to_string();
    assert!(refused(args("influx:8086")).starts_with("--feed-url "));
    let orphan = FeedArgs {
        horizon: Some(5),
        ..FeedArgs::default()
    };
    assert_eq!(refused(orphan), "--feed-horizon needs --feed-url");
    let given = args("http://127.0.0.1:8428");
    let token = FeedArgs {
        token_file: Some("/nonexistent".into()),
        ..given.clone()
    };
    assert!(refused(token).starts_with("--feed-token-file "));
    let bucket = FeedArgs {
        bucket: Some(String::new()),
        ..given.clone()
    };
    assert!(refused(bucket).starts_with("--feed-bucket "));
    let org = FeedArgs {
        org: Some("a\nb".to_owned()),
        ..given.clone()
    };
    assert!(refused(org).starts_with("--feed-org "));
    let horizon = FeedArgs {
        horizon: Some(86_401),
        ..given.clone()
    };
    assert!(refused(horizon).starts_with("--feed-horizon "));
    let visibility = FeedArgs {
        visibility: Some("some".to_owned()),
        ..given
    };
    assert!(refused(visibility).starts_with("--feed-visibility "));
}
