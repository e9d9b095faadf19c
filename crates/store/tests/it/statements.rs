//! What a log says about one person is found by person and by exchange.

use std::sync::Arc;

use diesel::prelude::*;
use kw_domain::{ActorId, ChainName, Handle, Oin, Role, TransactionId};
use kw_ledger::{AccessRecord, Event, LeafKind, RecordedActor, RecordedRelation, canonical};
use kw_store::partner::Partner;
use kw_store::{Act, Store};

use crate::bed::{Bed, HOLDER, act, holder, now, on_both, pointer, random, reference, subject};

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

    async fn what_somebody_did_is_found_without_reading_what_others_did(bed) {
        let store = open(&bed);
        let (mira, other) = (actor("m.consulent"), actor("k.kwaliteit"));
        let elsewhere = Oin::parse("00000099000000011000").unwrap();
        for number in 0..60 {
            let (by, party, reason) = match number % 6 {
                0 => (Some(mira.clone()), holder(), "signalen"),
                // Of the same name, at another party.
                1 => (Some(mira.clone()), elsewhere, "signalen"),
                2 => (Some(other.clone()), holder(), "nul\u{0}"),
                _ => (None, holder(), "signalen"),
            };
            store.write::<_, (), _>("test", move |_| Ok(((), done_by(by.clone(), party, reason)))).await.unwrap();
        }
        let by = |before, limit| {
            let mira = mira.clone();
            store.read(move |log| log.entries_by(holder(), &mira.id, before, limit))
        };
        let indices = |entries: Vec<kw_store::StoredEntry>| entries.iter().map(|one| one.index).collect::<Vec<_>>();
        assert_eq!(indices(by(None, 4).await.unwrap()), [54, 48, 42, 36]);
        assert_eq!(indices(by(Some(36), 4).await.unwrap()), [30, 24, 18, 12]);
        assert_eq!(indices(by(Some(12), 4).await.unwrap()), [6, 0]);
        // What is erased is found no more.
        bed.execute("UPDATE ledger_entries SET record = NULL, salt = NULL WHERE idx = 6");
        assert_eq!(indices(by(Some(12), 4).await.unwrap()), [0]);

        // Bounded by the page, whatever the size of the log: the index alone answers.
        let migration = if bed.server.is_some() { BY_ACTOR_POSTGRES } else { BY_ACTOR_SQLITE };
        let indexed = migration.split_once("ledger_entries (").unwrap().1.trim_end().trim_end_matches(", idx);");
        let (party, actor) = indexed.split_once(if bed.server.is_some() { " END), " } else { "), " }).unwrap();
        let party = format!("{party}{}", if bed.server.is_some() { " END)" } else { ")" });
        let query = format!(
            "SELECT idx FROM ledger_entries WHERE {party} = '{HOLDER}' AND {actor} = 'm.consulent' AND idx < 50 \
             ORDER BY idx DESC LIMIT 4"
        );
        let plan = match &bed.server {
            Some(server) => {
                server.query(&bed.config.url, &format!("SET enable_seqscan = off; EXPLAIN {query}")).unwrap()
            }
            None => plan(&bed, &query),
        };
        assert!(plan.contains("ledger_entries_by_actor"), "{plan}");
        assert!(!plan.to_lowercase().contains("sort") && !plan.contains("TEMP B-TREE"), "{plan}");
    }
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = diesel::sql_types::Text)]
    detail: String,
}

fn plan(bed: &Bed, query: &str) -> String {
    let steps: Vec<Step> =
        diesel::sql_query(format!("EXPLAIN QUERY PLAN {query}")).load(&mut bed.sqlite_connection()).unwrap();
    steps.into_iter().map(|step| step.detail).collect()
}

fn actor(name: &str) -> RecordedActor {
    let role = Role::parse("municipal-consultant").unwrap();
    RecordedActor { id: ActorId::parse(name).unwrap(), role, assurance: "proven".to_owned() }
}

fn done_by(actor: Option<RecordedActor>, party: Oin, reason: &str) -> Act {
    let chain = ChainName::parse("youth").unwrap();
    let mut record = AccessRecord::new(Event::QueryAsked, now(), chain, holder(), holder(), "ab");
    record.party = party;
    record.actor = actor;
    record.relation =
        Some(RecordedRelation { basis: "motivated".to_owned(), reason: Some(reason.to_owned()) });
    Act::new(now(), LeafKind::Access, canonical(&record).unwrap())
}

const BY_ACTOR_POSTGRES: &str =
    include_str!("../../../../migrations/partner/postgres/00000000000328_entries_by_actor/up.sql");
const BY_ACTOR_SQLITE: &str =
    include_str!("../../../../migrations/partner/sqlite/00000000000328_entries_by_actor/up.sql");
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
