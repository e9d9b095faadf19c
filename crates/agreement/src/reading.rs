//! Reads and checks an agreement file whole: no mistake hides another.
//!
//! Serde would stop at the first mistake and lose the place of the later ones, so the file is walked as a tree with
//! spans. Sections are read in the order in which they refer to each other; a reference to an entry that is itself
//! mistaken is not complained about twice.

mod alarms;
mod categories;
mod chain;
mod consent;
mod cursor;
mod following;
mod hint;
mod identity_provider;
mod ledger;
mod logs;
mod operators;
mod oversight;
mod partners;
mod policy;
mod purposes;
mod references;
mod representation;
mod review;
mod rules;
mod services;
mod shared_attributes;
mod suppliers;
mod values;

use aws_lc_rs::digest;
use toml::de::DeTable;

use crate::authority::Authority;
use crate::budget::BudgetOverrides;
use crate::ledger_rules::LedgerRules;
use crate::policy::Described;
use crate::reading::cursor::{Fields, Report};
use crate::reading::logs::Logs;
use crate::reading::references::Declared;
use crate::{Agreement, AgreementErrors};

pub(crate) fn read(text: &str) -> Result<Agreement, AgreementErrors> {
    let report = Report::new(text);
    if text.len() > LARGEST_TEXT {
        report.refuse(&(0..0), "(top)", "the file is larger than 1 MiB", "shorten it");
        return Err(AgreementErrors::sorted(report.into_errors()));
    }
    let (document, syntax) = DeTable::parse_recoverable(text);
    for error in &syntax {
        let span = error.span().unwrap_or(0..0);
        let reason = format!("this is not TOML: {}", error.message());
        report.refuse(&span, "(syntax)", reason, "see https://toml.io/en/v1.1.0");
    }
    // What was recovered from broken syntax would yield mistakes that are none.
    let agreement = if syntax.is_empty() {
        let mut top = Fields::new(&report, String::new(), 0..0, document.get_ref());
        let agreement = read_sections(&mut top, text);
        top.finish();
        agreement
    } else {
        None
    };
    let errors = report.into_errors();
    match agreement {
        Some(agreement) if errors.is_empty() => Ok(agreement),
        _ => Err(AgreementErrors::sorted(errors)),
    }
}

/// Reads every section before it gives up on any: `?` stands at the end only.
fn read_sections(top: &mut Fields<'_>, text: &str) -> Option<Agreement> {
    let format = top.required("format").and_then(|node| node.number(FORMAT..FORMAT + 1));
    let chain = top.required("chain").and_then(|node| chain::read(&node));
    let environment = chain.as_ref().map(|chain| chain.environment);
    let mut logs = Logs::default();
    let services = services::read(top, environment, &mut logs);
    let budgets = top
        .optional("budgets")
        .map_or_else(|| Some(BudgetOverrides::default()), |node| values::budgets(&node));

    let declared = Declared::read(top);
    let categories = categories::read(top, &declared);
    let roles = purposes::read_roles(top, &declared);
    let purposes = purposes::read(top, &declared);
    let partners = partners::read(top, chain.as_ref(), &declared, &services, &mut logs);
    let shared_attributes = shared_attributes::read(top, &declared, partners.as_ref());
    let ledger = top
        .optional("ledger")
        .map_or_else(|| Some(LedgerRules::default()), |node| ledger::read(&node, &declared));
    let subject_access = oversight::read_subject_access(top, &declared, purposes.as_ref());
    let auditors = oversight::read_auditors(top, environment, &declared, &services);
    let suppliers = suppliers::read(top, environment, &declared, &services);
    let operators = operators::read(top, environment, &logs);
    let review = review::read(top, &declared);
    let representation = representation::read(top, environment, &declared);
    let consent = consent::read(top, &declared);
    let alarms = alarms::read(top);
    let matching = following::read_match(top, &declared, categories.as_ref());
    let feedback = following::read_feedback(top);
    let policy = policy::read(top);
    let console = identity_provider::read_console(top, environment);

    format?;
    let (switchboard, pseudonymiser) = (services.switchboard?, services.pseudonymiser?);
    let (index_keys, binding_keys) = services.keys?;
    let (chain, partners, roles) = (chain?, partners?, roles?);
    let (categories, purposes) = (categories?, purposes?);
    let authority = Authority {
        suppliers: suppliers?,
        operators: operators?,
        review: review?,
        representation: representation?,
        consent: consent?,
        alarms: alarms?,
        matching: matching?,
        feedback: feedback?,
        policy: policy.ok()?,
        console: console.ok()?,
    };
    let rules = rules::compile(
        top,
        text,
        &authority,
        &Described {
            environment: chain.environment,
            partners: &partners,
            roles: &roles,
            categories: &categories,
            purposes: &purposes,
            representation: &authority.representation,
        },
    );
    Some(Agreement {
        hash: text_hash(text),
        chain,
        switchboard,
        pseudonymiser,
        index_keys,
        binding_keys,
        partners,
        roles,
        categories,
        purposes,
        shared_attributes: shared_attributes?,
        budgets: budgets?,
        ledger: ledger?,
        subject_access: subject_access?,
        auditors: auditors?,
        authority,
        rules: rules?,
    })
}

/// SHA-256 of an agreement's text, in lower-case hexadecimal: the name by which records and approvals know it.
pub fn text_hash(text: &str) -> String {
    let digest = digest::digest(&digest::SHA256, text.as_bytes());
    digest.as_ref().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

/// The longest text of an agreement, in bytes.
pub const LARGEST_TEXT: usize = 1024 * 1024;

/// The layout of the file. A change that older readers would misread gets the next number.
const FORMAT: u64 = 1;
