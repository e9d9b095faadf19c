//! Questions to a FHIR server.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kw_adapter::SourceError;
use kw_adapter_rest::api::{Answer, Api, Circle};
use kw_domain::Clock;
use serde_json::{Map, Value};
use url::{Url, form_urlencoded};

use crate::bundle::{Bundle, is_id};
use crate::config::{FhirConfig, Selection};
use crate::patient::{id, patients_of};

pub(crate) type Resource = Map<String, Value>;

/// The server, and the bounds that are kept with it.
pub(crate) struct Server {
    pub(crate) api: Api,
    page_size: usize,
    max_document_bytes: usize,
}

/// One page of a search.
pub(crate) struct Page {
    pub(crate) bundle: Bundle,
    pub(crate) answer: Answer,
}

impl Server {
    pub(crate) fn new(config: &FhirConfig, clock: Arc<dyn Clock>) -> Result<Self, SourceError> {
        Ok(Self {
            api: Api::new(&config.api, clock)?,
            page_size: config.page_size.clamp(1, LARGEST_PAGE),
            max_document_bytes: config.max_document_bytes.max(1024),
        })
    }

    /// The address of a search: `Type?the configured search&more`.
    pub(crate) fn search(&self, selection: &Selection, more: &[(&str, &str)]) -> Result<Url, SourceError> {
        let mut url = self.address(&[&selection.kind])?;
        url.set_query((!selection.search.is_empty()).then_some(&selection.search));
        url.query_pairs_mut().extend_pairs(more);
        Ok(url)
    }

    /// The address of a path under the base.
    pub(crate) fn address(&self, path: &[&str]) -> Result<Url, SourceError> {
        let mut url = self.api.base().clone();
        url.path_segments_mut()
            .map_err(|()| SourceError::Configuration("base_url cannot be extended".to_owned()))?
            .pop_if_empty()
            .extend(path);
        Ok(url)
    }

    pub(crate) async fn page(&self, what: &str, url: &Url) -> Result<Page, SourceError> {
        let answer = self.api.ask(what, url, FHIR, None, &[STRICT]).await?;
        let bundle = Bundle::read(what, answer.success(what)?)?;
        if bundle.len() > LARGEST_PAGE {
            return Err(SourceError::Content(format!("{what}: a page has more than {LARGEST_PAGE} entries")));
        }
        Ok(Page { bundle, answer })
    }

    /// One Patient; `None` when it was deleted or never was.
    pub(crate) async fn patient(
        &self,
        what: &str,
        patient: &str,
    ) -> Result<Option<(Resource, usize)>, SourceError> {
        if !is_id(patient) {
            return Ok(None);
        }
        let url = self.address(&["Patient", patient])?;
        let answer = self.api.ask(what, &url, FHIR, None, &[STRICT]).await?;
        if matches!(answer.status.as_u16(), 404 | 410) {
            // The same comes from a wrong base_url; a FHIR server says it in an OperationOutcome.
            let outcome = answer.json(what).ok();
            let is_fhir = outcome.is_some_and(|body| body["resourceType"] == "OperationOutcome");
            return if is_fhir { Ok(None) } else { Err(answer.refused(what)) };
        }
        match answer.success(what)? {
            Value::Object(found)
                if found.get("resourceType") == Some(&"Patient".into()) && id(&found) == Some(patient) =>
            {
                Ok(Some((found, answer.bytes())))
            }
            _ => {
                Err(SourceError::Content(format!("{what}: the answer is not the Patient that was asked for")))
            }
        }
    }

    /// The Patients with these ids, without their content, as far as they are there. The ids do not come into an address: one of them may
    /// turn out to be a BSN.
    pub(crate) async fn patients(
        &self,
        what: &str,
        wanted: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, Resource>, SourceError> {
        let mut found = BTreeMap::new();
        let url = self.address(&["Patient", "_search"])?;
        let wanted: Vec<_> = wanted.iter().map(String::as_str).collect();
        for chunk in wanted.chunks(self.page_size.min(IDS_AT_ONCE)) {
            let mut left: Vec<&str> = chunk.to_vec();
            loop {
                let form = form_urlencoded::Serializer::new(String::new())
                    .append_pair("_id", &left.join(","))
                    .append_pair("_count", &left.len().to_string())
                    .append_pair("_elements", PATIENT_ELEMENTS)
                    .finish();
                let answer = self.api.ask(what, &url, FHIR, Some(&form), &[STRICT]).await?;
                let bundle = Bundle::read(what, answer.success(what)?)?;
                for patient in bundle.matches("Patient") {
                    if let Some(id) = id(patient).filter(|id| left.contains(id)) {
                        found.insert(id.to_owned(), patient.clone());
                    }
                }
                let before = left.len();
                left.retain(|id| !found.contains_key(*id));
                // A server that gives fewer than it is asked for is asked again for the rest.
                if left.is_empty() || left.len() == before || bundle.next.is_none() {
                    break;
                }
            }
        }
        Ok(found)
    }

    /// Whether a patient has anything that is selected.
    pub(crate) async fn has_any(
        &self,
        what: &str,
        selections: &[&Selection],
        patient: &str,
    ) -> Result<bool, SourceError> {
        for selection in selections {
            if selection.is_patient() && selection.search.is_empty() {
                return Ok(true);
            }
            let parameter = if selection.is_patient() { "_id" } else { &selection.parameter };
            let url = self.search(selection, &[(parameter, patient), ("_count", "1")])?;
            let page = self.page(what, &url).await?;
            if let Some(resource) = page.bundle.matches(&selection.kind).next() {
                self.refuse_others(what, resource, selection, patient)?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// All that is selected of a patient, within the bound of a document, of which `used` is spent already.
    pub(crate) async fn all_of(
        &self,
        what: &str,
        selection: &Selection,
        patient: &str,
        used: &mut usize,
    ) -> Result<Vec<Resource>, SourceError> {
        let parameter = if selection.is_patient() { "_id" } else { &selection.parameter };
        let count = self.page_size.to_string();
        let mut next = Some(self.search(selection, &[(parameter, patient), ("_count", &count)])?);
        let (mut all, mut circle) = (Vec::new(), Circle::default());
        while let Some(url) = next {
            if circle.closes(url.to_string()) {
                return Err(in_circles(what));
            }
            let Page { bundle, answer } = self.page(what, &url).await?;
            self.spend(what, used, answer.bytes())?;
            for resource in bundle.matches(&selection.kind) {
                self.refuse_others(what, resource, selection, patient)?;
                all.push(resource.clone());
            }
            next = bundle.next.map(|next| self.api.follow(what, &url, &next)).transpose()?;
        }
        Ok(all)
    }

    /// Counts bytes of a document against its bound.
    pub(crate) fn spend(&self, what: &str, used: &mut usize, bytes: usize) -> Result<(), SourceError> {
        *used = used.saturating_add(bytes);
        if *used <= self.max_document_bytes {
            return Ok(());
        }
        Err(SourceError::Content(format!(
            "{what}: the document is larger than max_document_bytes: select less, or raise it"
        )))
    }

    /// What the server says of itself.
    pub(crate) async fn statement(&self) -> Result<Value, SourceError> {
        let url = self.address(&["metadata"])?;
        let answer = self.api.ask(METADATA, &url, FHIR, None, &[]).await?;
        let statement = answer.success(METADATA)?;
        if statement["resourceType"] == "CapabilityStatement" {
            return Ok(statement);
        }
        Err(SourceError::Content(format!(
            "{METADATA}: the answer is no CapabilityStatement: look at base_url"
        )))
    }

    pub(crate) fn page_size(&self) -> usize {
        self.page_size
    }

    /// A server that does not know a parameter may leave it out, and give everybody's resources.
    fn refuse_others(
        &self,
        what: &str,
        resource: &Resource,
        selection: &Selection,
        patient: &str,
    ) -> Result<(), SourceError> {
        if patients_of(resource, selection, self.api.base()).contains(&patient) {
            return Ok(());
        }
        Err(SourceError::Configuration(format!(
            "{what}: the server gives a {} that is not of the patient who was asked for: look at `parameter` and `reference` of that type",
            selection.kind
        )))
    }
}

pub(crate) fn in_circles(what: &str) -> SourceError {
    SourceError::Content(format!("{what}: the pages go round in a circle"))
}

/// What is needed to know a Patient.
pub(crate) const PATIENT_ELEMENTS: &str = "identifier,birthDate,active,link";
const FHIR: &str = "application/fhir+json";
/// A parameter that the server does not know is to be refused, not passed over.
const STRICT: (&str, &str) = ("prefer", "handling=strict");
const METADATA: &str = "metadata";
const LARGEST_PAGE: usize = 10_000;
const IDS_AT_ONCE: usize = 100;
