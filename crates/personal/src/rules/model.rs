//! Random lives of a personal environment, over the real rules: whatever people do, mistake or try, no document of one
//! person ends in the dossier of another.

use std::collections::BTreeMap;

use kw_domain::{
    AccountId, BirthDate, Category, CollectionId, DatePrecision, DocumentId, DossierId, Epoch, Instant,
    MandateId, Oin, SessionId, TransactionId,
};
use kw_protocol::SecretBytes32;
use kw_protocol::authorisation::{Collected, SecretText};
use kw_protocol::mandate::MandateAct;
use kw_protocol::pull::{EpochBirthDateProof, EpochProof};
use kw_pseudonym::{Binding, RowKey};
use kw_runtime::Entropy;
use kw_store::personal::{DossierUser, Limits};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

use super::*;

/// Twins, the same name with another birth date, the same month, the same year, and nobody knows when.
const PEOPLE: [(&str, &str); 7] = [
    ("Noor", "2014-03-09"),
    ("Noor", "2014-03-09"),
    ("Noor", "2014-03-10"),
    ("Sem", "2014-03-00"),
    ("Sem", "2014-00-00"),
    ("Sem", "1950-07-01"),
    ("Noor", ""),
];
const ACCOUNTS: usize = 3;
const HOLDER: &str = "00000099000000001000";

/// What can happen; numbers are taken modulo what there is.
#[derive(Debug, Clone, Copy)]
enum Step {
    SignIn(usize),
    Found { session: usize, person: usize, date_of: usize },
    Invite { dossier: usize, account: usize, until_hour: usize },
    EndUser { dossier: usize, account: usize },
    Give { account: usize, person: usize },
    Withdraw(usize),
    Bind { session: usize, dossier: usize },
    Collect { session: usize, chosen_at_provider: usize },
    Swap { one: usize, other: usize },
    Deliver(usize),
    Confirm { session: usize, collection: usize, chosen: usize },
    Move { document: usize, dossier: usize },
    Read { session: usize, document: usize },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let n = || 0..8_usize;
    // Often the one of whom nobody knows when they were born: only for them a second person is waited for.
    let person = || prop_oneof![2 => n(), 1 => Just(PEOPLE.len() - 1)];
    let step = prop_oneof![
        3 => n().prop_map(Step::SignIn),
        4 => (n(), person(), prop_oneof![3 => Just(usize::MAX), 1 => n()])
            .prop_map(|(session, person, date_of)| Step::Found { session, person, date_of }),
        1 => (n(), n(), n()).prop_map(|(dossier, account, until_hour)| Step::Invite { dossier, account, until_hour }),
        1 => (n(), n()).prop_map(|(dossier, account)| Step::EndUser { dossier, account }),
        3 => (n(), person()).prop_map(|(account, person)| Step::Give { account, person }),
        1 => n().prop_map(Step::Withdraw),
        5 => (n(), n()).prop_map(|(session, dossier)| Step::Bind { session, dossier }),
        6 => (n(), prop_oneof![3 => Just(usize::MAX), 2 => n()])
            .prop_map(|(session, chosen_at_provider)| Step::Collect { session, chosen_at_provider }),
        1 => (n(), n()).prop_map(|(one, other)| Step::Swap { one, other }),
        5 => n().prop_map(Step::Deliver),
        8 => (n(), n(), prop_oneof![3 => Just(usize::MAX), 1 => n()])
            .prop_map(|(session, collection, chosen)| Step::Confirm { session, collection, chosen }),
        1 => (n(), n()).prop_map(|(document, dossier)| Step::Move { document, dossier }),
        2 => (n(), n()).prop_map(|(session, document)| Step::Read { session, document }),
    ];
    vec(step, 20..120)
}

struct Kept {
    dossier: DossierId,
    owner: usize,
    own: bool,
    key_sealed: Vec<u8>,
    person_sealed: Vec<u8>,
    /// Whom it really is about.
    truth: usize,
}

struct Running {
    id: CollectionId,
    dossier: usize,
    token: String,
    answer: Option<Collected>,
    pending: Option<Vec<u8>>,
    confirmations: Confirmations,
    stored: bool,
}

#[derive(Default)]
struct Seen(BTreeMap<&'static str, u64>);

impl Seen {
    fn note(&mut self, what: &'static str) {
        *self.0.entry(what).or_default() += 1;
    }
}

struct World {
    entropy: Entropy,
    key: ServiceKey,
    now: Instant,
    bindings: Vec<Binding>,
    accounts: Vec<AccountId>,
    mandates: Vec<(MandateId, usize, usize, bool)>,
    sessions: Vec<(usize, Session)>,
    dossiers: Vec<Kept>,
    users: Vec<DossierUser>,
    collections: Vec<Running>,
    documents: Vec<SealedDocument>,
}

fn care_plan() -> Category {
    Category::parse("care-plan").unwrap()
}

/// What the mandate with this number covers: every other one covers reading the care plan.
fn scope(number: usize) -> (Category, MandateAct) {
    match number % 4 {
        1 => (care_plan(), MandateAct::Feedback),
        3 => (Category::parse("school-report").unwrap(), MandateAct::View),
        _ => (care_plan(), MandateAct::View),
    }
}

impl World {
    fn new() -> Self {
        let entropy = Entropy::seeded(7);
        let now = Instant::from_millis(1_795_000_000_000);
        Self {
            key: ServiceKey::new(RowKey::from_bytes(&entropy.draw())),
            bindings: PEOPLE.iter().map(|_| Binding::from_bytes(&entropy.draw())).collect(),
            accounts: (0..ACCOUNTS).map(|_| entropy.id(now)).collect(),
            mandates: Vec::new(),
            sessions: Vec::new(),
            dossiers: Vec::new(),
            users: Vec::new(),
            collections: Vec::new(),
            documents: Vec::new(),
            now,
            entropy,
        }
    }

    fn open(&self, dossier: usize) -> OpenDossier {
        let kept = &self.dossiers[dossier];
        self.key
            .open(kept.dossier, &kept.key_sealed, &kept.person_sealed)
            .expect("it was sealed for this row")
    }

    fn access(&self, session: usize, dossier: usize) -> Result<Access, NoAccess> {
        let (kept, (_, session)) = (&self.dossiers[dossier], &self.sessions[session]);
        let user =
            self.users.iter().find(|user| user.dossier == kept.dossier && user.account == session.account);
        session.access(&self.open(dossier), self.accounts[kept.owner], kept.own, user, self.now)
    }

    fn step(&mut self, step: Step, seen: &mut Seen) {
        match step {
            Step::SignIn(account) => {
                let account = account % ACCOUNTS;
                let represented = self
                    .mandates
                    .iter()
                    .enumerate()
                    .filter(|(_, (_, by, _, active))| *by == account && *active)
                    .map(|(number, (mandate, _, person, _))| RepresentedPerson {
                        categories: vec![scope(number).0],
                        acts: vec![scope(number).1],
                        mandate: *mandate,
                        kind: "voluntary".to_owned(),
                        label: PEOPLE[*person].0.to_owned(),
                        binding: self.bindings[*person].clone(),
                        epoch: Epoch(1),
                    })
                    .collect();
                let own = Some((self.bindings[account].clone(), Epoch(1)));
                let id: SessionId = self.entropy.id(self.now);
                let until = self.now.plus(std::time::Duration::from_hours(1));
                // As it is stored and read back.
                let sealed =
                    self.key.seal_statement(id, &Statement { name: None, own, represented }, &self.entropy);
                let statement = self.key.open_statement(id, &sealed).expect("it was sealed for this session");
                self.sessions
                    .push((account, Session::new(id, self.accounts[account], statement, None, until)));
            }
            Step::Give { account, person } => {
                let (account, person) = (account % ACCOUNTS, person % PEOPLE.len());
                if account != person {
                    self.mandates.push((self.entropy.id(self.now), account, person, true));
                }
            }
            Step::Withdraw(which) if !self.mandates.is_empty() => {
                let which = which % self.mandates.len();
                self.mandates[which].3 = false;
            }
            Step::Found { session, person, date_of } if !self.sessions.is_empty() => {
                self.found(session % self.sessions.len(), person % PEOPLE.len(), date_of);
            }
            Step::Invite { dossier, account, until_hour } if !self.dossiers.is_empty() => {
                let dossier = dossier % self.dossiers.len();
                self.users.push(DossierUser {
                    dossier: self.dossiers[dossier].dossier,
                    account: self.accounts[account % ACCOUNTS],
                    // As at an acceptance: under a mandate of theirs, if they have one.
                    mandate: self
                        .mandates
                        .iter()
                        .find(|(_, by, of, _)| {
                            *by == account % ACCOUNTS && *of == self.dossiers[dossier].truth
                        })
                        .map_or_else(|| self.entropy.id(self.now), |(mandate, ..)| *mandate),
                    limits: Limits {
                        view: true,
                        collect: until_hour > 2,
                        categories: None,
                        until: self.now.plus(std::time::Duration::from_hours(until_hour as u64)),
                    },
                    added_at: self.now,
                    ended_at: None,
                });
            }
            Step::EndUser { dossier, account } if !self.dossiers.is_empty() => {
                let dossier = self.dossiers[dossier % self.dossiers.len()].dossier;
                let account = self.accounts[account % ACCOUNTS];
                for user in &mut self.users {
                    if user.dossier == dossier && user.account == account {
                        user.ended_at = Some(self.now);
                    }
                }
            }
            Step::Bind { session, dossier } if !self.sessions.is_empty() && !self.dossiers.is_empty() => {
                let (session, dossier) = (session % self.sessions.len(), dossier % self.dossiers.len());
                let bound = self.sessions[session].1.dossier();
                let id = self.dossiers[dossier].dossier;
                let outcome = self.sessions[session].1.bind(id);
                match bound {
                    Some(other) if other != id => {
                        assert_eq!(outcome, Err(BoundElsewhere));
                        assert_eq!(self.sessions[session].1.dossier(), Some(other));
                        seen.note("switch refused");
                    }
                    _ => assert_eq!(outcome, Ok(())),
                }
            }
            Step::Collect { session, chosen_at_provider } if !self.sessions.is_empty() => {
                self.collect(session % self.sessions.len(), chosen_at_provider, seen);
            }
            Step::Swap { one, other } if self.collections.len() > 1 => {
                let (one, other) = (one % self.collections.len(), other % self.collections.len());
                let answer = self.collections[one].answer.take();
                let answer = std::mem::replace(&mut self.collections[other].answer, answer);
                self.collections[one].answer = answer;
                seen.note("answers swapped");
            }
            Step::Deliver(which) if !self.collections.is_empty() => {
                self.deliver(which % self.collections.len(), seen);
            }
            Step::Confirm { session, collection, chosen }
                if !self.sessions.is_empty() && !self.collections.is_empty() =>
            {
                self.confirm(
                    session % self.sessions.len(),
                    collection % self.collections.len(),
                    chosen,
                    seen,
                );
            }
            Step::Move { document, dossier } if !self.documents.is_empty() => {
                let document = &self.documents[document % self.documents.len()];
                let target = self.open(dossier % self.dossiers.len());
                let read = target.read(document.id, &document.category, document.holder, &document.sealed);
                assert_eq!(read.is_ok(), target.id() == document.dossier(), "a moved row does not open");
                seen.note("row moved");
            }
            Step::Read { session, document } if !self.sessions.is_empty() && !self.documents.is_empty() => {
                let (session, document) = (session % self.sessions.len(), document % self.documents.len());
                let owner = self.documents[document].dossier();
                let Some(at) = self.dossiers.iter().position(|kept| kept.dossier == owner) else { return };
                if self
                    .access(session, at)
                    .is_ok_and(|access| access.allows(Act::View, Some(&care_plan())).is_ok())
                {
                    let who = self.sessions[session].0;
                    let may = self.dossiers[at].truth == who
                        || self.sessions[session].1.statement.represented.iter().any(|person| {
                            person.binding == self.bindings[self.dossiers[at].truth]
                                && person.categories.contains(&care_plan())
                                && person.acts.contains(&MandateAct::View)
                        });
                    assert!(may, "nobody reads without being the person or representing them in this");
                    seen.note("read");
                }
            }
            _ => {}
        }
    }

    fn found(&mut self, session: usize, person: usize, date_of: usize) {
        let (account, of) = (self.sessions[session].0, &self.sessions[session].1);
        let own = account == person;
        let represented = of.statement.represented.iter().any(|one| one.binding == self.bindings[person]);
        if !own && !represented {
            return;
        }
        // Mostly the right date; sometimes that of somebody else.
        let date = PEOPLE[if date_of == usize::MAX { person } else { date_of % PEOPLE.len() }].1;
        let whom = Person {
            binding: self.bindings[person].clone(),
            epoch: Epoch(1),
            birth_date: (!date.is_empty()).then(|| BirthDate::parse(date).unwrap()),
            label: PEOPLE[person].0.to_owned(),
        };
        let id: DossierId = self.entropy.id(self.now);
        let made = self.key.found(id, self.accounts[account], whom, &self.entropy);
        self.dossiers.push(Kept {
            dossier: id,
            owner: account,
            own,
            key_sealed: made.key_sealed,
            person_sealed: made.person_sealed,
            truth: person,
        });
    }

    /// The person at the provider chooses whom to represent, which may be another than whom the dossier is about.
    fn collect(&mut self, session: usize, chosen: usize, seen: &mut Seen) {
        let Some(bound) = self.sessions[session].1.dossier() else { return };
        let dossier =
            self.dossiers.iter().position(|kept| kept.dossier == bound).expect("it was bound to one");
        let allowed =
            self.access(session, dossier).and_then(|access| access.allows(Act::Collect, Some(&care_plan())));
        if allowed.is_err() {
            seen.note("collection refused");
            return;
        }
        let truth = self.dossiers[dossier].truth;
        let person = if chosen == usize::MAX { truth } else { chosen % PEOPLE.len() };
        let token = format!("token-{}", self.collections.len());
        let answer = Some(self.answer(person, &token));
        self.collections.push(Running {
            id: self.entropy.id(self.now),
            dossier,
            token,
            answer,
            pending: None,
            confirmations: Confirmations::of(bound),
            stored: false,
        });
    }

    fn answer(&self, person: usize, token: &str) -> Collected {
        let (binding, date) = (&self.bindings[person], PEOPLE[person].1);
        let date = (!date.is_empty()).then(|| BirthDate::parse(date).unwrap());
        let proofs = date.map(|date| {
            let proofs = binding.birth_date_proofs(token, &date);
            let proof = |bytes: Option<[u8; 32]>| bytes.map(SecretBytes32);
            EpochBirthDateProof {
                epoch: 1,
                day: proof(proofs.day),
                month: proof(proofs.month),
                year: proof(proofs.year),
            }
        });
        Collected {
            id: self.entropy.id(self.now),
            holder: Oin::parse(HOLDER).unwrap(),
            category: care_plan(),
            transaction: self.entropy.id::<TransactionId>(self.now),
            document: Some(json!({ "about": person })),
            provenance: None,
            other_sources: Vec::new(),
            subject_proofs: vec![EpochProof { epoch: 1, proof: SecretBytes32(binding.subject_proof(token)) }],
            birth_date_proofs: proofs.into_iter().collect(),
            birth_date_precision: None,
        }
    }

    fn deliver(&mut self, which: usize, seen: &mut Seen) {
        let dossier = self.open(self.collections[which].dossier);
        let collection = &mut self.collections[which];
        let Some(collected) = collection.answer.take() else { return };
        let delivered = Delivered { collected, token: SecretText::new(collection.token.clone()) };
        match dossier.verify(delivered, &expected()) {
            Ok(document) => {
                seen.note(match document.certainty() {
                    Certainty::BirthDate(DatePrecision::Day) => "verified to the day",
                    Certainty::BirthDate(_) => "verified to the month",
                    Certainty::NeedsSecondPerson => "needs a second person",
                });
                let sealed = dossier.seal_pending(collection.id, &[document], &self.entropy);
                collection.pending = Some(sealed.expect("it was verified for this dossier"));
            }
            Err(Mismatch::BirthDate) => seen.note("birth date refused"),
            Err(Mismatch::Subject) => seen.note("person refused"),
            Err(other) => panic!("{other}"),
        }
    }

    fn confirm(&mut self, session: usize, which: usize, chosen: usize, seen: &mut Seen) {
        let at = self.collections[which].dossier;
        let (Ok(access), dossier) = (self.access(session, at), self.open(at)) else { return };
        let collection = &mut self.collections[which];
        let (Some(pending), false) = (&collection.pending, collection.stored) else { return };
        let chosen = if chosen == usize::MAX { at } else { chosen % self.dossiers.len() };
        let chosen = self.dossiers[chosen].dossier;
        let added = collection.confirmations.add(chosen, access.account(), access.is_represented());
        if chosen != dossier.id() {
            assert_eq!(added, Err(WrongDossier));
            seen.note("wrong dossier refused");
            return;
        }
        let documents = dossier.open_pending(collection.id, pending, &expected()).expect("verified before");
        for document in documents {
            let id: DocumentId = self.entropy.id(self.now);
            match document.confirmed(&collection.confirmations) {
                Ok(storable) => {
                    for other in &self.dossiers {
                        let other = self
                            .key
                            .open(other.dossier, &other.key_sealed, &other.person_sealed)
                            .expect("it was sealed for this row");
                        let sealed = other.seal(id, &storable, &self.entropy);
                        assert_eq!(sealed.is_ok(), other.id() == dossier.id());
                    }
                    let sealed = dossier.seal(id, &storable, &self.entropy);
                    self.documents.push(sealed.expect("it was verified for this dossier"));
                    collection.stored = true;
                    seen.note("stored");
                }
                Err(Waiting::SecondPerson) => seen.note("waits for a second person"),
                Err(other) => panic!("{other}"),
            }
        }
    }

    /// Decrypts everything and compares whom it is about with whom the dossier is about.
    fn documents_in_a_wrong_dossier(&self) -> usize {
        let wrong = |document: &&SealedDocument| {
            let at = self.dossiers.iter().position(|kept| kept.dossier == document.dossier());
            let at = at.expect("dossiers are not deleted here");
            let read = self.open(at).read(document.id, &document.category, document.holder, &document.sealed);
            let read: serde_json::Value = serde_json::from_slice(&read.expect("it opens")).unwrap();
            read["document"]["about"] != json!(self.dossiers[at].truth)
        };
        self.documents.iter().filter(wrong).count()
    }
}

fn expected() -> Expected {
    Expected { holder: Oin::parse(HOLDER).unwrap(), categories: [care_plan()].into() }
}

#[test]
fn in_thousands_of_random_lives_no_document_is_in_a_wrong_dossier() {
    const LIVES: u32 = 12_000;
    let config = Config { cases: LIVES, failure_persistence: None, ..Config::default() };
    let seen = std::cell::RefCell::new(Seen::default());
    TestRunner::new(config)
        .run(&steps(), |steps| {
            let mut world = World::new();
            for step in steps {
                world.step(step, &mut seen.borrow_mut());
            }
            prop_assert_eq!(world.documents_in_a_wrong_dossier(), 0);
            Ok(())
        })
        .unwrap();
    // It did happen, and what must be refused was tried.
    let seen = seen.into_inner().0;
    for what in [
        "answers swapped",
        "birth date refused",
        "collection refused",
        "needs a second person",
        "person refused",
        "read",
        "row moved",
        "stored",
        "switch refused",
        "verified to the day",
        "verified to the month",
        "waits for a second person",
        "wrong dossier refused",
    ] {
        assert!(seen.get(what).is_some_and(|times| *times >= 20), "{what}: {seen:?}");
    }
}
