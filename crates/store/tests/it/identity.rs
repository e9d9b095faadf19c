//! One subject, one pointer, whoever races whom.

use std::collections::BTreeSet;
use std::sync::Arc;

use kw_domain::PointerId;
use kw_store::switchboard::{PointerIdentity, StoredPointer, Switchboard};
use kw_store::{Abort, StoreError, Tx};

use crate::bed::{act, on_both, pointer, subject, tags};

on_both! {
    async fn twenty_references_from_twelve_clients_and_two_processes_give_twenty_rows(bed) {
        // Two stores on one database are what two processes are.
        let stores = [bed.open(), bed.open()];
        let mut tasks = tokio::task::JoinSet::new();
        for client in 0..12 {
            let store = Arc::clone(&stores[client % 2]);
            tasks.spawn(async move {
                let mut ids = Vec::new();
                for step in 0..20_u8 {
                    // Each client begins elsewhere, so that first registrations meet.
                    let number = (step + client as u8) % 20;
                    let done = store.write::<_, (), _>("register", move |tx| register(tx, number)).await.unwrap();
                    ids.push((number, done.value));
                }
                ids
            });
        }
        let answers: BTreeSet<(u8, PointerId)> = tasks.join_all().await.into_iter().flatten().collect();
        assert_eq!(answers.len(), 20, "everybody was told the same pointer for the same reference");
        assert_eq!(bed.count("pointers"), 20);
        assert_eq!(bed.count("subjects"), 20);
        assert_eq!(bed.count("ledger_entries"), 240, "every registration left its record");
    }

    async fn the_database_itself_refuses_a_second_row(bed) {
        let store = bed.open();
        let person = subject(1);
        let (one, other) = (pointer(person.id), pointer(person.id));
        let kept = one.clone();
        store
            .write::<_, (), _>("test", move |tx| {
                tx.write().insert_subjects(std::slice::from_ref(&person))?;
                tx.write().insert_pointers(std::slice::from_ref(&one))?;
                Ok(((), act(1)))
            })
            .await
            .unwrap();
        let twice = subject(1);
        let refused = store
            .write("test", move |tx| {
                let again = tx.write().insert_subjects(std::slice::from_ref(&twice));
                Err::<((), _), _>(Abort::Refused(again))
            })
            .await;
        assert!(matches!(refused, Err(kw_store::WriteError::Refused(Err(StoreError::Duplicate)))), "{refused:?}");
        let again = other.clone();
        let refused = store
            .write("test", move |tx| {
                let again = tx.write().insert_pointers(std::slice::from_ref(&again));
                Err::<((), _), _>(Abort::Refused(again))
            })
            .await;
        assert!(matches!(refused, Err(kw_store::WriteError::Refused(Err(StoreError::Duplicate)))), "{refused:?}");
        // One that ended does not stand in the way of its successor.
        store
            .write::<_, (), _>("test", move |tx| {
                let mut ended = kept.clone();
                ended.state = kw_protocol::pointer::PointerState::Inactive;
                tx.write().update_pointer(&ended)?;
                tx.write().insert_pointers(std::slice::from_ref(&other))?;
                Ok(((), act(2)))
            })
            .await
            .unwrap();
        assert_eq!(bed.count("pointers"), 2);
    }
}

fn register(tx: &mut Tx<'_, Switchboard>, number: u8) -> Result<(PointerId, kw_store::Act), Abort<()>> {
    let id = if let Some(id) = tx.read().find_subject(&tags(number))? {
        id
    } else {
        let new = subject(number);
        tx.write().insert_subjects(std::slice::from_ref(&new))?;
        new.id
    };
    let new: StoredPointer = pointer(id);
    let identity = PointerIdentity {
        subject: id,
        holder: new.holder,
        source_key: new.source_key.ok_or(StoreError::Damaged("source key"))?,
        category: new.category.clone(),
    };
    let found = tx.write().find_active(std::slice::from_ref(&identity))?.remove(0);
    let stored = if let Some(found) = found {
        found.id
    } else {
        tx.write().insert_pointers(std::slice::from_ref(&new))?;
        new.id
    };
    Ok((stored, act(number.into())))
}
