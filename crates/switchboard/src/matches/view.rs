//! A match as whoever reads it may see it: a holder its own pointers and who else holds; a coordinator who holds, and no
//! pointer at all. Nobody is told whom it is about.

use std::collections::BTreeMap;

use kw_agreement::{Agreement, ContactRole};
use kw_domain::{Bsn, MatchId, Oin, PointerId, SubjectId};
use kw_logbook::statement::party;
use kw_protocol::matching::{Contact, Match, MatchKind, MatchState, MatchedHolder};
use kw_protocol::problem::ProblemCode;
use kw_protocol::query::Actor;
use kw_runtime::Refusal;
use kw_store::switchboard::matches::{About, LivePointer, StoredMatch};

use super::rules;

/// As what somebody reads a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Eye {
    /// A coordinator, or an auditor whom an escalation was told.
    Overseer,
    /// One of its holders.
    Holder,
}

/// As what a party reads this match; nothing when it may not know of it.
pub(super) fn eye(agreement: &Agreement, one: &StoredMatch, reader: Oin) -> Option<Eye> {
    if agreement.matching().coordinators.contains(&reader) {
        return Some(Eye::Overseer);
    }
    one.holders.iter().any(|holder| holder.holder == reader).then_some(Eye::Holder)
}

/// The match for this reader. `own` has what the reader itself holds about anybody, live.
pub(super) fn shown(
    agreement: &Agreement,
    one: &StoredMatch,
    reader: Oin,
    eye: Eye,
    own: &BTreeMap<SubjectId, Vec<LivePointer>>,
) -> Match {
    let left = one.holders.iter().find(|holder| holder.holder == reader).and_then(|holder| holder.left_at);
    // Who has no part in it any more does not see who has.
    let over = eye == Eye::Holder && (left.is_some() || one.ended_at.is_some());
    let pointers = if one.ended_at.is_some() { Vec::new() } else { own_pointers(agreement, one, own) };
    let holders = one
        .holders
        .iter()
        .filter(|holder| if over { holder.holder == reader } else { holder.left_at.is_none() });
    Match {
        id: one.id,
        kind: one.kind,
        state: if over && one.ended_at.is_none() { MatchState::Lapsed } else { one.state },
        arisen_at: one.arisen_at,
        contact_by: one.contact_by,
        escalated_at: one.escalated_at,
        contacted_at: one.contacted_at,
        coordinated_at: one.coordinated_at,
        ended_at: one.ended_at.or(left.filter(|_| over)),
        coordinators: agreement
            .matching()
            .coordinators
            .iter()
            .map(|oin| Contact { party: party(*oin, agreement), contact: contact(agreement, *oin) })
            .collect(),
        holders: holders
            .map(|holder| MatchedHolder {
                holder: party(holder.holder, agreement),
                contact: contact(agreement, holder.holder),
                own_pointers: if holder.holder == reader && !over { pointers.clone() } else { Vec::new() },
                notified_at: holder.notified_at,
                contacted_at: holder.contacted_at,
            })
            .collect(),
    }
}

/// Where a partner is reached about a match: its contact point for coordination, if it has one.
fn contact(agreement: &Agreement, oin: Oin) -> String {
    let Some(partner) = agreement.partner(oin) else { return String::new() };
    let coordination = partner.contacts.iter().find(|point| point.role == ContactRole::Coordination);
    coordination.map_or_else(|| partner.contact.clone(), |point| point.address.clone())
}

fn own_pointers(
    agreement: &Agreement,
    one: &StoredMatch,
    own: &BTreeMap<SubjectId, Vec<LivePointer>>,
) -> Vec<PointerId> {
    let about = one.about.into_iter().flat_map(About::subjects);
    let held = about.filter_map(|subject| own.get(&subject)).flatten();
    let kind: MatchKind = one.kind;
    held.filter(|pointer| rules::counts(agreement, &pointer.category, kind))
        .map(|pointer| pointer.id)
        .collect()
}

/// What a reader itself holds, by person.
pub(super) fn of_reader(reader: Oin, live: Vec<LivePointer>) -> BTreeMap<SubjectId, Vec<LivePointer>> {
    let mut own: BTreeMap<SubjectId, Vec<LivePointer>> = BTreeMap::new();
    for pointer in live.into_iter().filter(|pointer| pointer.holder == reader) {
        own.entry(pointer.subject).or_default().push(pointer);
    }
    own
}

/// Everybody these matches are about.
pub(super) fn subjects(matches: &[StoredMatch]) -> Vec<SubjectId> {
    matches.iter().filter_map(|one| one.about).flat_map(About::subjects).collect()
}

pub(super) fn match_id(text: &str) -> Result<MatchId, Refusal> {
    MatchId::parse(text).map_err(|_| not_found())
}

/// Nobody's and one of others look the same.
pub(super) fn not_found() -> Refusal {
    Refusal::new(ProblemCode::NotFound, "Your organisation has part in no such match.")
}

/// No citizen service number goes into what is recorded here.
pub(crate) fn check_actor(actor: &Actor) -> Result<(), Refusal> {
    if Bsn::occurs_in(actor.id.as_str()) {
        let detail = "The actor cannot be recorded.";
        let expected = "expected no citizen service number; write a letter before a number like one";
        return Err(Refusal::new(ProblemCode::Invalid, detail).field("/actor/id", expected));
    }
    Ok(())
}
