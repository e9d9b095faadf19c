//! Random registrations, withdrawals, expiries and relations of all holders, against a model of a few lines: there is a match
//! about a person exactly if two holders have something, and about a family exactly if they have something about each.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kw_domain::{Clock as _, Oin, PointerId, RelationId, SubjectId, SystemClock};
use kw_ledger::{AccessRecord, Event, LeafKind, canonical};
use kw_protocol::pointer::{WithdrawPointer, WithdrawalReason};
use kw_store::Act;
use kw_store::switchboard::matches::About;
use kw_testbed::{Member, RunningChain};

use super::family::{end, family};
use super::{HOLDERS, TOWN, live, member, until};
use crate::child::chain;
use crate::log;

const SUBJECTS: u64 = 6;
const ROUNDS: usize = 5;
const STEPS: usize = 60;

/// What there should be.
#[derive(Default)]
struct Model {
    /// By person and holder: its pointers.
    held: BTreeMap<(u64, Oin), Vec<PointerId>>,
    relations: BTreeMap<(u64, u64), RelationId>,
    /// Persons as the index names them.
    subjects: BTreeMap<u64, SubjectId>,
}

impl Model {
    fn holders(&self, number: u64) -> BTreeSet<Oin> {
        let of = self.held.iter().filter(|((held, _), pointers)| *held == number && !pointers.is_empty());
        of.map(|((_, holder), _)| *holder).collect()
    }

    fn matches(&self) -> BTreeMap<About, BTreeSet<Oin>> {
        let persons = (0..SUBJECTS).map(|number| (vec![number], self.holders(number)));
        let families = self.relations.keys().filter_map(|(one, other)| {
            let (first, second) = (self.holders(*one), self.holders(*other));
            let both = !first.is_empty() && !second.is_empty();
            both.then(|| (vec![*one, *other], first.union(&second).copied().collect()))
        });
        let all: Vec<(Vec<u64>, BTreeSet<Oin>)> = persons.chain(families).collect();
        all.into_iter()
            .filter(|(_, holders)| holders.len() >= 2)
            .map(|(numbers, holders)| {
                let subjects: Vec<SubjectId> = numbers.iter().map(|number| self.subjects[number]).collect();
                let about = match subjects[..] {
                    [one, other] => About::family(one, other),
                    _ => About::Person(subjects[0]),
                };
                (about, holders)
            })
            .collect()
    }
}

async fn found(chain: &RunningChain) -> BTreeMap<About, BTreeSet<Oin>> {
    let all = live(chain).await;
    let count = all.len();
    let by_about: BTreeMap<_, _> = all
        .iter()
        .map(|one| (one.about.unwrap(), one.present().map(|holder| holder.holder).collect()))
        .collect();
    assert_eq!(by_about.len(), count, "never two of the same");
    by_about
}

/// Numbers that can be drawn again from the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

/// Their time is over: the job does the rest.
async fn expire(chain: &RunningChain, pointers: Vec<(Oin, PointerId)>) {
    let oin = chain.agreement().unwrap().switchboard().oin;
    let name = chain.agreement().unwrap().chain().clone();
    let now = SystemClock.now();
    let record = AccessRecord::new(Event::LeaseRenewed, now, name, oin, oin, "test");
    log::index(chain)
        .await
        .write::<_, (), _>("test", move |tx| {
            for (holder, id) in &pointers {
                let mut pointer = tx.read().pointer(*holder, *id)?.unwrap();
                pointer.valid_until = now.minus(Duration::from_secs(1));
                pointer.due_at = pointer.valid_until;
                tx.write().update_pointer(&pointer)?;
            }
            Ok(((), Act::new(record.at, LeafKind::Access, canonical(&record).unwrap())))
        })
        .await
        .unwrap();
}

async fn follow(seed: u64) {
    let chain = chain().start().unwrap();
    let holders: Vec<Member> = HOLDERS.iter().map(|kind| member(&chain, kind)).collect();
    let registrar = member(&chain, TOWN).switchboard().unwrap();
    let index = log::index(&chain).await;
    let (mut model, mut dice, mut sources) = (Model::default(), Dice(seed), 0_u32);
    for round in 0..ROUNDS {
        for step in 0..STEPS {
            let holder = &holders[dice.below(holders.len())];
            let number = dice.below(SUBJECTS as usize) as u64;
            let client = holder.switchboard().unwrap();
            match dice.below(10) {
                0..=4 => {
                    let mut registration = holder.registration(number).unwrap();
                    // Now and then from another system of the holder's.
                    if dice.below(4) == 0 {
                        sources += 1;
                        registration.source = format!("system-{sources}").parse().unwrap();
                    }
                    let made = client.register(&registration, &holder.key()).await.unwrap();
                    let (id, oin) = (made.pointer.id, holder.oin);
                    if made.created {
                        model.held.entry((number, oin)).or_default().push(id);
                    }
                    let stored = index.read(move |index| index.pointer(oin, id)).await.unwrap().unwrap();
                    model.subjects.insert(number, stored.subject.unwrap());
                }
                5..=7 => {
                    if let Some(id) = model.held.get_mut(&(number, holder.oin)).and_then(Vec::pop) {
                        let reason = WithdrawalReason::EnteredInError;
                        client.withdraw(id, &WithdrawPointer { reason }).await.unwrap();
                    }
                }
                8 => {
                    let other = dice.below(SUBJECTS as usize) as u64;
                    let pair = (number.min(other), number.max(other));
                    let known = [number, other].iter().all(|one| model.subjects.contains_key(one));
                    if number != other && known {
                        let declared = registrar.declare_relation(&family(number, other, "household")).await;
                        model.relations.insert(pair, declared.unwrap().id);
                    }
                }
                _ => {
                    if let Some((_, id)) = model.relations.pop_first() {
                        end(&registrar, id).await;
                    }
                }
            }
            assert_eq!(found(&chain).await, model.matches(), "seed {seed}, round {round}, step {step}");
        }
        let gone: Vec<_> =
            model.held.iter_mut().filter_map(|((_, oin), ids)| Some((*oin, ids.pop()?))).take(6).collect();
        expire(&chain, gone).await;
        until("the expiry", async || (found(&chain).await == model.matches()).then_some(())).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_match_is_there_exactly_when_two_holders_are() {
    for seed in [1, 2, 3] {
        follow(seed).await;
    }
}
