//! `docs/rights.md` says what each role permits and how every operation answers
//! every kind of caller. Both tables are checked against the platform; an
//! operation that has no row fails.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::num::NonZeroU32;
use std::path::PathBuf;

use device_registry::{Permission, Role};
use open_api::Quotas;

use super::callers::{Caller, OF_AGENCY, OF_PLATFORM, holder, nobody, title};
use super::requests::{Furnished, MARK, OTHER, OWN, Request};
use crate::harness::{Platform, Reply};

/// With this set, the test writes the tables.
const WRITE: &str = "WRITE_RIGHTS_PAGE";
/// Before each table on the page, with its name.
const BEGIN: &str = "<!-- checked: ";
const END: &str = "<!-- end -->";
/// What a browser opens is in no description.
const PAGES: [&str; 6] = [
    "GET /",
    "GET /ops",
    "GET /field",
    "GET /docs",
    "GET /openapi.json",
    "GET /problems/not-found",
];

fn page() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/rights.md")
}

/// Compares a table with the one on the page, or writes it there.
fn check(name: &str, table: &str) {
    let page_text = std::fs::read_to_string(page()).unwrap();
    let begin = format!("{BEGIN}{name} -->\n");
    let (before, rest) = page_text.split_once(&begin).expect("the table's mark");
    let (standing, after) = rest.split_once(END).expect("the table's end");
    if std::env::var_os(WRITE).is_some() {
        let written = format!("{before}{begin}{table}{END}{after}");
        std::fs::write(page(), written).unwrap();
        return;
    }
    let lines = |text: &str| -> BTreeSet<String> { text.lines().map(str::to_owned).collect() };
    let (standing, table) = (lines(standing), lines(table));
    let wrong: Vec<_> = table.difference(&standing).collect();
    let stale: Vec<_> = standing.difference(&table).collect();
    assert!(
        wrong.is_empty() && stale.is_empty(),
        "{} does not say what the platform does. It does:\n{wrong:#?}\nThe page says:\n{stale:#?}\nIf it does right, write the page with {WRITE}=1.",
        page().display()
    );
}

#[test]
fn the_page_says_what_each_role_permits() {
    let role = |name: &str| Role::parse(name).expect("a role");
    let of_agency = OF_AGENCY.map(|name| (title(name, true), role(name).permissions_in_agency()));
    let of_platform = OF_PLATFORM.map(|name| (title(name, false), role(name).permissions()));
    let roles = [of_agency.as_slice(), of_platform.as_slice()].concat();
    let mut table = "| Permission |".to_owned();
    for (title, _) in &roles {
        let _ = write!(table, " {title} |");
    }
    table.push_str("\n|---|");
    table.push_str(&"---|".repeat(roles.len()));
    table.push('\n');
    for permission in Permission::ALL {
        let _ = write!(table, "| `{}` |", permission.as_str());
        for (_, permissions) in &roles {
            let has = permissions.has(permission);
            table.push_str(if has { " yes |" } else { " |" });
        }
        table.push('\n');
    }
    check("permissions", &table);
}

/// How an answer is told in the table.
fn cell(reply: &Reply) -> String {
    match reply.status {
        200..=399 => "yes".to_owned(),
        status => status.to_string(),
    }
}

#[test]
fn the_page_says_how_every_operation_answers_every_caller() {
    let quotas = Quotas {
        // Everybody asks from one address.
        logins_a_minute: NonZeroU32::new(10_000).unwrap(),
        claim_codes_a_minute: NonZeroU32::new(1_000).unwrap(),
        ..Quotas::default()
    };
    let platform = Platform::with(quotas, "");
    let furnished = Furnished::new(&platform);
    let mut callers = vec![
        nobody(),
        Caller {
            name: "an API key".to_owned(),
            token: Some(furnished.application_key.clone()),
        },
    ];
    callers.extend(OF_AGENCY.map(|role| holder(&platform, role, Some(OWN))));
    callers.extend(OF_PLATFORM.map(|role| holder(&platform, role, None)));
    let strangers = OF_AGENCY.map(|role| holder(&platform, role, Some(OTHER)));

    let mut table = "| Operation |".to_owned();
    for caller in &callers {
        let _ = write!(table, " {} |", caller.name);
    }
    table.push_str(" another agency's |\n|---|");
    table.push_str(&"---|".repeat(callers.len() + 1));
    table.push('\n');
    let described = platform.get("/openapi.json").expect(200);
    let described = described["paths"].as_object().unwrap();
    let lines = described.iter().flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().keys();
        methods.map(move |method| format!("{} {path}", method.to_uppercase()))
    });
    for line in lines.chain(PAGES.map(str::to_owned)) {
        let _ = write!(table, "| `{line}` |");
        let mut own = Vec::new();
        for caller in &callers {
            let reply = ask(&furnished, caller, &furnished.request(&line));
            let _ = write!(table, " {} |", cell(&reply));
            own.push(cell(&reply));
        }
        let answers = strangers
            .iter()
            .map(|stranger| stranger_is_told(&furnished, &line, stranger));
        // A role that may do it nowhere is told so before it is seen where.
        let there = OF_AGENCY.iter().zip(&own[2..]).zip(answers);
        let there: BTreeSet<String> = there
            .filter(|((_, own), told)| !(*own == "403" && told == "403"))
            .map(|(_, told)| told)
            .collect();
        let there: Vec<String> = there.into_iter().collect();
        let there = if there.is_empty() {
            "403".to_owned()
        } else {
            there.join(", ")
        };
        let _ = writeln!(table, " {there} |");
    }
    check("operations", &table);
}

fn ask(furnished: &Furnished<'_>, caller: &Caller, request: &Request) -> Reply {
    let body = request.body.as_ref();
    caller.send(furnished.platform, &request.method, &request.path, body)
}

/// How somebody of another agency is answered: nothing of what belongs to the
/// first may show, and what is there is told as what is not.
fn stranger_is_told(furnished: &Furnished<'_>, line: &str, stranger: &Caller) -> String {
    let request = furnished.request(line);
    let reply = ask(furnished, stranger, &request);
    let nothing = request.about_nothing();
    let names_it = nothing.path != request.path || nothing.body != request.body;
    if names_it && reply.status >= 400 {
        let absent = ask(furnished, stranger, &nothing);
        assert_eq!(
            request.absent(&told(&reply)),
            told(&absent),
            "{line} tells {} of {OTHER} what there is",
            stranger.name
        );
    } else if reply.status < 400 {
        assert!(!reply.text.contains(MARK), "{line}: {}", reply.text);
    }
    cell(&reply)
}

/// An answer without what is another in each.
fn told(reply: &Reply) -> String {
    let mut problem = reply.json();
    if let Some(problem) = problem.as_object_mut() {
        problem.remove("request_id");
    }
    problem.to_string()
}
