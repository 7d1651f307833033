//! `docs/sensorthings.md`: its ten requests against the demo that it names, and
//! what it says is claimed.

use std::path::PathBuf;

use serde_json::Value as Json;

use super::demo::Demo;

/// Where the page has the platform.
const USUAL: &str = "http://127.0.0.1:8080";

fn page() -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/sensorthings.md");
    std::fs::read_to_string(path).unwrap()
}

/// The URLs that the page gives curl, as a shell would make them.
fn requests(page: &str, platform: &str) -> Vec<String> {
    let block = page.split("```sh\n").nth(1).unwrap();
    let lines = block.split("```").next().unwrap().lines();
    let mut variables: Vec<(String, String)> = Vec::new();
    let mut urls = Vec::new();
    for line in lines {
        if let Some(argument) = line.strip_prefix("curl -s \"") {
            let mut url = argument.strip_suffix('"').unwrap().to_owned();
            for (name, value) in &variables {
                url = url.replace(&format!("${name}/"), &format!("{value}/"));
                if url == format!("${name}") {
                    url.clone_from(value);
                }
            }
            urls.push(url.replace("\\$", "$"));
        } else if let Some((name, value)) = line.split_once('=')
            && !line.starts_with('#')
        {
            let value = value.replace(USUAL, platform);
            variables.push((name.to_owned(), value));
        }
    }
    urls
}

/// Of any of the formats.
fn entities(url: &str) -> usize {
    let answer = ureq::get(url).call();
    let answer = answer.unwrap_or_else(|error| panic!("GET {url}: {error}"));
    assert_eq!(answer.status(), 200, "{url}");
    let text = answer.into_body().read_to_string().unwrap();
    if url.contains("=CSV") {
        // The first line has the names.
        return text.lines().count() - 1;
    }
    let json: Json = serde_json::from_str(&text).unwrap();
    let list = ["value", "features"]
        .iter()
        .find_map(|name| json[*name].as_array());
    match list {
        Some(list) => list.len(),
        None => usize::from(json.get("@iot.id").is_some()),
    }
}

/// The URIs that the page says the version claims.
fn told(page: &str, version: &str) -> Vec<String> {
    let rows = page
        .lines()
        .filter(|line| line.starts_with(&format!("| {version} | `http")));
    rows.map(|row| row.split('`').nth(1).unwrap().to_owned())
        .collect()
}

fn claimed(platform: &str, version: &str) -> Vec<String> {
    let landing = ureq::get(format!("{platform}/sta/v{version}"))
        .call()
        .unwrap();
    let landing: Json =
        serde_json::from_str(&landing.into_body().read_to_string().unwrap()).unwrap();
    let classes = landing["serverSettings"]["conformance"].as_array().unwrap();
    classes
        .iter()
        .map(|class| class.as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn every_request_of_the_page_finds_something_in_the_demo() {
    let page = page();
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(&folder.path().join("demo"));
    let requests = requests(&page, demo.url());
    assert_eq!(requests.len(), 10);
    for url in &requests {
        assert!(entities(url) > 0, "nothing is found by {url}");
    }
    for version in ["1.1", "2.0"] {
        assert_eq!(told(&page, version), claimed(demo.url(), version));
    }
    demo.stop();
}
