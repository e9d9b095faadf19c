//! Random interleavings of sessions, mandates, withdrawals and look-alike persons, over the running service.
//!
//! `KETENWIJZER_INTERLEAVINGS` says how many; 1,000 take about a minute and are what docs/personal.md reports.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use kw_domain::MandateId;
use serde_json::json;
use tokio::task::JoinSet;

use crate::bed::Bed;
use crate::browser::{Browser, Underway, text};
use crate::world::{Holder, Who, World};

/// Twins, one name with another birth date, one month, one year, nobody knows when.
const FAMILY: [(&str, &str); 7] = [
    ("Noor", "2014-03-09"),
    ("Noor", "2014-03-09"),
    ("Noor", "2014-03-10"),
    ("Sem", "2014-03-00"),
    ("Sem", "2014-00-00"),
    ("Sem", "1950-07-01"),
    ("Noor", ""),
];
/// Who of them have an account.
const USERS: usize = 4;
const STEPS: usize = 36;

type Counts = Arc<Mutex<BTreeMap<&'static str, u64>>>;

#[tokio::test]
async fn no_interleaving_puts_a_document_into_a_wrong_dossier() {
    let wanted = std::env::var("KETENWIJZER_INTERLEAVINGS").ok().and_then(|text| text.parse().ok());
    let wanted: u64 = wanted.unwrap_or(100);
    let mut bed = Bed::start().await;
    let counts = Counts::default();
    let mut running = JoinSet::new();
    for seed in 0..wanted {
        if running.len() >= AT_ONCE {
            running.join_next().await.unwrap().unwrap();
        }
        let life = Life::new(&bed, seed, Arc::clone(&counts));
        running.spawn(life.live());
    }
    while let Some(done) = running.join_next().await {
        done.unwrap();
    }
    bed.stop().await;
    let (all, wrong) = bed.documents_and_wrong_ones();
    let counts = counts.lock().unwrap_or_else(PoisonError::into_inner).clone();
    {
        eprintln!("{wanted} interleavings: {all} documents stored, {wrong} in a wrong dossier; {counts:?}");
    }
    assert_eq!(wrong, 0);
    assert_eq!(Some(&(all as u64)), counts.get("stored"));
    for tried in ["mismatch refused", "wrong dossier refused", "switch refused", "stored"] {
        assert!(counts.get(tried).is_some_and(|times| *times > wanted / 60), "{tried}: {counts:?}");
    }
}

const AT_ONCE: usize = 8;

/// One family with its own users, at a service that all share.
struct Life {
    world: World,
    holder: kw_domain::Oin,
    blank: Browser,
    first: Who,
    random: u64,
    care: Holder,
    sessions: Vec<(Browser, Option<String>)>,
    dossiers: Vec<(String, Who, Who)>,
    mandates: Vec<MandateId>,
    underway: Vec<(Browser, Underway, String)>,
    received: Vec<(String, String)>,
    counts: Counts,
}

impl Life {
    fn new(bed: &Bed, seed: u64, counts: Counts) -> Self {
        let world = bed.world.clone();
        let first = world.people();
        for (name, born) in FAMILY {
            world.add(name, born);
        }
        Self {
            world,
            holder: bed.holder,
            blank: bed.browser(),
            first,
            random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x2026,
            care: if seed.is_multiple_of(2) { Holder::Careful } else { Holder::Careless },
            sessions: Vec::new(),
            dossiers: Vec::new(),
            mandates: Vec::new(),
            underway: Vec::new(),
            received: Vec::new(),
            counts,
        }
    }

    fn note(&self, what: &'static str) {
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner).entry(what).or_default() += 1;
    }

    fn below(&mut self, limit: usize) -> usize {
        self.random =
            self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.random >> 33).unwrap() % limit.max(1)
    }

    async fn live(mut self) {
        for _ in 0..5 {
            self.give();
        }
        for _ in 0..3 {
            self.sign_in().await;
            self.found().await;
        }
        for _ in 0..STEPS {
            match self.below(20) {
                0 | 1 => self.sign_in().await,
                2 => self.give(),
                3 => self.withdraw(),
                4..=6 => self.found().await,
                7..=9 => self.bind().await,
                10..=12 => self.start().await,
                13 | 14 => self.come_back().await,
                15 => self.swap().await,
                16 => self.invite().await,
                _ => self.confirm().await,
            }
        }
    }

    fn give(&mut self) {
        let (by, of) = (self.first + self.below(USERS), self.first + self.below(FAMILY.len()));
        if by != of {
            self.mandates.push(self.world.give(by, of, "voluntary"));
        }
    }

    fn withdraw(&mut self) {
        if !self.mandates.is_empty() {
            let which = self.below(self.mandates.len());
            self.world.withdraw(self.mandates[which]);
        }
    }

    async fn sign_in(&mut self) {
        let mut browser = self.blank.clone();
        let who = self.first + self.below(USERS);
        assert_eq!(browser.sign_in(who).await.0, 200);
        self.sessions.push((browser, None));
    }

    async fn found(&mut self) {
        if self.sessions.is_empty() {
            return;
        }
        let at = self.below(self.sessions.len());
        let mandates = self.world.mandates_of(self.sessions[at].0.who);
        let choice = self.below(mandates.len() + 1);
        let person = mandates.get(choice).map_or(self.sessions[at].0.who, |(_, of)| *of);
        // One in four gives the date of somebody else of the family.
        let of = if self.below(4) == 0 { self.first + self.below(FAMILY.len()) } else { person };
        let born = self.world.human(of).born.replace('-', "");
        let browser = &mut self.sessions[at].0;
        let (status, founded) = match mandates.get(choice) {
            Some((mandate, _)) => browser.found_for(&mandate.to_string(), &born).await,
            None => browser.found_own(&born).await,
        };
        if status == 201 {
            let who = browser.who;
            self.dossiers.push((text(&founded, "id"), person, who));
        }
    }

    async fn bind(&mut self) {
        if self.sessions.is_empty() || self.dossiers.is_empty() {
            return;
        }
        // Mostly a fresh session and a dossier of that account; sometimes whatever is there.
        let free: Vec<usize> = (0..self.sessions.len()).filter(|at| self.sessions[*at].1.is_none()).collect();
        let sensible = self.below(4) != 0;
        let at = if sensible && !free.is_empty() {
            free[self.below(free.len())]
        } else {
            self.below(self.sessions.len())
        };
        let who = self.sessions[at].0.who;
        let own: Vec<usize> =
            (0..self.dossiers.len()).filter(|which| self.dossiers[*which].2 == who).collect();
        let which = if sensible && !own.is_empty() {
            own[self.below(own.len())]
        } else {
            self.below(self.dossiers.len())
        };
        let (dossier, ..) = self.dossiers[which].clone();
        let (browser, bound) = &mut self.sessions[at];
        let (status, _) = browser.bind(&dossier).await;
        let before = bound.clone();
        match status {
            200 => {
                assert!(
                    before.is_none_or(|before| before == dossier),
                    "a session went over to another dossier"
                );
                *bound = Some(dossier);
            }
            409 => self.note("switch refused"),
            403 => self.note("mandate missing"),
            _ => {}
        }
    }

    async fn start(&mut self) {
        if self.sessions.is_empty() {
            return;
        }
        let bound: Vec<usize> =
            (0..self.sessions.len()).filter(|at| self.sessions[*at].1.is_some()).collect();
        if bound.is_empty() {
            return;
        }
        let at = bound[self.below(bound.len())];
        let holder = self.holder;
        let (browser, bound) = &mut self.sessions[at];
        let Some(dossier) = bound.clone() else { return };
        if let Ok(underway) = browser.start(holder).await {
            let browser = browser.clone();
            self.underway.push((browser, underway, dossier));
        }
    }

    async fn come_back(&mut self) {
        if self.underway.is_empty() {
            return;
        }
        let which = self.below(self.underway.len());
        let (mut browser, underway, dossier) = self.underway.swap_remove(which);
        let of = self.dossiers.iter().find(|(id, ..)| *id == dossier).map(|(_, person, _)| *person);
        // Two in five choose another person at the provider than the dossier is about.
        let stray = self.below(5) < 2;
        let person = if stray { self.first + self.below(FAMILY.len()) } else { of.expect("it was founded") };
        let consents = self.below(8) != 0;
        let (status, view) = browser.come_back(&underway, person, consents, self.care).await;
        assert_eq!(status, 200, "{view}");
        match view["state"].as_str() {
            Some("received") => self.received.push((underway.id, dossier)),
            _ if view["reason"].as_str().is_some_and(|reason| reason.ends_with("mismatch")) => {
                self.note("mismatch refused");
            }
            _ => self.note("refused at the holder"),
        }
    }

    /// Somebody in between gives the answers of two collections to each other.
    async fn swap(&mut self) {
        if self.underway.len() >= 2 {
            self.world.swap_answers();
            self.come_back().await;
            self.come_back().await;
        }
    }

    async fn invite(&mut self) {
        let own: Vec<usize> = (0..self.sessions.len())
            .filter(|at| {
                let (browser, bound) = &self.sessions[*at];
                self.dossiers
                    .iter()
                    .any(|(id, person, _)| Some(id) == bound.as_ref() && *person == browser.who)
            })
            .collect();
        let (Some(at), false) = (own.first().copied(), self.sessions.is_empty()) else { return };
        let guest = self.below(self.sessions.len());
        let limits = json!({ "view": true, "collect": true, "until": "2099-01-01T00:00:00Z" });
        let (browser, bound) = &mut self.sessions[at];
        let path = format!("/v1/dossiers/{}/invitations", bound.clone().expect("it is bound"));
        let (status, invited) = browser.post(&path, limits).await;
        if status == 201 {
            let acceptance = json!({ "code": text(&invited, "code") });
            let (status, _) = self.sessions[guest].0.post("/v1/invitations/acceptances", acceptance).await;
            self.note(if status == 201 { "user added" } else { "user refused" });
        }
    }

    async fn confirm(&mut self) {
        if self.sessions.is_empty() || self.received.is_empty() {
            return;
        }
        let which = self.below(self.received.len());
        let (collection, right) = self.received[which].clone();
        // Mostly in a session of that dossier, and mostly with the right choice.
        let bound: Vec<usize> =
            (0..self.sessions.len()).filter(|at| self.sessions[*at].1.as_ref() == Some(&right)).collect();
        let at = if self.below(4) == 0 || bound.is_empty() {
            self.below(self.sessions.len())
        } else {
            bound[self.below(bound.len())]
        };
        let choice = if self.below(4) == 0 {
            let other = self.below(self.dossiers.len());
            self.dossiers[other].0.clone()
        } else {
            right.clone()
        };
        let (status, view) = self.sessions[at].0.confirm(&collection, &choice).await;
        match (status, view["state"].as_str()) {
            (200, Some("stored")) => {
                assert_eq!(choice, right, "another dossier than the preselected one was taken");
                self.received.swap_remove(which);
                self.note("stored");
            }
            (200, _) => self.note("waits for a second person"),
            (409, _) if choice != right => self.note("wrong dossier refused"),
            _ => self.note("confirmation refused"),
        }
    }
}
