//! Transfers, ends of credentials, claims and batches, for an auditor.

use domain::{BatchId, ClaimId, CredentialId, DeviceId, ThingId, Timestamp};

use super::values::credential_name;
use super::{Description, ObjectChange};
use crate::audit::action::{Action, Kind};
use crate::audit::fields::Fields;
use crate::device::Device;
use crate::enrolment::{Batch, Claim};
use crate::thing::OwnerSince;

impl<'a> Description<'a> {
    /// Its former agency has an entry of its own, since the other is not its to
    /// read.
    pub(super) fn gave_away(&mut self, old: &Device, device: &'a Device) {
        let mut change = ObjectChange {
            kind: Kind::Device,
            object: device.id.as_str(),
            agency: Some(old.agency.clone()),
            action: Action::TransferDevice,
            before: Fields::default(),
            after: Fields::default(),
        };
        change.changed("agency", old.agency.as_str(), device.agency.as_str());
        self.objects.push(change);
    }

    pub(super) fn add_owner(&mut self, thing: &'a ThingId, entry: &OwnerSince) {
        let object = self.thing(thing, Action::TransferThing);
        let name = if entry.since == Timestamp::MIN {
            "owner".to_owned()
        } else {
            format!("owner.{}", entry.since)
        };
        object.after.set(name, entry.agency.as_str());
    }

    pub(super) fn end_credential(
        &mut self,
        device: &'a DeviceId,
        credential: CredentialId,
        expires: Option<Timestamp>,
    ) {
        let standing = self.before.device(device.as_str());
        let standing = standing.and_then(|device| {
            let mut all = device.credentials.iter();
            all.find(|other| other.id == credential)
        });
        let before = standing.and_then(|credential| credential.expires);
        let object = self.device(device, Action::EndCredential);
        let name = format!("{}.expires", credential_name(credential.get()));
        object.changed(name, before, expires);
    }

    pub(super) fn add_claim(&mut self, claim: &'a Claim) {
        let (id, agency) = (claim.id.as_str(), Some(&claim.agency));
        let object = self.object(Kind::Claim, id, agency, Action::CreateClaim);
        object.after = claim_fields(claim);
    }

    pub(super) fn change_claim(&mut self, claim: &'a Claim) {
        let standing = self.before.claim(claim.id.as_str());
        let revoked = standing.and_then(|old| old.revoked);
        let (id, agency) = (claim.id.as_str(), Some(&claim.agency));
        let object = self.object(Kind::Claim, id, agency, Action::PatchClaim);
        object.changed("revoked", revoked, claim.revoked);
        let used = claim.used.as_ref();
        object.made("used_by", used.map(|used| used.device.as_str()));
    }

    pub(super) fn remove_claim(&mut self, id: &'a ClaimId) {
        let standing = self.before.claim(id.as_str());
        let agency = standing.map(|claim| &claim.agency);
        let object = self.object(Kind::Claim, id.as_str(), agency, Action::RemoveClaim);
        object.before = standing.map_or_else(Fields::default, |claim| claim_fields(claim));
    }

    pub(super) fn add_batch(&mut self, batch: &'a Batch) {
        let (id, agency) = (batch.id.as_str(), Some(&batch.agency));
        let object = self.object(Kind::Batch, id, agency, Action::CreateBatch);
        object.after = batch_fields(batch);
    }

    pub(super) fn change_batch(&mut self, batch: &'a Batch) {
        let standing = self.before.batch(batch.id.as_str());
        let revoked = standing.and_then(|old| old.revoked);
        let enrolled = standing.map(|old| old.enrolled);
        let (id, agency) = (batch.id.as_str(), Some(&batch.agency));
        let object = self.object(Kind::Batch, id, agency, Action::PatchBatch);
        object.changed("revoked", revoked, batch.revoked);
        object.changed("enrolled", enrolled, Some(batch.enrolled));
    }

    pub(super) fn remove_batch(&mut self, id: &'a BatchId) {
        let standing = self.before.batch(id.as_str());
        let agency = standing.map(|batch| &batch.agency);
        let object = self.object(Kind::Batch, id.as_str(), agency, Action::RemoveBatch);
        object.before = standing.map_or_else(Fields::default, |batch| batch_fields(batch));
    }
}

/// Nothing of its code, nor of its note, which may tell an address.
fn claim_fields(claim: &Claim) -> Fields {
    let mut fields = Fields::default();
    fields.set("model", claim.model.as_str());
    fields.set_some("device", claim.device.as_ref().map(DeviceId::as_str));
    fields.set("expires", claim.expires);
    fields
}

/// Nothing of its credential.
fn batch_fields(batch: &Batch) -> Fields {
    let mut fields = Fields::default();
    fields.set("model", batch.model.as_str());
    fields.set("name", batch.name.as_str());
    let prefix = batch.id_prefix.as_ref();
    fields.set_some("id_prefix", prefix.map(DeviceId::as_str));
    fields.set("devices", batch.most);
    fields.set("expires", batch.expires);
    fields
}
