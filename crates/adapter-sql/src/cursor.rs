//! Where the reading of a database has come to.

use std::collections::BTreeMap;

use kw_adapter::{Cursor, SourceError};
use kw_domain::Category;
use serde::{Deserialize, Serialize};

/// Where to go on.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Place {
    /// The last row seen of each category.
    pub(crate) marks: BTreeMap<Category, Mark>,
    /// The category that is being read; none when all were read to the end.
    pub(crate) reading: Option<Category>,
    /// How many rows of that category were seen in this round.
    pub(crate) seen: u64,
    /// Whether this round gives everything there is.
    pub(crate) full: bool,
}

/// The last row seen.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mark {
    pub(crate) after: Option<String>,
    pub(crate) record: Option<String>,
}

impl Place {
    pub(crate) fn of(cursor: &Cursor) -> Result<Self, SourceError> {
        serde_json::from_str(&cursor.0).map_err(|_| {
            SourceError::Configuration(
                "the stored cursor is not of a database: let the source be read from the start".to_owned(),
            )
        })
    }

    pub(crate) fn to_cursor(&self) -> Result<Cursor, SourceError> {
        let text = serde_json::to_string(self)
            .map_err(|_| SourceError::Content("the place in the list cannot be written down".to_owned()))?;
        Ok(Cursor(text))
    }
}
