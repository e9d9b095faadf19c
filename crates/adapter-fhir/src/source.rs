//! The server as a [`Source`].

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kw_adapter::mapping::RowFault;
use kw_adapter::{
    Change, ChangePage, Cursor, LocalId, RefusedRow, Source, SourceDescription, SourceDocument, SourceError,
    SourceRecord,
};
use kw_adapter_rest::api::refuse_persons;
use kw_domain::{Category, Clock, Instant, SourceName, Subject};
use url::Url;

use crate::config::{CategoryResources, FhirConfig, Selection};
use crate::describe;
use crate::document::collection;
use crate::patient::{Patient, elements, id, patients_of};
use crate::place::{Place, Step, Within};
use crate::server::{PATIENT_ELEMENTS, Page, Resource, Server, in_circles};

/// A FHIR server. A record is a Patient who has something in a category, by the Patient's logical id.
pub struct FhirSource {
    name: SourceName,
    server: Server,
    clock: Arc<dyn Clock>,
    config: FhirConfig,
}

#[derive(Default)]
struct Found {
    changes: Vec<Change>,
    refused: Vec<RefusedRow>,
}

/// Patients that changed, on one page.
const PATIENTS_AT_ONCE: usize = 20;

impl FhirSource {
    /// A source of that name. Checks the settings, not the server.
    pub fn new(name: SourceName, config: FhirConfig, clock: Arc<dyn Clock>) -> Result<Self, SourceError> {
        for (category, rules) in &config.categories {
            if rules.resources.is_empty() {
                return Err(SourceError::Configuration(format!("{category}: there is nothing in resources")));
            }
        }
        let server = Server::new(&config, Arc::clone(&clock))?;
        Ok(Self { name, server, clock, config })
    }

    /// Begins a round: over everything when there is no `before`, else over what may have changed.
    fn begin(&self, before: Option<Place>) -> Place {
        let full = before.is_none();
        let marks = before.unwrap_or_default().marks;
        let first = self.config.categories.keys().next();
        Place {
            marks,
            reading: first.map(|category| (category.clone(), Step::Resources(0))),
            began: None,
            full,
            within: Within::default(),
        }
    }

    /// The step after this one, in this category or the next.
    fn after(
        &self,
        place: &Place,
        category: &Category,
        rules: &CategoryResources,
        step: Step,
    ) -> Option<(Category, Step)> {
        let changed = place.marks.contains_key(category) && !place.full;
        let next = match step {
            Step::Resources(at) if at + 1 < rules.evidence().len() => Some(Step::Resources(at + 1)),
            Step::Resources(_) if changed => Some(Step::Patients),
            Step::Patients if self.config.patient_history => Some(Step::History),
            _ => None,
        };
        if let Some(step) = next {
            return Some((category.clone(), step));
        }
        let mut later = self.config.categories.range((Bound::Excluded(category), Bound::Unbounded));
        later.next().map(|(category, _)| (category.clone(), Step::Resources(0)))
    }

    fn address(
        &self,
        what: &str,
        place: &Place,
        since: Option<Instant>,
        rules: &CategoryResources,
        step: Step,
    ) -> Result<Url, SourceError> {
        if let Some(next) = &place.within.next {
            return self.server.api.follow(what, self.server.api.base(), next);
        }
        // Each Patient that changed costs a question per type, and a page has to be done in time.
        let most = if step == Step::Patients { PATIENTS_AT_ONCE } else { usize::MAX };
        let count = self.server.page_size().min(most).to_string();
        let since = since.map(|since| since.to_string());
        let from = since.as_ref().map(|since| format!("ge{since}"));
        let changed: Vec<(&str, &str)> = from
            .iter()
            .flat_map(|from| [("_lastUpdated", from.as_str()), ("_sort", "_lastUpdated")])
            .collect();
        let mut more = vec![("_count", count.as_str())];
        match step {
            Step::Resources(at) => {
                let evidence = rules.evidence();
                let selection = evidence.get(at).ok_or_else(|| {
                    SourceError::Configuration(format!(
                        "{what}: resources changed: let the source be read from the start"
                    ))
                })?;
                let elements =
                    if selection.is_patient() { PATIENT_ELEMENTS.to_owned() } else { elements(selection) };
                more.extend(changed);
                if self.config.elements {
                    more.push(("_elements", &elements));
                }
                self.server.search(selection, &more)
            }
            Step::Patients => {
                more.extend(changed);
                if self.config.elements {
                    more.push(("_elements", PATIENT_ELEMENTS));
                }
                self.server.search(&every_patient(), &more)
            }
            Step::History => {
                let mut url = self.server.address(&["Patient", "_history"])?;
                more.extend(since.as_deref().map(|since| ("_since", since)));
                url.query_pairs_mut().extend_pairs(more);
                Ok(url)
            }
        }
    }

    /// The page where `place` is, and `place` moved on. Whether the search can still be believed to give everything.
    async fn page(
        &self,
        place: &mut Place,
        category: &Category,
        rules: &CategoryResources,
        step: Step,
    ) -> Result<(Found, bool), SourceError> {
        let what = format!("search of {category}");
        let overlap = Duration::from_secs(self.config.overlap_seconds);
        let since = place.marks.get(category).filter(|_| !place.full).map(|mark| mark.minus(overlap));
        let url = self.address(&what, place, since, rules, step)?;
        if place.within.addresses.closes(url.to_string()) {
            return Err(in_circles(&what));
        }
        let Page { bundle, answer } = self.server.page(&what, &url).await?;
        place.began = place.began.or_else(|| Some(self.server.api.moment_of(&answer)));
        let within = &mut place.within;
        let mut whole = !matches!((within.total, bundle.total), (Some(before), Some(now)) if now < before);
        within.total = bundle.total.or(within.total);
        let mut found = Found::default();
        match step {
            Step::Resources(at) => {
                let evidence = rules.evidence();
                let Some(selection) = evidence.get(at) else { return Ok((found, false)) };
                let mut named = BTreeSet::new();
                let mut patients = BTreeMap::new();
                for resource in bundle.matches(&selection.kind) {
                    within.seen += 1;
                    if selection.is_patient() {
                        patients.extend(id(resource).map(|id| (id.to_owned(), resource.clone())));
                    } else {
                        let ids = patients_of(resource, selection, self.server.api.base());
                        named.extend(ids.into_iter().map(str::to_owned));
                    }
                }
                patients.extend(self.server.patients(&what, &named).await?);
                named.extend(patients.keys().cloned());
                for id in named {
                    self.judge(&mut found, &what, category, id.as_str(), patients.get(&id));
                }
            }
            Step::Patients => {
                for patient in bundle.matches("Patient") {
                    let Some(id) = id(patient) else { continue };
                    let gone = matches!(Patient::read(patient, &self.config.bsn_system), Ok(Patient::Gone));
                    let here = !gone && self.server.has_any(&what, &rules.evidence(), id).await?;
                    self.judge(&mut found, &what, category, id, here.then_some(patient));
                }
            }
            Step::History => {
                // One that was deleted may have come back since.
                let deleted: BTreeSet<_> = bundle.deleted("Patient").into_iter().collect();
                let back = self.server.patients(&what, &deleted).await?;
                for id in deleted.iter().filter(|id| !back.contains_key(*id)) {
                    self.judge(&mut found, &what, category, id, None);
                }
            }
        }
        let next = bundle.next.map(|next| self.server.api.follow(&what, &url, &next)).transpose()?;
        place.within.next = next.map(String::from);
        match &place.within.next {
            Some(next) => refuse_persons(&what, next, &found.changes)?,
            None => whole &= place.within.total.is_none_or(|total| place.within.seen >= total),
        }
        Ok((found, whole))
    }

    /// Adds what a Patient comes to; without one it is gone.
    fn judge(
        &self,
        found: &mut Found,
        what: &str,
        category: &Category,
        id: &str,
        patient: Option<&Resource>,
    ) {
        let Ok(record) = LocalId::new(id) else { return };
        let category = category.clone();
        match patient.map(|patient| Patient::read(patient, &self.config.bsn_system)) {
            None | Some(Ok(Patient::Gone)) => found.changes.push(Change::Gone { category, record }),
            Some(Ok(Patient::Here { subject, birth_date })) => {
                found.changes.push(Change::Present(SourceRecord { category, record, subject, birth_date }));
            }
            Some(Err(fault)) => found.refused.push(RefusedRow {
                origin: what.to_owned(),
                row: None,
                reason: fault.to_string(),
                record: Some((category, record)),
            }),
        }
    }

    fn rules(&self, category: &Category) -> Result<&CategoryResources, SourceError> {
        let found = self.config.categories.get(category);
        found.ok_or_else(|| {
            SourceError::Configuration(format!("there are no resources for category {category}"))
        })
    }
}

#[async_trait]
impl Source for FhirSource {
    fn name(&self) -> &SourceName {
        &self.name
    }

    fn categories(&self) -> BTreeSet<Category> {
        self.config.categories.keys().cloned().collect()
    }

    async fn changes(&self, after: Option<&Cursor>) -> Result<ChangePage, SourceError> {
        let before = after.map(Place::of).transpose()?;
        let mut place = match before {
            Some(place) if place.reading.is_some() => place,
            before => self.begin(before),
        };
        let reading = place.reading.clone();
        let found = reading.and_then(|(category, step)| {
            self.config.categories.get(&category).map(|rules| (category, rules, step))
        });
        let Some((category, rules, step)) = found else {
            // The category left the configuration in the middle of a round.
            (place.reading, place.full) = (None, false);
            let cursor = place.to_cursor()?;
            return Ok(ChangePage { changes: vec![], refused: vec![], cursor, more: false, complete: false });
        };
        let (page, whole) = self.page(&mut place, &category, rules, step).await?;
        let complete = place.full && whole;
        if place.within.next.is_none() {
            let next = self.after(&place, &category, rules, step);
            if next.as_ref().is_none_or(|(next, _)| *next != category)
                && let Some(began) = place.began.take()
            {
                let mark = place.marks.entry(category.clone()).or_insert(began);
                *mark = (*mark).max(began);
            }
            place.within = Within::default();
            place.reading = next;
        }
        Ok(ChangePage {
            changes: page.changes,
            refused: page.refused,
            cursor: place.to_cursor()?,
            more: place.reading.is_some(),
            complete,
        })
    }

    async fn fetch(
        &self,
        category: &Category,
        record: &LocalId,
    ) -> Result<Option<SourceDocument>, SourceError> {
        let what = format!("fetch of {category}");
        let rules = self.rules(category)?;
        let now = self.clock.now();
        let Some((patient, bytes)) = self.server.patient(&what, record.as_str()).await? else {
            return Ok(None);
        };
        let Patient::Here { birth_date, .. } = read(&what, &patient, &self.config)? else { return Ok(None) };
        let mut used = 0;
        self.server.spend(&what, &mut used, bytes)?;
        let evidence = rules.evidence();
        let (mut resources, mut holds) = (Vec::new(), false);
        for selection in &rules.resources {
            let found = if selection.is_patient() && selection.search.is_empty() {
                vec![patient.clone()]
            } else {
                self.server.all_of(&what, selection, record.as_str(), &mut used).await?
            };
            holds |= evidence.contains(&selection) && !found.is_empty();
            resources.extend(found);
        }
        if !holds {
            return Ok(None);
        }
        Ok(Some(SourceDocument {
            document: collection(resources, &self.config.bsn_system),
            as_of: now,
            birth_date,
            under_investigation: Vec::new(),
        }))
    }

    async fn subject(&self, category: &Category, record: &LocalId) -> Result<Option<Subject>, SourceError> {
        let what = format!("fetch of {category}");
        let Some((patient, _)) = self.server.patient(&what, record.as_str()).await? else { return Ok(None) };
        match read(&what, &patient, &self.config)? {
            Patient::Here { subject, .. } => Ok(Some(subject)),
            Patient::Gone => Ok(None),
        }
    }

    async fn describe(&self) -> Result<SourceDescription, SourceError> {
        Ok(describe::source(&self.server.statement().await?, &self.config))
    }
}

impl fmt::Debug for FhirSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FhirSource").field("name", &self.name).finish_non_exhaustive()
    }
}

fn read(what: &str, patient: &Resource, config: &FhirConfig) -> Result<Patient, SourceError> {
    Patient::read(patient, &config.bsn_system)
        .map_err(|fault: RowFault| SourceError::Content(format!("{what}: {fault}")))
}

fn every_patient() -> Selection {
    Selection {
        kind: "Patient".to_owned(),
        search: String::new(),
        parameter: "_id".to_owned(),
        reference: None,
    }
}
