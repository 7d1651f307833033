//! `$select`: attributes, paths into them, and relations.

use super::read::Reader;
use super::{Options, OrderItem, SelectItem};
use crate::cursor::{Fault, quote};
use crate::limits::MAX_PATH_SEGMENTS;
use crate::schema::{Attribute, ID, Kind, Version};

/// Before the list where each combination of values is asked for once.
const DISTINCT: &str = "distinct:";

impl Reader<'_, '_> {
    pub(super) fn select(&mut self, options: &mut Options) -> Result<(), Fault> {
        self.cursor.skip_spaces();
        if self.version == Version::V2_0 && self.cursor.rest().starts_with(DISTINCT) {
            self.cursor.advance(DISTINCT);
            options.distinct = true;
        }
        let mut items = Vec::new();
        loop {
            self.list_has_room(items.len())?;
            let item = self.select_item()?;
            // The same once more asks for nothing more.
            if !items.contains(&item) {
                items.push(item);
            }
            self.cursor.skip_spaces();
            if !self.cursor.eat(',') {
                options.select = Some(items);
                return Ok(());
            }
        }
    }

    fn select_item(&mut self) -> Result<SelectItem, Fault> {
        self.cursor.skip_spaces();
        let name = self.cursor.name();
        if let Some(relation) = self.of.relation(self.version, name) {
            self.cursor.advance(name);
            return Ok(SelectItem::Relation(relation));
        }
        let Some(attribute) = self.of.attribute(self.version, name) else {
            return Err(self.cursor.fault(self.names()));
        };
        self.cursor.advance(name);
        if attribute.kind == Kind::Id {
            return Ok(SelectItem::Id);
        }
        let path = self.members(attribute)?;
        Ok(SelectItem::Attribute(attribute, path))
    }

    fn members(&mut self, attribute: &Attribute) -> Result<Vec<String>, Fault> {
        let mut path = Vec::new();
        while self.cursor.eat('/') {
            let start = self.cursor.clone();
            let member = self.cursor.member();
            let is_sound = match attribute.kind {
                Kind::Json | Kind::Any | Kind::Geometry => !member.is_empty(),
                Kind::Interval => path.is_empty() && matches!(member, "start" | "end"),
                _ => false,
            };
            if !is_sound {
                return Err(start.fault(format!("something within {}", attribute.name)));
            }
            if path.len() == MAX_PATH_SEGMENTS {
                let limit = format!("a path may have {MAX_PATH_SEGMENTS} segments");
                return Err(Fault::limit(start.position(), limit));
            }
            path.push(member.to_owned());
        }
        Ok(path)
    }

    /// What may stand where a name does.
    fn names(&self) -> String {
        let attributes = self.of.attributes(self.version).iter().map(|one| one.name);
        let relations = self.of.relations(self.version).iter().map(|one| one.name);
        let names: Vec<_> = attributes.chain(relations).collect();
        format!("one of {}", names.join(", "))
    }
}

/// Values that are asked for once each have an order by themselves only.
pub(super) fn check_distinct(options: &Options) -> Result<(), Fault> {
    if !options.distinct {
        return Ok(());
    }
    let selected = options.select.iter().flatten();
    let selected: Vec<Vec<&str>> = selected.map(SelectItem::names).collect();
    let is_selected = |item: &&OrderItem| {
        let path = item.by.as_path();
        path.is_some_and(|path| selected.contains(&path))
    };
    match options.order.iter().find(|item| !is_selected(item)) {
        None => Ok(()),
        Some(item) => {
            let found = quote(&item.by.to_string());
            let fault = Fault::unexpected(0, found, "one of the fields that are selected");
            Err(fault.within("$orderby"))
        }
    }
}

impl SelectItem {
    /// As [`crate::Expr::as_path`] gives them.
    fn names(&self) -> Vec<&str> {
        match self {
            Self::Id => vec![ID.name],
            Self::Relation(relation) => vec![relation.name],
            Self::Attribute(attribute, path) => {
                let path = path.iter().map(String::as_str);
                std::iter::once(attribute.name).chain(path).collect()
            }
        }
    }
}
