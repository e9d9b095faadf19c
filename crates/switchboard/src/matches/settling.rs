//! Settling matches: after what is live about somebody changed, in the same transaction.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use kw_agreement::Agreement;
use kw_domain::{Category, Instant, MatchId, Oin, SubjectId, SubjectReference};
use kw_ledger::{AccessRecord, Event, LeafKind};
use kw_logbook::statement;
use kw_protocol::matching::MatchKind;
use kw_protocol::signal::SignalType;
use kw_runtime::{Entropy, Refusal};
use kw_store::switchboard::matches::{About, StoredMatch};
use kw_store::switchboard::{NewSignal, Switchboard, SwitchboardRead};
use kw_store::{Abort, Act, StoreError, Tx};

use super::rules::{self, Step, Wanted};
use super::sweeping::Again;
use crate::app::{App, act, recorded};

/// What was registered anew by a migration is the same match as before, if it ended no longer ago than this.
pub(crate) const REMEMBERED: Duration = Duration::from_hours(30 * 24);

/// Brings matches in line with what is live, and tells whom it concerns. Made before the transaction, used in it.
#[derive(Clone)]
pub(crate) struct Settler {
    agreement: Arc<Agreement>,
    entropy: Entropy,
    now: Instant,
    template: AccessRecord,
    again: Again,
}

/// What settling leaves: records about persons, for the act of the transaction.
#[derive(Default)]
pub(crate) struct Settled {
    about: Vec<(AccessRecord, Option<(SubjectId, SubjectReference)>)>,
}

/// Whose matches may have changed, and by what.
#[derive(Debug, Default)]
pub(crate) struct Moved {
    /// Something was added about these.
    added: BTreeSet<SubjectId>,
    /// Something ended about these, or both.
    changed: BTreeSet<SubjectId>,
    /// Of these, for an administrative reason.
    quiet: BTreeSet<SubjectId>,
}

/// About whom, what should be, and what is there.
type Group = (About, Option<Wanted>, Option<StoredMatch>);

impl Moved {
    /// Something was added about a person; `administrative`: by a migration or merge at the partner.
    pub(crate) fn add(&mut self, subject: SubjectId, administrative: bool) {
        self.added.insert(subject);
        if administrative {
            self.quiet.insert(subject);
        }
    }

    /// Anything may have changed about persons.
    pub(crate) fn changed(subjects: impl IntoIterator<Item = SubjectId>) -> Self {
        Self { changed: subjects.into_iter().collect(), ..Self::default() }
    }
}

impl App {
    /// For one transaction.
    pub(crate) fn settler(&self, agreement: &Arc<Agreement>) -> Settler {
        Settler {
            agreement: Arc::clone(agreement),
            entropy: self.entropy.clone(),
            now: self.now(),
            template: self.record(agreement, Event::MatchArisen, self.oin, None),
            again: self.sweep.again(),
        }
    }
}

impl Settler {
    /// Settles everybody's matches.
    pub(crate) fn settle(&self, tx: &mut Tx<'_, Switchboard>, moved: &Moved) -> Result<Settled, StoreError> {
        let mut settled = Settled::default();
        let subjects: BTreeSet<SubjectId> = moved.added.union(&moved.changed).copied().collect();
        let nothing_counts = || rules::counting(&self.agreement, MatchKind::Person).is_empty();
        if subjects.is_empty() || (moved.changed.is_empty() && nothing_counts()) {
            return Ok(settled);
        }
        let groups = self.groups(tx.read(), &subjects, moved.changed.is_empty())?;
        let mut new: Vec<StoredMatch> = Vec::new();
        let mut signals: Vec<NewSignal> = Vec::new();
        for (about, wanted, current) in groups {
            match rules::step(wanted, current.as_ref()) {
                Step::Nothing => {}
                Step::Arises(wanted) => {
                    if let Some(same) = self.same_again(tx, moved, about, &wanted)? {
                        tx.write().update_match(&same)?;
                        self.record(&mut settled, Event::MatchArisen, about, &same, Some(&wanted));
                        continue;
                    }
                    let id: MatchId = self.entropy.id(self.now);
                    let arisen = rules::arisen(&self.agreement, id, about, &wanted, self.now);
                    let told = wanted.holders.iter().chain(self.coordinators());
                    self.tell(&mut signals, id, told.map(|one| (*one, SignalType::MatchArisen)));
                    self.record(&mut settled, Event::MatchArisen, about, &arisen, Some(&wanted));
                    new.push(arisen);
                }
                Step::Changes { wanted, joined, left } => {
                    let Some(current) = current else { continue };
                    let next = rules::changed(&self.agreement, &current, &wanted, self.now);
                    tx.write().update_match(&next)?;
                    let overseen = self.coordinators().filter(|one| left.contains(one));
                    let told = left
                        .iter()
                        .map(|one| (*one, SignalType::MatchEnded))
                        .chain(overseen.map(|one| (*one, SignalType::MatchChanged)))
                        .chain(self.coordinators().filter(|one| !left.contains(one)).map(changed))
                        .chain(wanted.holders.iter().filter(|one| !joined.contains(one)).map(changed))
                        .chain(joined.iter().map(|one| (*one, SignalType::MatchArisen)));
                    self.tell(&mut signals, next.id, told);
                    self.record(&mut settled, Event::MatchChanged, about, &next, Some(&wanted));
                }
                Step::Ends => {
                    let Some(current) = current else { continue };
                    let left = rules::ended(&current, self.now);
                    tx.write().update_match(&left)?;
                    let told = current.present().map(|one| &one.holder).chain(self.coordinators());
                    self.tell(&mut signals, left.id, told.map(|one| (*one, SignalType::MatchEnded)));
                    self.record(&mut settled, Event::MatchEnded, about, &left, None);
                }
            }
        }
        tx.write().insert_matches(&new)?;
        tx.write().emit(&signals)?;
        Ok(settled)
    }

    /// A holder gave a sign of life after its lease had run out, and before its pointers lapsed.
    pub(crate) fn lease_came_back(&self) {
        self.again.want();
    }

    /// Those of these persons about whom something is not as it should be. Changes nothing.
    pub(super) fn unsettled(
        &self,
        read: &mut dyn SwitchboardRead,
        subjects: &BTreeSet<SubjectId>,
    ) -> Result<BTreeSet<SubjectId>, StoreError> {
        let groups = self.groups(read, subjects, false)?;
        let unsettled = groups
            .into_iter()
            .filter(|(_, wanted, current)| rules::step(wanted.clone(), current.as_ref()) != Step::Nothing);
        Ok(unsettled.flat_map(|(about, ..)| about.subjects()).collect())
    }

    /// Each match that there is or should be about these persons, with what should be. `only_added`: nothing ended, so what
    /// is not wanted is not there.
    fn groups(
        &self,
        read: &mut dyn SwitchboardRead,
        subjects: &BTreeSet<SubjectId>,
        only_added: bool,
    ) -> Result<Vec<Group>, StoreError> {
        let asked: Vec<SubjectId> = subjects.iter().copied().collect();
        let families = !rules::counting(&self.agreement, MatchKind::Family).is_empty();
        let relations = if families { read.relations_of(&asked)? } else { Vec::new() };
        let related = relations.iter().flat_map(|relation| [relation.one, relation.other]);
        let everybody: BTreeSet<SubjectId> = subjects.iter().copied().chain(related).collect();
        let everybody: Vec<SubjectId> = everybody.into_iter().collect();
        let live = read.live_pointers_of(&everybody, self.now)?;
        let mut wanted = rules::wanted(&self.agreement, subjects, &relations, &live);
        if only_added && wanted.values().all(Option::is_none) {
            return Ok(Vec::new());
        }
        let known = read.live_matches_about(&asked)?;
        let mut known: BTreeMap<About, StoredMatch> =
            known.into_iter().filter_map(|one| Some((one.about?, one))).collect();
        for about in known.keys() {
            // The relation of a family match may be gone.
            wanted.entry(*about).or_insert(None);
        }
        Ok(wanted.into_iter().map(|(about, wanted)| (about, wanted, known.remove(&about))).collect())
    }

    /// The match that ended not long ago, when an administrative registration brings the same holders back: nobody is told
    /// twice of the same.
    fn same_again(
        &self,
        tx: &mut Tx<'_, Switchboard>,
        moved: &Moved,
        about: About,
        wanted: &Wanted,
    ) -> Result<Option<StoredMatch>, StoreError> {
        if !about.subjects().any(|subject| moved.quiet.contains(&subject)) {
            return Ok(None);
        }
        let before = tx.read().ended_match_about(about, self.now.minus(REMEMBERED))?;
        let same = |one: &StoredMatch| {
            one.present().map(|holder| holder.holder).collect::<BTreeSet<Oin>>() == wanted.holders
        };
        Ok(before.filter(same).map(|one| rules::revived(&one)))
    }

    fn coordinators(&self) -> impl Iterator<Item = &Oin> {
        self.agreement.matching().coordinators.iter()
    }

    /// One signal for each party: what is said of it last.
    fn tell(
        &self,
        signals: &mut Vec<NewSignal>,
        about: MatchId,
        told: impl Iterator<Item = (Oin, SignalType)>,
    ) {
        let told: BTreeMap<Oin, SignalType> = told.collect();
        signals.extend(told.into_iter().map(|(recipient, kind)| NewSignal {
            id: self.entropy.id(self.now),
            recipient,
            kind,
            about: *about.as_bytes(),
            at: self.now,
        }));
    }

    /// One record for each person: theirs names no category of the other's.
    fn record(
        &self,
        settled: &mut Settled,
        event: Event,
        about: About,
        one: &StoredMatch,
        wanted: Option<&Wanted>,
    ) {
        let holders: Vec<Oin> = one.present().map(|holder| holder.holder).collect();
        let template =
            AccessRecord { event, count: Some(holders.len() as u64), holders, ..self.template.clone() };
        settled.about.extend(records(&self.agreement, &self.entropy, &template, about, one, wanted));
    }
}

/// The same record about each person that a match is about. The categories of a pair that nobody can tell apart any more
/// are not named. When one of a match's categories is withheld from persons, the record is about nobody: that there is a match
/// would tell them that somebody else holds something.
pub(super) fn records<'a>(
    agreement: &'a Agreement,
    entropy: &'a Entropy,
    template: &'a AccessRecord,
    about: About,
    one: &'a StoredMatch,
    wanted: Option<&'a Wanted>,
) -> impl Iterator<Item = (AccessRecord, Option<(SubjectId, SubjectReference)>)> {
    about.subjects().map(move |subject| {
        let mut record = template.clone();
        let own = wanted.and_then(|wanted| wanted.categories.get(&subject));
        let categories: Vec<Category> = match own {
            Some(own) => own.iter().cloned().collect(),
            None if one.kind == MatchKind::Person => one.categories.iter().cloned().collect(),
            None => Vec::new(),
        };
        let withheld = |category: &Category| !statement::is_told(category, agreement);
        if one.categories.iter().any(withheld) {
            return (record, None);
        }
        let reference: SubjectReference = entropy.id(template.at);
        record.categories = categories;
        record.subject = Some(reference);
        (record, Some((subject, reference)))
    })
}

fn changed(holder: &Oin) -> (Oin, SignalType) {
    (*holder, SignalType::MatchChanged)
}

impl Settled {
    pub(super) fn of(
        records: impl Iterator<Item = (AccessRecord, Option<(SubjectId, SubjectReference)>)>,
    ) -> Self {
        Self { about: records.collect() }
    }

    /// Adds the records to those of an act.
    pub(crate) fn onto<E: From<Refusal>>(self, act: Act) -> Result<Act, Abort<E>> {
        self.about.into_iter().try_fold(act, |act, (record, subject)| {
            let text = recorded(&record).map_err(|refusal| Abort::Refused(refusal.into()))?;
            Ok(match subject {
                Some((subject, reference)) => act.and_about(text, subject, reference),
                None => act.and(LeafKind::Access, text),
            })
        })
    }

    /// The records as an act of their own; `otherwise` when there is none.
    pub(super) fn into_act(mut self, otherwise: &AccessRecord) -> Result<Act, Abort<Refusal>> {
        if self.about.is_empty() {
            return act(otherwise);
        }
        let (record, subject) = self.about.remove(0);
        let first = match subject {
            Some((subject, reference)) => act::<Refusal>(&record)?.link(subject, reference),
            None => act::<Refusal>(&record)?,
        };
        self.onto(first)
    }
}
