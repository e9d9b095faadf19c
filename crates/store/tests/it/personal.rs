//! What the personal environment's tables promise by themselves, on both databases.

use std::collections::BTreeSet;
use std::sync::Arc;

use kw_domain::{
    AccountId, Category, CollectionId, DocumentId, DossierId, Instant, SessionId, SubjectReference,
};
use kw_store::personal::{
    Account, Collection, CollectionState, CollectionStep, Confirmation, Document, Dossier, DossierUser,
    Invitation, Limits, Personal, Session,
};
use kw_store::{Abort, Store, StoreError, WriteError};

use crate::bed::{Bed, ORIGIN, act, holder, now, on_both, random};

async fn open(bed: &Bed) -> Arc<Store<Personal>> {
    let config = bed.config.clone();
    let fill = |bytes: &mut [u8]| aws_lc_rs::rand::fill(bytes).unwrap();
    let opening = move || Store::<Personal>::open(&config, ORIGIN, fill).unwrap();
    Arc::new(tokio::task::spawn_blocking(opening).await.unwrap())
}

fn account() -> Account {
    Account { id: AccountId::new(now(), random()), key: random(), created_at: now() }
}

fn dossier(owner: AccountId) -> Dossier {
    Dossier {
        id: DossierId::new(now(), random()),
        owner,
        person_key: random(),
        own: false,
        key_sealed: vec![1; 60],
        person_sealed: vec![2; 60],
        created_at: now(),
    }
}

fn session(account: AccountId, expires_at: Instant) -> Session {
    Session {
        id: SessionId::new(now(), random()),
        token: random(),
        account,
        statement_sealed: vec![3; 40],
        dossier: None,
        created_at: now(),
        expires_at,
    }
}

fn category() -> Category {
    Category::parse("care-plan").unwrap()
}

fn later() -> Instant {
    now().plus(std::time::Duration::from_hours(1))
}

fn collection(dossier: &Dossier) -> Collection {
    Collection {
        id: CollectionId::new(now(), random()),
        dossier: dossier.id,
        account: dossier.owner,
        holder: holder(),
        categories: BTreeSet::from([category()]),
        mandate: None,
        state_hash: random(),
        browser: random(),
        request_sealed: Some(vec![4; 40]),
        pending_sealed: None,
        state: CollectionState::Started,
        reason: None,
        started_at: now(),
        expires_at: later(),
    }
}

fn document(collection: &Collection, dossier: DossierId) -> Document {
    Document {
        id: DocumentId::new(now(), random()),
        dossier,
        collection: collection.id,
        category: category(),
        holder: holder(),
        sealed: vec![5; 50],
        received_at: now(),
    }
}

fn step(id: CollectionId, from: CollectionState, to: CollectionState) -> CollectionStep {
    CollectionStep { id, from, to, pending_sealed: None, reason: None, expires_at: later() }
}

/// Writes, with a record as every act has.
async fn write<T: Send + 'static>(
    store: &Store<Personal>,
    mut change: impl FnMut(&mut dyn kw_store::personal::PersonalWrite) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, WriteError<()>> {
    let outcome = store.write("test", move |tx| {
        let value = change(tx.write())?;
        Ok::<_, Abort<()>>((value, act(1)))
    });
    outcome.await.map(|committed| committed.value)
}

on_both! {
    async fn a_session_is_bound_once_and_to_no_other_dossier(bed) {
        let store = open(&bed).await;
        let (owner, early) = (account(), session(account().id, later()));
        let (one, other) = (dossier(owner.id), dossier(owner.id));
        let session = Session { account: owner.id, ..early };
        let (first, second, id, token) = (one.id, other.id, session.id, session.token);
        write(&store, move |tables| {
            tables.store_account(&owner)?;
            tables.store_dossier(&one)?;
            tables.store_dossier(&other)?;
            tables.store_session(&session)
        }).await.unwrap();
        assert!(write(&store, move |tables| tables.bind_session(id, first)).await.unwrap());
        assert!(write(&store, move |tables| tables.bind_session(id, first)).await.unwrap(), "the same again");
        assert!(!write(&store, move |tables| tables.bind_session(id, second)).await.unwrap());
        let bound = store.read(move |tables| tables.session(&token)).await.unwrap().unwrap();
        assert_eq!(bound.dossier, Some(first));
    }

    async fn the_database_refuses_a_document_in_another_dossier_than_its_collections(bed) {
        let store = open(&bed).await;
        let owner = account();
        let (one, other) = (dossier(owner.id), dossier(owner.id));
        let collected = collection(&one);
        let (right, wrong) = (document(&collected, one.id), document(&collected, other.id));
        let (kept, stored) = ((owner.clone(), one.clone(), other.clone(), collected.clone()), right.clone());
        write(&store, move |tables| {
            tables.store_account(&kept.0)?;
            tables.store_dossier(&kept.1)?;
            tables.store_dossier(&kept.2)?;
            tables.store_collection(&kept.3)
        }).await.unwrap();
        write(&store, move |tables| tables.store_document(&stored)).await.unwrap();
        assert!(write(&store, move |tables| tables.store_document(&wrong)).await.is_err());
        // Nor a second dossier of one owner about the same person.
        let twice = Dossier { person_key: one.person_key, ..dossier(owner.id) };
        assert!(write(&store, move |tables| tables.store_dossier(&twice)).await.is_err());
        let (id, elsewhere) = (one.id, other.id);
        let found = store.read(move |tables| tables.documents_of(id, None, 9)).await.unwrap();
        assert!(found == [right.clone()]);
        assert!(store.read(move |tables| tables.documents_of(elsewhere, None, 9)).await.unwrap().is_empty());
        assert!(store.read(move |tables| tables.document(right.id)).await.unwrap().is_some());
    }

    async fn a_collection_takes_each_step_once(bed) {
        use CollectionState::{Authorised, Received, Started, Stored};
        let store = open(&bed).await;
        let owner = account();
        let one = dossier(owner.id);
        let collected = collection(&one);
        let (id, kept) = (collected.id, (owner, one, collected.clone()));
        write(&store, move |tables| {
            tables.store_account(&kept.0)?;
            tables.store_dossier(&kept.1)?;
            tables.store_collection(&kept.2)
        }).await.unwrap();
        assert!(write(&store, move |tables| tables.step_collection(&step(id, Started, Authorised))).await.unwrap());
        assert!(!write(&store, move |tables| tables.step_collection(&step(id, Started, Authorised))).await.unwrap());
        let illegal = write(&store, move |tables| tables.step_collection(&step(id, Authorised, Stored))).await;
        assert!(illegal.is_err(), "nothing is stored that was not received");
        assert!(write(&store, move |tables| tables.step_collection(&step(id, Authorised, Received))).await.unwrap());
        let hash = collected.state_hash;
        let found = store.read(move |tables| tables.collection_by_state(&hash)).await.unwrap().unwrap();
        assert!(found.state == Received && found.request_sealed.is_none());
        assert_eq!(found.categories, collected.categories);
    }

    async fn deleting_a_dossier_leaves_nothing_of_it(bed) {
        let store = open(&bed).await;
        let owner = account();
        let one = dossier(owner.id);
        let collected = collection(&one);
        let stored = document(&collected, one.id);
        let mut session = session(owner.id, later());
        session.dossier = Some(one.id);
        let limits = Limits { view: true, collect: false, categories: None, until: later() };
        let user = DossierUser {
            dossier: one.id,
            account: owner.id,
            mandate: kw_domain::MandateId::new(now(), random()),
            limits: limits.clone(),
            added_at: now(),
            ended_at: None,
        };
        let invitation = Invitation { code: random(), dossier: one.id, limits, expires_at: later() };
        let confirmation =
            Confirmation { collection: collected.id, account: owner.id, represented: false, at: now() };
        let reference = SubjectReference::new(now(), random());
        let id = one.id;
        write(&store, move |tables| {
            tables.store_account(&owner)?;
            tables.store_dossier(&one)?;
            tables.store_session(&session)?;
            tables.store_user(&user)?;
            tables.store_invitation(&invitation)?;
            tables.store_collection(&collected)?;
            tables.store_confirmation(&confirmation)?;
            tables.store_confirmation(&confirmation)?;
            tables.store_document(&stored)?;
            tables.refer(reference, one.id, now())
        }).await.unwrap();
        assert_eq!(store.read(move |tables| tables.referred(reference)).await.unwrap(), Some(id));
        write(&store, move |tables| tables.delete_dossier(id)).await.unwrap();
        for table in ["dossiers", "sessions", "users", "invitations", "collections", "confirmations", "documents", "references"] {
            assert_eq!(bed.count(&format!("personal_{table}")), 0, "{table}");
        }
    }

    async fn what_is_past_its_time_goes(bed) {
        let store = open(&bed).await;
        let owner = account();
        let one = dossier(owner.id);
        let collected = collection(&one);
        let (id, late) = (collected.id, later().plus(std::time::Duration::from_secs(1)));
        let (ended, going_on) = (session(owner.id, later()), session(owner.id, late.plus(std::time::Duration::from_hours(1))));
        write(&store, move |tables| {
            tables.store_account(&owner)?;
            tables.store_dossier(&one)?;
            tables.store_session(&ended)?;
            tables.store_session(&going_on)?;
            tables.store_collection(&collected)
        }).await.unwrap();
        assert!(!store.read(move |tables| tables.is_due(now())).await.unwrap());
        assert!(store.read(move |tables| tables.is_due(late)).await.unwrap());
        write(&store, move |tables| tables.forget(late)).await.unwrap();
        assert_eq!(bed.count("personal_sessions"), 1);
        let found = store.read(move |tables| tables.collection(id)).await.unwrap().unwrap();
        assert!(found.state == CollectionState::Refused && found.reason.as_deref() == Some("expired"));
        assert!(!store.read(move |tables| tables.is_due(late)).await.unwrap());
    }
}
