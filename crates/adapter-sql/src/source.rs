//! The database as a [`Source`].

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use kw_adapter::mapping::{RecordKey, combine, text_of};
use kw_adapter::{
    ChangePage, Cursor, LocalId, RefusedRow, Source, SourceDescription, SourceDocument, SourceError,
};
use kw_domain::{Category, Clock, SourceName};

use crate::config::{CategoryQueries, SqlConfig};
use crate::cursor::{Mark, Place};
use crate::database::{Bound, Database, DatabaseFault, Mysql, Postgres, Sqlite};
use crate::row::{self, Unusable};
use crate::statement::{Parameter, Statement};

/// A database that is read with configured queries. Connections are made when they are needed.
pub struct SqlSource {
    name: SourceName,
    pub(crate) database: Database,
    key: RecordKey,
    clock: Arc<dyn Clock>,
    page_size: usize,
    pub(crate) categories: BTreeMap<Category, Queries>,
}

pub(crate) struct Queries {
    pub(crate) list: Statement,
    pub(crate) fetch: Statement,
    pub(crate) rules: CategoryQueries,
}

/// Rows that one record may have.
const ROWS_OF_A_RECORD: usize = 1000;
/// Rows that one page may have, whatever is configured.
const LARGEST_PAGE: usize = 10_000;

impl SqlSource {
    /// A source of that name; `key` must stay the same over restarts. Checks the settings, not the database.
    pub fn new(
        name: SourceName,
        config: SqlConfig,
        key: RecordKey,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SourceError> {
        let database = match config.url.split_once(':') {
            Some(("sqlite", path)) => {
                Database::Sqlite(Sqlite::new(Path::new(path.strip_prefix("//").unwrap_or(path)), &config))
            }
            Some(("postgres" | "postgresql", _)) => {
                Database::Postgres(Box::new(Postgres::new(&config).map_err(SourceError::Configuration)?))
            }
            Some(("mysql" | "mariadb", _)) => {
                Database::Mysql(Box::new(Mysql::new(&config).map_err(SourceError::Configuration)?))
            }
            _ => {
                return Err(SourceError::Configuration(
                    "url begins with neither sqlite:, postgres: nor mysql:".to_owned(),
                ));
            }
        };
        let mut categories = BTreeMap::new();
        for (category, rules) in config.categories {
            let queries = Queries::parse(&category, rules, &database)?;
            categories.insert(category, queries);
        }
        let page_size = config.page_size.clamp(1, LARGEST_PAGE);
        Ok(Self { name, database, key, clock, page_size, categories })
    }

    /// Begins a round: over everything when there is no `before`, else over what may have changed.
    fn begin(&self, before: Option<Place>) -> Place {
        let full = before.is_none() || self.categories.values().all(|queries| !queries.tells_changes());
        let marks = before.unwrap_or_default().marks;
        let tells = |category: &Category| self.categories.get(category).is_some_and(Queries::tells_changes);
        Place {
            marks: marks.into_iter().filter(|(category, _)| tells(category)).collect(),
            reading: self.categories.keys().next().cloned(),
            seen: 0,
            full,
        }
    }

    async fn page(
        &self,
        place: &mut Place,
        category: &Category,
        queries: &Queries,
    ) -> Result<Rows, SourceError> {
        let origin = list_query(category);
        let mark = place.marks.get(category).cloned().unwrap_or_default();
        let bound = |parameter: &Parameter| match parameter {
            Parameter::After => Bound::Text(mark.after.clone()),
            Parameter::AfterRecord => Bound::Text(mark.record.clone()),
            Parameter::Limit => Bound::Number(self.page_size as i64),
            Parameter::Record => Bound::Text(None),
        };
        let values = queries.list.parameters.iter().map(bound).collect();
        let rows = self
            .database
            .rows(&queries.list, values, self.page_size + 1)
            .await
            .map_err(|fault| fault.about(&origin))?;
        if rows.len() > self.page_size {
            return Err(wrong(&origin, "it gives more than :limit rows"));
        }
        let mut page = Rows { changes: Vec::new(), refused: Vec::new(), last: rows.len() < self.page_size };
        let mut next = mark.clone();
        for row in &rows {
            place.seen += 1;
            let own = row.get("record").and_then(text_of).filter(|own| !own.is_empty());
            // Without it nobody knows where the next page begins.
            let own = own.ok_or_else(|| wrong(&origin, "it gives a row without a value in column record"))?;
            next = Mark { after: row.get("changed_at").and_then(text_of), record: Some(own.clone()) };
            if queries.tells_changes() && next.after.is_none() {
                return Err(wrong(
                    &origin,
                    "it uses :after, but gives a row without a value in column changed_at",
                ));
            }
            match row::change(row, &own, category, &self.key) {
                Ok(change) => page.changes.push(change),
                Err(Unusable { fault, record }) => page.refused.push(RefusedRow {
                    origin: origin.clone(),
                    row: Some(place.seen),
                    reason: fault.to_string(),
                    record: record.map(|record| (category.clone(), record)),
                }),
            }
        }
        if !rows.is_empty() && next == mark {
            return Err(wrong(
                &origin,
                "it gives the same rows again: use :after_record in it, and an order",
            ));
        }
        place.marks.insert(category.clone(), next);
        Ok(page)
    }
}

struct Rows {
    changes: Vec<kw_adapter::Change>,
    refused: Vec<RefusedRow>,
    last: bool,
}

#[async_trait]
impl Source for SqlSource {
    fn name(&self) -> &SourceName {
        &self.name
    }

    fn categories(&self) -> BTreeSet<Category> {
        self.categories.keys().cloned().collect()
    }

    async fn changes(&self, after: Option<&Cursor>) -> Result<ChangePage, SourceError> {
        let before = after.map(Place::of).transpose()?;
        let mut place = match before {
            Some(place) if place.reading.is_some() => place,
            before => self.begin(before),
        };
        let found = place
            .reading
            .clone()
            .and_then(|category| self.categories.get(&category).map(|queries| (category, queries)));
        let mut page = Rows { changes: Vec::new(), refused: Vec::new(), last: true };
        if let Some((category, queries)) = found {
            page = self.page(&mut place, &category, queries).await?;
            if page.last {
                let mut later =
                    self.categories.range((std::ops::Bound::Excluded(&category), std::ops::Bound::Unbounded));
                place.reading = later.next().map(|(category, _)| category.clone());
                place.seen = 0;
            }
        } else {
            // The category left the configuration in the middle of a round.
            (place.reading, place.full) = (None, false);
        }
        Ok(ChangePage {
            changes: page.changes,
            refused: page.refused,
            cursor: place.to_cursor()?,
            more: place.reading.is_some(),
            complete: place.full,
        })
    }

    async fn fetch(
        &self,
        category: &Category,
        record: &LocalId,
    ) -> Result<Option<SourceDocument>, SourceError> {
        let queries = self.categories.get(category).ok_or_else(|| {
            SourceError::Configuration(format!("there is no query for category {category}"))
        })?;
        let origin = format!("fetch query of {category}");
        let Some(own) = RecordKey::own_part(record) else { return Ok(None) };
        let now = self.clock.now();
        let values = queries.fetch.parameters.iter().map(|_| Bound::Text(Some(own.to_owned()))).collect();
        let rows = self
            .database
            .rows(&queries.fetch, values, ROWS_OF_A_RECORD + 1)
            .await
            .map_err(|fault| fault.about(&origin))?;
        if rows.len() > ROWS_OF_A_RECORD {
            return Err(wrong(&origin, "it gives more than 1000 rows for one record"));
        }
        let content =
            |fault: kw_adapter::mapping::RowFault| SourceError::Content(format!("{origin}: {fault}"));
        let mut documents = Vec::with_capacity(rows.len());
        for row in &rows {
            // The row has come to be about somebody else, who has another record.
            if row::record_of(row, own, category, &self.key).map_err(content)? != *record {
                continue;
            }
            documents.push(row::document(row, queries.rules.columns.as_ref()).map_err(content)?);
        }
        if documents.is_empty() {
            return Ok(None);
        }
        let combined = combine(documents, queries.rules.rows).map_err(content)?;
        Ok(Some(SourceDocument {
            document: combined.document,
            as_of: combined.as_of.unwrap_or(now),
            birth_date: combined.birth_date,
            under_investigation: combined.under_investigation,
        }))
    }

    async fn describe(&self) -> Result<SourceDescription, SourceError> {
        self.described().await
    }
}

impl fmt::Debug for SqlSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlSource").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Queries {
    fn parse(category: &Category, rules: CategoryQueries, database: &Database) -> Result<Self, SourceError> {
        let statement = |what: &str, sql: &str| {
            Statement::parse(sql, database.dialect())
                .map_err(|reason| wrong(&format!("{what} query of {category}"), &reason))
        };
        let (list, fetch) = (statement("list", &rules.list)?, statement("fetch", &rules.fetch)?);
        for needed in [Parameter::Limit, Parameter::AfterRecord] {
            if !list.has(needed) {
                return Err(wrong(&format!("list query of {category}"), "it lacks :limit or :after_record"));
            }
        }
        let only_record = !fetch.parameters.is_empty()
            && fetch.parameters.iter().all(|parameter| *parameter == Parameter::Record);
        if list.has(Parameter::Record) || !only_record {
            let message = "parameter :record belongs in fetch, and no other does";
            return Err(wrong(&format!("queries of {category}"), message));
        }
        Ok(Self { list, fetch, rules })
    }

    pub(crate) fn tells_changes(&self) -> bool {
        self.list.has(Parameter::After)
    }
}

fn wrong(origin: &str, reason: &str) -> SourceError {
    SourceError::Configuration(format!("{origin}: {reason}"))
}

/// What rows and mistakes of a list query are said to be of.
pub(crate) fn list_query(category: &Category) -> String {
    format!("list query of {category}")
}

impl DatabaseFault {
    /// As the source says it.
    pub(crate) fn about(self, origin: &str) -> SourceError {
        let message = format!("{origin}: {self}");
        match self {
            Self::Unavailable(_) => SourceError::Unavailable(message),
            Self::Wrong(_) => SourceError::Configuration(message),
        }
    }
}
