//! How many claims are kept.

use super::*;

/// As many claims of an agency as it may have, the first ones revoked.
fn fill(change: &mut Change, agency: &str, revoked: usize) {
    for number in 0..MAX_AGENCY_CLAIMS {
        let mut hmac = [0; 32];
        let name = format!("{agency}{number}");
        hmac[..name.len()].copy_from_slice(name.as_bytes());
        change.draft.put_claim(Arc::new(Claim {
            id: ClaimId::new(format!("{number:06}{agency}")).unwrap(),
            agency: AgencyId::new(agency).unwrap(),
            model: ModelId::new("traffic.parking").unwrap(),
            device: None,
            note: String::new(),
            created: change.now,
            expires: Timestamp::from_micros(i64::MAX),
            revoked: (number < revoked).then_some(change.now),
            used: None,
            hmac,
        }));
    }
}

/// Before, one agency could fill the platform for all others.
#[test]
fn an_agency_fills_its_own_share_only() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::open(dir.path(), || Timestamp::from_micros(0)).unwrap();
    let (seoul, busan) = (
        AgencyId::new("seoul").unwrap(),
        AgencyId::new("busan").unwrap(),
    );
    registry.rehearse(|change| {
        fill(change, "busan", 1);
        fill(change, "seoul", 300);
        let count = |change: &Change, agency: &AgencyId| {
            let claims = change.draft.claims(None);
            claims.filter(|claim| claim.agency == *agency).count()
        };
        make_room(change, &seoul).unwrap();
        assert_eq!(
            (count(change, &seoul), count(change, &busan)),
            (MAX_AGENCY_CLAIMS - FORGOTTEN_AT_ONCE, MAX_AGENCY_CLAIMS),
            "its own are forgotten, and nobody else's"
        );
        make_room(change, &busan).unwrap();
        make_room(change, &AgencyId::new("daegu").unwrap()).unwrap();
        fill(change, "busan", 0);
        let full = make_room(change, &busan);
        assert!(matches!(full, Err(CreateClaimError::Full)));
    });
}

fn ids(change: &Change) -> Vec<String> {
    let claims = change.draft.claims(None);
    claims.map(|claim| claim.id.to_string()).collect()
}

/// Before, an expired claim that is older than one that was revoked went first;
/// and all claims of the platform were looked at to find it.
#[test]
fn what_was_revoked_is_forgotten_before_what_expired() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::open(dir.path(), || Timestamp::from_micros(0)).unwrap();
    let seoul = AgencyId::new("seoul").unwrap();
    registry.rehearse(|change| {
        fill(change, "seoul", 0);
        let mut alter = |number: usize, alter: &dyn Fn(&mut Claim)| {
            let id = format!("{number:06}seoul");
            let mut claim = Claim::clone(change.draft.claim(&id).unwrap());
            alter(&mut claim);
            change.draft.put_claim(Arc::new(claim));
        };
        for number in 0..FORGOTTEN_AT_ONCE {
            alter(number, &|claim| claim.expires = Timestamp::from_micros(0));
            let revoked = Some(Timestamp::from_micros(0));
            alter(1_000 + number, &|claim| claim.revoked = revoked);
        }
        assert!(
            change
                .draft
                .has_open_claims(&seoul, MAX_OPEN_CLAIMS, change.now)
        );
        make_room(change, &seoul).unwrap();
        let left = ids(change);
        assert_eq!(left.len(), MAX_AGENCY_CLAIMS - FORGOTTEN_AT_ONCE);
        let stands = |number: usize| left.binary_search(&format!("{number:06}seoul")).is_ok();
        assert!((0..FORGOTTEN_AT_ONCE).all(stands));
        assert!((1_000..1_000 + FORGOTTEN_AT_ONCE).all(|number| !stands(number)));

        fill(change, "seoul", MAX_AGENCY_CLAIMS);
        assert!(!change.draft.has_open_claims(&seoul, 1, change.now));
    });
}
