//! What looking at a source gives: for a person and, as JSON, for a program.

use std::collections::BTreeMap;

use kw_domain::{Category, SourceName};
use serde::{Deserialize, Serialize};

use crate::description::{FieldDescription, RoleDescription};

/// What came of looking at one source. Holds no value of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SourceCheck {
    /// The source.
    pub source: SourceName,
    /// What it is, in its own words.
    pub system: String,
    /// The worst of the findings.
    pub verdict: Verdict,
    /// What came of each category.
    pub categories: Vec<CategoryCheck>,
    /// How reading page by page went; none when no page could be read.
    pub paging: Option<PagingCheck>,
    /// Rows that cannot be used, by place and reason.
    pub refused: Vec<RefusedRows>,
    /// What is good, what should be looked at, and what is wrong.
    pub findings: Vec<Finding>,
    /// How long each step took.
    pub steps: Vec<Step>,
}

/// The outcome in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It can be registered as it is.
    Good,
    /// It can be registered; something should be looked at.
    Doubtful,
    /// It cannot be reached or read now.
    Unavailable,
    /// Something has to be mended first.
    Wrong,
}

/// What would be registered of one category.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CategoryCheck {
    /// The category; none only before it is filled in.
    pub category: Option<Category>,
    /// Whether the agreement lets this partner register it; none when that could not be looked up.
    pub agreed: Option<bool>,
    /// Records that were read.
    pub records: u64,
    /// Rows that make them, where that differs and can be told.
    pub rows: Option<u64>,
    /// How many of the records a sync would register.
    pub registrable: u64,
    /// Records that the source says are gone.
    pub gone: u64,
    /// Rows of it that cannot be used.
    pub refused: u64,
    /// Records that are not registered, because the person has reached the category's age limit.
    pub past_age_limit: u64,
    /// Different subjects.
    pub subjects: u64,
    /// Records that were given more than once.
    pub duplicates: u64,
    /// Records by the kind of their subject.
    pub subject_schemes: BTreeMap<String, u64>,
    /// Records by what is known of the birth date.
    pub birth_dates: BirthDateCounts,
    /// Which column or member is what, and why.
    pub roles: Vec<RoleDescription>,
    /// Which column or member becomes what; empty when all pass through or the source does not say.
    pub fields: Vec<FieldDescription>,
    /// What came of the documents; none when none was fetched.
    pub documents: Option<DocumentCheck>,
}

/// Records by what is known of the birth date.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BirthDateCounts {
    /// Year, month and day.
    pub day: u64,
    /// Year and month.
    pub month: u64,
    /// The year.
    pub year: u64,
    /// Nothing.
    pub none: u64,
}

/// What came of the documents of one category.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentCheck {
    /// Documents that were asked for.
    pub asked: u64,
    /// Documents that would be delivered as they are: given in time, and as the agreement's schema says.
    pub deliverable: u64,
    /// Records that were listed and gave nothing.
    pub absent: u64,
    /// Documents that were not given, by reason.
    pub failed: Vec<ComplaintCount>,
    /// Whether the agreement has a schema for the category; none when that could not be looked up.
    pub has_schema: Option<bool>,
    /// What the schema has against them: a JSON pointer and the keyword that fails.
    pub complaints: Vec<ComplaintCount>,
    /// The members that documents have.
    pub members: Vec<MemberCheck>,
    /// Documents of which the birth date or subject is another than in the list.
    pub differing: u64,
    /// Documents with values under investigation.
    pub under_investigation: u64,
    /// Pointers to values under investigation that point to nothing.
    pub dangling: u64,
    /// How long half of them took at most, in milliseconds.
    pub median_milliseconds: u64,
    /// How long the slowest took.
    pub slowest_milliseconds: u64,
}

/// How often something was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ComplaintCount {
    /// What.
    pub what: String,
    /// In how many documents.
    pub count: u64,
}

/// A member of documents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MemberCheck {
    /// Where it is: a JSON pointer, `[]` for the items of a list, `*` for names that may be data themselves.
    pub pointer: String,
    /// In how many documents it has values of which type.
    pub types: BTreeMap<String, u64>,
    /// Whether it leaves the source: the agreement's schema may be closed and not name it.
    pub delivered: bool,
}

/// How reading page by page went.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PagingCheck {
    /// Pages that were read.
    pub pages: u64,
    /// Whether the source was read to its end.
    pub to_the_end: bool,
    /// Whether the source says that it gave everything, so that what is missing is gone.
    pub complete: bool,
    /// Whether the first page, asked for again, was the same.
    pub first_page_repeats: Option<bool>,
    /// Whether the second page, asked for again, was the same; none when there is no second.
    pub second_page_repeats: Option<bool>,
    /// Whether small pages give the same records; none when that could not be looked at.
    pub small_pages_agree: Option<bool>,
    /// How many records come again when nothing was changed since the end; none when the end was not reached.
    pub unchanged_records: Option<u64>,
}

/// Rows that cannot be used, for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RefusedRows {
    /// The file, table or query.
    pub origin: String,
    /// Why.
    pub reason: String,
    /// How many.
    pub count: u64,
    /// The numbers of the first of them, as a person would count.
    pub rows: Vec<u64>,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// How bad it is.
    pub grade: Grade,
    /// What it is about.
    pub about: String,
    /// The category, where it is about one.
    pub category: Option<Category>,
    /// What was found.
    pub what: String,
    /// What to do; empty when all is well.
    pub next: String,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// As it should be.
    Good,
    /// Works, and may surprise.
    Doubtful,
    /// The source cannot be reached or read now.
    Unavailable,
    /// Has to be mended.
    Wrong,
}

/// How long something took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// What.
    pub step: String,
    /// In milliseconds.
    pub milliseconds: u64,
}

impl SourceCheck {
    pub(super) fn begin(source: SourceName) -> Self {
        Self {
            source,
            system: String::new(),
            verdict: Verdict::Good,
            categories: Vec::new(),
            paging: None,
            refused: Vec::new(),
            findings: Vec::new(),
            steps: Vec::new(),
        }
    }

    pub(super) fn found(
        &mut self,
        grade: Grade,
        about: &str,
        category: Option<&Category>,
        what: impl Into<String>,
        next: impl Into<String>,
    ) {
        let (about, category) = (about.to_owned(), category.cloned());
        self.findings.push(Finding { grade, about, category, what: what.into(), next: next.into() });
    }

    /// With its verdict, the worst first.
    pub(super) fn finished(mut self) -> Self {
        self.findings.sort_by_key(|finding| std::cmp::Reverse(finding.grade));
        let worst = self.findings.first().map_or(Grade::Good, |finding| finding.grade);
        self.verdict = match worst {
            Grade::Good => Verdict::Good,
            Grade::Doubtful => Verdict::Doubtful,
            Grade::Unavailable => Verdict::Unavailable,
            Grade::Wrong => Verdict::Wrong,
        };
        self
    }
}

impl Verdict {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Doubtful => "doubtful",
            Self::Unavailable => "unavailable",
            Self::Wrong => "wrong",
        }
    }
}
