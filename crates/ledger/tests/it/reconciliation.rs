//! Whether logs that tell the same story match, and whether each thing that does not is named.

use std::collections::BTreeSet;
use std::time::Duration;

use kw_domain::{ActorId, CaseReference, GrantId, Instant, Oin, Purpose, TransactionId};
use kw_ledger::reconcile::{DiscrepancyKind as Kind, Place, Reconciler, Reconciliation, Scope, Severity};
use kw_ledger::{AccessRecord, Event, GrantedAccess, GrantedAct, Logged, Outcome};
use proptest::prelude::*;

use crate::sample::{full, moment, oin};

/// An entry of somebody's log.
#[derive(Debug, Clone, PartialEq)]
struct Entry {
    place: Place,
    index: u64,
    record: AccessRecord,
}

impl Entry {
    fn origin(&self) -> String {
        match self.place {
            Place::Switchboard => "youth/switchboard".to_owned(),
            Place::Partner(oin) => format!("youth/partner/{oin}"),
        }
    }
}

const GRACE: Duration = Duration::from_mins(15);
const REQUESTER: u32 = 1;
const FIRST: u32 = 2;
const SECOND: u32 = 3;
const SWITCHBOARD: u32 = 99;

fn scope() -> Scope {
    let partners = [REQUESTER, FIRST, SECOND].map(|number| Place::Partner(oin(number)));
    Scope {
        logs: partners.into_iter().chain([Place::Switchboard]).collect(),
        from: None,
        until: moment().plus(Duration::from_hours(100)),
        grace: GRACE,
    }
}

/// One question of one caseworker, two pulls, one dossier. Stories of different numbers have nothing in common.
fn story(number: u8) -> Vec<Entry> {
    let start = moment().plus(Duration::from_mins(7 * u64::from(number)));
    let id = |kind: u8| TransactionId::new(start, [kind, number, 0, 0, 0, 0, 0, 0, 0, 1]);
    let grant = |kind, holder| GrantedAccess {
        act: GrantedAct::Pull,
        category: full(Event::QueryAnswered).categories[0].clone(),
        grant: GrantId::new(start, [kind, number, 0, 0, 0, 0, 0, 0, 0, 2]),
        holder: oin(holder),
        outcome: None,
        transaction: id(kind),
    };
    let grants = [grant(1, FIRST), grant(2, SECOND)];
    let record = |event, after: u64, service, transaction| AccessRecord {
        at: start.plus(Duration::from_millis(after)),
        grants: Vec::new(),
        holders: Vec::new(),
        on_behalf_of: None,
        service: oin(service),
        transaction: Some(transaction),
        ..full(event)
    };
    let pulled = |kind, holder| {
        let pulled = record(Event::PullAnswered, 40, holder, id(kind));
        AccessRecord { case: None, ..pulled }
    };
    let with = |record: AccessRecord, outcome: Option<&str>| {
        let grants = grants.iter().cloned();
        let grants = grants.map(|one| GrantedAccess { outcome: outcome.map(str::to_owned), ..one }).collect();
        AccessRecord { grants, ..record }
    };
    let index = u64::from(number) * 10;
    let entry = |place, index, record| Entry { place, index, record };
    let at = |number| Place::Partner(oin(number));
    vec![
        entry(at(REQUESTER), index, record(Event::QueryAsked, 0, REQUESTER, id(0))),
        entry(Place::Switchboard, index, with(record(Event::QueryAnswered, 20, SWITCHBOARD, id(0)), None)),
        entry(at(REQUESTER), index + 1, with(record(Event::AnswerReceived, 30, REQUESTER, id(0)), None)),
        entry(at(FIRST), index, pulled(1, FIRST)),
        entry(at(SECOND), index, pulled(2, SECOND)),
        entry(
            at(REQUESTER),
            index + 2,
            with(record(Event::DossierAssembled, 60, REQUESTER, id(0)), Some("delivered")),
        ),
    ]
}

/// One question for a feedback grant, one report under it.
fn doubt(number: u8) -> Vec<Entry> {
    let mut story = story(number);
    story.truncate(REPORTED + 1);
    for entry in &mut story[ANSWERED..=RECEIVED] {
        entry.record.grants.truncate(1);
        entry.record.grants[0].act = GrantedAct::Feedback;
    }
    use_for(&mut story[REPORTED], Event::FeedbackReceived);
    story
}

fn use_for(entry: &mut Entry, event: Event) {
    (entry.record.event, entry.record.action) = (event, event.action());
}

/// The doubt with something done to it.
fn tampered_doubt(change: impl FnOnce(&mut Vec<Entry>)) -> Vec<Entry> {
    let mut doubt = doubt(0);
    change(&mut doubt);
    doubt
}

const ASKED: usize = 0;
const ANSWERED: usize = 1;
const RECEIVED: usize = 2;
const PULLED: usize = 3;
const REPORTED: usize = 3;
const DOSSIER: usize = 5;

fn reconcile<'a>(scope: Scope, entries: impl IntoIterator<Item = &'a Entry>) -> Reconciliation {
    let mut reconciler = Reconciler::new(scope);
    for entry in entries {
        let Entry { place, index, record } = entry;
        reconciler.add(*place, Logged { origin: &entry.origin(), index: *index, record });
    }
    reconciler.finish()
}

fn found(entries: &[Entry]) -> Vec<Kind> {
    reconcile(scope(), entries).discrepancies.iter().map(|one| one.kind).collect()
}

/// The story with something done to it.
fn tampered(change: impl FnOnce(&mut Vec<Entry>)) -> Vec<Entry> {
    let mut story = story(0);
    change(&mut story);
    story
}

fn without(place: usize) -> Vec<Entry> {
    tampered(|story| drop(story.remove(place)))
}

fn with(place: usize, change: impl FnOnce(&mut AccessRecord)) -> Vec<Entry> {
    tampered(|story| change(&mut story[place].record))
}

fn other(record: &mut AccessRecord) {
    record.actor.as_mut().unwrap().id = ActorId::parse("somebody.else").unwrap();
}

fn failed(record: &mut AccessRecord, outcome: &str) {
    record.grants.iter_mut().for_each(|grant| grant.outcome = Some(outcome.to_owned()));
}

/// What can happen to a story, and what is said of it.
fn tamperings() -> Vec<(&'static str, Vec<Entry>, Vec<Kind>)> {
    vec![
        ("the question is lost", without(ASKED), vec![Kind::AnswerWithoutQuestion]),
        (
            "the switchboard's record is lost",
            without(ANSWERED),
            vec![Kind::AnswerWithoutQuery, Kind::PullWithoutGrant, Kind::PullWithoutGrant],
        ),
        (
            "the requester's answer is lost",
            without(RECEIVED),
            vec![Kind::DossierWithoutAnswer, Kind::AnswerNotRecorded],
        ),
        ("a holder's pull is lost", without(PULLED), vec![Kind::DeliveredWithoutPull]),
        ("the dossier is lost", without(DOSSIER), vec![Kind::PullNotInDossier, Kind::PullNotInDossier]),
        (
            "a holder answers what nobody granted",
            with(PULLED, |record| record.transaction = Some(TransactionId::new(moment(), [9; 10]))),
            vec![Kind::DeliveredWithoutPull, Kind::PullWithoutGrant],
        ),
        (
            "the switchboard asks in the requester's name",
            tampered(|story| {
                let mut forged = story[ANSWERED].clone();
                forged.index = 7;
                forged.record.grants.clear();
                forged.record.transaction = Some(TransactionId::new(moment(), [8; 10]));
                story.push(forged);
            }),
            vec![Kind::AnswerWithoutQuestion],
        ),
        (
            "a grant of the switchboard's own is left out of its record",
            with(ANSWERED, |record| drop(record.grants.remove(0))),
            vec![Kind::GrantWithoutQuery, Kind::PullWithoutGrant],
        ),
        (
            "the requester leaves a grant out",
            tampered(|story| {
                story[RECEIVED].record.grants.remove(0);
                story[DOSSIER].record.grants.remove(0);
            }),
            vec![Kind::GrantNotReceived, Kind::PullNotInDossier],
        ),
        (
            "the dossier has more than the answer",
            with(RECEIVED, |record| drop(record.grants.remove(0))),
            vec![Kind::DossierWithoutAnswer, Kind::GrantNotReceived],
        ),
        (
            "the requester names another grant",
            tampered(|story| {
                for place in [RECEIVED, DOSSIER] {
                    story[place].record.grants[0].grant = GrantId::new(moment(), [9; 10]);
                }
            }),
            vec![Kind::GrantDiffers],
        ),
        ("another person asked than the switchboard says", with(ANSWERED, other), {
            vec![Kind::PullDiffers, Kind::PullDiffers, Kind::QuestionDiffers]
        }),
        ("another person pulled than asked", with(PULLED, other), vec![Kind::PullDiffers]),
        (
            "another case was named to the switchboard",
            with(ANSWERED, |record| record.case = Some(CaseReference::parse("Z-2").unwrap())),
            vec![Kind::QuestionDiffers],
        ),
        (
            "a pull was for another purpose",
            with(PULLED, |record| record.purpose = Some(Purpose::parse("other").unwrap())),
            vec![Kind::PullDiffers],
        ),
        (
            "another party used the grant",
            with(PULLED, |record| record.party = oin(SECOND)),
            vec![Kind::PullByOtherParty],
        ),
        (
            "another holder answered",
            tampered(|story| {
                story[PULLED].place = Place::Partner(oin(SECOND));
                story[PULLED].record.service = oin(SECOND);
            }),
            vec![Kind::PullAtOtherHolder],
        ),
        (
            "a record of another organisation stands in a log",
            with(PULLED, |record| record.service = oin(SECOND)),
            vec![Kind::ForeignRecord],
        ),
        (
            "a grant was used long after",
            with(PULLED, |record| record.at = record.at.plus(Duration::from_mins(6))),
            vec![Kind::PullOutOfTime],
        ),
        (
            "one question was answered twice",
            tampered(|story| {
                let mut again = story[ANSWERED].clone();
                again.index = 7;
                again.record.grants.clear();
                story.push(again);
            }),
            vec![Kind::QuestionAnsweredTwice],
        ),
        (
            "one transaction was granted twice",
            with(ANSWERED, |record| record.grants.push(record.grants[0].clone())),
            vec![Kind::TransactionGrantedTwice],
        ),
        (
            "the switchboard denied what was answered",
            with(ANSWERED, |record| *record = record.clone().denied("x")),
            vec![Kind::DenialReceivedAsAnswer],
        ),
        (
            "the requester gave up before the answer came",
            tampered(|story| {
                story.truncate(PULLED);
                story[RECEIVED].record.grants.clear();
                story[RECEIVED].record.result = Outcome::Error;
            }),
            vec![Kind::AnswerNotReceived, Kind::GrantNotUsed, Kind::GrantNotUsed],
        ),
        (
            "the switchboard was out of reach",
            tampered(|story| {
                story.truncate(PULLED);
                story.remove(ANSWERED);
                story[1].record.grants.clear();
                story[1].record.result = Outcome::Error;
            }),
            vec![Kind::QuestionUnanswered],
        ),
        (
            "a holder was out of reach",
            tampered(|story| {
                story.remove(PULLED + 1);
                story[DOSSIER - 1].record.grants[1].outcome = Some("unavailable".to_owned());
            }),
            vec![Kind::GrantNotUsed],
        ),
        (
            "holders answered too late",
            with(DOSSIER, |record| failed(record, "timed-out")),
            vec![Kind::AnswerNotUsed, Kind::AnswerNotUsed],
        ),
        (
            "a feedback grant was never used",
            tampered_doubt(|doubt| drop(doubt.remove(REPORTED))),
            vec![Kind::GrantNotUsed],
        ),
        (
            "a holder took in a report that nobody granted",
            tampered_doubt(|doubt| {
                doubt[REPORTED].record.transaction = Some(TransactionId::new(moment(), [9; 10]));
            }),
            vec![Kind::FeedbackWithoutGrant, Kind::GrantNotUsed],
        ),
        (
            "the switchboard's record of a doubt is lost",
            tampered_doubt(|doubt| drop(doubt.remove(ANSWERED))),
            vec![Kind::AnswerWithoutQuery, Kind::FeedbackWithoutGrant],
        ),
        (
            "something was pulled with a feedback grant",
            tampered_doubt(|doubt| use_for(&mut doubt[REPORTED], Event::PullAnswered)),
            vec![Kind::GrantUsedOtherwise],
        ),
        (
            "something was reported under a grant to pull",
            tampered(|story| use_for(&mut story[PULLED], Event::FeedbackReceived)),
            vec![Kind::DeliveredWithoutPull, Kind::GrantUsedOtherwise],
        ),
        (
            "a dossier was made from a feedback grant",
            tampered_doubt(|doubt| {
                let mut dossier = story(0).remove(DOSSIER);
                dossier.record.grants.truncate(1);
                doubt.push(dossier);
            }),
            vec![Kind::DossierWithoutAnswer],
        ),
        (
            "the requester calls a feedback grant one to pull",
            tampered_doubt(|doubt| doubt[RECEIVED].record.grants[0].act = GrantedAct::Pull),
            vec![Kind::GrantDiffers],
        ),
        (
            "another party reported under the grant",
            tampered_doubt(|doubt| doubt[REPORTED].record.party = oin(SECOND)),
            vec![Kind::PullByOtherParty],
        ),
        (
            "a report was taken in by another holder",
            tampered_doubt(|doubt| {
                doubt[REPORTED].place = Place::Partner(oin(SECOND));
                doubt[REPORTED].record.service = oin(SECOND);
            }),
            vec![Kind::PullAtOtherHolder],
        ),
        (
            "a holder refused without a record",
            tampered(|story| {
                story[DOSSIER].record.grants[0].outcome = Some("refused".to_owned());
                story.remove(PULLED);
            }),
            vec![Kind::RefusalNotRecorded],
        ),
    ]
}

#[test]
fn logs_that_tell_the_same_story_match() {
    let verdict = reconcile(scope(), &story(0));
    assert_eq!(verdict.discrepancies, []);
    assert_eq!((verdict.records, verdict.questions, verdict.pulls, verdict.unchecked), (6, 1, 2, 0));
    assert!(!verdict.has_incidents());
}

#[test]
fn a_report_at_the_holder_is_the_answer_to_its_grant() {
    let verdict = reconcile(scope(), &doubt(0));
    assert_eq!(verdict.discrepancies, []);
    assert_eq!((verdict.records, verdict.questions, verdict.pulls, verdict.unchecked), (4, 1, 1, 0));
    // A grant for one thing that was shown for another, and refused.
    let refused = |entries: &mut Vec<Entry>, event| {
        let mut tried = entries[PULLED].clone();
        use_for(&mut tried, event);
        tried.record = tried.record.denied("grant-invalid");
        entries.push(tried);
    };
    assert_eq!(found(&tampered_doubt(|doubt| refused(doubt, Event::PullAnswered))), []);
    assert_eq!(found(&tampered(|story| refused(story, Event::FeedbackReceived))), []);
    // The requester's log has nothing that would confirm a report, so its absence leaves nothing of it unchecked.
    let mut without_holder = scope();
    without_holder.logs.remove(&Place::Partner(oin(FIRST)));
    let verdict = reconcile(without_holder, &doubt(0)[..REPORTED]);
    assert_eq!((verdict.discrepancies.len(), verdict.unchecked), (0, 1));
}

#[test]
fn whatever_does_not_match_is_named() {
    for (what, entries, expected) in tamperings() {
        assert_eq!(found(&entries), expected, "{what}");
    }
}

#[test]
fn every_kind_of_discrepancy_can_be_found() {
    let expected: BTreeSet<_> = tamperings().into_iter().flat_map(|(_, _, kinds)| kinds).collect();
    assert_eq!(expected, Kind::ALL.iter().copied().collect());
}

#[test]
fn a_pull_without_a_grant_is_an_incident_and_a_grant_without_a_pull_is_not() {
    let lost = reconcile(scope(), &without(ANSWERED));
    assert!(lost.has_incidents());
    let mut unused = story(0);
    unused.truncate(PULLED);
    let unused = reconcile(scope(), &unused);
    assert!(!unused.has_incidents());
    assert!(unused.discrepancies.iter().all(|one| one.severity == Severity::Note));
}

#[test]
fn a_discrepancy_names_logs_and_indices_and_nothing_of_what_they_say() {
    let verdict = reconcile(scope(), &without(PULLED));
    let found = serde_json::to_value(&verdict.discrepancies[0]).unwrap();
    insta::assert_json_snapshot!(found);
    let text = found.to_string();
    for secret in ["a.jansen", "Z-1", "a new report", "coordinate-help"] {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[test]
fn a_refused_pull_and_one_that_was_sent_again_are_in_order() {
    let refused = tampered(|story| {
        story[PULLED].record = story[PULLED].record.clone().denied("subject-mismatch");
        story[DOSSIER].record.grants[0].outcome = Some("subject-mismatch".to_owned());
    });
    assert_eq!(found(&refused), []);
    let again = tampered(|story| {
        let again = Entry { index: 3, ..story[PULLED].clone() };
        story.push(again);
    });
    assert_eq!(found(&again), []);
    let unreadable = tampered(|story| {
        let mut forged = story[PULLED].clone();
        forged.record = forged.record.denied("grant-invalid");
        forged.record.transaction = None;
        story.push(forged);
    });
    assert_eq!(found(&unreadable), []);
}

#[test]
fn a_dossier_cannot_count_a_refusal_as_delivered() {
    let refused = with(PULLED, |record| *record = record.clone().denied("subject-mismatch"));
    assert_eq!(found(&refused), [Kind::DeliveredWithoutPull]);
}

#[test]
fn only_given_logs_are_judged() {
    let only = |place: Place| Scope { logs: BTreeSet::from([place]), ..scope() };
    for place in scope().logs {
        let story = story(0);
        let verdict = reconcile(only(place), story.iter().filter(|entry| entry.place == place));
        assert_eq!(verdict.discrepancies, [], "{place:?}");
        assert!(verdict.unchecked > 0);
    }
    let mut without_second = scope();
    without_second.logs.remove(&Place::Partner(oin(SECOND)));
    let verdict = reconcile(without_second, &without(PULLED + 1));
    assert_eq!((verdict.discrepancies.len(), verdict.unchecked), (0, 1));
}

#[test]
fn what_is_under_way_or_before_the_time_asked_for_is_not_judged() {
    let lost = without(PULLED);
    let until = |until: Instant| Scope { until, ..scope() };
    let verdict = reconcile(until(moment()), &lost);
    assert_eq!((verdict.discrepancies.len(), verdict.outside), (0, 3));
    let from = Scope { from: Some(moment().plus(Duration::from_secs(1))), ..scope() };
    assert_eq!(reconcile(from, &lost).discrepancies.len(), 0);
    assert_eq!(reconcile(until(moment().plus(GRACE)), &lost).discrepancies.len(), 1);
}

#[test]
fn memory_is_bounded_by_what_is_open() {
    let mut reconciler = Reconciler::new(scope());
    let mut most = 0;
    for number in 0..=255 {
        for entry in story(number) {
            let origin = entry.origin();
            reconciler
                .add(entry.place, Logged { origin: &origin, index: entry.index, record: &entry.record });
            reconciler.reached(entry.record.at);
            most = most.max(reconciler.open());
        }
    }
    // A story begins every seven minutes, so three are open within a grace of fifteen.
    assert!(most <= 3 * 3, "{most}");
    assert_eq!(reconciler.finish().discrepancies, []);
}

#[test]
fn of_each_kind_a_bounded_number_is_listed_and_all_are_counted() {
    let pulls = (0..1500u64).map(|number| {
        let mut entry = story(0)[PULLED].clone();
        let mut random = [0; 10];
        random[..8].copy_from_slice(&number.to_be_bytes());
        entry.record.transaction = Some(TransactionId::new(moment(), random));
        entry
    });
    let verdict = reconcile(scope(), &pulls.collect::<Vec<_>>());
    assert_eq!(verdict.counts[&Kind::PullWithoutGrant], 1500);
    assert_eq!(verdict.discrepancies.len(), 1000);
}

#[test]
fn the_documentation_has_every_kind_with_its_severity() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/audit.md");
    let document = std::fs::read_to_string(path).unwrap();
    for kind in Kind::ALL {
        let severity = serde_json::to_value(kind.severity()).unwrap();
        let row = format!("| `{}` | {} |", kind.code(), severity.as_str().unwrap());
        assert!(document.contains(&row), "{row}");
    }
    let sorted = Kind::ALL
        .windows(2)
        .all(|pair| (pair[0].severity(), pair[0].code()) < (pair[1].severity(), pair[1].code()));
    assert!(sorted, "kinds stand by severity and code");
}

fn many() -> impl Strategy<Value = Vec<Entry>> {
    let lost = prop::collection::btree_set((0u8..12, 0usize..6), 0..6);
    lost.prop_map(|lost| {
        let entries = (0..12)
            .flat_map(|number| (0..).zip(story(number)).map(move |(place, entry)| (number, place, entry)));
        entries
            .filter(|(number, place, _)| !lost.contains(&(*number, *place)))
            .map(|(_, _, entry)| entry)
            .collect()
    })
}

fn in_order_of_time(mut entries: Vec<Entry>, backwards: bool) -> Reconciliation {
    entries.sort_by_key(|entry| entry.record.at);
    if backwards {
        entries.reverse();
    }
    let mut reconciler = Reconciler::new(scope());
    for entry in &entries {
        let origin = entry.origin();
        reconciler.add(entry.place, Logged { origin: &origin, index: entry.index, record: &entry.record });
        reconciler.reached(entry.record.at);
    }
    reconciler.finish()
}

fn holders_of(verdict: &Reconciliation) -> BTreeSet<Oin> {
    verdict.discrepancies.iter().filter_map(|one| one.holder).collect()
}

proptest! {
    #[test]
    fn the_verdict_does_not_depend_on_the_order(
        (entries, shuffled) in many().prop_flat_map(|entries| (Just(entries.clone()), Just(entries).prop_shuffle())),
    ) {
        let verdict = reconcile(scope(), &entries);
        prop_assert_eq!(&reconcile(scope(), &shuffled), &verdict);
        prop_assert_eq!(&in_order_of_time(entries.clone(), false), &verdict);
        prop_assert_eq!(&in_order_of_time(entries, true), &verdict);
    }

    #[test]
    fn a_record_that_is_missing_anywhere_is_noticed(number in 0u8..12, place in 0usize..6) {
        let entries: Vec<_> = (0..12).flat_map(story).collect();
        prop_assert_eq!(reconcile(scope(), &entries).discrepancies, []);
        let lost = usize::from(number) * 6 + place;
        let entries: Vec<_> =
            (0..).zip(entries).filter(|(at, _)| *at != lost).map(|(_, entry)| entry).collect();
        let verdict = reconcile(scope(), &entries);
        prop_assert!(!verdict.discrepancies.is_empty());
        if place == PULLED {
            prop_assert_eq!(holders_of(&verdict), BTreeSet::from([oin(FIRST)]));
        }
    }
}
