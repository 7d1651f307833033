//! What of an entity is searched: its fields, folded, each on a line.

use std::sync::Arc;

use super::fold::fold;
use crate::agency::Agency;
use crate::boundary::Boundary;
use crate::device::Device;
use crate::feature::Feature;
use crate::group::Group;
use crate::thing::{Tag, Thing};

/// What ends each field, and stands before the first one.
pub(super) const END: char = '\n';

/// Lines, those that everybody who sees the entity may search first.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct SearchText {
    lines: Arc<str>,
    /// Bytes of the lines for everybody.
    open: u32,
}

/// How much of an entity somebody sees.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sight {
    Nothing,
    /// What everybody sees of it.
    Open,
    Whole,
}

impl SearchText {
    pub(super) fn whole(&self) -> &str {
        &self.lines
    }

    /// The lines that this sight may search.
    pub(super) fn seen(&self, sight: Sight) -> Option<&str> {
        match sight {
            Sight::Nothing => None,
            Sight::Open => Some(&self.lines[..self.open as usize]),
            Sight::Whole => Some(&self.lines),
        }
    }

    /// Of a thing and the devices that served it, oldest first. Everybody who
    /// reads the thing sees their ids and the newest one's name.
    pub(crate) fn of_thing<'a>(
        thing: &Thing,
        devices: impl DoubleEndedIterator<Item = &'a Arc<Device>> + Clone,
    ) -> Self {
        let names = devices.clone().rev().map(|device| device.name.as_str());
        let ids = devices.clone().map(|device| device.id.as_str());
        let mut open = vec![thing.id.as_str()];
        open.extend(names.clone().take(1));
        open.extend(ids);
        let said = thing.description();
        let mut own: Vec<&str> = devices.filter_map(|one| one.alias.as_deref()).collect();
        own.extend(names.skip(1));
        own.extend([said.address.as_str(), &said.note]);
        own.extend(said.tags.iter().map(Tag::as_str));
        Self::of_fields(&open, &own)
    }

    pub(crate) fn of_agency(agency: &Agency) -> Self {
        Self::of_fields(&[agency.id.as_str(), &agency.name], &[])
    }

    pub(crate) fn of_group(group: &Group) -> Self {
        Self::of_fields(&[group.id.as_str(), &group.name], &[])
    }

    pub(crate) fn of_boundary(boundary: &Boundary) -> Self {
        let titles = [&boundary.title_ko, &boundary.title_en];
        Self::of_fields(&[boundary.name.as_str(), titles[0], titles[1]], &[])
    }

    pub(crate) fn of_feature(feature: &Feature) -> Self {
        let fields: [&str; 5] = [
            feature.id.as_str(),
            &feature.title_ko,
            &feature.title_en,
            &feature.kind,
            &feature.description,
        ];
        Self::of_fields(&fields, &[])
    }

    /// Of fields that everybody who sees the entity sees, and of those that its
    /// owners see beside them.
    pub(super) fn of_fields(open: &[&str], own: &[&str]) -> Self {
        let mut fields = Fields::default();
        open.iter().for_each(|text| fields.add(text));
        let open = fields.0.len();
        own.iter().for_each(|text| fields.add(text));
        fields.done(open)
    }
}

/// Lines in the making.
struct Fields(String);

impl Default for Fields {
    fn default() -> Self {
        Self(END.to_string())
    }
}

impl Fields {
    /// Once, however often it is added.
    fn add(&mut self, text: &str) {
        let line = fold(text);
        if !line.is_empty() && !self.0.lines().any(|standing| standing == line) {
            self.0.push_str(&line);
            self.0.push(END);
        }
    }

    fn done(self, open: usize) -> SearchText {
        SearchText {
            lines: self.0.into(),
            // Ids, names and addresses: some kilobytes.
            open: open as u32,
        }
    }
}
