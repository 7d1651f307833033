//! What of an object changed, as JSON in the one form that is hashed (RFC 8785):
//! sorted keys, no spaces, and of numbers whole ones only.

use std::borrow::Cow;
use std::collections::BTreeMap;

use domain::Timestamp;
use serde::{Deserialize, Serialize};

use crate::role::Grant;

/// A value of a field. Keys are ASCII, so that bytes, code points and UTF-16
/// sort them alike.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
#[serde(untagged)]
pub(crate) enum Value {
    Null,
    Flag(bool),
    Number(i64),
    Text(String),
    List(Vec<Self>),
    Object(Fields),
}

/// Fields by name.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize, Debug)]
#[serde(transparent)]
pub(crate) struct Fields(BTreeMap<Cow<'static, str>, Value>);

impl Fields {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn set(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Value>) {
        self.0.insert(name.into(), value.into());
    }

    /// The same, where there is a value.
    pub(crate) fn set_some<T: Into<Value>>(&mut self, name: &'static str, value: Option<T>) {
        if let Some(value) = value {
            self.set(name, value);
        }
    }

    /// Keeps the value that stands: of what was before, the first is the oldest.
    pub(crate) fn keep(&mut self, name: Cow<'static, str>, value: Value) {
        self.0.entry(name).or_insert(value);
    }

    pub(crate) fn append(&mut self, name: &'static str, number: u32) {
        let list = self.0.entry(Cow::Borrowed(name));
        if let Value::List(numbers) = list.or_insert_with(|| Value::List(Vec::new())) {
            numbers.push(Value::Number(number.into()));
        }
    }

    /// One more of what is counted.
    pub(crate) fn count(&mut self, name: &'static str) {
        let counted = self.0.entry(Cow::Borrowed(name));
        if let Value::Number(count) = counted.or_insert(Value::Number(0)) {
            *count += 1;
        }
    }

    /// In the form that is hashed.
    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("texts, whole numbers and text keys serialise")
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<Timestamp> for Value {
    fn from(time: Timestamp) -> Self {
        Self::Text(time.to_rfc3339())
    }
}

impl From<Fields> for Value {
    fn from(fields: Fields) -> Self {
        Self::Object(fields)
    }
}

impl From<&[Box<str>]> for Value {
    fn from(texts: &[Box<str>]) -> Self {
        Self::List(texts.iter().map(|text| Self::from(&**text)).collect())
    }
}

impl From<&[Grant]> for Value {
    fn from(grants: &[Grant]) -> Self {
        Self::List(
            grants
                .iter()
                .map(|grant| grant.to_string().into())
                .collect(),
        )
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
