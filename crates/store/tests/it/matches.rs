//! Matches: one live one of each person and pair, whatever the caller believes; and what is left of them.

use std::collections::BTreeSet;
use std::time::Duration;

use kw_domain::{Category, Instant, MatchId, Oin, SubjectId};
use kw_protocol::matching::MatchState;
use kw_store::switchboard::Switchboard;
use kw_store::switchboard::matches::{About, MatchFilter, StoredMatch, StoredMatchHolder};
use kw_store::{Store, WriteError};

use crate::bed::{act, holder, now, on_both, random};

on_both! {
    async fn there_is_one_live_match_of_each_person_and_of_each_pair(bed) {
        let store = bed.open();
        let (one, other) = (subject(), subject());
        let first = a_match(About::Person(one));
        insert(&store, &first).await.unwrap();
        insert(&store, &a_match(About::Person(one))).await.unwrap_err();
        let family = a_match(About::family(one, other));
        insert(&store, &family).await.unwrap();
        insert(&store, &a_match(About::family(other, one))).await.unwrap_err();
        insert(&store, &a_match(About::Person(other))).await.unwrap();
        let found = store.read(move |index| index.live_matches_about(&[one])).await.unwrap();
        assert_eq!(found.iter().map(|one| one.id).collect::<BTreeSet<_>>(), BTreeSet::from([first.id, family.id]));

        // What ended makes room.
        let ended = StoredMatch { ended_at: Some(later(5)), state: MatchState::Lapsed, ..first.clone() };
        change(&store, &ended).await;
        insert(&store, &a_match(About::Person(one))).await.unwrap();
        let about = About::Person(one);
        let before = store.read(move |index| index.ended_match_about(about, later(1))).await.unwrap();
        assert!(before == Some(ended));
        assert!(store.read(move |index| index.ended_match_about(about, later(5))).await.unwrap().is_none());
    }

    async fn whoever_has_read_is_noted_and_when_all_have_the_match_is_notified(bed) {
        let store = bed.open();
        let one = a_match(About::Person(subject()));
        insert(&store, &one).await.unwrap();
        let id = one.id;
        for (reader, state) in [(holder(), MatchState::Arisen), (other_holder(), MatchState::Notified)] {
            store
                .write::<_, (), _>("test", move |tx| {
                    Ok((tx.write().note_match_told(reader, &[id], later(3))?, act(1)))
                })
                .await
                .unwrap();
            let found = store.read(move |index| index.found_match(id)).await.unwrap().unwrap();
            assert_eq!(found.state, state);
            let line = found.holders.iter().find(|line| line.holder == reader).unwrap();
            assert_eq!(line.notified_at, Some(later(3)));
        }
    }

    async fn what_ended_forgets_whom_it_was_about_before_it_is_forgotten(bed) {
        let store = bed.open();
        let one = StoredMatch { ended_at: Some(later(1)), ..a_match(About::Person(subject())) };
        insert(&store, &one).await.unwrap();
        let id = one.id;
        let gone = store
            .write::<_, (), _>("test", |tx| Ok((tx.write().detach_matches(later(2))?, act(1))))
            .await
            .unwrap();
        assert_eq!(gone.value, 1);
        let left = store.read(move |index| index.found_match(id)).await.unwrap().unwrap();
        assert!(left.about.is_none() && left.holders.len() == 2);
        assert_eq!(store.read(kw_store::switchboard::matches::MatchesRead::count_matches).await.unwrap()[0].count, 1);
        let mine = MatchFilter { holder: Some(holder()), live: Some(false), ..MatchFilter::default() };
        assert_eq!(store.read(move |index| index.found_matches(&mine, 10)).await.unwrap().len(), 1);
        store
            .write::<_, (), _>("test", |tx| Ok((tx.write().forget_matches(later(2))?, act(1))))
            .await
            .unwrap();
        assert!(store.read(move |index| index.found_match(id)).await.unwrap().is_none());
    }
}

fn later(minutes: u64) -> Instant {
    now().plus(Duration::from_mins(minutes))
}

fn subject() -> SubjectId {
    SubjectId::new(now(), random())
}

fn other_holder() -> Oin {
    Oin::parse("00000099000000013000").unwrap()
}

fn a_match(about: About) -> StoredMatch {
    let line = |holder| StoredMatchHolder {
        holder,
        joined_at: now(),
        notified_at: None,
        contacted_at: None,
        left_at: None,
    };
    StoredMatch {
        id: MatchId::new(now(), random()),
        kind: about.kind(),
        about: Some(about),
        state: MatchState::Arisen,
        month: 202_611,
        categories: BTreeSet::from([Category::parse("school-attendance").unwrap()]),
        arisen_at: now(),
        contact_by: later(60),
        escalated_at: None,
        contacted_at: None,
        coordinated_at: None,
        ended_at: None,
        holders: vec![line(holder()), line(other_holder())],
    }
}

async fn insert(store: &Store<Switchboard>, one: &StoredMatch) -> Result<(), WriteError<()>> {
    let new = [one.clone()];
    let done =
        store.write::<_, (), _>("test", move |tx| Ok((tx.write().insert_matches(&new)?, act(1)))).await;
    done.map(drop)
}

async fn change(store: &Store<Switchboard>, one: &StoredMatch) {
    let one = one.clone();
    store.write::<_, (), _>("test", move |tx| Ok((tx.write().update_match(&one)?, act(1)))).await.unwrap();
}
