//! Reviews: judged once, passed on once, gone with their records.

use std::time::Duration;

use kw_domain::{
    ActorId, CaseReference, Category, Instant, Oin, Purpose, ReviewId, Role, SubjectId, TransactionId,
};
use kw_protocol::query::RelationBasis;
use kw_protocol::review::Verdict;
use kw_store::Store;
use kw_store::switchboard::{ReviewDecision, ReviewFilter, ReviewsRead, StoredReview, Switchboard};

use crate::bed::{act, holder, now, on_both, random};

on_both! {
    async fn a_review_reads_back_and_is_judged_once(bed) {
        let store = bed.open();
        let review = review(holder(), 0, 10);
        open(&store, &review).await;
        let id = review.id;
        assert!(store.read(move |index| index.review(id)).await.unwrap() == Some(review.clone()));
        let decision = ReviewDecision {
            verdict: Verdict::Unjustified,
            reviewer: ActorId::parse("r.viewer").unwrap(),
            note: Some("no case".to_owned()),
            at: later(5),
        };
        for first in [true, false] {
            let given = decision.clone();
            let done = store
                .write::<_, (), _>("test", move |tx| Ok((tx.write().decide_review(id, &given)?, act(1))))
                .await
                .unwrap();
            assert_eq!(done.value, first);
        }
        let judged = store.read(move |index| index.review(id)).await.unwrap().unwrap();
        assert!(judged == StoredReview { decision: Some(decision), ..review });
        assert_eq!(store.read(ReviewsRead::count_reviews).await.unwrap(), (0, 0));
    }

    async fn what_waits_too_long_is_passed_on_once(bed) {
        let store = bed.open();
        let (soon, late) = (review(holder(), 0, 10), review(holder(), 1, 20));
        open(&store, &soon).await;
        open(&store, &late).await;
        let due = store.read(|index| index.overdue_reviews(later(15), 10)).await.unwrap();
        assert!(due == [soon.clone()]);
        for first in [true, false] {
            let id = soon.id;
            let done = store
                .write::<_, (), _>("test", move |tx| Ok((tx.write().escalate_review(id, later(15))?, act(1))))
                .await
                .unwrap();
            assert_eq!(done.value, first);
        }
        assert!(store.read(|index| index.overdue_reviews(later(15), 10)).await.unwrap().is_empty());
        assert_eq!(store.read(ReviewsRead::count_reviews).await.unwrap(), (2, 1));
    }

    async fn reviews_are_found_by_party_asker_state_and_due_time(bed) {
        let store = bed.open();
        let other = Oin::parse("00000099000000013000").unwrap();
        let all = [review(holder(), 0, 10), review(other, 1, 20), review(holder(), 2, 30)];
        for one in &all {
            open(&store, one).await;
        }
        let found = async |filter: ReviewFilter, limit| {
            let found = store.read(move |index| index.reviews(&filter, limit)).await.unwrap();
            found.into_iter().map(|review| review.id).collect::<Vec<_>>()
        };
        let [a, b, c] = all.clone().map(|review| review.id);
        assert_eq!(found(ReviewFilter::default(), 10).await, [a, b, c]);
        assert_eq!(found(ReviewFilter::default(), 2).await, [a, b]);
        assert_eq!(found(ReviewFilter { after: Some(a), ..Default::default() }, 10).await, [b, c]);
        assert_eq!(found(ReviewFilter { party: Some(holder()), ..Default::default() }, 10).await, [a, c]);
        assert_eq!(found(ReviewFilter { due_before: Some(later(20)), ..Default::default() }, 10).await, [a]);
        let somebody = ActorId::parse("somebody.else").unwrap();
        assert!(found(ReviewFilter { actor: Some(somebody), ..Default::default() }, 10).await.is_empty());
        assert!(found(ReviewFilter { decided: Some(true), ..Default::default() }, 10).await.is_empty());
        assert_eq!(found(ReviewFilter { decided: Some(false), ..Default::default() }, 10).await.len(), 3);
        assert!(found(ReviewFilter { escalated: Some(true), ..Default::default() }, 10).await.is_empty());

        let gone = store
            .write::<_, (), _>("test", |tx| Ok((tx.write().forget_reviews(later(2))?, act(1))))
            .await
            .unwrap();
        assert_eq!(gone.value, 2);
        assert_eq!(found(ReviewFilter::default(), 10).await, [c]);
    }
}

fn later(minutes: u64) -> Instant {
    now().plus(Duration::from_mins(minutes))
}

fn review(party: Oin, opened: u64, due: u64) -> StoredReview {
    StoredReview {
        id: ReviewId::new(later(opened), random()),
        subject: SubjectId::new(now(), random()),
        party,
        actor: ActorId::parse("a.sker").unwrap(),
        role: Role::parse("care-coordinator").unwrap(),
        purpose: Purpose::parse("help").unwrap(),
        categories: vec![Category::parse("school-attendance").unwrap()],
        case: CaseReference::parse("case-7").unwrap(),
        ground: RelationBasis::Motivated,
        reason: "a call".to_owned(),
        transaction: TransactionId::new(now(), random()),
        opened_at: later(opened),
        due_at: later(due),
        escalated_at: None,
        decision: None,
    }
}

async fn open(store: &Store<Switchboard>, review: &StoredReview) {
    let review = review.clone();
    store.write::<_, (), _>("test", move |tx| Ok((tx.write().open_review(&review)?, act(1)))).await.unwrap();
}
