//! Received feedback reports, and what waits to be told of them.

use std::time::Duration;

use kw_domain::{AnnotationId, AttachmentId, Category, FeedbackId, Handle, Instant, SourceName};
use kw_protocol::feedback::{FeedbackKind, FeedbackOutcome, FeedbackSide, FeedbackStatus};
use kw_store::partner::{
    FeedbackCounts, FeedbackFilter, FeedbackMessage, FeedbackStanding, Partner, StoredAnnotation,
    StoredAttachment, StoredFeedback,
};
use kw_store::{Store, Tx};

use crate::bed::{act, holder, now, on_both, random};
use crate::partner::open;

on_both! {
    async fn a_report_reads_back_with_all_that_belongs_to_it_and_moves_with_its_record(bed) {
        let store = open(&bed);
        let report = report(1);
        let file = StoredAttachment {
            id: AttachmentId::new(now(), random()),
            facts_sealed: vec![1],
            content_sealed: vec![2; 1_000_000],
        };
        let (id, given, kept) = (report.id, report.clone(), file.clone());
        let annotations: Vec<_> = (0..3).map(|number| annotation(id, number)).collect();
        let said = annotations.clone();
        write(&store, move |tx| {
            tx.write().receive_feedback(&given, std::slice::from_ref(&kept)).unwrap();
            for one in &said {
                tx.write().annotate_feedback(one).unwrap();
            }
            assert!(tx.write().annotate_feedback(&annotation(id, 2)).is_err(), "its place is taken");
        })
        .await;
        let found = store.read(move |tables| tables.feedback(id)).await.unwrap().unwrap();
        assert_eq!(found, report);
        let read = store.read(move |tables| tables.feedback_annotations(id)).await.unwrap();
        assert_eq!(read, annotations);
        let listed = store.read(move |tables| tables.feedback_attachments(id)).await.unwrap();
        assert_eq!(listed, [(file.id, file.facts_sealed.clone())]);
        let one = file.id;
        let read = store.read(move |tables| tables.feedback_attachment(id, one)).await.unwrap();
        assert_eq!(read, Some(file));
        let of_another = FeedbackId::new(now(), random());
        let none = store.read(move |tables| tables.feedback_attachment(of_another, one)).await.unwrap();
        assert_eq!(none, None);

        let (from, to) = (report.handle, Handle::from_bytes([9; 16]));
        write(&store, move |tx| tx.write().move_links(from, to).unwrap()).await;
        let doubted = store.read(move |tables| tables.doubted_of(to, 10)).await.unwrap();
        assert_eq!(doubted, [(id, report.pointers_sealed)]);
        let reporter = report.reporter;
        let open = store.read(move |tables| tables.count_open_feedback(to, reporter)).await.unwrap();
        assert_eq!(open, 1);
    }

    async fn the_list_is_filtered_and_goes_on_and_the_overdue_are_found_once(bed) {
        let store = open(&bed);
        let reports: Vec<_> = (1..=6).map(report).collect();
        let given = reports.clone();
        write(&store, move |tx| given.iter().for_each(|one| tx.write().receive_feedback(one, &[]).unwrap())).await;
        let taken = |late: bool| {
            let before = &reports[0].standing;
            let wait = Duration::from_millis(u64::from(late));
            FeedbackStanding {
                status: FeedbackStatus::Settled,
                outcome: Some(FeedbackOutcome::PartlyUpheld),
                planned_for: Some(now()),
                taken_up_at: Some(before.take_up_by.minus(Duration::from_millis(1)).plus(wait)),
                is_open: false,
                ..before.clone()
            }
        };
        let (early, late, first, second) = (taken(false), taken(true), reports[0].id, reports[1].id);
        let told = FeedbackStanding { overdue_told: true, ..reports[2].standing.clone() };
        let third = reports[2].id;
        write(&store, move |tx| {
            tx.write().change_feedback(first, &early).unwrap();
            tx.write().change_feedback(second, &late).unwrap();
            tx.write().change_feedback(third, &told).unwrap();
        })
        .await;
        let due = reports[0].standing.take_up_by;
        let list = async |filter: FeedbackFilter, limit| {
            let found = store.read(move |tables| tables.feedback_listed(&filter, limit)).await.unwrap();
            found.into_iter().map(|one| reports.iter().position(|known| known.id == one.id).unwrap()).collect::<Vec<_>>()
        };
        let all = FeedbackFilter::default();
        assert_eq!(list(all, 100).await, [0, 1, 2, 3, 4, 5]);
        let after = Some((reports[3].received_at, reports[3].id));
        assert_eq!(list(FeedbackFilter { after, ..all }, 100).await, [4, 5]);
        assert_eq!(list(all, 2).await, [0, 1]);
        let settled = FeedbackFilter { status: Some(FeedbackStatus::Settled), ..all };
        assert_eq!(list(settled, 100).await, [0, 1]);
        let overdue = |wanted, at| FeedbackFilter { overdue: Some((wanted, at)), ..all };
        assert_eq!(list(overdue(true, due), 100).await, [1, 2, 3, 4, 5], "late stays late");
        assert_eq!(list(overdue(false, due), 100).await, [0]);
        assert_eq!(list(overdue(true, due.minus(Duration::from_millis(1))), 100).await, [1]);
        let newly = store.read(move |tables| tables.feedback_newly_overdue(due, 100)).await.unwrap();
        assert_eq!(newly.len(), 3, "not what was taken up, and not what was told before");
        let counts = store.read(move |tables| tables.count_feedback(due)).await.unwrap();
        assert_eq!(counts, FeedbackCounts { open: 4, overdue: 4 });

        let gone = write(&store, move |tx| {
            assert_eq!(tx.write().forget_feedback(now(), 100).unwrap(), 0, "not yet");
            assert_eq!(tx.write().forget_feedback(now().plus(Duration::from_secs(1)), 1).unwrap(), 1, "as many as asked");
            tx.write().forget_feedback(now().plus(Duration::from_secs(1)), 100).unwrap();
        });
        gone.await;
        assert_eq!(list(all, 100).await, [2, 3, 4, 5], "what is open stays");
    }

    async fn messages_wait_in_their_order_until_they_are_told(bed) {
        let store = open(&bed);
        let report = FeedbackId::new(now(), random());
        write(&store, move |tx| {
            for text in ["one", "two", "three"] {
                let message = FeedbackMessage { id: 0, report, message: text.into(), queued_at: now() };
                tx.write().queue_feedback_message(&message).unwrap();
            }
        })
        .await;
        let waiting = store.read(|tables| tables.feedback_messages(2)).await.unwrap();
        assert_eq!(waiting.iter().map(|one| one.message.as_str()).collect::<Vec<_>>(), ["one", "two"]);
        let first = waiting[0].id;
        write(&store, move |tx| tx.write().dequeue_feedback_message(first).unwrap()).await;
        let depth = store.read(kw_store::partner::FeedbackRead::feedback_messages_waiting).await.unwrap();
        assert_eq!((depth.waiting, depth.oldest), (2, Some(now())));
    }
}

async fn write(store: &Store<Partner>, what: impl Fn(&mut Tx<'_, Partner>) + Send + 'static) {
    let written = store.write::<_, (), _>("test", move |tx| {
        what(tx);
        Ok(((), act(0)))
    });
    written.await.unwrap();
}

fn report(number: u8) -> StoredFeedback {
    let received_at: Instant = now().plus(Duration::from_millis(u64::from(number / 2)));
    StoredFeedback {
        // Two of one moment are told apart by their ids.
        id: FeedbackId::new(now(), [number; 10]),
        handle: Handle::from_bytes([1; 16]),
        reporter: holder(),
        kind: FeedbackKind::CorrectionRequest,
        category: Category::parse("school-attendance").unwrap(),
        source: SourceName::parse("som").unwrap(),
        digest: [3; 16],
        content_sealed: vec![4],
        pointers_sealed: vec![5],
        received_at,
        standing: FeedbackStanding {
            status: FeedbackStatus::Reported,
            since: now(),
            handler: holder(),
            outcome: None,
            planned_for: None,
            take_up_by: now().plus(Duration::from_hours(24)),
            taken_up_at: None,
            overdue_told: false,
            is_open: true,
        },
    }
}

fn annotation(report: FeedbackId, number: u32) -> StoredAnnotation {
    StoredAnnotation {
        report,
        number,
        id: AnnotationId::new(now(), random()),
        at: now(),
        side: if number == 0 { FeedbackSide::Reporter } else { FeedbackSide::Holder },
        party: holder(),
        content_sealed: vec![6, number as u8],
    }
}
