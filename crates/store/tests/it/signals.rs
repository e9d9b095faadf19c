//! Each party's feed: numbered without gaps, in the transaction of the act.

use std::time::Duration;

use kw_domain::{Oin, SignalId};
use kw_protocol::signal::SignalType;
use kw_store::switchboard::{NewSignal, SignalsRead, Switchboard};
use kw_store::{Abort, Store};

use crate::bed::{act, holder, now, on_both, random};

on_both! {
    async fn each_feed_is_numbered_and_read_on_from_a_number(bed) {
        let store = bed.open();
        let other = Oin::parse("00000099000000013000").unwrap();
        let signals: Vec<_> = (1..=5).map(|about| signal(holder(), about)).collect();
        emit(&store, &signals[..2]).await;
        emit(&store, &[signal(other, 9), signals[2]]).await;
        emit(&store, &signals[3..]).await;

        let all = store.read(|feeds| feeds.signals_after(holder(), 0, 10)).await.unwrap();
        assert_eq!(all.iter().map(|one| one.number).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
        assert_eq!(all.iter().map(|one| one.signal).collect::<Vec<_>>(), signals);
        let page = store.read(|feeds| feeds.signals_after(holder(), 2, 2)).await.unwrap();
        assert_eq!(page, all[2..4]);
        assert_eq!(store.read(move |feeds| feeds.signals_after(other, 0, 10)).await.unwrap().len(), 1);
        let mut heads = store.read(SignalsRead::signal_heads).await.unwrap();
        heads.sort();
        assert_eq!(heads, [(holder(), 5), (other, 1)]);
        assert!(store.read(|feeds| feeds.was_told(holder(), &[3; 16])).await.unwrap());
        assert!(!store.read(move |feeds| feeds.was_told(other, &[3; 16])).await.unwrap());
    }

    async fn an_act_that_is_refused_tells_nobody(bed) {
        let store = bed.open();
        let refused = store
            .write::<(), (), _>("test", |tx| {
                tx.write().emit(&[signal(holder(), 1)])?;
                Err(Abort::Refused(()))
            })
            .await;
        assert!(refused.is_err());
        assert!(store.read(|feeds| feeds.signals_after(holder(), 0, 10)).await.unwrap().is_empty());
    }

    async fn what_is_forgotten_leaves_its_number_used(bed) {
        let store = bed.open();
        let old = NewSignal { at: now().minus(Duration::from_hours(1)), ..signal(holder(), 1) };
        emit(&store, &[old]).await;
        let gone = store
            .write::<_, (), _>("test", |tx| Ok((tx.write().forget_signals(now())?, act(1))))
            .await
            .unwrap();
        assert_eq!(gone.value, 1);
        emit(&store, &[signal(holder(), 2)]).await;
        let left = store.read(|feeds| feeds.signals_after(holder(), 0, 10)).await.unwrap();
        assert_eq!(left.iter().map(|one| one.number).collect::<Vec<_>>(), [2]);
    }
}

fn signal(recipient: Oin, about: u8) -> NewSignal {
    let id = SignalId::new(now(), random());
    NewSignal { id, recipient, kind: SignalType::ReviewDue, about: [about; 16], at: now() }
}

async fn emit(store: &Store<Switchboard>, signals: &[NewSignal]) {
    let signals = signals.to_vec();
    store.write::<_, (), _>("test", move |tx| Ok((tx.write().emit(&signals)?, act(1)))).await.unwrap();
}
