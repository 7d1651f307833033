//! A device's public key on its way in: `alg` and `public_key`, or a JSON Web
//! Key in their place.

use device_registry::NewKey;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A public key, as read. Which of its forms can be used, the registry says.
#[derive(Deserialize, Debug, Clone)]
#[serde(try_from = "Map<String, Value>")]
pub(crate) struct NewKeyView {
    pub(crate) alg: String,
    pub(crate) public_key: String,
}

/// A public key of a device: `public_key` with or without `alg`, or the members
/// of a JSON Web Key (RFC 7517), whose others are passed over.
#[derive(ToSchema)]
#[schema(as = NewPublicKey, example = json!({"alg": "EdDSA", "public_key": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}))]
#[expect(dead_code, reason = "it describes what `NewKeyView` reads")]
pub(crate) struct NewPublicKey {
    /// `EdDSA` or `Ed25519`, or `ES256`. May be left out: the key tells.
    #[schema(example = "EdDSA")]
    alg: Option<String>,
    /// base64url of the raw 32 bytes or of the uncompressed point, a PEM with the
    /// key or with the device's certificate (of RSA or P-384 too, which then opens
    /// MQTT over TLS alone), or the text of a JSON Web Key.
    public_key: Option<String>,
    /// Of a JSON Web Key: `OKP` (Ed25519) or `EC` (P-256).
    kty: Option<String>,
    /// Of a JSON Web Key: `Ed25519` or `P-256`.
    crv: Option<String>,
    x: Option<String>,
    /// With `EC` only.
    y: Option<String>,
}

impl From<NewKeyView> for NewKey {
    fn from(key: NewKeyView) -> Self {
        Self {
            alg: key.alg,
            public_key: key.public_key,
            expires: None,
        }
    }
}

impl TryFrom<Map<String, Value>> for NewKeyView {
    type Error = String;

    fn try_from(mut members: Map<String, Value>) -> Result<Self, String> {
        if members.contains_key("kty") {
            return Ok(Self {
                alg: String::new(),
                public_key: Value::Object(members).to_string(),
            });
        }
        let alg = match members.remove("alg") {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(alg)) => alg,
            Some(_) => return Err("`alg` is a text: EdDSA, Ed25519 or ES256".to_owned()),
        };
        let public_key = match members.remove("public_key") {
            Some(Value::String(key)) => key,
            Some(jwk @ Value::Object(_)) => jwk.to_string(),
            _ => {
                return Err(
                    "a key has `public_key` (base64url, a PEM or a JWK), or is a JWK itself"
                        .to_owned(),
                );
            }
        };
        match members.keys().next() {
            None => Ok(Self { alg, public_key }),
            Some(unknown) => Err(format!(
                "unknown field `{unknown}` in a key: it has `alg` and `public_key`, or is a JWK with `kty`"
            )),
        }
    }
}
