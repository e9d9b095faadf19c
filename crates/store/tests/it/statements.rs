//! What a log says about one person is found by person and by exchange.

use std::sync::Arc;

use kw_domain::{ChainName, Handle, TransactionId};
use kw_ledger::{AccessRecord, Event, LeafKind, canonical};
use kw_store::partner::Partner;
use kw_store::{Act, Store};

use crate::bed::{Bed, act, holder, now, on_both, pointer, random, reference, subject};

on_both! {
    async fn entries_about_a_subject_come_once_and_in_pages(bed) {
        let store = bed.open();
        let (known, other) = (subject(1), subject(2));
        let (one, two) = (known.id, other.id);
        let pointers = [pointer(one), pointer(two)];
        let own = pointers[0].id;
        store
            .write::<_, (), _>("test", move |tx| {
                tx.write().insert_subjects(&[known.clone(), other.clone()])?;
                tx.write().insert_pointers(&pointers)?;
                // A batch that names the same person twice.
                Ok(((), act(0).link(one, reference()).link(two, reference()).link(one, reference())))
            })
            .await
            .unwrap();
        for number in 1..6 {
            let about = if number == 3 { two } else { one };
            store.write::<_, (), _>("test", move |_| Ok(((), act(number).link(about, reference())))).await.unwrap();
        }
        let page = |after| store.read(move |index| index.entries_about(one, after, 3));
        let indices = |entries: Vec<kw_store::StoredEntry>| entries.iter().map(|one| one.index).collect::<Vec<_>>();
        assert_eq!(indices(page(None).await.unwrap()), [0, 1, 2]);
        assert_eq!(indices(page(Some(2)).await.unwrap()), [4, 5]);
        assert_eq!(indices(page(Some(5)).await.unwrap()), [0_u64; 0]);
        let found = store.read(move |index| index.pointers_about(one)).await.unwrap();
        assert_eq!(found.iter().map(|one| one.id).collect::<Vec<_>>(), [own]);
    }

    async fn a_partner_finds_whom_an_exchange_was_about_also_from_before_links_named_it(bed) {
        let store = open(&bed);
        let (asked, handle, unknown) = ([1; 16], Handle::from_bytes([2; 16]), exchange());
        let (asking, pulling) = (exchange(), exchange());
        for (number, transaction) in [(0, asking), (1, asking), (2, pulling)] {
            store
                .write::<_, (), _>("test", move |_| {
                    let act = in_exchange(transaction);
                    Ok(((), if number < 2 {
                        act.link_asked(asked, reference(), Some(transaction))
                    } else {
                        act.link_record(handle, reference(), Some(transaction))
                    }))
                })
                .await
                .unwrap();
        }
        let named = || store.read(move |log| {
            let all = [unknown, asking, pulling];
            Ok((log.asked_in(&all)?, log.pulled_in(&all)?))
        });
        let expected = (vec![(asking, asked)], vec![(pulling, handle)]);
        assert_eq!(named().await.unwrap(), expected);
        let entries = store
            .read(move |log| {
                Ok((log.entries_of_asking(&asked, None, 9)?.len(), log.entries_of_record(handle, None, 9)?.len()))
            })
            .await
            .unwrap();
        assert_eq!(entries, (2, 1));

        // As a database from before: the migration fills in what the records say.
        bed.execute("UPDATE asked_links SET transaction_id = NULL");
        bed.execute("UPDATE record_links SET transaction_id = NULL");
        assert_eq!(named().await.unwrap(), (vec![], vec![]));
        let migration = if bed.server.is_some() { POSTGRES } else { SQLITE };
        for statement in migration.lines().filter(|line| line.starts_with("UPDATE")) {
            bed.execute(statement);
        }
        assert_eq!(named().await.unwrap(), expected);
    }
}

const POSTGRES: &str =
    include_str!("../../../../migrations/partner/postgres/00000000000305_links_by_transaction/up.sql");
const SQLITE: &str =
    include_str!("../../../../migrations/partner/sqlite/00000000000305_links_by_transaction/up.sql");

fn exchange() -> TransactionId {
    TransactionId::new(now(), random())
}

fn in_exchange(transaction: TransactionId) -> Act {
    let chain = ChainName::parse("youth").unwrap();
    let mut record = AccessRecord::new(Event::PullAnswered, now(), chain, holder(), holder(), "ab");
    record.transaction = Some(transaction);
    Act::new(now(), LeafKind::Access, canonical(&record).unwrap())
}

fn open(bed: &Bed) -> Arc<Store<Partner>> {
    let open =
        || Store::open(&bed.config, "youth/partner/test", |bytes| aws_lc_rs::rand::fill(bytes).unwrap());
    std::thread::scope(|scope| scope.spawn(|| Arc::new(open().unwrap())).join().unwrap())
}
