//! Canaries, on both databases.

use std::sync::Arc;
use std::time::Duration;

use kw_domain::{CanaryId, Category, SourceName};
use kw_store::Store;
use kw_store::partner::{Partner, StoredCanary};

use crate::bed::{Bed, holder, now, on_both, random};

on_both! {
    async fn a_canary_is_kept_changed_and_forgotten(bed) {
        let store = open(&bed);
        let (one, other) = (canary(1), canary(2));
        let (first, second) = (one.clone(), other.clone());
        store.keep("test", move |tables| {
            tables.store_canary(&first)?;
            tables.store_canary(&second)
        }).await.unwrap();
        let changed = StoredCanary {
            misses: 2, missed_at: Some(now()), asked_at: Some(now()), is_retired: true, is_exported: true, ..one.clone()
        };
        let (stored, gone) = (changed.clone(), other.id);
        store.keep("test", move |tables| {
            tables.store_canary(&stored)?;
            tables.delete_canary(gone)
        }).await.unwrap();
        let key = one.subject_key;
        let (all, found, none) = store.read(move |tables| Ok((
            tables.canaries(10)?,
            tables.canary_about(holder(), &category(), &key)?,
            tables.canary(gone)?,
        ))).await.unwrap();
        assert_eq!((all, found, none), (vec![changed.clone()], Some(changed), None));
    }

    async fn two_canaries_about_one_subject_at_one_holder_are_one(bed) {
        let store = open(&bed);
        let one = canary(1);
        let same = StoredCanary { id: canary(2).id, ..one.clone() };
        let refused = store.keep("test", move |tables| {
            tables.store_canary(&one)?;
            tables.store_canary(&same)
        }).await;
        assert!(refused.is_err());
    }

    async fn the_questions_of_a_day_are_counted_and_those_before_forgotten(bed) {
        let store = open(&bed);
        let day = Duration::from_hours(24);
        store.keep("test", move |tables| {
            tables.count_canary_ask(&random(), now().minus(day * 2), now().minus(day * 3))?;
            tables.count_canary_ask(&random(), now(), now().minus(day * 3))
        }).await.unwrap();
        let count = async |since| {
            store.read(move |tables| tables.canary_asks_since(since)).await.unwrap()
        };
        assert_eq!((count(now().minus(day)).await, count(now().minus(day * 3)).await), (1, 2));
        store.keep("test", move |tables| tables.count_canary_ask(&random(), now(), now().minus(day))).await.unwrap();
        assert_eq!(count(now().minus(day * 3)).await, 2);
    }
}

fn open(bed: &Bed) -> Arc<Store<Partner>> {
    let open =
        || Store::open(&bed.config, "youth/partner/test", |bytes| aws_lc_rs::rand::fill(bytes).unwrap());
    std::thread::scope(|scope| scope.spawn(|| Arc::new(open().unwrap())).join().unwrap())
}

fn category() -> Category {
    Category::parse("school-attendance").unwrap()
}

fn canary(number: u8) -> StoredCanary {
    StoredCanary {
        id: CanaryId::new(now(), [number; 10]),
        holder: holder(),
        source: SourceName::parse("som").ok(),
        category: category(),
        subject_key: [number; 16],
        sealed: vec![number; 40],
        made_at: now(),
        ends_at: now().plus(Duration::from_hours(24)),
        is_retired: false,
        is_exported: false,
        next_at: now(),
        asked_at: None,
        misses: 0,
        silences: 0,
        missed_at: None,
    }
}
