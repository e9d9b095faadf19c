//! May this be asked? Quota, the agreement's table, the ground.

use kw_agreement::{
    Agreement, Allowed, ConsentVerdict, Decision, DecisionInput, DenialReason, DisclosureInput, PointerInput,
    RepresentationInput,
};
use kw_domain::{Bsn, Instant, Oin};
use kw_ledger::AccessRecord;
use kw_protocol::mandate::MandateAct;
use kw_protocol::problem::ProblemCode;
use kw_protocol::query::{Query, QueryAct, RelationBasis};
use kw_runtime::{Party, Refusal};
use kw_store::switchboard::FindablePointer;

use super::consenting::{FoundAbout, Weighed};

/// How many pointers the policy decides on at least.
const DECIDED_AT_ONCE: usize = 8;
/// Longest reason, in bytes.
const LONGEST_REASON: usize = 500;

/// Why it may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Denied(pub(super) &'static str);

/// The shape of the question, beyond what its types say.
pub(super) fn check_shape(query: &Query) -> Result<(), Refusal> {
    let mut refusal = Refusal::new(ProblemCode::Invalid, "The query cannot be decided.");
    let reason = query.relation.reason.as_deref().unwrap_or_default();
    if query.relation.basis != RelationBasis::Listed && reason.trim().is_empty() {
        refusal = refusal.field("/relation/reason", "expected a reason, because the ground is not 'listed'");
    }
    if reason.len() > LONGEST_REASON || reason.chars().any(char::is_control) {
        refusal = refusal
            .field("/relation/reason", format!("expected at most {LONGEST_REASON} bytes of printable text"));
    }
    let reports = query.act == QueryAct::Feedback;
    if query.representation.as_ref().is_some_and(|claim| reports != (claim.act == MandateAct::Feedback)) {
        let expected = "expected 'feedback' with the query's own act 'feedback', and only with it";
        refusal = refusal.field("/representation/act", expected);
    }
    // These texts are stored centrally, and no BSN may be.
    let texts = [
        ("/relation/reason", reason),
        ("/case", query.case.as_str()),
        ("/actor/id", query.actor.id.as_str()),
    ];
    for (pointer, _) in texts.iter().filter(|(_, text)| Bsn::occurs_in(text)) {
        refusal = refusal
            .field(*pointer, "expected no citizen service number; write a letter before a number like one");
    }
    refusal.if_any()
}

/// The agreement's rules, default deny. What they were told goes into the record, whatever they say.
pub(super) fn decide(
    agreement: &Agreement,
    party: &Party,
    query: &Query,
    at: Instant,
    representation: Option<RepresentationInput>,
    record: &mut AccessRecord,
) -> Result<Allowed, Denied> {
    let input = DecisionInput {
        requester: party.oin,
        supplier: party.supplier,
        purpose: &query.purpose,
        role: &query.actor.role,
        categories: &query.categories,
        relation: query.relation.basis,
        assurance: query.actor.assurance,
        representation,
        at,
    };
    record.decision.input = Some(input.canonical());
    match agreement.decide(&input) {
        // It speaks of the agreement only, so it comes before any mandate is looked for.
        Decision::Allowed(_)
            if query.representation.is_some() && !admits_representatives(agreement, query) =>
        {
            Err(Denied(DenialReason::RepresentationNotAdmitted.as_str()))
        }
        Decision::Allowed(allowed) => Ok(allowed),
        Decision::Denied(reason) => Err(Denied(reason.as_str())),
    }
}

fn admits_representatives(agreement: &Agreement, query: &Query) -> bool {
    agreement.purpose(&query.purpose).is_some_and(|rules| rules.representation)
}

/// `listed` claims that the asker has a live pointer of its own about this subject: the index knows whether that is so.
/// Of a representative the mandate is the ground: it is a relation that was registered, too. A person who asks about themselves, at a
/// partner that the agreement lists for it, is their own ground.
pub(super) fn check_ground(
    agreement: &Agreement,
    query: &Query,
    requester: Oin,
    found: &[FindablePointer],
) -> Result<(), Denied> {
    let has_own = found.iter().any(|pointer| pointer.holder == requester);
    let needs_own = query.relation.basis == RelationBasis::Listed
        && query.representation.is_none()
        && !is_persons_own(agreement, query, requester);
    if needs_own && !has_own {
        return Err(Denied("relation-not-listed"));
    }
    Ok(())
}

/// Whether a partner that identified the person asks for them: what they chose about others is not about themselves.
fn is_persons_own(agreement: &Agreement, query: &Query, requester: Oin) -> bool {
    let own = agreement.subject_access();
    own.partners.contains(&requester) && own.purpose.as_ref() == Some(&query.purpose)
}

/// Which pointers are disclosed: of the categories and holders asked, findable for this purpose, not the asker's own, and
/// what the agreement discloses of those.
pub(super) fn disclosed(
    agreement: &Agreement,
    allowed: &Allowed,
    query: &Query,
    requester: Oin,
    at: Instant,
    representation: Option<RepresentationInput>,
    found: FoundAbout,
) -> Result<(Vec<FindablePointer>, Weighed), Denied> {
    let asked: Vec<FindablePointer> = found
        .pointers
        .into_iter()
        .filter(|pointer| pointer.holder != requester)
        .filter(|pointer| allowed.categories.contains(&pointer.category))
        .filter(|pointer| query.holders.is_empty() || query.holders.contains(&pointer.holder))
        .filter(|pointer| {
            pointer
                .purposes
                .as_deref()
                .is_none_or(|only| only.split(' ').any(|one| one == query.purpose.as_str()))
        })
        .collect();
    let mut weighed = Weighed::default();
    let own = is_persons_own(agreement, query, requester);
    let mut pointers: Vec<PointerInput<'_>> = asked
        .iter()
        .map(|pointer| PointerInput {
            holder: pointer.holder,
            category: &pointer.category,
            consent: if own {
                ConsentVerdict::Given
            } else {
                weighed.weigh(agreement, &found.chosen, pointer, requester, at)
            },
        })
        .collect();
    // Nothing, one pointer and a few take the policy as long as each other: what is withheld does not show in the time.
    if let Some(category) = allowed.categories.first() {
        let padded = pointers.len().next_multiple_of(DECIDED_AT_ONCE).max(DECIDED_AT_ONCE);
        let decoy = PointerInput { holder: requester, category, consent: ConsentVerdict::Silent };
        pointers.resize(padded, decoy);
    }
    let verdicts = agreement
        .disclose(&DisclosureInput {
            requester,
            purpose: &query.purpose,
            role: &query.actor.role,
            representation,
            at,
            pointers: &pointers,
        })
        .map_err(|reason| Denied(reason.as_str()))?;
    let disclosed = asked
        .into_iter()
        .zip(verdicts)
        .filter_map(|(pointer, is_disclosed)| is_disclosed.then_some(pointer))
        .collect();
    Ok((disclosed, weighed))
}

/// What a denial is answered with. The reason speaks of the asker and the agreement only, never of the subject.
pub(super) fn refused(denied: Denied) -> Refusal {
    let detail = match denied.0 {
        "relation-not-listed" => {
            "Your organisation has no live pointer about this person, so the ground is not 'listed'. Ask with a reason."
        }
        "actor-must-be-proven" => "This purpose demands proof of who asks, and there is only an assertion.",
        "category-outside-purpose" => {
            "A category is asked that this role may not see for this purpose. Ask for less."
        }
        "relation-basis-not-allowed" => "This purpose does not admit the ground that was given.",
        "mandate-missing" => "There is no mandate under which this person may be acted for in this way now.",
        "representation-not-admitted" => "Nobody may act for somebody else for this purpose.",
        "role-not-allowed" => "This role may not ask for this purpose.",
        "unknown-purpose" => "The agreement has no such purpose.",
        _ => "The agreement does not let your organisation ask this.",
    };
    Refusal::new(ProblemCode::Denied, detail)
}
