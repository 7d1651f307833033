//! Photos of things over HTTP: who adds them, who sees them, and what is shown.

use serde_json::{Value, json};

use crate::access::rights::{Caller, holder};
use crate::harness::{Platform, Reply};

fn operator(platform: &Platform) -> String {
    format!("Bearer {}", platform.token)
}

fn add(platform: &Platform, path: &str) -> Reply {
    let proof = operator(platform);
    platform.photograph(path, ("authorization", proof.as_str()))
}

#[test]
fn a_photo_is_added_shown_as_a_picture_alone_and_removed() {
    let platform = Platform::start();
    platform.public_device("dev-1", "traffic.flow");
    let path = "/v1/things/dev-1/photos";
    let made = add(&platform, path).expect(201);
    assert_eq!((&made["width"], &made["height"]), (&json!(8), &json!(8)));
    assert_eq!(add(&platform, path).expect(201), made, "sent again");
    assert_eq!(platform.all(path), std::slice::from_ref(&made));

    let picture = format!("{path}/{}", made["id"].as_str().unwrap());
    let shown = platform.operator("GET", &picture, None);
    assert!(!shown.expect_text(200).contains("GPS"));
    for (name, value) in [
        ("content-type", "image/jpeg"),
        ("x-content-type-options", "nosniff"),
        (
            "content-security-policy",
            "default-src 'none'; sandbox; frame-ancestors 'none'",
        ),
        ("cache-control", "no-store"),
        ("content-length", made["bytes"].to_string().as_str()),
    ] {
        assert_eq!(shown.header(name), Some(value));
    }
    // The device is public; its photos are not.
    for path in [path, &picture] {
        let reply = platform.send("GET", path, &[], None);
        reply.problem(401, "unauthenticated");
    }
    platform.operator("DELETE", &picture, None).expect(204);
    platform
        .operator("GET", &picture, None)
        .problem(404, "not-found");
    assert_eq!(platform.all(path), [] as [Value; 0]);
}

#[test]
fn what_is_no_photo_is_refused_with_the_way_out() {
    let platform = Platform::start();
    platform.public_device("dev-1", "traffic.flow");
    let path = "/v1/things/dev-1/photos";
    let proof = operator(&platform);
    let send = |kind: &str, body: &[u8]| {
        let headers = [("authorization", proof.as_str()), ("content-type", kind)];
        platform.send("POST", path, &headers, Some(body.to_vec()))
    };
    send("image/png", b"\x89PNG").problem(415, "unsupported-media-type");
    let refused = send("image/jpeg", b"\x89PNG").problem(400, "invalid-body");
    assert_eq!(refused["code"], "no-photo");
    send("image/jpeg", &vec![0; 600_000]).problem(413, "too-large");
    let nobody = add(&platform, "/v1/things/nobody/photos");
    nobody.problem(404, "not-found");
}

/// A device put into service by a claim: the claim's id, and its receipt.
fn claimed(platform: &Platform, agency: &str) -> (String, String) {
    let new = json!({"agency": agency, "model": "traffic.flow"});
    let made = platform.operator("POST", "/v1/claims", Some(new));
    let made = made.expect(201);
    let key = json!({"public_key": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
    let device = json!({"id": "dev-1", "keys": [key]});
    let redemption = json!({"code": made["code"], "device": device});
    let used = platform.post("/v1/claims/redeem", &redemption).expect(201);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&made["claim"]["id"]), text(&used["receipt"]))
}

fn by_receipt(platform: &Platform, receipt: &str) -> Reply {
    platform.photograph("/v1/claims/photos", ("claim-receipt", receipt))
}

#[test]
fn an_installer_adds_photos_with_the_receipt_of_a_claim_alone() {
    let platform = Platform::start();
    let (claim, receipt) = claimed(&platform, &platform.agency());
    for wrong in ["", "x.AAAA", &receipt[1..]] {
        by_receipt(&platform, wrong).problem(404, "not-found");
    }
    let photo = by_receipt(&platform, &receipt).expect(201);
    // The answer was lost: who sends it again makes no double.
    assert_eq!(by_receipt(&platform, &receipt).expect(201), photo);
    assert_eq!(platform.all("/v1/things/dev-1/photos"), [photo]);
    let entries = platform.all("/v1/audit?object=dev-1&limit=100");
    let entry = entries.last().unwrap();
    assert_eq!(
        (&entry["action"], &entry["means"]),
        (&json!("photo.add"), &json!(format!("claim:{claim}")))
    );
}

#[test]
fn photos_go_with_a_device_and_no_receipt_of_its_former_agency_adds_more() {
    let platform = Platform::start();
    let agencies = [platform.agency(), platform.agency()];
    let [old, new] = agencies.each_ref().map(|agency| agency.as_str());
    let viewers = agencies
        .each_ref()
        .map(|agency| holder(&platform, "viewer", Some(agency)));
    let (_, receipt) = claimed(&platform, old);
    let photo = by_receipt(&platform, &receipt).expect(201);
    let all = "/v1/things/dev-1/photos";
    let one = format!("{all}/{}", photo["id"].as_str().unwrap());
    let seen = |by: &Caller| [all, &one].map(|path| by.send(&platform, "GET", path, None).status);
    assert_eq!(viewers.each_ref().map(seen), [[200; 2], [404; 2]]);
    let transfer = Some(json!({"agency": new}));
    let moved = platform.operator("POST", "/v1/devices/dev-1/transfer", transfer);
    moved.expect(200);
    assert_eq!(viewers.each_ref().map(seen), [[404; 2], [200; 2]]);
    by_receipt(&platform, &receipt).problem(404, "not-found");
}
