//! What fuzz targets need of the parsers and nobody else does.

use crate::OpenIdError;
use crate::claims::{IdClaims, groups};
use crate::config::ClientConfig;
use crate::logout::{self, LoggedOut, Seen};
use crate::token::Token;

/// Reads a logout token whose signature nobody looks at.
pub fn read_logout_token(
    text: &str,
    client: &ClientConfig,
    now: i64,
) -> Result<LoggedOut, OpenIdError> {
    logout::read(
        &Token::split(logout::WHAT, text)?,
        client,
        &Seen::default(),
        now,
    )
}

/// Reads an ID token so; when the person proved itself, and its groups.
pub fn read_id_token(
    text: &str,
    client: &ClientConfig,
    nonce: &str,
    now: i64,
) -> Result<(i64, Vec<String>), OpenIdError> {
    let claims: IdClaims = Token::split("the ID token", text)?.claims()?;
    claims.check(client, nonce, now)?;
    let found = groups(&claims.others, &client.groups_claim);
    Ok((claims.proved(now), found.unwrap_or_default()))
}
