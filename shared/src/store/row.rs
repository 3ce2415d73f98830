//! How a value becomes a row: its keys, its kind, its version, the token of whoever wrote it, and its fields.
//!
//! Fields of rows are those of the domain types, by `serde_dynamo`. A write always carries all its index keys, since
//! this is the only way to make one.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::keys::{IndexKey, Key};

/// A row as the table has it.
pub type Item = HashMap<String, AttributeValue>;

/// A value and the version of the row it was read from (the number behind `ETag`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned<T> {
    /// The value.
    pub value: T,
    /// The version.
    pub version: u64,
}

/// A row that cannot be read: somebody else wrote to this table, or an older program did.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("row {pk} / {sk} cannot be read: {why}")]
pub struct Corrupt {
    /// Its partition.
    pub pk: String,
    /// Its place.
    pub sk: String,
    /// What is wrong with it.
    pub why: String,
}

/// Names of the attributes that every row may have.
pub(super) mod attribute {
    pub const PK: &str = "pk";
    pub const SK: &str = "sk";
    pub const LIST_PK: &str = "pk1";
    pub const LIST_SK: &str = "sk1";
    pub const DUE_PK: &str = "pk2";
    pub const DUE_SK: &str = "sk2";
    pub const KIND: &str = "kind_";
    pub const VERSION: &str = "v";
    pub const WRITER: &str = "w";
    pub const EXPIRES: &str = "expires_ttl";
}

/// A row to be written.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub key: Key,
    pub kind: &'static str,
    pub version: u64,
    pub list: Option<IndexKey>,
    pub due: Option<IndexKey>,
    pub expires: Option<Timestamp>,
    pub fields: Item,
}

impl Row {
    pub fn of<T: Serialize>(key: Key, kind: &'static str, value: &T) -> Result<Self, Corrupt> {
        let fields = serde_dynamo::to_item(value).map_err(|error| Corrupt {
            pk: key.pk.clone(),
            sk: key.sk.clone(),
            why: error.to_string(),
        })?;
        Ok(Self {
            key,
            kind,
            version: 1,
            list: None,
            due: None,
            expires: None,
            fields,
        })
    }

    pub fn version(self, version: u64) -> Self {
        Self { version, ..self }
    }

    pub fn list(self, list: Option<IndexKey>) -> Self {
        Self { list, ..self }
    }

    pub fn due(self, due: Option<IndexKey>) -> Self {
        Self { due, ..self }
    }

    pub fn expires(self, at: Option<Timestamp>) -> Self {
        Self { expires: at, ..self }
    }

    pub fn into_item(self, writer: &str) -> Item {
        let mut item = self.fields;
        item.extend(key_item(&self.key));
        if let Some(list) = self.list {
            item.insert(attribute::LIST_PK.into(), text(list.pk));
            item.insert(attribute::LIST_SK.into(), text(list.sk));
        }
        if let Some(due) = self.due {
            item.insert(attribute::DUE_PK.into(), text(due.pk));
            item.insert(attribute::DUE_SK.into(), text(due.sk));
        }
        if let Some(at) = self.expires {
            item.insert(attribute::EXPIRES.into(), number(at.as_second()));
        }
        item.insert(attribute::KIND.into(), text(self.kind));
        item.insert(attribute::VERSION.into(), number(self.version));
        item.insert(attribute::WRITER.into(), text(writer));
        item
    }
}

/// The primary key as a row's attributes.
pub(super) fn key_item(key: &Key) -> Item {
    HashMap::from([
        (attribute::PK.into(), text(key.pk.clone())),
        (attribute::SK.into(), text(key.sk.clone())),
    ])
}

/// A text attribute.
pub(super) fn text(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

/// A number attribute.
pub(super) fn number(number: impl ToString) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// The text of an attribute, empty if it is missing.
pub(super) fn text_of<'a>(item: &'a Item, name: &str) -> &'a str {
    item.get(name)
        .and_then(|value| value.as_s().ok())
        .map_or("", String::as_str)
}

/// The version of a row, 0 if it has none.
pub(super) fn version_of(item: &Item) -> u64 {
    item.get(attribute::VERSION)
        .and_then(|value| value.as_n().ok())
        .and_then(|n| n.parse().ok())
        .unwrap_or(0)
}

/// Reads a row's fields.
pub(super) fn read<T: DeserializeOwned>(item: Item) -> Result<Versioned<T>, Corrupt> {
    let (pk, sk) = (
        text_of(&item, attribute::PK).to_owned(),
        text_of(&item, attribute::SK).to_owned(),
    );
    let version = version_of(&item);
    let value = serde_dynamo::from_item(item).map_err(|error| Corrupt {
        pk,
        sk,
        why: error.to_string(),
    })?;
    Ok(Versioned { value, version })
}
