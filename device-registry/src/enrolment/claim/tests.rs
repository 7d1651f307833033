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
