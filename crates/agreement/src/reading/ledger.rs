//! `[ledger]`: what the chain agrees about its ledgers.

use crate::ledger_rules::LedgerRules;
use crate::reading::cursor::Node;
use crate::reading::logs::MOST_WITNESSES;
use crate::reading::references::Declared;
use crate::reading::values;
use crate::time_of_day::parse_time;
use crate::{LogAccess, OfficeHours, Term};

pub(crate) fn read(node: &Node<'_>, declared: &Declared<'_>) -> Option<LedgerRules> {
    let usual = LedgerRules::default();
    let mut fields = node.fields()?;
    let witness_quorum = match fields.optional("witness_quorum") {
        Some(node) => quorum(&node, declared),
        None => Some(usual.witness_quorum),
    };
    let log_access = match fields.optional("log_access") {
        Some(node) => node.choice(&LogAccess::ALL, LogAccess::as_str),
        None => Some(usual.log_access),
    };
    let office_hours = match fields.optional("office_hours") {
        Some(node) => office_hours(&node),
        None => Some(usual.office_hours),
    };
    let terms = match fields.optional("retention") {
        Some(node) => retention(&node, &usual),
        None => Some([usual.access, usual.keys, usual.agreement]),
    };
    fields.finish();
    let [access, keys, agreement] = terms?;
    Some(LedgerRules {
        witness_quorum: witness_quorum?,
        log_access: log_access?,
        access,
        keys,
        agreement,
        office_hours: office_hours?,
    })
}

fn quorum(node: &Node<'_>, declared: &Declared<'_>) -> Option<usize> {
    let quorum = usize::try_from(node.number(0..MOST_WITNESSES as u64 + 1)?).ok()?;
    let count = declared.witnesses;
    if quorum > count {
        node.refuse(
            format!(
                "so many witnesses there are not: {count} partners have a witness_key and are not suspended"
            ),
            "write a lower number, or give more partners a witness_key",
        );
    }
    Some(quorum)
}

/// Accesses, keys, versions of the agreement.
fn retention(node: &Node<'_>, usual: &LedgerRules) -> Option<[Term; 3]> {
    let mut fields = node.fields()?;
    let mut term = |key, usual| match fields.optional(key) {
        Some(node) => values::term(&node, SHORTEST, LONGEST),
        None => Some(usual),
    };
    let terms = [term("access", usual.access), term("keys", usual.keys), term("agreement", usual.agreement)];
    fields.finish();
    let [access, keys, agreement] = terms;
    Some([access?, keys?, agreement?])
}

fn office_hours(node: &Node<'_>) -> Option<OfficeHours> {
    let mut fields = node.fields()?;
    let from = fields.required("from").and_then(|node| node.parsed(parse_time));
    let until = fields.required("until").and_then(|node| node.parsed(parse_time));
    fields.finish();
    let hours = OfficeHours { from: from?, until: until? };
    if hours.from >= hours.until {
        node.refuse("a working day ends after it begins", "write an earlier from or a later until");
    }
    Some(hours)
}

/// Within a year somebody may still ask who looked.
const SHORTEST: Term = Term::years(1);

const LONGEST: Term = Term::years(30);
