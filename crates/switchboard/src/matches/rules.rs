//! What makes a match, and what a change of its holders does to it: pure rules.

use std::collections::{BTreeMap, BTreeSet};

use kw_agreement::{Agreement, ConsentRegime};
use kw_domain::{Category, DutchTime, Instant, MatchId, Oin, SubjectId, end_of_term};
use kw_protocol::matching::{MatchKind, MatchState};
use kw_store::switchboard::matches::{About, LivePointer, StoredMatch, StoredMatchHolder, StoredRelation};

/// Fewer holders have nobody to speak to.
const FEWEST: usize = 2;

/// Whether pointers in a category count for matches of this kind. A category in which a person's own choice decides about
/// disclosure counts for none.
pub(super) fn counts(agreement: &Agreement, category: &Category, kind: MatchKind) -> bool {
    let Some(rules) = agreement.category(category) else { return false };
    let by_law = rules.consent == ConsentRegime::Statutory;
    rules.matching.as_ref().is_some_and(|matching| by_law && (kind == MatchKind::Person || matching.family))
}

/// The categories that count for matches of this kind.
pub(super) fn counting(agreement: &Agreement, kind: MatchKind) -> Vec<Category> {
    let all = agreement.categories().map(|(category, _)| category);
    all.filter(|category| counts(agreement, category, kind)).cloned().collect()
}

/// Who should have a match with whom, as far as what is live says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) holders: BTreeSet<Oin>,
    /// In what each person is held.
    pub(super) categories: BTreeMap<SubjectId, BTreeSet<Category>>,
}

/// What is live, by person.
#[derive(Debug, Default)]
struct Held {
    holders: BTreeSet<Oin>,
    categories: BTreeSet<Category>,
}

/// The matches there should be about these persons and their relations; `None` where there should be none.
pub(super) fn wanted(
    agreement: &Agreement,
    subjects: &BTreeSet<SubjectId>,
    relations: &[StoredRelation],
    live: &[LivePointer],
) -> BTreeMap<About, Option<Wanted>> {
    let [persons, families] = [MatchKind::Person, MatchKind::Family].map(|kind| held(agreement, live, kind));
    let mut all = BTreeMap::new();
    for subject in subjects {
        all.insert(About::Person(*subject), of_all(&persons, &[*subject]));
    }
    for relation in relations {
        let about = About::family(relation.one, relation.other);
        all.insert(about, of_all(&families, &[relation.one, relation.other]));
    }
    all
}

fn held(agreement: &Agreement, live: &[LivePointer], kind: MatchKind) -> BTreeMap<SubjectId, Held> {
    let mut held: BTreeMap<SubjectId, Held> = BTreeMap::new();
    for pointer in live {
        // A suspended partner is told nothing, and nobody is told of it.
        let active = agreement.partner(pointer.holder).is_some_and(|partner| !partner.suspended);
        if active && counts(agreement, &pointer.category, kind) {
            let of_subject = held.entry(pointer.subject).or_default();
            of_subject.holders.insert(pointer.holder);
            of_subject.categories.insert(pointer.category.clone());
        }
    }
    held
}

/// Something is held about each of them, and by several holders together.
fn of_all(held: &BTreeMap<SubjectId, Held>, subjects: &[SubjectId]) -> Option<Wanted> {
    let mut wanted = Wanted { holders: BTreeSet::new(), categories: BTreeMap::new() };
    for subject in subjects {
        let held = held.get(subject)?;
        wanted.holders.extend(&held.holders);
        wanted.categories.insert(*subject, held.categories.clone());
    }
    (wanted.holders.len() >= FEWEST).then_some(wanted)
}

/// What becomes of a match.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It stays as it is.
    Nothing,
    /// There is a new one.
    Arises(Wanted),
    /// Somebody came or left, and there are enough left.
    Changes { wanted: Wanted, joined: BTreeSet<Oin>, left: BTreeSet<Oin> },
    /// It dissolves.
    Ends,
}

/// Compares what is with what should be.
pub(super) fn step(wanted: Option<Wanted>, current: Option<&StoredMatch>) -> Step {
    match (wanted, current) {
        (None, None) => Step::Nothing,
        (Some(wanted), None) => Step::Arises(wanted),
        (None, Some(_)) => Step::Ends,
        (Some(wanted), Some(current)) => {
            let present: BTreeSet<Oin> = current.present().map(|one| one.holder).collect();
            let joined: BTreeSet<Oin> = wanted.holders.difference(&present).copied().collect();
            let left: BTreeSet<Oin> = present.difference(&wanted.holders).copied().collect();
            if joined.is_empty() && left.is_empty() {
                Step::Nothing
            } else {
                Step::Changes { wanted, joined, left }
            }
        }
    }
}

/// A match that has just arisen.
pub(super) fn arisen(
    agreement: &Agreement,
    id: MatchId,
    about: About,
    wanted: &Wanted,
    now: Instant,
) -> StoredMatch {
    StoredMatch {
        id,
        kind: about.kind(),
        about: Some(about),
        state: MatchState::Arisen,
        month: month(now),
        categories: wanted.categories.values().flatten().cloned().collect(),
        arisen_at: now,
        contact_by: contact_by(agreement, now),
        escalated_at: None,
        contacted_at: None,
        coordinated_at: None,
        ended_at: None,
        holders: wanted.holders.iter().map(|holder| joining(*holder, now)).collect(),
    }
}

/// The match with other holders. Whoever comes when the others have spoken already is to be spoken to as well: then the term
/// begins again.
pub(super) fn changed(
    agreement: &Agreement,
    current: &StoredMatch,
    wanted: &Wanted,
    now: Instant,
) -> StoredMatch {
    let mut next = current.clone();
    let mut newcomers = false;
    for holder in &mut next.holders {
        if !wanted.holders.contains(&holder.holder) {
            holder.left_at = holder.left_at.or(Some(now));
        } else if holder.left_at.is_some() {
            *holder = joining(holder.holder, now);
            newcomers = true;
        }
    }
    for holder in &wanted.holders {
        if !next.holders.iter().any(|one| one.holder == *holder) {
            next.holders.push(joining(*holder, now));
            newcomers = true;
        }
    }
    if newcomers && (next.contacted_at.is_some() || next.coordinated_at.is_some()) {
        next.contacted_at = None;
        next.coordinated_at = None;
        next.escalated_at = None;
        next.contact_by = contact_by(agreement, now);
    }
    next.categories.extend(wanted.categories.values().flatten().cloned());
    next.state = state_of(&next);
    next
}

/// What is left of a match that dissolves.
pub(super) fn ended(current: &StoredMatch, now: Instant) -> StoredMatch {
    let mut left = current.clone();
    left.ended_at = Some(now);
    left.state = state_of(&left);
    left
}

/// The same match again, as if it had never ended.
pub(super) fn revived(ended: &StoredMatch) -> StoredMatch {
    let mut again = ended.clone();
    again.ended_at = None;
    again.state = state_of(&again);
    again
}

/// Where a match is, by what happened to it.
pub(super) fn state_of(one: &StoredMatch) -> MatchState {
    if one.coordinated_at.is_some() {
        MatchState::Coordinated
    } else if one.ended_at.is_some() {
        MatchState::Lapsed
    } else if one.contacted_at.is_some() {
        MatchState::InContact
    } else if one.present().all(|holder| holder.notified_at.is_some()) {
        MatchState::Notified
    } else {
        MatchState::Arisen
    }
}

fn joining(holder: Oin, now: Instant) -> StoredMatchHolder {
    StoredMatchHolder { holder, joined_at: now, notified_at: None, contacted_at: None, left_at: None }
}

fn contact_by(agreement: &Agreement, now: Instant) -> Instant {
    end_of_term(now, agreement.matching().contact_within)
}

pub(super) fn month(now: Instant) -> i32 {
    DutchTime::at(now).month().replace('-', "").parse().unwrap_or_default()
}

#[cfg(test)]
mod tests;
