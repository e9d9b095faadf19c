//! The agreement of partners of whom nothing is known but their files.

use std::collections::BTreeMap;

use kw_agreement::Localised;
use kw_agreement::draft::{
    AgreementDraft, AlarmsDraft, BudgetsDraft, CategoryDraft, ChainDraft, ConsentDraft, FeedbackDraft,
    LedgerDraft, MatchingDraft, PartnerDraft, PseudonymiserDraft, PurposeDraft, RepresentationDraft,
    ReviewDraft, RoleDraft, ServiceDraft, SharedAttributeDraft, SubjectAccessDraft,
};
use serde_json::json;

use super::folders::{DataPartner, Found, oin, slug};
use crate::DemoError;
use crate::chain::PartnerPlan;

pub(super) const ROLE: &str = "caseworker";
pub(super) const PURPOSE: &str = "look-into-own-data";

/// An agreement in which the asker may ask for everything that was found; and the asker.
pub(super) fn draft(found: &Found) -> Result<(AgreementDraft, PartnerPlan), DemoError> {
    let asker = PartnerPlan {
        doors: None,
        authorisation: None,
        admits_real_numbers: true,
        name: "asker".to_owned(),
        oin: oin(found.partners.len())?,
        sources: json!([]),
    };
    let mut categories = BTreeMap::new();
    for category in found.partners.iter().flat_map(|partner| partner.config.categories.keys()) {
        categories.insert(category.to_string(), permissive(category.as_str()));
    }
    let roles = BTreeMap::from([(
        ROLE.to_owned(),
        RoleDraft { title: both("Caseworker"), kinds: vec![ASKS.to_owned()] },
    )]);
    let purpose = PurposeDraft {
        title: both("Look into own data"),
        legal_basis: "none: a demonstration on one machine".to_owned(),
        processing_activity: "urn:example:own-data".to_owned(),
        relation_bases: vec!["listed".to_owned(), "motivated".to_owned()],
        birth_date_required: false,
        actor_must_be_proven: false,
        withheld_from_subject: false,
        representation: false,
        denials: None,
        roles: BTreeMap::from([(ROLE.to_owned(), categories.keys().cloned().collect())]),
    };
    let mut partners: Vec<PartnerDraft> = found.partners.iter().map(holds).collect();
    partners.push(partner(asker.oin.as_str(), "Asker", ASKS, 0, Vec::new()));
    let draft = AgreementDraft {
        format: 1,
        chain: ChainDraft {
            name: "own-data".to_owned(),
            title: both("Own data"),
            version: "1".to_owned(),
            environment: "test".to_owned(),
            languages: vec!["nl".to_owned(), "en".to_owned()],
            lease_term: "P30D".to_owned(),
        },
        switchboard: ServiceDraft {
            oin: "00000099000000001000".to_owned(),
            name: "Switchboard".to_owned(),
            endpoint: PLACEHOLDER.to_owned(),
            public_endpoint: PLACEHOLDER.to_owned(),
            log_origin: "switchboard.example/own-data".to_owned(),
            log_key: PLACEHOLDER.to_owned(),
            witness_key: None,
        },
        pseudonymiser: PseudonymiserDraft {
            oin: "00000099000000002000".to_owned(),
            name: "Pseudonymiser".to_owned(),
            endpoint: PLACEHOLDER.to_owned(),
            public_endpoint: PLACEHOLDER.to_owned(),
            log_origin: "pseudonymiser.example/own-data".to_owned(),
            log_key: PLACEHOLDER.to_owned(),
            keys: Vec::new(),
        },
        budgets: BudgetsDraft::default(),
        definitions: toml::Table::new(),
        categories,
        roles,
        purposes: BTreeMap::from([(PURPOSE.to_owned(), purpose)]),
        partners,
        shared_attributes: shared_attributes(found),
        ledger: LedgerDraft::default(),
        subject_access: SubjectAccessDraft::default(),
        auditors: Vec::new(),
        suppliers: Vec::new(),
        operators: Vec::new(),
        console: None,
        review: ReviewDraft::default(),
        consent: ConsentDraft::default(),
        representation: RepresentationDraft::default(),
        alarms: AlarmsDraft::default(),
        matching: MatchingDraft::default(),
        feedback: FeedbackDraft::default(),
        policy: None,
    };
    Ok((draft, asker))
}

/// Every document is taken as it is.
fn permissive(name: &str) -> CategoryDraft {
    CategoryDraft {
        title: both(name),
        sensitivity: "confidential".to_owned(),
        max_validity: "P1Y".to_owned(),
        archive: None,
        tombstone: "P1Y".to_owned(),
        age_limit: None,
        birth_date_required: false,
        withheld_from_subject: false,
        consent: None,
        matching: None,
        schema: None,
    }
}

fn holds(found: &DataPartner) -> PartnerDraft {
    let registers = found.config.categories.keys().map(ToString::to_string).collect();
    partner(found.oin.as_str(), &found.title, "holds-data", found.people.max(1), registers)
}

fn partner(oin: &str, name: &str, kind: &str, population: u64, registers: Vec<String>) -> PartnerDraft {
    PartnerDraft {
        oin: oin.to_owned(),
        name: name.to_owned(),
        kind: kind.to_owned(),
        endpoint: PLACEHOLDER.to_owned(),
        population,
        contact: "whoever started the demonstration".to_owned(),
        registers,
        log_key: PLACEHOLDER.to_owned(),
        ..PartnerDraft::default()
    }
}

/// Columns of one name that two partners or two files have, however they are capitalised.
fn shared_attributes(found: &Found) -> BTreeMap<String, SharedAttributeDraft> {
    let mut given: BTreeMap<String, (usize, BTreeMap<String, String>)> = BTreeMap::new();
    for (category, pointers) in found.partners.iter().flat_map(|partner| &partner.attributes) {
        for pointer in pointers {
            let (times, values) = given.entry(slug(pointer)).or_default();
            *times += 1;
            values.entry(category.to_string()).or_insert_with(|| pointer.clone());
        }
    }
    let several = given.into_iter().filter(|(_, (times, _))| *times > 1);
    several
        .map(|(name, (_, values))| {
            (name.clone(), SharedAttributeDraft { title: both(&name), authoritative: None, values })
        })
        .collect()
}

/// The words of the files have no translation.
fn both(text: &str) -> Localised {
    Localised { nl: text.to_owned(), en: text.to_owned() }
}

const ASKS: &str = "asks";
/// Replaced when the ports are known and the keys are made.
const PLACEHOLDER: &str = "https://localhost:1";
