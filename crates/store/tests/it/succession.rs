//! A log that goes on under another name.

use kw_store::{DatabaseConfig, LedgerRead, OpenError, Publication, StoreError, Succession};

use crate::bed::{ORIGIN, act, now, on_both};

const NEXT: &str = "switchboard.example/youth-2";

fn succession(from: &str, carried: u64, to: &str) -> Succession {
    let predecessor =
        Publication { size: 9, root: [7; 32], note: "a note\n".to_owned(), published_at: now() };
    Succession { from: from.to_owned(), carried, predecessor, to: to.to_owned() }
}

async fn carry_out(config: &DatabaseConfig, succession: Succession) -> Result<u64, OpenError> {
    let config = config.clone();
    let fill = |bytes: &mut [u8]| bytes.fill(3);
    tokio::task::spawn_blocking(move || succession.carry_out(&config, act(77), fill)).await.unwrap()
}

on_both! {
    async fn the_entries_stay_under_the_new_name_and_what_was_signed_under_the_old_one_goes(bed) {
        let store = bed.open();
        for number in 0..3 {
            store.write::<_, (), _>("test", move |_| Ok(((), act(number)))).await.unwrap();
        }
        let signed = Publication { size: 2, root: [1; 32], note: "signed\n".to_owned(), published_at: now() };
        let next = signed.clone();
        assert!(store.keep("publish", move |books| books.publish(None, &next, &[])).await.unwrap());
        let before = store.read(|log| log.ledger_entries(0, 10)).await.unwrap();
        drop(store);

        assert_eq!(carry_out(&bed.config, succession(ORIGIN, 3, NEXT)).await.unwrap(), 3);
        assert!(matches!(bed.try_open_elsewhere(ORIGIN).await, Err(OpenError::OtherOrigin { .. })));
        let store = bed.try_open_elsewhere(NEXT).await.unwrap();
        let after = store.read(|log| log.ledger_entries(0, 10)).await.unwrap();
        assert_eq!(after.len(), 4);
        let leaves = |entries: &[kw_store::StoredEntry]| entries.iter().map(|one| one.leaf).collect::<Vec<_>>();
        assert_eq!(leaves(&after[..3]), leaves(&before));
        assert!(after[3].is_sound());
        assert_eq!(store.read(kw_store::BooksRead::publication).await.unwrap(), None);
        assert_eq!(bed.count("ledger_predecessors"), 1);
    }

    async fn another_log_or_another_number_of_entries_is_left_as_it_is(bed) {
        let store = bed.open();
        store.write::<_, (), _>("test", move |_| Ok(((), act(1)))).await.unwrap();
        drop(store);
        let refused = carry_out(&bed.config, succession("another.example/log", 1, NEXT)).await;
        assert!(matches!(refused, Err(OpenError::OtherOrigin { .. })), "{refused:?}");
        let refused = carry_out(&bed.config, succession(ORIGIN, 2, NEXT)).await;
        assert!(matches!(refused, Err(OpenError::Store(StoreError::Contradiction(_)))), "{refused:?}");
        let store = bed.try_open_elsewhere(ORIGIN).await.unwrap();
        assert_eq!(store.read(LedgerRead::ledger_size).await.unwrap(), 1);
    }

    async fn no_name_is_used_twice(bed) {
        drop(bed.open());
        assert!(carry_out(&bed.config, succession(ORIGIN, 0, ORIGIN)).await.is_err());
        assert_eq!(carry_out(&bed.config, succession(ORIGIN, 0, NEXT)).await.unwrap(), 0);
        let back = carry_out(&bed.config, succession(NEXT, 1, ORIGIN)).await;
        assert!(matches!(back, Err(OpenError::Store(StoreError::Contradiction(_)))), "{back:?}");
    }
}
