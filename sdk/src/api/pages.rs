//! Lists: `{"items": [...], "next": URL or null}`, fetched page by page.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::client::ApiClient;
use super::error::ApiError;

/// The items of a list, over all its pages. Ends after the first error.
pub struct Pages<T> {
    client: ApiClient,
    next: Option<String>,
    items: std::vec::IntoIter<T>,
}

#[derive(Deserialize)]
struct Page<T> {
    items: Vec<T>,
    #[serde(default)]
    next: Option<String>,
}

impl<T: DeserializeOwned> Pages<T> {
    pub(super) fn new(client: &ApiClient, path: String) -> Self {
        Self {
            client: client.clone(),
            next: Some(path),
            items: Vec::new().into_iter(),
        }
    }

    /// All items at once.
    pub fn collect_all(self) -> Result<Vec<T>, ApiError> {
        self.collect()
    }

    fn fetch(&mut self, path: &str) -> Result<(), ApiError> {
        let page: Page<T> = self.client.get(path)?;
        self.next = page.next.as_deref().map(path_and_query);
        self.items = page.items.into_iter();
        Ok(())
    }
}

impl<T: DeserializeOwned> Iterator for Pages<T> {
    type Item = Result<T, ApiError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(item) = self.items.next() {
                return Some(Ok(item));
            }
            let path = self.next.take()?;
            if let Err(error) = self.fetch(&path) {
                return Some(Err(error));
            }
        }
    }
}

/// The next page is asked of the same server by the same name, whatever name
/// the link carries: a credential never follows a link elsewhere.
fn path_and_query(url: &str) -> String {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    match after_scheme.find('/') {
        Some(at) => after_scheme[at..].to_owned(),
        None => "/".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::path_and_query;

    #[test]
    fn a_next_link_is_followed_on_the_same_server_only() {
        for url in ["http://elsewhere.example/v1/x?a=1", "/v1/x?a=1"] {
            assert_eq!(path_and_query(url), "/v1/x?a=1");
        }
    }
}
