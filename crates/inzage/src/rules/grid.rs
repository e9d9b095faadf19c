//! What a person's choices come to: for each holder and kind of data, and each kind of organisation that may ask for it.

use std::collections::BTreeSet;

use kw_agreement::{
    Agreement, Choice, ConsentRegime, ConsentVerdict, Disclosure, Partner, PartnerKind, PartyScope,
    evaluate_consent,
};
use kw_domain::{Category, ConsentId, Instant, Oin};
use kw_protocol::consent::{Consent, ConsentChoice};

/// What stands, with who may ask in the columns.
#[derive(Debug)]
pub(crate) struct Grid {
    pub(crate) kinds: Vec<PartnerKind>,
    pub(crate) rows: Vec<Row>,
}

/// One holder with one kind of data.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) holder: Oin,
    pub(crate) category: Category,
    pub(crate) regime: ConsentRegime,
    /// One for each kind; nothing where such organisations do not ask for this.
    pub(crate) cells: Vec<Option<Cell>>,
}

/// What one kind of organisation gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) allowed: bool,
    pub(crate) verdict: ConsentVerdict,
    /// The choice that decides.
    pub(crate) decided_by: Option<ConsentId>,
}

/// Of all holders, whether or not they have anything about the person: a choice may come before.
pub(crate) fn grid(
    agreement: &Agreement,
    consents: &[Consent],
    covers: impl Fn(&Category) -> bool,
    at: Instant,
) -> Grid {
    let choices: Vec<Choice> = consents.iter().filter_map(choice).collect();
    let categories: Vec<&Category> = agreement
        .categories()
        .filter(|(category, rules)| !rules.withheld_from_subject && covers(category))
        .map(|(category, _)| category)
        .collect();
    let kinds: BTreeSet<PartnerKind> =
        categories.iter().flat_map(|category| asking(agreement, category)).collect();
    let kinds: Vec<PartnerKind> = kinds.into_iter().collect();
    let mut rows = Vec::new();
    for category in categories {
        let asking = asking(agreement, category);
        let regime = agreement.category(category).map(|rules| rules.consent).unwrap_or_default();
        for holder in agreement.partners().filter(|holder| agreement.may_register(holder.oin, category)) {
            let cell = |kind| cell(agreement, &choices, regime, (holder, category, kind), at);
            let cells = kinds.iter().map(|kind| asking.contains(kind).then(|| cell(kind))).collect();
            rows.push(Row { holder: holder.oin, category: category.clone(), regime, cells });
        }
    }
    Grid { kinds, rows }
}

/// The kinds of organisations that may ask for this, other than for the person themselves.
fn asking(agreement: &Agreement, category: &Category) -> BTreeSet<PartnerKind> {
    let own = agreement.subject_access().purpose.as_ref();
    let roles = agreement
        .purposes()
        .filter(|(purpose, rules)| Some(*purpose) != own && !rules.withheld_from_subject)
        .flat_map(|(_, rules)| rules.roles.iter())
        .filter(|(_, categories)| categories.contains(category))
        .filter_map(|(role, _)| agreement.role(role));
    let kinds: BTreeSet<PartnerKind> = roles.flat_map(|role| role.kinds.iter().cloned()).collect();
    let taking_part: BTreeSet<&PartnerKind> = agreement.partners().map(|partner| &partner.kind).collect();
    kinds.into_iter().filter(|kind| taking_part.contains(kind)).collect()
}

fn cell(
    agreement: &Agreement,
    choices: &[Choice],
    regime: ConsentRegime,
    (holder, category, kind): (&Partner, &Category, &PartnerKind),
    at: Instant,
) -> Cell {
    let disclosure = Disclosure {
        holder: holder.oin,
        holder_kind: Some(&holder.kind),
        category,
        // No partner's: what the person chose about one organisation is not about its kind.
        requester: agreement.switchboard().oin,
        requester_kind: Some(kind),
        at,
    };
    let found = evaluate_consent(choices, &disclosure);
    let allowed = match regime {
        ConsentRegime::OptIn => found.verdict == ConsentVerdict::Given,
        ConsentRegime::OptOut => found.verdict != ConsentVerdict::Refused,
        ConsentRegime::Statutory => true,
    };
    Cell { allowed, verdict: found.verdict, decided_by: found.decided_by }
}

/// A choice that still counts.
fn choice(consent: &Consent) -> Option<Choice> {
    let scope = |one: Option<Oin>, kind: Option<&str>| match (one, kind) {
        (Some(oin), _) => Some(PartyScope::One(oin)),
        (None, Some(kind)) => PartnerKind::parse(kind).ok().map(PartyScope::Kind),
        (None, None) => Some(PartyScope::Any),
    };
    consent.withdrawn_at.is_none().then_some(())?;
    Some(Choice {
        id: consent.id,
        refused: consent.verdict == ConsentChoice::Refused,
        holders: scope(consent.holder, consent.holder_kind.as_deref())?,
        category: consent.category.clone(),
        requesters: scope(consent.requester, consent.requester_kind.as_deref())?,
        valid_until: consent.valid_until,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn care() -> Agreement {
        Agreement::parse(include_str!("../../../../examples/chains/care.toml")).unwrap()
    }

    fn consent(more: serde_json::Value) -> Consent {
        let mut whole = json!({
            "id": "019a0000-0000-7000-8000-000000000000", "verdict": "given", "givenBy": "subject", "evidence": "e",
            "recordedBy": "00000099000000116000", "recordedAt": "2026-11-21T09:30:00Z",
        });
        whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(whole).unwrap()
    }

    fn allowed(consents: &[Consent]) -> Vec<(String, String)> {
        let at = Instant::parse("2026-11-22T09:30:00Z").unwrap();
        let grid = grid(&care(), consents, |_| true, at);
        let mut found = Vec::new();
        for row in &grid.rows {
            for (kind, cell) in grid.kinds.iter().zip(&row.cells) {
                if cell.is_some_and(|cell| cell.allowed) {
                    found.push((row.category.to_string(), kind.to_string()));
                }
            }
        }
        found
    }

    #[test]
    fn without_a_choice_nothing_is_allowed_where_consent_is_needed() {
        assert_eq!(allowed(&[]), []);
    }

    #[test]
    fn a_choice_counts_for_what_it_names_until_it_is_taken_back() {
        let one = json!({ "category": "lab-results", "requesterKind": "general-practice" });
        let given = allowed(&[consent(one.clone())]);
        assert_eq!(given, [("lab-results".to_owned(), "general-practice".to_owned())]);
        let mut taken = one;
        taken["withdrawnAt"] = "2026-11-22T08:00:00Z".into();
        assert_eq!(allowed(&[consent(taken)]), []);
    }

    #[test]
    fn a_choice_about_one_organisation_is_not_one_about_its_kind() {
        let one = json!({ "category": "lab-results", "requester": "00000099000000111000" });
        assert_eq!(allowed(&[consent(one)]), []);
    }

    #[test]
    fn who_represents_sees_what_the_mandate_covers() {
        let at = Instant::parse("2026-11-22T09:30:00Z").unwrap();
        let grid = grid(&care(), &[], |category| category.as_str() == "medication", at);
        assert!(!grid.rows.is_empty() && grid.rows.iter().all(|row| row.category.as_str() == "medication"));
    }
}
