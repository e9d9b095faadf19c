//! The API as a [`Source`].

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kw_adapter::mapping::{RecordKey, RowFault, combine};
use kw_adapter::{
    Change, ChangePage, Cursor, LocalId, RefusedRow, Source, SourceDescription, SourceDocument, SourceError,
};
use kw_domain::{Category, Clock, SourceName, Subject};
use serde_json::{Map, Value};
use url::Url;

use crate::api::{Answer, Api, refuse_persons};
use crate::config::{CategoryRequests, RestConfig};
use crate::describe;
use crate::place::{Next, Place, Within};
use crate::row::{self, Unusable};
use crate::template::{Parameter, Template};

/// An API that is read with configured addresses.
pub struct RestSource {
    name: SourceName,
    api: Api,
    key: RecordKey,
    clock: Arc<dyn Clock>,
    page_size: usize,
    categories: BTreeMap<Category, Requests>,
}

struct Requests {
    list: Template,
    fetch: Template,
    rules: CategoryRequests,
}

struct Page {
    changes: Vec<Change>,
    refused: Vec<RefusedRow>,
    /// Whether the list can still be believed to be everything there is.
    whole: bool,
}

/// Rows that one record may have.
const ROWS_OF_A_RECORD: usize = 1000;
/// Items that one page may have, whatever was asked.
const LARGEST_PAGE: usize = 10_000;
const JSON: &str = "application/json";

impl RestSource {
    /// A source of that name; `key` must stay the same over restarts. Checks the settings, not the API.
    pub fn new(
        name: SourceName,
        config: RestConfig,
        key: RecordKey,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SourceError> {
        let api = Api::new(&config.api, Arc::clone(&clock))?;
        let mut categories = BTreeMap::new();
        for (category, rules) in config.categories {
            let requests = Requests::parse(rules).map_err(|reason| wrong(&category.to_string(), &reason))?;
            categories.insert(category, requests);
        }
        let page_size = config.page_size.clamp(1, LARGEST_PAGE);
        Ok(Self { name, api, key, clock, page_size, categories })
    }

    /// Begins a round: over everything when there is no `before`, else over what may have changed.
    fn begin(&self, before: Option<Place>) -> Place {
        let full = before.is_none() || self.categories.values().all(|requests| !requests.tells_changes());
        let marks = before.unwrap_or_default().marks;
        let tells = |category: &Category| self.categories.get(category).is_some_and(Requests::tells_changes);
        Place {
            marks: marks.into_iter().filter(|(category, _)| tells(category)).collect(),
            reading: self.categories.keys().next().cloned(),
            full,
            within: Within::default(),
        }
    }

    /// The page where `place` is, and `place` moved to the one after it (`First` when there is none).
    async fn page(
        &self,
        place: &mut Place,
        category: &Category,
        requests: &Requests,
    ) -> Result<Page, SourceError> {
        let origin = format!("list of {category}");
        let rules = &requests.rules;
        let address = self.list_address(&origin, place, category, requests)?;
        let within = &mut place.within;
        if within.addresses.closes(self.key.digest(&[b"page", address.as_str().as_bytes()])) {
            return Err(in_circles(&origin));
        }
        let answer = self.api.get(&origin, &address, JSON).await?;
        let mut page = Page { changes: Vec::new(), refused: Vec::new(), whole: true };
        if rules.paging.is_past_end(answer.status.as_u16(), &within.next) {
            within.next = Next::First;
            page.whole = !within.ended_early();
            return Ok(page);
        }
        let body = answer.success(&origin)?;
        let items = body.pointer(&rules.items).and_then(Value::as_array);
        let items =
            items.ok_or_else(|| wrong(&origin, "there is no list of items at `items` in the answer"))?;
        if items.len() > LARGEST_PAGE {
            return Err(wrong(&origin, "a page has more than 10000 items: ask for fewer with {limit}"));
        }
        within.began = within.began.or_else(|| Some(self.api.moment_of(&answer)));
        page.whole = within.is_steady(total(&body, rules));
        let mut keys = Vec::with_capacity(items.len());
        for item in items {
            within.seen += 1;
            within.newest = within.newest.max(row::changed_at(item, rules));
            match self.item(item, rules, category, requests) {
                Ok(found) => {
                    keys.push(found.own);
                    page.changes.extend(found.change);
                }
                Err((reason, record)) => page.refused.push(RefusedRow {
                    origin: origin.clone(),
                    row: Some(within.seen),
                    reason,
                    record: record.map(|record| (category.clone(), record)),
                }),
            }
        }
        let next = rules.paging.after(&within.next, &body, answer.next.as_deref(), items.len());
        let content: Vec<_> = keys.iter().map(String::as_bytes).collect();
        if next.is_some() && !keys.is_empty() && within.contents.closes(self.key.digest(&content)) {
            return Err(in_circles(&origin));
        }
        within.next = match next {
            None => {
                page.whole &= !within.ended_early();
                Next::First
            }
            Some(Next::Address(next)) => {
                let next = self.api.follow(&origin, &address, &next)?;
                Next::Address(next.into())
            }
            Some(next) => next,
        };
        refuse_persons_in(&origin, &within.next, &page.changes)?;
        Ok(page)
    }

    fn list_address(
        &self,
        origin: &str,
        place: &Place,
        category: &Category,
        requests: &Requests,
    ) -> Result<Url, SourceError> {
        let rules = &requests.rules;
        if let Next::Address(address) = &place.within.next {
            return self.api.follow(origin, self.api.base(), address);
        }
        let overlap = Duration::from_secs(rules.overlap_seconds);
        let since = place.marks.get(category).map(|mark| rules.moments.write(mark.minus(overlap)));
        let value = |parameter| match parameter {
            Parameter::Limit => Some(self.page_size.to_string()),
            Parameter::Since => since.clone(),
            other => rules.paging.value(other, &place.within.next),
        };
        let address = requests.list.address(self.api.base(), value);
        address.ok_or_else(|| wrong(origin, "the address of the list cannot be made"))
    }

    fn item(
        &self,
        item: &Value,
        rules: &CategoryRequests,
        category: &Category,
        requests: &Requests,
    ) -> Result<row::Item, (String, Option<LocalId>)> {
        let found = row::item(item, rules, category, &self.key)
            .map_err(|Unusable { fault, record }| (fault.to_string(), record))?;
        if requests.fetch_address(self.api.base(), &found.own).is_none() {
            return Err(("the record's own key cannot stand in an address".to_owned(), None));
        }
        Ok(found)
    }

    /// The rows of a record, each about the key that was asked for; `None` when the API says that it is gone.
    async fn rows(
        &self,
        origin: &str,
        requests: &Requests,
        own: &str,
    ) -> Result<Option<Vec<Map<String, Value>>>, SourceError> {
        let rules = &requests.rules;
        let Some(address) = requests.fetch_address(self.api.base(), own) else { return Ok(None) };
        let answer = self.api.get(origin, &address, JSON).await?;
        if says_gone(origin, rules, &answer) {
            return Ok(None);
        }
        if answer.status.as_u16() == 404 {
            return Err(wrong(
                origin,
                "the server answers 404 Not Found: if that means that the record is gone, say so with gone_when",
            ));
        }
        let body = answer.success(origin)?;
        let found = body.pointer(&rules.fetched.row);
        let found = found.ok_or_else(|| wrong(origin, "there is nothing at `fetched.row` in the answer"))?;
        let rows = match found {
            Value::Array(rows) => rows.as_slice(),
            row => std::slice::from_ref(row),
        };
        if rows.len() > ROWS_OF_A_RECORD {
            return Err(wrong(origin, "it gives more than 1000 rows for one record"));
        }
        let mut kept = Vec::with_capacity(rows.len());
        for row in rows {
            let row = row.as_object().ok_or_else(|| content(origin, &RowFault::NotAnObject))?;
            if row::own_key(row, rules).is_some_and(|found| found != own) {
                return Err(wrong(
                    origin,
                    "it gives another record than was asked: does the API know the parameter?",
                ));
            }
            kept.push(row.clone());
        }
        Ok(Some(kept))
    }
}

#[async_trait]
impl Source for RestSource {
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
        let reading = place.reading.clone();
        let found =
            reading.and_then(|category| self.categories.get(&category).map(|requests| (category, requests)));
        let Some((category, requests)) = found else {
            // The category left the configuration in the middle of a round.
            (place.reading, place.full) = (None, false);
            let cursor = place.to_cursor()?;
            return Ok(ChangePage { changes: vec![], refused: vec![], cursor, more: false, complete: false });
        };
        let page = self.page(&mut place, &category, requests).await?;
        place.full &= page.whole;
        if place.within.next == Next::First {
            let Within { began, newest, .. } = std::mem::take(&mut place.within);
            let reached = match (&requests.rules.changed_at, began) {
                (Some(_), began) => newest.map(|newest| began.map_or(newest, |began| newest.min(began))),
                (None, began) => began,
            };
            let mark = place.marks.get(&category).copied().max(reached);
            place.marks.extend(mark.map(|mark| (category.clone(), mark)));
            let mut later = self.categories.range((Bound::Excluded(&category), Bound::Unbounded));
            place.reading = later.next().map(|(category, _)| category.clone());
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
        let origin = format!("fetch of {category}");
        let requests = self.requests(category)?;
        let rules = &requests.rules;
        let Some(own) = requests.own_part(record) else { return Ok(None) };
        let now = self.clock.now();
        let Some(rows) = self.rows(&origin, requests, own).await? else { return Ok(None) };
        let mut documents = Vec::with_capacity(rows.len());
        for row in &rows {
            let subject = requests.person(row).map_err(|fault| content(&origin, &fault))?;
            let here = row::local_id(own, Some(&subject), rules, category, &self.key);
            // The row has come to be about somebody else, who has another record.
            if here.map_err(|fault| content(&origin, &fault))? != *record {
                continue;
            }
            documents.push(row::document(row, rules).map_err(|fault| content(&origin, &fault))?);
        }
        if documents.is_empty() {
            return Ok(None);
        }
        let combined = combine(documents, rules.rows).map_err(|fault| content(&origin, &fault))?;
        Ok(Some(SourceDocument {
            document: combined.document,
            as_of: combined.as_of.unwrap_or(now),
            birth_date: combined.birth_date,
            under_investigation: combined.under_investigation,
        }))
    }

    async fn subject(&self, category: &Category, record: &LocalId) -> Result<Option<Subject>, SourceError> {
        let requests = self.requests(category)?;
        if requests.rules.person_in_key {
            return Ok(None);
        }
        let origin = format!("fetch of {category}");
        let Some(rows) = self.rows(&origin, requests, record.as_str()).await? else { return Ok(None) };
        let mut about = None;
        for row in &rows {
            let subject = requests.person(row).map_err(|fault| content(&origin, &fault))?;
            if about.as_ref().is_some_and(|known| *known != subject) {
                return Err(content(&origin, &RowFault::SubjectUnclear));
            }
            about = Some(subject);
        }
        Ok(about)
    }

    async fn describe(&self) -> Result<SourceDescription, SourceError> {
        let described = |(category, requests): (&Category, &Requests)| {
            (category.clone(), describe::category(category, &requests.rules, requests.tells_changes()))
        };
        let system = format!("a JSON API at {}", self.api.base().host_str().unwrap_or_default());
        Ok(SourceDescription { system, categories: self.categories.iter().map(described).collect() })
    }
}

impl RestSource {
    fn requests(&self, category: &Category) -> Result<&Requests, SourceError> {
        let found = self.categories.get(category);
        found
            .ok_or_else(|| SourceError::Configuration(format!("there is no address for category {category}")))
    }
}

impl fmt::Debug for RestSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RestSource").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Requests {
    fn parse(rules: CategoryRequests) -> Result<Self, String> {
        let template = |setting: &str, text: &str| {
            Template::parse(text).map_err(|reason| format!("{setting}: {reason}"))
        };
        let (list, fetch) = (template("list", &rules.list)?, template("fetch", &rules.fetch)?);
        if list.has(Parameter::Record) || !fetch.has(Parameter::Record) {
            return Err("parameter {record} belongs in fetch".to_owned());
        }
        if fetch.parameters().any(|parameter| parameter != Parameter::Record) {
            return Err("fetch has no other parameter than {record}".to_owned());
        }
        rules.paging.check(&list)?;
        row::check(&rules)?;
        Ok(Self { list, fetch, rules })
    }

    fn tells_changes(&self) -> bool {
        self.list.has(Parameter::Since)
    }

    fn fetch_address(&self, base: &Url, own: &str) -> Option<Url> {
        self.fetch.address(base, |parameter| (parameter == Parameter::Record).then(|| own.to_owned()))
    }

    /// The source's own key in the key of a record.
    fn own_part<'a>(&self, record: &'a LocalId) -> Option<&'a str> {
        if self.rules.person_in_key { RecordKey::own_part(record) } else { Some(record.as_str()) }
    }

    fn person(&self, row: &Map<String, Value>) -> Result<Subject, RowFault> {
        row::person(row, self.rules.fetched.person.as_deref().unwrap_or(&self.rules.person))
    }
}

fn total(body: &Value, rules: &CategoryRequests) -> Option<u64> {
    body.pointer(rules.total.as_deref()?)?.as_u64()
}

/// Whether a refusal is one of those that the configuration names.
fn says_gone(origin: &str, rules: &CategoryRequests, answer: &Answer) -> bool {
    let when = &rules.gone_when;
    if !when.status.contains(&answer.status.as_u16()) {
        return false;
    }
    let Some(at) = &when.at else { return !answer.status.is_success() };
    let said = answer.json(origin).ok().and_then(|body| body.pointer(at).cloned());
    said.is_some_and(|said| when.is.as_ref().is_none_or(|is| *is == said))
}

fn refuse_persons_in(origin: &str, next: &Next, changes: &[Change]) -> Result<(), SourceError> {
    match next {
        Next::Address(text) | Next::Token(text) => refuse_persons(origin, text, changes),
        Next::First | Next::Number(_) => Ok(()),
    }
}

fn in_circles(origin: &str) -> SourceError {
    SourceError::Content(format!("{origin}: the pages go round in a circle: look at paging"))
}

fn wrong(origin: &str, reason: &str) -> SourceError {
    SourceError::Configuration(format!("{origin}: {reason}"))
}

fn content(origin: &str, fault: &RowFault) -> SourceError {
    SourceError::Content(format!("{origin}: {fault}"))
}
