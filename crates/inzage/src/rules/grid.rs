//! What a person's choices come to: for each holder and kind of data, and each kind of organisation that may ask for it.

use std::collections::BTreeSet;

use kw_agreement::{
    Agreement, Choice, ConsentRegime, ConsentVerdict, Disclosure, Partner, PartnerKind, PartyScope,
    evaluate_consent,
};
use kw_domain::{Category, ConsentId, Instant, Oin};
use kw_protocol::consent::{Consent, ConsentChoice};
use kw_protocol::objection::{Objection, ObjectionState};

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
    /// Whether an objection was upheld: nobody finds the person there.
    pub(crate) objected: bool,
    /// One for each kind; nothing where such organisations do not ask for this.
    pub(crate) cells: Vec<Option<Cell>>,
}

/// What one kind of organisation gets, and what those of them get for which something else was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) got: Got,
    pub(crate) others: Vec<(Oin, Got)>,
}

/// What comes of the choices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Got {
    pub(crate) allowed: bool,
    pub(crate) verdict: ConsentVerdict,
    /// The choice that decides.
    pub(crate) decided_by: Option<ConsentId>,
}

/// Of all holders, whether or not they have anything about the person: a choice may come before.
pub(crate) fn grid(
    agreement: &Agreement,
    (consents, objections): (&[Consent], &[Objection]),
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
            let objected = objections.iter().any(|one| {
                (one.holder, &one.category, one.state) == (holder.oin, category, ObjectionState::Upheld)
            });
            let about = About { agreement, choices: &choices, regime, holder, category, objected, at };
            let cell = |kind: &PartnerKind| asking.contains(kind).then(|| about.cell(kind)).flatten();
            let cells = kinds.iter().map(cell).collect();
            rows.push(Row { holder: holder.oin, category: category.clone(), regime, objected, cells });
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

/// One row's question.
struct About<'a> {
    agreement: &'a Agreement,
    choices: &'a [Choice],
    regime: ConsentRegime,
    holder: &'a Partner,
    category: &'a Category,
    objected: bool,
    at: Instant,
}

impl About<'_> {
    /// Nothing where nobody of this kind but the holder itself takes part.
    fn cell(&self, kind: &PartnerKind) -> Option<Cell> {
        let of_kind = self.agreement.partners().filter(|one| one.kind == *kind && one.oin != self.holder.oin);
        let each: Vec<(Oin, Got)> = of_kind.map(|one| (one.oin, self.got(one.oin, kind))).collect();
        let got = match each.as_slice() {
            [] => return None,
            // A choice about the only one is a choice about all there are.
            [(_, got)] => *got,
            // No partner's: what the person chose about one organisation is not about its kind.
            _ => self.got(self.agreement.switchboard().oin, kind),
        };
        let others = each.into_iter().filter(|(_, other)| other.decided_by != got.decided_by).collect();
        Some(Cell { got, others })
    }

    fn got(&self, requester: Oin, kind: &PartnerKind) -> Got {
        let disclosure = Disclosure {
            holder: self.holder.oin,
            holder_kind: Some(&self.holder.kind),
            category: self.category,
            requester,
            requester_kind: Some(kind),
            at: self.at,
        };
        let found = evaluate_consent(self.choices, &disclosure);
        let allowed = match self.regime {
            ConsentRegime::OptIn => found.verdict == ConsentVerdict::Given,
            ConsentRegime::OptOut => found.verdict != ConsentVerdict::Refused,
            ConsentRegime::Statutory => true,
        };
        Got { allowed: allowed && !self.objected, verdict: found.verdict, decided_by: found.decided_by }
    }
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
    use kw_agreement::draft::{AgreementDraft, PartnerDraft};
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
        let grid = grid(&care(), (consents, &[]), |_| true, at);
        let mut found = Vec::new();
        for row in &grid.rows {
            for (kind, cell) in grid.kinds.iter().zip(&row.cells) {
                if cell.as_ref().is_some_and(|cell| cell.got.allowed) {
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

    /// Another general practice beside the one that there is.
    fn two_practices() -> Agreement {
        let mut draft = AgreementDraft::parse(include_str!("../../../../examples/chains/care.toml")).unwrap();
        let practice = draft.partners.iter().find(|one| one.kind == "general-practice").unwrap();
        let other = PartnerDraft {
            oin: OTHER.to_owned(),
            name: "Another practice".to_owned(),
            log_key: "kb4QzfdJ05g7eLRcv25Hj3GDtFLqTaAQLUVxnH601Sk".to_owned(),
            witness_key: None,
            ..practice.clone()
        };
        draft.partners.push(other);
        Agreement::parse(&draft.to_toml().unwrap()).unwrap()
    }

    const PRACTICE: &str = "00000099000000111000";
    const OTHER: &str = "00000099000000118000";

    #[test]
    fn a_choice_about_one_organisation_is_said_of_that_one() {
        let one = consent(json!({ "category": "lab-results", "requester": PRACTICE }));
        // The only one of its kind: what it gets is what the kind gets.
        let kind = ("lab-results".to_owned(), "general-practice".to_owned());
        assert_eq!(allowed(std::slice::from_ref(&one)), [kind]);

        let agreement = two_practices();
        let at = Instant::parse("2026-11-22T09:30:00Z").unwrap();
        let grid = grid(&agreement, (&[one], &[]), |category| category.as_str() == "lab-results", at);
        let place = grid.kinds.iter().position(|kind| kind.as_str() == "general-practice").unwrap();
        let cells: Vec<_> = grid.rows.iter().filter_map(|row| row.cells[place].as_ref()).collect();
        assert!(!cells.is_empty());
        for cell in cells {
            assert!(!cell.got.allowed, "nothing was chosen about the kind");
            let others: Vec<_> =
                cell.others.iter().map(|(party, got)| (party.to_string(), got.allowed)).collect();
            assert_eq!(others, [(PRACTICE.to_owned(), true)]);
        }
    }

    #[test]
    fn after_an_objection_that_was_upheld_nobody_gets_it_there() {
        let agreement = Agreement::parse(include_str!("../../../../examples/chains/youth.toml")).unwrap();
        let objection = json!({
            "id": "019a0000-0000-7000-8000-000000000000", "holder": "00000099000000012000",
            "category": "school-attendance", "reason": "incorrect", "state": "upheld",
            "givenBy": "subject", "receivedBy": "00000099000000013000",
            "receivedAt": "2026-11-01T09:30:00Z", "dueAt": "2026-11-29T09:30:00Z",
            "decidedAt": "2026-11-02T09:30:00Z",
        });
        let objection: Objection = serde_json::from_value(objection).unwrap();
        let at = Instant::parse("2026-11-22T09:30:00Z").unwrap();
        let grid = grid(&agreement, (&[], &[objection]), |_| true, at);
        assert!(grid.rows.iter().any(|row| row.objected && row.cells.iter().flatten().count() > 0));
        for row in &grid.rows {
            let upheld = row.category.as_str() == "school-attendance";
            assert_eq!(row.objected, upheld, "{}", row.category);
            assert!(row.cells.iter().flatten().all(|cell| cell.got.allowed != upheld), "{}", row.category);
        }
    }

    #[test]
    fn who_represents_sees_what_the_mandate_covers() {
        let at = Instant::parse("2026-11-22T09:30:00Z").unwrap();
        let grid = grid(&care(), (&[], &[]), |category| category.as_str() == "medication", at);
        assert!(!grid.rows.is_empty() && grid.rows.iter().all(|row| row.category.as_str() == "medication"));
    }
}
