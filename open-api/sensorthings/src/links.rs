//! URLs of entities, of relations and of next pages.

use std::fmt::Write;

use odata::{EntityType, Format, Id, Metadata, Options, SelectItem};

use crate::entity::Entity;
use crate::error::Error;
use crate::token::Token;
use crate::world::World;

impl World<'_> {
    /// Where the entity itself is.
    pub(crate) fn self_link(&self, entity: &Entity<'_>) -> String {
        let mut link = self.service();
        link.push('/');
        link.push_str(&self.entity_path(entity.entity_type(), &entity.id()));
        link
    }

    /// As `Things('dev-1')`, percent-encoded.
    pub(crate) fn entity_path(&self, entity_type: EntityType, id: &Id) -> String {
        let set = entity_type.set_name(self.version).unwrap_or_default();
        let mut path = format!("{set}(");
        encode(&id.to_string(), &mut path);
        path.push(')');
        path
    }
}

/// `link` with the options of a nested set, and where its next page begins.
pub(crate) fn nested_next(link: &str, options: &Options, next: &Token) -> Result<String, Error> {
    let mut url = format!("{link}?");
    for (name, value) in named(options) {
        let _ = write!(url, "{name}=");
        encode(&value, &mut url);
        url.push('&');
    }
    let _ = write!(url, "$skiptoken={}", next.write()?);
    Ok(url)
}

/// The URL of the request with another `$skiptoken`.
pub(crate) fn next(link: &str, query: &str, next: &Token) -> Result<String, Error> {
    let mut url = format!("{link}?");
    for part in query.split('&').filter(|part| !part.is_empty()) {
        let name = part.split('=').next().unwrap_or_default();
        let name = name.strip_prefix("%24").unwrap_or(name);
        let name = name.strip_prefix('$').unwrap_or(name);
        if !name.eq_ignore_ascii_case("skiptoken") {
            let _ = write!(url, "{part}&");
        }
    }
    let _ = write!(url, "$skiptoken={}", next.write()?);
    Ok(url)
}

/// Options by name, not yet encoded.
fn named(options: &Options) -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    if let Some(filter) = &options.filter {
        all.push(("$filter", filter.to_string()));
    }
    if !options.order.is_empty() {
        let items = options.order.iter().map(|item| {
            let direction = if item.descending { "desc" } else { "asc" };
            format!("{} {direction}", item.by)
        });
        all.push(("$orderby", items.collect::<Vec<_>>().join(",")));
    }
    if let Some(top) = options.top {
        all.push(("$top", top.to_string()));
    }
    if let Some(count) = options.count {
        all.push(("$count", count.to_string()));
    }
    if let Some(select) = &options.select {
        let items: Vec<String> = select.iter().map(select_item).collect();
        let distinct = if options.distinct { "distinct:" } else { "" };
        all.push(("$select", format!("{distinct}{}", items.join(","))));
    }
    if !options.expand.is_empty() {
        let items = options.expand.iter().map(|expand| {
            let nested: Vec<String> = named(&expand.options)
                .into_iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            if nested.is_empty() {
                expand.name.clone()
            } else {
                format!("{}({})", expand.name, nested.join(";"))
            }
        });
        all.push(("$expand", items.collect::<Vec<_>>().join(",")));
    }
    match options.format {
        Some(Format::DataArray) => all.push(("$resultFormat", "dataArray".to_owned())),
        Some(Format::Json(Some(metadata))) => {
            let level = match metadata {
                Metadata::Full => "full",
                Metadata::Minimal => "minimal",
                Metadata::None => "none",
            };
            all.push(("$format", format!("application/json;metadata={level}")));
        }
        _ => {}
    }
    all
}

fn select_item(item: &SelectItem) -> String {
    match item {
        SelectItem::Id => "id".to_owned(),
        SelectItem::Attribute(attribute, path) => {
            let mut name = attribute.name.to_owned();
            for segment in path {
                name.push('/');
                name.push_str(segment);
            }
            name
        }
        SelectItem::Relation(relation) => relation.name.to_owned(),
    }
}

/// Percent-encodes what would end or change a query or a path segment.
pub(crate) fn encode(text: &str, url: &mut String) {
    for byte in text.bytes() {
        let is_plain = byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b'-' | b'.'
                    | b'_'
                    | b'~'
                    | b'\''
                    | b'('
                    | b')'
                    | b','
                    | b':'
                    | b';'
                    | b'='
                    | b'$'
                    | b'@'
            );
        if is_plain {
            url.push(char::from(byte));
        } else {
            let _ = write!(url, "%{byte:02X}");
        }
    }
}
