//! What an operator writes about a FHIR server.

use std::collections::BTreeMap;
use std::path::PathBuf;

use kw_adapter_rest::api::ApiConfig;
use kw_domain::Category;
use serde::Deserialize;

/// A FHIR server and what to ask it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FhirConfig {
    /// Where the server is and who we are there.
    pub api: ApiConfig,
    /// How many resources a page has.
    #[serde(default = "FhirConfig::usual_page")]
    pub page_size: usize,
    /// The system of the identifier that is the BSN.
    #[serde(default = "FhirConfig::usual_system")]
    pub bsn_system: String,
    /// How far before the last reading the next one begins, for what is committed late.
    #[serde(default = "FhirConfig::usual_overlap")]
    pub overlap_seconds: u64,
    /// Whether to ask `Patient/_history` for Patients that were deleted. Without, a full sync finds them.
    #[serde(default)]
    pub patient_history: bool,
    /// Whether to ask for those elements only that tell whose a resource is (`_elements`) when looking for patients.
    #[serde(default = "FhirConfig::usual_elements")]
    pub elements: bool,
    /// The most bytes that the answers for one document may have together.
    #[serde(default = "FhirConfig::usual_document")]
    pub max_document_bytes: usize,
    /// The categories, and what they are made of.
    pub categories: BTreeMap<Category, CategoryResources>,
}

/// What a category is made of.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoryResources {
    /// Types of resources, such as `"AllergyIntolerance"` or `"Condition?category=problem-list-item"`. With `"Patient"` the Patient is
    /// in the document too. A patient who has nothing of the other types has nothing in the category.
    pub resources: Vec<Selection>,
}

/// A type of resource, and which of them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "SelectionForm")]
pub struct Selection {
    /// The type.
    pub kind: String,
    /// More of the search, such as `status=active`.
    pub search: String,
    /// The search parameter that takes the patient.
    pub parameter: String,
    /// A JSON pointer to the reference to the patient; without it the usual ones.
    pub reference: Option<String>,
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "expected a type of resource, or a table with `type`, `search`, `parameter` and `reference`"
)]
enum SelectionForm {
    Text(String),
    Table(SelectionTable),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SelectionTable {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    search: String,
    #[serde(default = "Selection::usual_parameter")]
    parameter: String,
    reference: Option<String>,
}

impl TryFrom<SelectionForm> for Selection {
    type Error = String;

    fn try_from(form: SelectionForm) -> Result<Self, String> {
        let table = match form {
            SelectionForm::Table(table) => table,
            SelectionForm::Text(text) => {
                let (kind, search) = text.split_once('?').unwrap_or((&text, ""));
                let parameter = Self::usual_parameter();
                SelectionTable {
                    kind: kind.to_owned(),
                    search: search.to_owned(),
                    parameter,
                    reference: None,
                }
            }
        };
        let SelectionTable { kind, search, parameter, reference } = table;
        let upper = kind.chars().next().is_some_and(|c| c.is_ascii_uppercase());
        if !upper || !kind.chars().all(|c| c.is_ascii_alphabetic()) {
            return Err(format!("{kind:?} is no type of resource, such as \"AllergyIntolerance\""));
        }
        if search.contains(['#', ' ']) || !is_name(&parameter) {
            return Err(format!("the search of {kind} is not of the form status=active&category=…"));
        }
        if reference.as_ref().is_some_and(|pointer| !pointer.starts_with('/')) {
            return Err(format!("the reference of {kind} is not a JSON pointer such as /subject/reference"));
        }
        Ok(Self { kind, search, parameter, reference })
    }
}

impl Selection {
    /// Whether this is the Patient itself.
    pub(crate) fn is_patient(&self) -> bool {
        self.kind == "Patient"
    }

    fn usual_parameter() -> String {
        "patient".to_owned()
    }
}

impl CategoryResources {
    /// What makes that a patient has something in this category: the Patient itself only where there is nothing else.
    pub(crate) fn evidence(&self) -> Vec<&Selection> {
        let others: Vec<_> = self.resources.iter().filter(|one| !one.is_patient()).collect();
        if others.is_empty() { self.resources.iter().collect() } else { others }
    }
}

impl FhirConfig {
    /// The files that are named, for whoever knows from which folder relative paths start.
    pub fn files(&mut self) -> Vec<&mut PathBuf> {
        self.api.files()
    }

    fn usual_page() -> usize {
        100
    }

    fn usual_system() -> String {
        "http://fhir.nl/fhir/NamingSystem/bsn".to_owned()
    }

    fn usual_overlap() -> u64 {
        300
    }

    fn usual_elements() -> bool {
        true
    }

    fn usual_document() -> usize {
        8 * 1024 * 1024
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':' | '.'))
}
