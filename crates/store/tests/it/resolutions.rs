//! Dual control: one auditor asks, another agrees.

use std::time::Duration;

use kw_domain::{ActorId, Handle, SubjectId};
use kw_store::switchboard::Switchboard;
use kw_store::{Consent, Meant, Resolution, Tx};

use crate::bed::{act, holder, now, on_both, random};

on_both! {
    async fn a_resolution_is_approved_once(bed) {
        let store = bed.open();
        let subject = Meant::Subject(SubjectId::new(now(), random()));
        for whom in [subject, Meant::Record(Handle::from_bytes([4; 16])), Meant::Asked([5; 16])] {
            let asked = resolution(whom);
            let (id, request) = (asked.id, asked.clone());
            store
                .write::<_, (), _>("test", move |tx| Ok((tx.request_resolution(&request)?, act(1))))
                .await
                .unwrap();
            assert_eq!(store.read(move |log| log.resolution(&id)).await.unwrap(), Some(asked.clone()));
            let agree = |id: [u8; 16], consent: Consent| {
                let until = now().plus(Duration::from_hours(24));
                let approve = move |tx: &mut Tx<'_, Switchboard>| {
                    Ok((tx.approve_resolution(&id, &consent, until)?, act(2)))
                };
                store.write::<_, (), _>("test", approve)
            };
            let approval = consent("the second auditor", 2);
            assert!(agree(id, approval.clone()).await.unwrap().value);
            assert!(!agree(id, consent("a third", 3)).await.unwrap().value, "it is approved already");
            assert!(!agree([0; 16], consent("a third", 3)).await.unwrap().value, "there is no such request");
            let until = now().plus(Duration::from_hours(24));
            let approved = Resolution { approval: Some(approval), expires_at: until, ..asked };
            assert_eq!(store.read(move |log| log.resolution(&id)).await.unwrap(), Some(approved));
        }
    }

    async fn resolutions_that_are_not_void_are_listed(bed) {
        let store = bed.open();
        let later = |hours| now().plus(Duration::from_hours(hours));
        let listed: Vec<_> = [0, 1, 2]
            .map(|hours| Resolution { expires_at: later(hours), ..resolution(Meant::Asked([1; 16])) })
            .into();
        for (millis, mut resolution) in [0, 1, 2].into_iter().zip(listed.clone()).rev() {
            resolution.request.at = now().plus(Duration::from_millis(millis));
            store
                .write::<_, (), _>("test", move |tx| Ok((tx.request_resolution(&resolution)?, act(1))))
                .await
                .unwrap();
        }
        let open = async |at, limit| {
            let open = store.read(move |log| log.open_resolutions(at, limit)).await.unwrap();
            open.into_iter().map(|resolution| resolution.id).collect::<Vec<_>>()
        };
        assert_eq!(open(later(0), 9).await, [listed[1].id, listed[2].id], "oldest first, the void one left out");
        assert_eq!(open(later(0), 1).await, [listed[1].id]);
        assert_eq!(open(later(1), 9).await, [listed[2].id]);
    }

    async fn void_resolutions_are_forgotten(bed) {
        let store = bed.open();
        let (void, live) = (resolution(Meant::Asked([1; 16])), resolution(Meant::Asked([2; 16])));
        let live = Resolution { expires_at: now().plus(Duration::from_hours(1)), ..live };
        for resolution in [void.clone(), live.clone()] {
            store
                .write::<_, (), _>("test", move |tx| Ok((tx.request_resolution(&resolution)?, act(1))))
                .await
                .unwrap();
        }
        let moment = now().plus(Duration::from_secs(1));
        store.write::<_, (), _>("test", move |tx| Ok((tx.forget_resolutions(moment)?, act(1)))).await.unwrap();
        let found = store.read(move |log| Ok((log.resolution(&void.id)?, log.resolution(&live.id)?)));
        let (void, live) = found.await.unwrap();
        assert!(void.is_none() && live.is_some());
    }
}

#[test]
fn what_debug_shows_of_a_resolution_names_nobody() {
    let shown = format!("{:?}", resolution(Meant::Asked([201; 16])));
    assert!(!shown.contains("201") && !shown.contains("first auditor"), "{shown}");
    assert_eq!(format!("{:?}", Meant::Record(Handle::from_bytes([201; 16]))), "Record(…)");
}

fn resolution(whom: Meant) -> Resolution {
    Resolution {
        id: random(),
        whom,
        reason: "a complaint".to_owned(),
        request: consent("the first auditor", 1),
        approval: None,
        expires_at: now(),
    }
}

fn consent(person: &str, certificate: u8) -> Consent {
    let person = ActorId::parse(person).unwrap();
    Consent { at: now(), party: holder(), person, certificate: [certificate; 32], proven: certificate > 1 }
}
