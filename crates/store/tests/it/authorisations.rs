//! What the table of authorisations promises.

use std::sync::Arc;
use std::time::Duration;

use kw_domain::{AuthorisationId, Oin};
use kw_store::partner::{Partner, StoredAuthorisation};
use kw_store::{KeepError, Store, StoreError};

use crate::bed::{Bed, holder, now, on_both, random};

on_both! {
    async fn an_authorisation_is_found_by_its_name_and_by_what_opens_it(bed) {
        let store = open(&bed);
        let (one, other) = (authorisation(), authorisation());
        begin(&store, &[&one, &other]).await;
        let (id, opens) = (one.id, one.opens.unwrap());
        let found = store.read(move |tables| Ok((tables.authorisation(id)?, tables.authorisation_opened_by(&opens)?)));
        assert_eq!(found.await.unwrap(), (Some(one.clone()), Some(one)));
        let (none, client) = ([0; 32], other.client);
        let found = store.read(move |tables| {
            Ok((tables.authorisation_opened_by(&none)?, tables.authorisation_once_opened_by(&none)?))
        });
        assert_eq!(found.await.unwrap(), (None, None));
        assert_eq!(store.read(move |tables| tables.count_authorisations(client)).await.unwrap(), 2);
    }

    async fn two_that_one_value_opens_cannot_be(bed) {
        let store = open(&bed);
        let one = authorisation();
        let other = StoredAuthorisation { opens: one.opens, ..authorisation() };
        begin(&store, &[&one]).await;
        let refused = store.keep("test", move |books| books.begin_authorisation(&other)).await;
        assert!(matches!(refused, Err(KeepError::Store(StoreError::Duplicate))), "{refused:?}");
    }

    async fn of_two_that_take_the_same_step_one_does(bed) {
        let store = open(&bed);
        let before = authorisation();
        begin(&store, &[&before]).await;
        let step = |opens: u8| {
            let after = StoredAuthorisation {
                phase: 1,
                opens: Some([opens; 32]),
                opened: before.opens,
                sealed: None,
                ..before.clone()
            };
            let before = before.clone();
            store.keep("test", move |books| books.move_authorisation(&before, &after))
        };
        let (one, other) = tokio::join!(step(1), step(2));
        assert_eq!([one.unwrap(), other.unwrap()].into_iter().filter(|moved| *moved).count(), 1);
        let (opened, id) = (before.opens.unwrap(), before.id);
        let found = store.read(move |tables| tables.authorisation_once_opened_by(&opened)).await.unwrap().unwrap();
        assert_eq!((found.id, found.phase, found.sealed), (id, 1, None));
        assert_eq!(step(3).await, Ok(false), "it has moved on");
    }

    async fn what_is_over_is_deleted_and_the_rest_stays(bed) {
        let store = open(&bed);
        let over = authorisation();
        let under_way = StoredAuthorisation { expires_at: now().plus(Duration::from_mins(2)), ..authorisation() };
        begin(&store, &[&over, &under_way]).await;
        let moment = now().plus(Duration::from_secs(90));
        assert_eq!(store.keep("test", move |books| books.forget_authorisations(moment)).await, Ok(1));
        assert_eq!(bed.count("authorisations"), 1);
        let id = under_way.id;
        assert_eq!(store.read(move |tables| tables.authorisation(id)).await.unwrap(), Some(under_way));
    }
}

fn open(bed: &Bed) -> Arc<Store<Partner>> {
    let config = bed.config.clone();
    std::thread::scope(|scope| {
        let opening =
            || Store::open(&config, "partner.example/youth", |bytes| aws_lc_rs::rand::fill(bytes).unwrap());
        scope.spawn(move || Arc::new(opening().unwrap())).join().unwrap()
    })
}

async fn begin(store: &Store<Partner>, all: &[&StoredAuthorisation]) {
    for one in all {
        let one = (*one).clone();
        store.keep("test", move |books| books.begin_authorisation(&one)).await.unwrap();
    }
}

fn authorisation() -> StoredAuthorisation {
    let client: Oin = holder();
    StoredAuthorisation {
        id: AuthorisationId::new(now(), random()),
        client,
        phase: 0,
        opens: Some(random()),
        opened: None,
        browser: Some(random()),
        certificate: [3; 32],
        created_at: now(),
        expires_at: now().plus(Duration::from_mins(1)),
        facts: "{}".to_owned(),
        sealed: Some(vec![1, 2, 3]),
    }
}
