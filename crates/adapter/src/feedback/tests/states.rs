//! Random sequences of annotations against Digimelding's table (domain.md §4), which stands here a second time, as it was
//! published.

use kw_domain::Oin;
use kw_protocol::feedback::{FeedbackOutcome, FeedbackSide, FeedbackStatus as S};
use proptest::prelude::*;

use super::*;
use crate::feedback::standing::{self, NotTaken, Rules};

const TABLE: [(S, &[S]); 7] = [
    (S::Reported, &[S::InProgress, S::Withdrawn, S::InsufficientInformation, S::WrongHolder]),
    (S::InProgress, &[S::Planned, S::Settled, S::Withdrawn]),
    (S::Planned, &[S::Settled]),
    (S::WrongHolder, &[S::WrongHolder, S::Reported, S::Withdrawn]),
    (S::Withdrawn, &[]),
    (S::InsufficientInformation, &[]),
    (S::Settled, &[]),
];

fn rules() -> Rules {
    Rules { holder: crate::testing::holder(), take_up_within: 5 }
}

/// An annotation with everything that belongs to its status.
fn full(status: Option<S>, handler: Oin) -> NewAnnotation {
    NewAnnotation {
        status,
        outcome: (status == Some(S::Settled)).then_some(FeedbackOutcome::Rejected),
        note: Some("because".into()),
        planned_for: (status == Some(S::Planned)).then(|| Instant::from_millis(1)),
        handler: matches!(status, Some(S::WrongHolder | S::Reported)).then_some(handler),
        contact: None,
    }
}

fn steps() -> impl Strategy<Value = Vec<(Option<S>, bool, bool)>> {
    let status = prop::option::weighted(0.9, prop::sample::select(S::ALL.to_vec()));
    prop::collection::vec((status, any::<bool>(), any::<bool>()), 0..40)
}

proptest! {
    #[test]
    fn whatever_is_tried_only_what_the_table_and_the_side_allow_happens(steps in steps()) {
        let start = Instant::parse("2026-11-16T10:00:00Z").unwrap();
        let mut standing = standing::received(rules(), start);
        for (number, (status, by_reporter, elsewhere)) in steps.into_iter().enumerate() {
            let side = if by_reporter { FeedbackSide::Reporter } else { FeedbackSide::Holder };
            let handler = if elsewhere { crate::testing::requester() } else { crate::testing::holder() };
            let annotation = full(status, handler);
            let now = start.plus(std::time::Duration::from_millis(number as u64 / 3));
            let allowed = TABLE.iter().find(|(from, _)| *from == standing.status).unwrap().1;
            let may = match status {
                None => true,
                Some(S::Withdrawn | S::Reported) => by_reporter,
                Some(_) => !by_reporter && standing.handler == rules().holder,
            } && status.is_none_or(|status| allowed.contains(&status));
            match standing::after(&standing, &annotation, side, rules(), now) {
                Ok(after) => {
                    prop_assert!(may, "{:?} {status:?} {side:?}", standing.status);
                    if let Some(status) = status {
                        prop_assert_eq!(after.status, status);
                        prop_assert!(after.since > standing.since, "each status is newer than the one before");
                        prop_assert_eq!(after.is_open, matches!(status, S::Reported | S::InProgress | S::Planned)
                            && after.handler == rules().holder);
                        prop_assert_eq!(after.outcome.is_some(), status == S::Settled);
                    } else {
                        prop_assert_eq!(&after, &standing);
                    }
                    standing = after;
                }
                Err(not) => {
                    prop_assert!(!may, "{:?} {status:?} {side:?} {not:?}", standing.status);
                    let out_of_turn = status.is_some_and(|status| !allowed.contains(&status));
                    prop_assert_eq!(matches!(not, NotTaken::OutOfTurn(_)), out_of_turn);
                }
            }
        }
    }
}

#[test]
fn the_term_runs_until_it_is_taken_up_and_begins_anew_when_it_comes_back() {
    let at = |text: &str| Instant::parse(text).unwrap();
    let rules = rules();
    let received = standing::received(rules, at("2026-11-16T10:00:00Z"));
    assert_eq!(received.take_up_by, at("2026-11-23T23:00:00Z"));
    assert!(
        !received.is_overdue(at("2026-11-23T22:59:59Z")) && received.is_overdue(at("2026-11-23T23:00:00Z"))
    );
    let step = |before: &_, annotation: NewAnnotation, side, now| {
        standing::after(before, &annotation, side, rules, at(now)).unwrap()
    };
    let late = step(&received, status(S::InProgress), FeedbackSide::Holder, "2026-11-24T10:00:00Z");
    assert!(late.is_overdue(at("2026-12-24T10:00:00Z")), "late stays late");
    let sent_on = full(Some(S::WrongHolder), crate::testing::requester());
    let wrong = step(&received, sent_on, FeedbackSide::Holder, "2026-11-17T10:00:00Z");
    assert!(!wrong.is_open && !wrong.is_overdue(at("2026-12-24T10:00:00Z")));
    let back = full(Some(S::Reported), rules.holder);
    let back = step(&wrong, back, FeedbackSide::Reporter, "2026-12-01T10:00:00Z");
    assert!(back.is_open && back.take_up_by == at("2026-12-08T23:00:00Z"));
    let gone = full(Some(S::Reported), crate::testing::requester());
    let gone = step(&wrong, gone, FeedbackSide::Reporter, "2026-12-01T10:00:00Z");
    assert!(!gone.is_open && gone.handler == crate::testing::requester());
    let refused = standing::after(
        &gone,
        &status(S::InProgress),
        FeedbackSide::Holder,
        rules,
        at("2026-12-02T10:00:00Z"),
    );
    assert_eq!(refused, Err(NotTaken::Elsewhere));
}
