//! Which page of a list.

use std::str::FromStr;

use serde::Deserialize;
use utoipa::IntoParams;

use super::page_limit::Limit;
use super::text::Text;
use crate::Problem;
use crate::reply::read_cursor;

/// The query of a list that has no other parameter.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// 1 to 10,000; 100 by default.
    #[param(value_type = Option<u32>)]
    limit: Option<Text<Limit>>,
    cursor: Option<String>,
}

impl PageQuery {
    pub fn limit(&self) -> usize {
        let limit = self.limit.as_ref();
        limit.map_or(Limit::default(), |limit| limit.0).0
    }

    /// The last id of the page before this one.
    pub fn after<I: FromStr>(&self) -> Result<Option<I>, Problem> {
        read_cursor(self.cursor.as_deref())
    }
}
