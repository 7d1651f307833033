//! People who log in at an identity provider: npm's oidc-provider, as it is.

mod browser;

use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tests::peers::{look_below_the_project, look_for};
use tests::test_device::make_agency;
use tests::{Start, TestPlatform, eventually};

use browser::{Browser, PUBLIC_URL};

const FOLDER: &str = "target/peers/oidc-provider";
const PROGRAM: &str = include_str!("../../../../oidc-provider/provider.mjs");

struct Provider {
    child: Child,
    /// What it says later is read by nobody, and has a place all the same.
    _said: Lines<BufReader<ChildStdout>>,
    issuer: String,
}

impl Provider {
    /// `None` where it is not installed.
    fn start() -> Option<Self> {
        let node = look_for("node")?;
        look_below_the_project(&format!("{FOLDER}/node_modules"))?;
        // Modules are looked for beside the program, so it is put beside them.
        let program = look_below_the_project(FOLDER)?.join("provider.mjs");
        std::fs::write(&program, PROGRAM).unwrap();
        let mut child = Command::new(node)
            .arg(program)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut lines = said.by_ref().map(Result::unwrap);
        let issuer = lines.find(|line| line.starts_with("http"));
        Some(Self {
            child,
            _said: said,
            issuer: issuer.expect("it tells its issuer"),
        })
    }

    fn control(&self, changes: &Value) {
        let answer = ureq::post(format!("{}/control", self.issuer)).send(changes.to_string());
        answer.unwrap();
    }

    fn person(&self, groups: &[&str]) {
        let kim = json!({"name": "김민수", "preferred_username": "Kim", "groups": groups});
        self.control(&json!({"people": {"u-1": kim}, "login": "u-1"}));
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// With agency `seoul` and somebody of the group `ops`.
fn start() -> Option<(Provider, TestPlatform)> {
    let provider = Provider::start()?;
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), "the-platforms-secret\n").unwrap();
    let flags = [
        ("--public-url", PUBLIC_URL),
        ("--oidc-issuer", &provider.issuer),
        ("--oidc-client-id", "madang"),
        ("--oidc-client-secret-file", secret.path().to_str().unwrap()),
        ("--oidc-name", "City ID"),
        ("--oidc-roles", "ops=operator@seoul, readers=viewer@seoul"),
    ];
    let flags = flags.iter().flat_map(|(flag, text)| [flag, text]);
    let platform = TestPlatform::start_with(&Start {
        flags: flags.map(|it| (*it).to_owned()).collect(),
        ..Start::default()
    });
    make_agency(&platform.operator());
    provider.control(&json!({"platform": platform.url()}));
    provider.person(&["ops"]);
    Some((provider, platform))
}

fn roles(names: &[&str]) -> Option<Vec<String>> {
    Some(names.iter().map(|it| (*it).to_owned()).collect())
}

#[test]
fn a_person_logs_in_with_the_roles_that_the_provider_tells_at_that_time() {
    let Some((provider, platform)) = start() else {
        return;
    };
    let mut browser = Browser::of(&platform);
    assert_eq!(platform.get_json("/v1/platform")["sign_on"], "City ID");
    assert_eq!(browser.log_in(), "/ops");
    assert_eq!(browser.roles(), roles(&["operator@seoul"]));

    // Another role, and other keys: the session with the role of before ends.
    provider.control(&json!({"rotate": true}));
    provider.person(&["readers", "others"]);
    let mut again = Browser::of(&platform);
    assert_eq!(again.log_in(), "/ops");
    assert_eq!(again.roles(), roles(&["viewer@seoul"]));
    assert_eq!(browser.roles(), None);

    provider.person(&["others"]);
    assert_eq!(Browser::of(&platform).log_in(), "/ops#login-fault=no-role");
    assert_eq!(again.roles(), None);
    let people = platform.get_json("/v1/operators")["items"].clone();
    assert_eq!(people.as_array().unwrap().len(), 1, "{people}");
    assert_eq!(
        (&people[0]["id"], &people[0]["roles"]),
        (&json!("kim"), &json!([]))
    );
}

#[test]
fn a_logout_goes_both_ways() {
    let Some((provider, platform)) = start() else {
        return;
    };
    // Its logout tokens are signed so too.
    provider.control(&json!({"algorithm": "EdDSA"}));
    let mut browser = Browser::of(&platform);
    assert_eq!(browser.log_in(), "/ops");
    // The provider remembers the login.
    let mut beside = browser.without_platform();
    assert_eq!(beside.log_in(), "/ops");
    let mut elsewhere = Browser::of(&platform);
    assert_eq!(elsewhere.log_in(), "/ops");

    let logged_out = browser.send("DELETE", "/v1/session", None);
    assert_eq!((logged_out.status, browser.roles()), (200, None));
    assert!(beside.roles().is_some());
    let logged_out: Value = serde_json::from_str(&logged_out.body).unwrap();
    let page = browser.get(logged_out["logout_url"].as_str().unwrap());
    let between = |from: &str, to: &str| {
        let (_, rest) = page
            .body
            .split_once(from)
            .unwrap_or_else(|| panic!("{}", page.body));
        rest.split_once(to).unwrap().0.to_owned()
    };
    let form = format!(
        "xsrf={}&logout=yes",
        between("name=\"xsrf\" value=\"", "\"")
    );
    let left = browser.send("POST", &between("action=\"", "\""), Some(&form));
    let left = left.location.unwrap();
    assert!(left.starts_with(&format!("{PUBLIC_URL}/ops")), "{left}");
    // The provider has told it from server to server.
    eventually("the session ends", || {
        beside.roles().is_none().then_some(())
    });
    assert!(elsewhere.roles().is_some(), "it is another session there");
    // It is logged out on both sides: there is nowhere to go, and nothing to read.
    let late = beside.send("DELETE", "/v1/session", None);
    assert_eq!((late.status, late.body.as_str()), (204, ""));
}

#[test]
fn what_is_for_another_login_client_or_time_lets_nobody_in() {
    let Some((provider, platform)) = start() else {
        return;
    };
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    for (algorithm, claims) in [
        ("RS256", json!({"aud": "another"})),
        (
            "RS256",
            json!({"aud": ["madang", "another"], "azp": "another"}),
        ),
        ("ES256", json!({"iss": "https://login.example.kr"})),
        ("ES256", json!({"nonce": "another"})),
        ("EdDSA", json!({"exp": now - 120})),
        ("EdDSA", json!({"iat": now + 120})),
    ] {
        provider.control(&json!({"algorithm": algorithm, "tamper": claims}));
        let mut browser = Browser::of(&platform);
        let end = browser.log_in();
        assert_eq!(end, "/ops#login-fault=provider-not-believed", "{claims}");
        assert_eq!(browser.roles(), None);
    }
    // With each algorithm, as the provider signs and with claims that may differ.
    for algorithm in ["RS256", "ES256", "EdDSA"] {
        let taken = json!({"aud": ["madang", "another"], "azp": "madang", "exp": now - 30});
        for tamper in [Value::Null, taken] {
            provider.control(&json!({"algorithm": algorithm, "tamper": tamper}));
            assert_eq!(Browser::of(&platform).log_in(), "/ops", "{algorithm}");
        }
    }

    let over = "/ops#login-fault=login-over";
    let mut browser = Browser::of(&platform);
    let callback = browser.as_far_as_callback();
    let of_another = Browser::of(&platform).get(&callback);
    assert_eq!(of_another.location.as_deref(), Some(over));
    let callback = browser.as_far_as_callback();
    let code = |url: &str| {
        let (_, rest) = url.split_once("code=").unwrap();
        rest.split('&').next().unwrap().to_owned()
    };
    assert_eq!(browser.get(&callback).location.as_deref(), Some("/ops"));
    assert_eq!(browser.get(&callback).location.as_deref(), Some(over));
    // The code of a login that is over, in another.
    let next = browser.as_far_as_callback();
    let replayed = next.replace(&code(&next), &code(&callback));
    let refused = browser.get(&replayed).location;
    assert_eq!(
        refused.as_deref(),
        Some("/ops#login-fault=provider-refused")
    );
    let other_issuer = browser
        .as_far_as_callback()
        .replace("iss=http", "iss=https");
    let refused = browser.get(&other_issuer).location;
    assert_eq!(
        refused.as_deref(),
        Some("/ops#login-fault=provider-not-believed")
    );
}
