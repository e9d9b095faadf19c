//! What the tables of feedback reports and corrections promise.

use std::sync::Arc;
use std::time::Duration;

use kw_domain::{Category, FeedbackId, Instant, TransactionId};
use kw_protocol::feedback::{FeedbackKind, FeedbackOutcome, FeedbackStatus};
use kw_protocol::local::feedback::{FeedbackDelivery, SentSearch};
use kw_store::Store;
use kw_store::partner::{FeedbackSentRead, Partner, SentFeedback, StoredCorrection};

use crate::bed::{Bed, holder, now, on_both, random};

on_both! {
    async fn a_report_reads_back_and_is_found_by_what_is_searched(bed) {
        let store = open(&bed);
        let one = SentFeedback { reference: Some("Z-1".to_owned()), ..report() };
        let other = SentFeedback {
            delivery: FeedbackDelivery::Delivered,
            status: Some(FeedbackStatus::Settled),
            outcome: Some(FeedbackOutcome::PartlyUpheld),
            sent_on_by: vec![(holder(), category())],
            next_at: None,
            ..report()
        };
        begin(&store, &[&one, &other]).await;
        let (id, about) = (one.id, one.about);
        let found = store.read(move |tables| Ok((tables.feedback_sent(id)?, tables.feedback_sealed(id)?))).await;
        assert_eq!(found.unwrap(), (Some(one.clone()), Some(vec![7; 40])));
        let list = async |search: SentSearch| store.read(move |tables| tables.feedback_list(&search, 10)).await.unwrap();
        assert_eq!(list(SentSearch { reference: one.reference.clone(), ..SentSearch::default() }).await, std::slice::from_ref(&one));
        let settled = SentSearch { status: Some(FeedbackStatus::Settled), ..SentSearch::default() };
        assert_eq!(list(settled).await, std::slice::from_ref(&other));
        let waiting = SentSearch { delivery: Some(FeedbackDelivery::Waiting), ..SentSearch::default() };
        assert_eq!(list(waiting).await, std::slice::from_ref(&one));
        assert_eq!(list(SentSearch::default()).await.len(), 2);
        assert_eq!(store.read(move |tables| tables.feedback_about(&about, 9)).await.unwrap(), [one]);
        let over = other.about;
        assert_eq!(store.read(move |tables| tables.feedback_about(&over, 9)).await.unwrap(), []);
        assert_eq!(store.read(FeedbackSentRead::count_feedback_waiting).await.unwrap(), 1);
    }

    async fn of_two_that_change_a_report_one_does_and_what_is_sealed_goes_when_it_must(bed) {
        let store = open(&bed);
        let seen = report();
        begin(&store, &[&seen]).await;
        let delivered = SentFeedback { delivery: FeedbackDelivery::Delivered, next_at: None, ..seen.clone() };
        let change = async |report: &SentFeedback, keep| {
            let report = report.clone();
            store.keep("test", move |books| books.change_feedback_sent(&report, keep)).await.unwrap()
        };
        assert!(change(&delivered, true).await);
        assert!(!change(&seen, true).await, "somebody else changed it");
        let next = SentFeedback { version: 1, ..delivered };
        assert!(change(&next, false).await);
        let id = seen.id;
        let found = store.read(move |tables| Ok((tables.feedback_sent(id)?, tables.feedback_sealed(id)?))).await;
        assert_eq!(found.unwrap(), (Some(SentFeedback { version: 2, ..next }), None));
    }

    async fn a_signal_has_a_report_looked_at_that_is_at_its_holder_and_not_over(bed) {
        let store = open(&bed);
        let waiting = SentFeedback { next_at: Some(now().plus(Duration::from_hours(1))), ..report() };
        let there = SentFeedback { delivery: FeedbackDelivery::Delivered, next_at: None, ..report() };
        let over = SentFeedback { status: Some(FeedbackStatus::Withdrawn), ..SentFeedback { id: id(), ..there.clone() } };
        let on_its_way = SentFeedback { id: id(), sent_on_by: vec![(holder(), category())], ..waiting.clone() };
        begin(&store, &[&waiting, &there, &over, &on_its_way]).await;
        for id in [waiting.id, there.id, over.id, on_its_way.id, id()] {
            store.keep("test", move |books| books.look_at_feedback(id, now())).await.unwrap();
        }
        let due = store.read(|tables| tables.feedback_due(now(), 10)).await.unwrap();
        let looked = SentFeedback { must_look: true, version: 1, next_at: Some(now()), ..there };
        assert_eq!(due, [looked]);
        // It keeps its turn, and is looked at when it comes back from where it goes.
        for (before, must_look) in [(waiting, false), (on_its_way, true)] {
            let id = before.id;
            let after = store.read(move |tables| tables.feedback_sent(id)).await.unwrap();
            assert_eq!(after, Some(SentFeedback { must_look, ..before }));
        }
    }

    async fn a_correction_is_noted_once_and_shown_when_it_is_known(bed) {
        let store = open(&bed);
        let transaction = TransactionId::new(now(), random());
        for _ in 0..2 {
            store.keep("test", move |books| books.note_correction(transaction, now())).await.unwrap();
        }
        let due = store.read(|tables| tables.corrections_due(now(), 10)).await.unwrap();
        assert_eq!(due.len(), 1);
        assert_eq!(store.read(|tables| tables.corrections(10)).await.unwrap(), []);
        let known = StoredCorrection {
            mended: Some((holder(), category(), now())),
            next_at: None,
            ..due[0].clone()
        };
        let stored = known.clone();
        store.keep("test", move |books| books.store_correction(&stored)).await.unwrap();
        store.keep("test", move |books| books.note_correction(transaction, now())).await.unwrap();
        assert_eq!(store.read(|tables| tables.corrections(10)).await.unwrap(), [known]);
        assert_eq!(store.read(|tables| tables.corrections_due(now(), 10)).await.unwrap(), []);
    }

    async fn what_is_over_is_forgotten_and_the_rest_stays(bed) {
        let store = open(&bed);
        let waiting = report();
        let refused = SentFeedback { delivery: FeedbackDelivery::Refused, ..report() };
        let delivered = SentFeedback { delivery: FeedbackDelivery::Delivered, ..report() };
        let settled = SentFeedback { status: Some(FeedbackStatus::Settled), ..SentFeedback { id: id(), ..delivered.clone() } };
        begin(&store, &[&waiting, &refused, &delivered, &settled]).await;
        let transaction = TransactionId::new(now(), random());
        store.keep("test", move |books| books.note_correction(transaction, now())).await.unwrap();
        let later = now().plus(Duration::from_secs(1));
        store.keep("test", move |books| books.forget_feedback_sent(later)).await.unwrap();
        let left = store.read(|tables| tables.feedback_list(&SentSearch::default(), 10)).await.unwrap();
        let mut left: Vec<_> = left.into_iter().map(|one| one.id).collect();
        left.sort();
        let mut expected = [waiting.id, delivered.id];
        expected.sort();
        assert_eq!(left, expected);
        assert_eq!(store.read(move |tables| tables.corrections_due(later, 10)).await.unwrap(), []);
    }
}

async fn begin(store: &Arc<Store<Partner>>, reports: &[&SentFeedback]) {
    for report in reports {
        let report = (*report).clone();
        store.keep("test", move |books| books.begin_feedback(&report, &[7; 40])).await.unwrap();
    }
}

fn report() -> SentFeedback {
    SentFeedback {
        id: id(),
        version: 0,
        about: random(),
        kind: FeedbackKind::Report,
        holder: holder(),
        category: category(),
        reference: None,
        pointers: vec!["/person/address/city".to_owned()],
        delivery: FeedbackDelivery::Waiting,
        status: None,
        outcome: None,
        reason: None,
        sent_on_by: Vec::new(),
        must_tell: false,
        must_look: false,
        transaction: TransactionId::new(now(), random()),
        attempts: 0,
        next_at: Some(now()),
        claimed_until: None,
        queued_at: now(),
        sent_at: now(),
        changed_at: now(),
    }
}

fn id() -> FeedbackId {
    FeedbackId::new(Instant::from_millis(now().as_millis()), random())
}

fn category() -> Category {
    Category::parse("care").unwrap()
}

fn open(bed: &Bed) -> Arc<Store<Partner>> {
    let config = bed.config.clone();
    std::thread::scope(|scope| {
        let opening =
            || Store::open(&config, "partner.example/youth", |bytes| aws_lc_rs::rand::fill(bytes).unwrap());
        scope.spawn(move || Arc::new(opening().unwrap())).join().unwrap()
    })
}
