//! What a demonstration shows, and whether every promise held.

use kw_domain::{Category, Instant};
use kw_protocol::dossier::{Difference, Dossier, Party, Section, SectionStatus};
use kw_protocol::local::RowRefusal;
use serde::Serialize;

use crate::Visited;

/// The result of a demonstration, as `demo --once --json` prints it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Pointers in the index.
    pub registered: u64,
    /// People on whom a partner has something.
    pub people: u64,
    /// Partners that hold something.
    pub partners: u64,
    /// The dossier of the person whom most partners know; none where there is nobody to ask about.
    pub dossier: Option<ShownDossier>,
    /// Whether holders refused a question that mixed two people up.
    pub mix_up_refused: Option<bool>,
    /// The dossier of a number that nobody has a file on.
    pub unknown_person: Option<UnknownPerson>,
    /// The dossier of a person whom a partner that is down knows.
    pub partner_down: Option<PartnerDown>,
    /// Entries in the ledgers.
    pub records: RecordCounts,
    /// How often a number was found in what the switchboard and the pseudonymiser stored or logged.
    pub bsn_found_outside_partners: u64,
    /// The whole demonstration, in milliseconds.
    pub elapsed_ms: u64,
    /// What became of the rows, for own data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<Rows>,
    /// Who signed in at which application, and what came of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pages: Vec<Visited>,
    /// What was promised and did not hold: nothing, if all is well.
    #[serde(skip)]
    pub broken: Vec<&'static str>,
}

impl Report {
    /// Whether every promise that applies held.
    pub fn all_promises_held(&self) -> bool {
        self.broken.is_empty()
    }
}

/// What stands for the subject in whatever is printed.
const REDACTED: &str = "<redacted>";

/// A dossier as it may be printed: the subject is redacted.
#[derive(Debug, Clone, Serialize)]
pub struct ShownDossier {
    /// Always `<redacted>`: who was asked about, the asker knows.
    pub subject: &'static str,
    /// Whether every disclosed holder delivered or has nothing.
    pub complete: bool,
    /// One per pointer.
    pub sections: Vec<ShownSection>,
    /// Values on which holders disagree.
    pub differences: Vec<Difference>,
}

impl ShownDossier {
    pub(crate) fn of(dossier: &Dossier) -> Self {
        Self {
            subject: REDACTED,
            complete: dossier.complete,
            sections: dossier.sections.iter().map(ShownSection::of).collect(),
            differences: dossier.differences.clone(),
        }
    }
}

/// What one holder answered.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownSection {
    /// Who.
    pub holder: Party,
    /// What kind of data.
    pub category: Category,
    /// How it went.
    pub status: SectionStatus,
    /// The document is true as of then.
    pub as_of: Option<Instant>,
    /// The document.
    pub document: Option<serde_json::Value>,
}

impl ShownSection {
    fn of(section: &Section) -> Self {
        Self {
            holder: section.holder.clone(),
            category: section.category.clone(),
            status: section.status,
            as_of: section.as_of,
            document: section.document.clone(),
        }
    }
}

impl std::fmt::Debug for ShownSection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ShownSection")
            .field("holder", &self.holder.oin)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// What came of asking about nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct UnknownPerson {
    /// Holders that were disclosed: none.
    pub holders: u64,
    /// Whether the dossier says it is complete.
    pub complete: bool,
}

/// What came of asking while a partner is down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PartnerDown {
    /// Whether the dossier says it is complete.
    pub complete: bool,
    /// The status of the section of the partner that is down.
    pub status: Option<SectionStatus>,
}

/// Entries in the ledgers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RecordCounts {
    /// At the switchboard.
    pub switchboard: u64,
    /// At all partners together.
    pub partners: u64,
}

/// What became of the rows of own data.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Rows {
    /// Rows that are in a record.
    pub used: u64,
    /// Rows and files that cannot be used.
    pub refused: u64,
    /// Which, and why; never a value.
    pub refusals: Vec<PartnerRefusal>,
}

/// A row that cannot be used, and whose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartnerRefusal {
    /// The partner.
    pub partner: String,
    /// The file, the row and the reason.
    #[serde(flatten)]
    pub row: RowRefusal,
}

#[cfg(test)]
mod tests {
    use kw_domain::Oin;
    use serde_json::json;

    use super::*;

    fn report() -> Report {
        let holder = Party { oin: Oin::parse("00000099000000011000").unwrap(), name: "A".to_owned() };
        let section = ShownSection {
            holder,
            category: Category::parse("care").unwrap(),
            status: SectionStatus::Delivered,
            as_of: Some(Instant::from_millis(0)),
            document: Some(json!({ "a": 1 })),
        };
        Report {
            registered: 3,
            people: 2,
            partners: 1,
            dossier: Some(ShownDossier {
                subject: REDACTED,
                complete: true,
                sections: vec![section],
                differences: vec![],
            }),
            mix_up_refused: Some(true),
            unknown_person: Some(UnknownPerson { holders: 0, complete: true }),
            partner_down: None,
            records: RecordCounts { switchboard: 5, partners: 6 },
            bsn_found_outside_partners: 0,
            elapsed_ms: 7,
            rows: None,
            pages: Vec::new(),
            broken: vec![],
        }
    }

    #[test]
    fn the_report_has_the_published_shape() {
        let printed = serde_json::to_value(report()).unwrap();
        assert_eq!(
            printed,
            json!({
                "registered": 3, "people": 2, "partners": 1,
                "dossier": {
                    "subject": "<redacted>", "complete": true,
                    "sections": [{
                        "holder": { "oin": "00000099000000011000", "name": "A" }, "category": "care",
                        "status": "delivered", "asOf": "1970-01-01T00:00:00.000Z", "document": { "a": 1 },
                    }],
                    "differences": [],
                },
                "mixUpRefused": true,
                "unknownPerson": { "holders": 0, "complete": true },
                "partnerDown": null,
                "records": { "switchboard": 5, "partners": 6 },
                "bsnFoundOutsidePartners": 0,
                "elapsedMs": 7,
            })
        );
    }

    #[test]
    fn refused_rows_stand_flat_beside_their_partner() {
        let row =
            RowRefusal { origin: "a.csv".to_owned(), row: Some(4), reason: "the BSN is missing".to_owned() };
        let refusal = PartnerRefusal { partner: "school".to_owned(), row };
        assert_eq!(
            serde_json::to_value(refusal).unwrap(),
            json!({ "partner": "school", "origin": "a.csv", "row": 4, "reason": "the BSN is missing" })
        );
    }

    #[test]
    fn one_broken_promise_is_enough() {
        let mut report = report();
        assert!(report.all_promises_held());
        report.broken.push("x");
        assert!(!report.all_promises_held());
    }
}
