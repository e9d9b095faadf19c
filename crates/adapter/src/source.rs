//! What a partner's own system must be able to do. Writing an adapter for another system is implementing [`Source`].

use std::collections::BTreeSet;
use std::fmt;

use async_trait::async_trait;
use kw_domain::{BirthDate, Category, Instant, SourceName, Subject};
use kw_telemetry::{Explain, Reason};

use crate::SourceDescription;

/// A system at a partner that holds data about people.
#[async_trait]
pub trait Source: fmt::Debug + Send + Sync {
    /// The software installation's name, as it stands in the partner's configuration.
    fn name(&self) -> &SourceName;

    /// The categories this source can hold.
    fn categories(&self) -> BTreeSet<Category>;

    /// A bounded page of what the source holds (`after` absent) or of what changed since `after`.
    ///
    /// A source that cannot tell changes from the rest may return everything again: what is known already costs nothing.
    /// Reading from the start must yield every record that exists, so that what is missing can be withdrawn.
    async fn changes(&self, after: Option<&Cursor>) -> Result<ChangePage, SourceError>;

    /// Whether a read that finds anything new gives everything again, so that the rows that were refused before count no
    /// more. What a read from the start, or a complete one, refuses takes the place of the rest anyway.
    fn rereads(&self) -> bool {
        false
    }

    /// The document for one record, as it is at the source now; `None` when there is nothing any more.
    ///
    /// A record that is there and cannot be used, or may be among rows that cannot be read, is [`SourceError::Content`]
    /// and never `None`: nothing may look like an answer that is not one.
    ///
    /// Must be about the subject under which [`Self::changes`] last gave this record. A source whose keys can pass from
    /// one person to another also implements [`Self::subject`].
    async fn fetch(
        &self,
        category: &Category,
        record: &LocalId,
    ) -> Result<Option<SourceDocument>, SourceError>;

    /// Whom a record is about at the source now; `None` when the record is gone, or when the source cannot tell.
    ///
    /// Where it is known, a pull compares it with the subject that was registered, so that a key that was given to
    /// another person since the last sync never delivers that person's document. A source whose keys belong to one
    /// person for good, as those of [`crate::mapping::RecordKey`] do, has nothing to add.
    async fn subject(&self, _category: &Category, _record: &LocalId) -> Result<Option<Subject>, SourceError> {
        Ok(None)
    }

    /// What is made of the system, for a person who checks the configuration: which column is what, and why. Never holds a
    /// value of a record. May look at the system for it, and fails as [`Self::changes`] would; a source that has nothing to
    /// say about itself works all the same.
    async fn describe(&self) -> Result<SourceDescription, SourceError> {
        Ok(SourceDescription::default())
    }
}

/// A bounded part of what changed.
#[derive(Debug)]
pub struct ChangePage {
    /// What changed, in the source's order.
    pub changes: Vec<Change>,
    /// Rows that cannot be used, and why. They are reported and never registered; a record that is registered already
    /// stays, for its row is there.
    pub refused: Vec<RefusedRow>,
    /// Where to go on: for the next page when `more`, for the next sync otherwise.
    pub cursor: Cursor,
    /// Whether there is another page now.
    pub more: bool,
    /// Whether the pages from the first to the last (with `more` false) are everything the source holds, so that records
    /// not among them are gone.
    pub complete: bool,
}

/// One change at the source.
#[derive(Debug, Clone)]
pub enum Change {
    /// The record is gone.
    Gone {
        /// The category it was in.
        category: Category,
        /// Which record.
        record: LocalId,
    },
    /// The record is there, new or changed.
    Present(SourceRecord),
}

/// A record about one subject in one category.
#[derive(Debug, Clone)]
pub struct SourceRecord {
    /// The category.
    pub category: Category,
    /// The source's own key of the record.
    pub record: LocalId,
    /// Whom it is about.
    pub subject: Subject,
    /// The birth date, if the source knows one.
    pub birth_date: Option<BirthDate>,
}

/// A document as it is at the source now.
#[derive(Clone)]
pub struct SourceDocument {
    /// The content, before it is filtered and checked against the agreement's schema.
    pub document: serde_json::Value,
    /// The content is true as of then.
    pub as_of: Instant,
    /// The birth date of the subject, for the birth-date proof.
    pub birth_date: Option<BirthDate>,
    /// JSON pointers to values that are under investigation.
    pub under_investigation: Vec<String>,
}

impl fmt::Debug for SourceDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceDocument").field("as_of", &self.as_of).finish_non_exhaustive()
    }
}

/// The source's own key of a record: 1 to 512 bytes. It may derive from personal data, so it is never logged.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalId(Box<str>);

impl LocalId {
    /// Checks the length.
    pub fn new(text: impl Into<Box<str>>) -> Result<Self, LocalIdError> {
        let text = text.into();
        if (1..=512).contains(&text.len()) { Ok(Self(text)) } else { Err(LocalIdError) }
    }

    /// The key, to look the record up with.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for LocalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LocalId(…)")
    }
}

/// The key of a record is empty or too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a record's key at the source has 1 to 512 bytes")]
pub struct LocalIdError;

/// Where a source's changes were read to: opaque to everybody but that source.
#[derive(Clone, PartialEq, Eq)]
pub struct Cursor(pub String);

impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // It may be the key of the last record.
        f.write_str("Cursor(…)")
    }
}

/// A row that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedRow {
    /// The file, table or query.
    pub origin: String,
    /// The row's number as a person would count it, where rows have one.
    pub row: Option<u64>,
    /// Why, without any value from the row.
    pub reason: String,
    /// Which record the row is, where that can be told. A registered one then stays as it is.
    pub record: Option<(Category, LocalId)>,
}

/// Why a source cannot be read. Never contains a value from the source.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The configuration does not fit the source: the operator's to mend.
    #[error("the source's configuration is wrong: {0}")]
    Configuration(String),
    /// A row or document in the source is not what the configuration says: the source's owner to mend.
    #[error("the source holds something unusable: {0}")]
    Content(String),
    /// The source cannot be reached or read now; try again later.
    #[error("the source cannot be read now: {0}")]
    Unavailable(String),
}

/// Whose it is to mend. The words come from the adapter's author and stay with the partner.
impl Explain for SourceError {
    fn explain(&self, reason: &mut Reason) {
        reason.say(match self {
            Self::Configuration(_) => "the source's configuration is wrong",
            Self::Content(_) => "the source holds something unusable",
            Self::Unavailable(_) => "the source cannot be read now",
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_debug_shows_of_a_page_identifies_nobody() {
        let category = Category::parse("zorg").unwrap();
        let record = LocalId::new("999990342~anna").unwrap();
        let subject = Subject::parse("nl.bsn:999990342").unwrap();
        let birth_date = BirthDate::parse("1984-05-03").ok();
        let page = ChangePage {
            changes: vec![
                Change::Gone { category: category.clone(), record: record.clone() },
                Change::Present(SourceRecord {
                    category: category.clone(),
                    record: record.clone(),
                    subject,
                    birth_date,
                }),
            ],
            refused: vec![RefusedRow {
                origin: "zorg.csv".to_owned(),
                row: Some(1),
                reason: "no BSN".to_owned(),
                record: Some((category, record)),
            }],
            cursor: Cursor("at 999990342~anna".to_owned()),
            more: false,
            complete: true,
        };
        let document = SourceDocument {
            document: serde_json::json!({"name": "anna"}),
            as_of: Instant::from_millis(0),
            birth_date,
            under_investigation: vec!["/anna".to_owned()],
        };
        let shown = format!("{page:?} {document:?}");
        assert!(shown.contains("zorg.csv"));
        for value in ["999990342", "anna", "1984", "342"] {
            assert!(!shown.contains(value), "{value} is in {shown}");
        }
    }
}
