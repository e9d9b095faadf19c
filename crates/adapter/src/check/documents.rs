//! Some documents of a category, fetched and looked at as a pull would.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant as Began;

use kw_domain::Category;
use tokio::time::timeout;

use super::members::Members;
use super::paging::ReadPart;
use super::report::{ComplaintCount, DocumentCheck, SourceCheck};
use super::wording::masked;
use super::{CheckPlan, millis};
use crate::pulls::fitting;
use crate::{Change, Source, SourceDocument, SourceError, SourceRecord};

/// Fetches documents from all over the part that was read, and fills in what came of them.
pub(super) async fn look(
    source: &dyn Source,
    read: &ReadPart,
    plan: &CheckPlan<'_>,
    report: &mut SourceCheck,
    at: usize,
) {
    let Some(category) = report.categories[at].category.clone() else { return };
    let records: Vec<&SourceRecord> = read
        .changes
        .iter()
        .filter_map(|change| match change {
            Change::Present(record) if record.category == category => Some(record),
            _ => None,
        })
        .collect();
    let wanted = plan.bounds.documents.min(records.len());
    if wanted == 0 {
        return;
    }
    let schema = plan
        .agreement
        .map(|(agreement, _)| agreement.category(&category).and_then(|rules| rules.schema.as_ref()));
    let pointers = report.categories[at].fields.iter().map(|field| field.to.clone());
    let mut look = Look {
        members: Members::knowing(schema.flatten().map(kw_agreement::DocumentSchema::as_json), pointers),
        check: DocumentCheck {
            has_schema: schema.map(|schema| schema.is_some()),
            ..DocumentCheck::default()
        },
        failed: BTreeMap::new(),
        complaints: BTreeMap::new(),
        times: Vec::with_capacity(wanted),
    };
    let mut people: HashMap<Vec<u8>, usize> = HashMap::new();
    for number in 0..wanted {
        let record = records[number * records.len() / wanted];
        let next = people.len();
        let person = *people.entry(record.subject.canonical().to_vec()).or_insert(next);
        look.at(source, &category, record, person, plan).await;
    }
    report.categories[at].documents = Some(look.finished());
}

struct Look {
    members: Members,
    check: DocumentCheck,
    failed: BTreeMap<String, u64>,
    complaints: BTreeMap<String, u64>,
    times: Vec<u64>,
}

impl Look {
    async fn at(
        &mut self,
        source: &dyn Source,
        category: &Category,
        record: &SourceRecord,
        person: usize,
        plan: &CheckPlan<'_>,
    ) {
        self.check.asked += 1;
        let began = Began::now();
        let asking = async {
            let document = source.fetch(category, &record.record).await?;
            let subject = source.subject(category, &record.record).await?;
            Ok::<_, SourceError>((document, subject))
        };
        let answer = timeout(plan.bounds.document_deadline, asking).await;
        self.times.push(millis(began.elapsed()));
        let (document, subject) = match answer {
            Ok(Ok((Some(document), subject))) => (document, subject),
            Ok(Ok((None, _))) => {
                self.check.absent += 1;
                return;
            }
            Ok(Err(error)) => {
                *self.failed.entry(masked(&error.to_string())).or_default() += 1;
                return;
            }
            Err(_) => {
                let late = format!("not given within {} ms", millis(plan.bounds.document_deadline));
                *self.failed.entry(late).or_default() += 1;
                return;
            }
        };
        let another = subject.is_some_and(|subject| subject != record.subject);
        if another || document.birth_date != record.birth_date {
            self.check.differing += 1;
        }
        self.document(category, document, person, plan);
    }

    fn document(
        &mut self,
        category: &Category,
        document: SourceDocument,
        person: usize,
        plan: &CheckPlan<'_>,
    ) {
        let SourceDocument { document, under_investigation, .. } = document;
        self.check.under_investigation += u64::from(!under_investigation.is_empty());
        self.check.dangling +=
            under_investigation.iter().filter(|pointer| document.pointer(pointer).is_none()).count() as u64;
        let mut delivered = document.clone();
        let complaints = match plan.agreement {
            Some((agreement, _)) => fitting(agreement, category, &mut delivered).err().unwrap_or_default(),
            None => Vec::new(),
        };
        self.members.add(person, &document, &delivered);
        if complaints.is_empty() {
            self.check.deliverable += 1;
        }
        for complaint in complaints {
            *self.complaints.entry(complaint).or_default() += 1;
        }
    }

    fn finished(mut self) -> DocumentCheck {
        let counts = |counted: BTreeMap<String, u64>| {
            counted.into_iter().map(|(what, count)| ComplaintCount { what, count }).collect()
        };
        self.times.sort_unstable();
        DocumentCheck {
            failed: counts(self.failed),
            complaints: counts(self.complaints),
            members: self.members.shown(),
            median_milliseconds: self.times.get(self.times.len() / 2).copied().unwrap_or_default(),
            slowest_milliseconds: self.times.last().copied().unwrap_or_default(),
            ..self.check
        }
    }
}
