//! What a name says: a field of this device, or of another one.

use crate::RejectReason;

/// The longest field name, in bytes.
const MAX_NAME_BYTES: usize = crate::ids::MAX_ID_BYTES;

/// A [`crate::FieldName`] without the allocation.
pub(super) fn check_field(name: &str) -> Result<(), RejectReason> {
    let allowed = |byte: &u8| matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'~' | b'-');
    let fits = (1..=MAX_NAME_BYTES).contains(&name.len());
    if fits && name.as_bytes().iter().all(allowed) && name != "." && name != ".." {
        Ok(())
    } else {
        Err(RejectReason::BadFieldName)
    }
}

/// `field`, `{id}:field`, `{id}/field` or `urn:dev:...:{id}:field` gives the
/// field; a name that carries the identity of another device is refused.
/// Neither ids nor fields can hold `:` or `/`, so the parts are unambiguous.
pub(super) fn resolve<'n>(name: &'n str, device: &str) -> Result<&'n str, RejectReason> {
    let Some(separator) = name.bytes().rposition(|byte| matches!(byte, b':' | b'/')) else {
        check_field(name)?;
        return Ok(name);
    };
    let (owner, field) = (&name[..separator], &name[separator + 1..]);
    let of_this_device = owner == device || is_urn_of(owner, device);
    if of_this_device {
        check_field(field)?;
        return Ok(field);
    }
    // `{id}/a/b` names this device and a field that cannot be.
    let begins_with_id = name
        .strip_prefix(device)
        .is_some_and(|rest| rest.starts_with([':', '/']));
    Err(if begins_with_id {
        RejectReason::BadFieldName
    } else {
        RejectReason::OtherDevice
    })
}

/// What a SenML base name says by itself; looked at once for all records that
/// it holds for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum BaseName {
    /// Nothing, or the beginning of a name: what the two make together tells.
    #[default]
    Prefix,
    /// This device's identity and no separator: `dev-1`, `urn:dev:ow:dev-1`.
    Identity,
    /// This device's identity and the separator after it, as most devices
    /// write it: `dev-1:`. A name without a separator is the field, and needs
    /// not be joined with it.
    Owner,
    /// Neither. Joined with a name it is a field that nobody meant.
    Stray,
}

impl BaseName {
    /// Libraries for Python (kpn-senml, micropython-senml) have the device's id
    /// as the base name in their own examples, with no separator: read as RFC
    /// 8428 joins them, `dev-1` and `pm25` would be a field `dev-1pm25`. A base
    /// name that is the whole identity of this device is therefore taken for
    /// it. Field names are joined from two on purpose only where the first ends
    /// in a sign that joins (`air.` and `pm25`).
    pub(super) fn of(base: &str, device: &str) -> Self {
        if base == device || is_urn_of(base, device) {
            return Self::Identity;
        }
        if let Some(owner) = base.strip_suffix([':', '/'])
            && (owner == device || is_urn_of(owner, device))
        {
            return Self::Owner;
        }
        let Some(last) = base.chars().next_back() else {
            return Self::Prefix;
        };
        let joins = matches!(last, '.' | '_' | '~' | '-') && base[..base.len() - 1] != *device;
        if joins || is_separated(base) {
            Self::Prefix
        } else {
            Self::Stray
        }
    }
}

/// Whether there is an owner in the name, or what looks like one.
pub(super) fn is_separated(name: &str) -> bool {
    name.bytes().any(|byte| matches!(byte, b':' | b'/'))
}

/// The field that a base name and a record's own name say together; `whole` is
/// both of them joined.
pub(super) fn resolve_joined<'n>(
    base: BaseName,
    own: &'n str,
    whole: &'n str,
    device: &str,
) -> Result<&'n str, RejectReason> {
    match base {
        BaseName::Identity if own.is_empty() => Err(RejectReason::BaseName),
        BaseName::Identity if !own.starts_with([':', '/']) => resolve(own, device),
        BaseName::Stray if !own.is_empty() && !is_separated(whole) => Err(RejectReason::BaseName),
        _ => resolve(whole, device),
    }
}

fn is_urn_of(owner: &str, device: &str) -> bool {
    let urn = owner
        .get(..8)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("urn:dev:"));
    urn && owner[7..]
        .strip_suffix(device)
        .is_some_and(|before| before.ends_with(':'))
}

#[cfg(test)]
mod tests;
