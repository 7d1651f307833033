//! Reads the value of each option, whether it stands in the query or within an
//! `$expand`.

use super::name::SystemOption;
use super::{Options, OrderItem, format};
use crate::cursor::{Cursor, Fault};
use crate::expression::{Purpose, parse};
use crate::limits::{MAX_LIST_ITEMS, MAX_TOP};
use crate::schema::{EntityType, Version};

/// What all options of a query together have used of its limits.
#[derive(Debug, Default)]
pub(super) struct Budget {
    pub(super) expands: usize,
    pub(super) points: usize,
}

/// A place in an option's value, and what it is about.
pub(super) struct Reader<'r, 't> {
    pub(super) version: Version,
    pub(super) of: EntityType,
    pub(super) cursor: &'r mut Cursor<'t>,
    pub(super) budget: &'r mut Budget,
    /// Of the expansions that it is within.
    pub(super) depth: usize,
}

impl Reader<'_, '_> {
    /// Reads up to where the value ends; what follows is for the caller to judge.
    pub(super) fn option(
        &mut self,
        option: SystemOption,
        options: &mut Options,
    ) -> Result<(), Fault> {
        match option {
            SystemOption::Filter => {
                options.filter = Some(self.expression(Purpose::Condition)?);
            }
            SystemOption::OrderBy => options.order = self.order()?,
            SystemOption::Top => options.top = Some(self.number()?),
            SystemOption::Skip => options.skip = Some(self.number()?),
            SystemOption::Count => options.count = Some(self.truth()?),
            SystemOption::Select => self.select(options)?,
            SystemOption::Expand => options.expand = self.expand()?,
            SystemOption::Format => {
                options.format = Some(format::parse(self.version, self.cursor)?);
            }
            SystemOption::SkipToken => {
                let token = self.cursor.rest();
                self.cursor.advance(token);
                options.skip_token = Some(token.to_owned());
            }
        }
        Ok(())
    }

    fn expression(&mut self, purpose: Purpose) -> Result<crate::Expr, Fault> {
        let points = &mut self.budget.points;
        parse(self.cursor, self.version, self.of, purpose, points)
    }

    fn order(&mut self) -> Result<Vec<OrderItem>, Fault> {
        let mut items = Vec::new();
        loop {
            self.list_has_room(items.len())?;
            let by = self.expression(Purpose::Key)?;
            self.cursor.skip_spaces();
            let word = self.cursor.name();
            let descending = match word {
                word if word.eq_ignore_ascii_case("desc") => true,
                word if word.is_empty() || word.eq_ignore_ascii_case("asc") => false,
                _ => return Err(self.cursor.fault("asc, desc, \",\" or its end")),
            };
            self.cursor.advance(word);
            items.push(OrderItem { by, descending });
            self.cursor.skip_spaces();
            if !self.cursor.eat(',') {
                return Ok(items);
            }
        }
    }

    fn number(&mut self) -> Result<u64, Fault> {
        self.cursor.skip_spaces();
        let start = self.cursor.clone();
        let digits = self.cursor.take_while(|c| c.is_ascii_digit());
        if digits.is_empty() {
            return Err(start.fault("a whole number, 0 or more"));
        }
        match digits.parse() {
            Ok(number) if number <= MAX_TOP => Ok(number),
            _ => Err(Fault::limit(
                start.position(),
                format!("it is {MAX_TOP} at most"),
            )),
        }
    }

    fn truth(&mut self) -> Result<bool, Fault> {
        self.cursor.skip_spaces();
        let word = self.cursor.name();
        let truth = match word {
            "true" => true,
            "false" => false,
            _ => return Err(self.cursor.fault("true or false")),
        };
        self.cursor.advance(word);
        Ok(truth)
    }

    /// Whether a list that is as long as told may have one more item.
    pub(super) fn list_has_room(&self, items: usize) -> Result<(), Fault> {
        if items < MAX_LIST_ITEMS {
            return Ok(());
        }
        let limit = format!("a list may have {MAX_LIST_ITEMS} items");
        Err(Fault::limit(self.cursor.position(), limit))
    }
}
