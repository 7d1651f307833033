//! `/v1/audit`: who changed what.

use serde_json::value::RawValue;

use super::client::ApiClient;
use super::error::ApiError;
use super::pages::Pages;

/// Entries that are fetched at once: the most that a page has.
const PAGE: u32 = 10_000;

impl ApiClient {
    /// All entries, oldest first, each as the JSON that the server wrote: its
    /// hash is that of what stands there.
    pub fn audit(&self) -> impl Iterator<Item = Result<String, ApiError>> + use<> {
        let pages = Pages::<Box<RawValue>>::new(self, format!("/v1/audit?limit={PAGE}"));
        pages.map(|entry| Ok(entry?.get().to_owned()))
    }
}
