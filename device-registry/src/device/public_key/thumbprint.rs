//! A public key's thumbprint (RFC 7638): a name for it that anybody can make.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::{NewKey, PublicKeyError};
use crate::device::CredentialProof;

impl NewKey {
    /// SHA-256 of the key's own members as a JWK, in base64url.
    pub fn thumbprint(&self) -> Result<String, PublicKeyError> {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let members = match self.parse()? {
            CredentialProof::Ed25519 { public_key } => {
                format!(
                    r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#,
                    text(&public_key)
                )
            }
            CredentialProof::Es256 { public_key } => {
                let (x, y) = (text(&public_key[1..33]), text(&public_key[33..]));
                format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#)
            }
            CredentialProof::Certificate { .. } | CredentialProof::Password { .. } => {
                return Err(PublicKeyError::Form);
            }
        };
        Ok(text(&Sha256::digest(members)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_rfc_8037_has_the_thumbprint_of_rfc_8037() {
        let key = NewKey {
            alg: "EdDSA".to_owned(),
            public_key: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo".to_owned(),
            expires: None,
        };
        let thumbprint = key.thumbprint().unwrap();
        assert_eq!(thumbprint, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }
}
