//! Where the reading of an API has come to.

use std::collections::BTreeMap;

use kw_adapter::{Cursor, SourceError};
use kw_domain::{Category, Instant};
use serde::{Deserialize, Serialize};

use crate::api::Circle;

/// Where to go on.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Place {
    /// Up to when each category was read.
    pub(crate) marks: BTreeMap<Category, Instant>,
    /// The category that is being read; none when all were read to the end.
    pub(crate) reading: Option<Category>,
    /// Whether this round gives everything there is.
    pub(crate) full: bool,
    /// How far the category that is being read has come.
    pub(crate) within: Within,
}

/// How far a list has come.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Within {
    pub(crate) next: Next,
    /// How many items were seen.
    pub(crate) seen: u64,
    /// How many the API says there are.
    pub(crate) total: Option<u64>,
    /// When its first page was given.
    pub(crate) began: Option<Instant>,
    /// The latest change among the items.
    pub(crate) newest: Option<Instant>,
    pub(crate) addresses: Circle,
    pub(crate) contents: Circle,
}

/// Which page is next.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Next {
    #[default]
    First,
    Address(String),
    Token(String),
    Number(u64),
}

impl Place {
    pub(crate) fn of(cursor: &Cursor) -> Result<Self, SourceError> {
        serde_json::from_str(&cursor.0).map_err(|_| {
            SourceError::Configuration(
                "the stored cursor is not of an API: let the source be read from the start".to_owned(),
            )
        })
    }

    pub(crate) fn to_cursor(&self) -> Result<Cursor, SourceError> {
        let text = serde_json::to_string(self)
            .map_err(|_| SourceError::Content("the place in the list cannot be written down".to_owned()))?;
        Ok(Cursor(text))
    }
}

impl Within {
    /// Takes what the API says there is. When that went down while the list was read, items moved up past us.
    pub(crate) fn is_steady(&mut self, total: Option<u64>) -> bool {
        let shrank = matches!((self.total, total), (Some(before), Some(now)) if now < before);
        self.total = total.or(self.total);
        !shrank
    }

    /// Whether the list ended before everything was given.
    pub(crate) fn ended_early(&self) -> bool {
        self.total.is_some_and(|total| self.seen < total)
    }
}
