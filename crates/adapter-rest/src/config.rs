//! What an operator writes about an API.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::NaiveDate;
use kw_adapter::mapping::{Columns, Combining};
use kw_domain::{Category, Instant};
use serde::Deserialize;
use serde_json::Value;

use crate::api::ApiConfig;

/// An API and what to ask it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestConfig {
    /// Where the API is and who we are there.
    pub api: ApiConfig,
    /// How many items a page has (`{limit}`).
    #[serde(default = "RestConfig::usual_page")]
    pub page_size: usize,
    /// The categories, and how to ask for them.
    pub categories: BTreeMap<Category, CategoryRequests>,
}

/// The requests of one category, and where things stand in the answers. A place is the name of a member, or a JSON pointer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoryRequests {
    /// The address of the list, under `base_url`. Parameters: `{limit}`, `{since}`, and `{page}`, `{offset}` or `{cursor}`. A
    /// part of the query whose parameter has no value (yet) is left out.
    pub list: String,
    /// How the list is parted.
    #[serde(default)]
    pub paging: Paging,
    /// A JSON pointer to the items in the answer; empty when the answer is the list.
    #[serde(default)]
    pub items: String,
    /// A JSON pointer to how many items there are in all, if the API tells.
    pub total: Option<String>,
    /// The record's own key, in an item.
    pub record: String,
    /// The BSN, or a subject in canonical form, in an item.
    pub person: String,
    /// The birth date, in an item.
    pub birth_date: Option<String>,
    /// When the item changed; the newest is where the next `{since}` begins. Without it that is when this reading began.
    pub changed_at: Option<String>,
    /// How `{since}` and `changed_at` are written.
    #[serde(default)]
    pub moments: Moment,
    /// How far before that `{since}` begins, for what is committed late.
    #[serde(default = "CategoryRequests::usual_overlap")]
    pub overlap_seconds: u64,
    /// What says that an item no longer holds.
    pub gone: Option<Gone>,
    /// Whether the record's key at the partner has the person in it, so that no pull is answered with a row that has passed to
    /// another person. Without, an item that is gone needs to tell nothing but its key, and each pull asks twice.
    #[serde(default = "CategoryRequests::usual_person_in_key")]
    pub person_in_key: bool,
    /// The address of one record, under `base_url`. Parameter: `{record}`.
    pub fetch: String,
    /// Where things stand in the answer of `fetch`.
    #[serde(default)]
    pub fetched: Fetched,
    /// Which refusal of `fetch` says that the record is gone.
    #[serde(default)]
    pub gone_when: GoneWhen,
    /// What the content is true as of, in the row.
    pub as_of: Option<String>,
    /// JSON pointers to values under investigation, in the row.
    pub under_investigation: Option<String>,
    /// The members that go into the document; without it all, but for the person and what is called a BSN.
    pub columns: Option<Columns>,
    /// When the rows of a record stand in a list.
    #[serde(default)]
    pub rows: Combining,
}

/// Where things stand in the answer of `fetch`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Fetched {
    /// A JSON pointer to the row, or to a list of rows; empty when that is the answer.
    pub row: String,
    /// The person in the row; as in the list unless said here.
    pub person: Option<String>,
    /// The birth date in the row; as in the list unless said here.
    pub birth_date: Option<String>,
}

/// How a list is parted into pages.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Paging {
    /// It is not.
    #[default]
    None,
    /// The answer holds the address of the next page.
    NextLink {
        /// A JSON pointer to it.
        at: String,
    },
    /// The answer's header `Link` holds it (RFC 8288).
    LinkHeader,
    /// Pages have numbers; an empty one is past the end.
    Page {
        /// The number of the first.
        #[serde(default = "one")]
        first: u64,
        /// The status past the end, where that is not an empty page.
        end_status: Option<u16>,
    },
    /// By the number of items to pass over; an empty page is past the end.
    Offset,
    /// The answer holds what to give as `{cursor}` for the next page.
    Cursor {
        /// A JSON pointer to it.
        at: String,
    },
}

/// What says that an item no longer holds: a place, or a place and the values that say so.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "expected a place, or a table with `at` and `is`")]
pub enum Gone {
    /// True, 1 or "ja" there.
    At(String),
    /// One of these values there.
    Is {
        /// The place.
        at: String,
        /// The values.
        is: Vec<Value>,
    },
}

/// Which refusal says that a record is gone.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GoneWhen {
    /// One of these statuses. A 404 also comes from a wrong address, so it has to be named.
    pub status: Vec<u16>,
    /// And, if given, this JSON pointer into the answer …
    pub at: Option<String>,
    /// … to this value.
    pub is: Option<Value>,
}

/// How a moment is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Moment {
    /// `2026-11-21T09:30:00.000Z`.
    #[default]
    Rfc3339,
    /// `2026-11-21`.
    Date,
    /// Seconds since 1970.
    Unix,
    /// Milliseconds since 1970.
    UnixMillis,
}

impl Moment {
    pub(crate) fn write(self, moment: Instant) -> String {
        match self {
            Self::Rfc3339 => moment.to_string(),
            Self::Date => moment.date().to_string(),
            Self::Unix => moment.as_seconds().to_string(),
            Self::UnixMillis => moment.as_millis().to_string(),
        }
    }

    pub(crate) fn read(self, text: &str) -> Option<Instant> {
        match self {
            Self::Rfc3339 => Instant::parse(text).ok(),
            Self::Date => text.parse::<NaiveDate>().ok().map(Instant::from_date),
            Self::Unix => text.parse::<i64>().ok()?.checked_mul(1000).map(Instant::from_millis),
            Self::UnixMillis => text.parse().ok().map(Instant::from_millis),
        }
    }
}

impl RestConfig {
    /// The files that are named, for whoever knows from which folder relative paths start.
    pub fn files(&mut self) -> Vec<&mut PathBuf> {
        self.api.files()
    }

    fn usual_page() -> usize {
        500
    }
}

impl CategoryRequests {
    fn usual_overlap() -> u64 {
        300
    }

    fn usual_person_in_key() -> bool {
        true
    }
}

impl Default for GoneWhen {
    fn default() -> Self {
        Self { status: vec![410], at: None, is: None }
    }
}

fn one() -> u64 {
    1
}
