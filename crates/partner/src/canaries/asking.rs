//! Asking the index for canaries, and what an answer comes to.

use std::time::Duration;

use kw_agreement::{ConsentVerdict, DisclosureInput, PointerInput};
use kw_client::ClientError;
use kw_domain::{CanaryId, CaseReference, Category, Instant};
use kw_ledger::{AccessRecord, Event};
use kw_protocol::local::canaries::{CanariesAsked, CanaryAnswer, CanaryOutcome};
use kw_protocol::problem::ProblemCode;
use kw_protocol::query::{Actor, Assurance, Relation, RelationBasis};
use kw_requester::{DossierQuery, RequestError};
use kw_store::partner::{LocalState, StoredCanary};
use kw_telemetry::Configured;

use super::{Canaries, CanaryError, DAY, subject};
use crate::app::{About, append};
use crate::events::{CanaryFound, CanaryMissed};

/// For one question, recording excepted.
const PATIENCE: Duration = Duration::from_secs(10);
/// An answer without it counts when it comes twice, so that a change that was under way at the first one is done.
const MISSES: u32 = 2;
/// No answer at all says less.
const SILENCES: u32 = 3;
/// When one is looked at again that cannot be expected yet.
const NOT_YET: Duration = Duration::from_mins(5);

/// What a question came to, with the reason where there is no answer.
type Came = (CanaryOutcome, Option<&'static str>);

/// What this partner itself expects of the index.
#[derive(PartialEq, Eq)]
enum Expected {
    /// That it has this pointer.
    Now(Option<kw_domain::PointerId>),
    NotNow(&'static str),
}

impl Canaries {
    /// Asks for those whose time has come, as far as the day's budget goes.
    pub(super) async fn ask_due(&self) -> Result<(), CanaryError> {
        let now = self.now();
        let all = self.all().await?;
        self.counts.missing.set(all.iter().filter(|one| one.missed_at.is_some()).count() as f64);
        let alive = all.iter().filter(|one| !one.is_retired).count();
        let due: Vec<StoredCanary> =
            all.into_iter().filter(|one| !one.is_retired && one.next_at <= now).collect();
        for canary in due {
            if self.left_today().await? == 0 {
                break;
            }
            self.ask(canary, alive).await?;
        }
        Ok(())
    }

    /// Asks for these now; for all that are alive when none is named.
    pub(crate) async fn ask_now(&self, ids: &[CanaryId]) -> Result<CanariesAsked, CanaryError> {
        let _turn = self.turn.lock().await;
        let all = self.all().await?;
        if let Some(unknown) = ids.iter().find(|id| !all.iter().any(|one| one.id == **id)) {
            return Err(CanaryError::Unknown(*unknown));
        }
        let alive = all.iter().filter(|one| !one.is_retired).count();
        let mut asked = CanariesAsked { answers: Vec::new(), left_out: 0 };
        for canary in all {
            if canary.is_retired || !(ids.is_empty() || ids.contains(&canary.id)) {
                continue;
            }
            if self.left_today().await? == 0 {
                asked.left_out += 1;
            } else {
                asked.answers.push(self.ask(canary, alive).await?);
            }
        }
        let missing = self.all().await?.iter().filter(|one| one.missed_at.is_some()).count();
        self.counts.missing.set(missing as f64);
        Ok(asked)
    }

    /// Why nothing is asked, when that is so.
    pub(super) fn problem(&self) -> Option<String> {
        let agreement = self.parts.agreement.current();
        let basis = RelationBasis::Listed;
        let askers = self.settings.askers(&agreement, self.parts.holder, basis, None, self.now());
        askers.is_empty().then(|| {
            "the agreement lets none of the configured actors ask for that purpose as `listed` without proof of who they are"
                .to_owned()
        })
    }

    async fn left_today(&self) -> Result<u64, CanaryError> {
        let since = self.now().minus(DAY);
        let asked = self.parts.store.read(move |tables| tables.canary_asks_since(since)).await?;
        Ok(u64::from(self.settings.asks_per_day).saturating_sub(asked))
    }

    async fn ask(&self, mut canary: StoredCanary, alive: usize) -> Result<CanaryAnswer, CanaryError> {
        let before = self.expected(&canary).await?;
        let (mut outcome, mut reason) = match before {
            Expected::NotNow(reason) => (CanaryOutcome::NotAsked, Some(reason)),
            Expected::Now(_) => self.question(&canary).await?,
        };
        // What this partner took back meanwhile, or is about to, the index is right not to have.
        if outcome == CanaryOutcome::NotFound && self.expected(&canary).await? != before {
            (outcome, reason) = (CanaryOutcome::NotAsked, Some("it changed while it was asked for"));
        }
        let now = self.now();
        if outcome != CanaryOutcome::NotAsked {
            canary.asked_at = Some(now);
        }
        let pace = DAY * u32::try_from(alive.max(1)).unwrap_or(u32::MAX) / self.settings.asks_per_day.max(1);
        canary.next_at = match outcome {
            CanaryOutcome::NotAsked => self.later(NOT_YET),
            CanaryOutcome::Found => self.later(pace),
            CanaryOutcome::NotFound | CanaryOutcome::Unanswered if canary.missed_at.is_some() => {
                self.later(pace)
            }
            CanaryOutcome::NotFound | CanaryOutcome::Unanswered => self.later(self.settings.confirm_after()),
        };
        match outcome {
            CanaryOutcome::Found => {
                self.counts.found.increment();
                (canary.misses, canary.silences) = (0, 0);
                if canary.missed_at.take().is_some() {
                    CanaryFound { holder: canary.holder, category: Configured::category(&canary.category) }
                        .log();
                }
            }
            CanaryOutcome::NotFound => {
                self.counts.not_found.increment();
                (canary.misses, canary.silences) = (canary.misses.saturating_add(1), 0);
            }
            CanaryOutcome::Unanswered => {
                self.counts.unanswered.increment();
                canary.silences = canary.silences.saturating_add(1);
            }
            CanaryOutcome::NotAsked => {}
        }
        let counts = matches!(outcome, CanaryOutcome::NotFound | CanaryOutcome::Unanswered);
        if counts && canary.missed_at.is_none() && (canary.misses >= MISSES || canary.silences >= SILENCES) {
            canary.missed_at = Some(now);
            self.miss(&canary, now, outcome).await;
        }
        let answer = CanaryAnswer {
            id: canary.id,
            outcome,
            missed: canary.missed_at.is_some(),
            reason: reason.map(str::to_owned),
        };
        self.keep("canary_asked", move |tables| tables.store_canary(&canary)).await?;
        Ok(answer)
    }

    /// Says it where it stays: the own ledger, and the log for security.
    async fn miss(&self, canary: &StoredCanary, now: Instant, outcome: CanaryOutcome) {
        let agreement = self.parts.agreement.current();
        let (own, chain) = (self.parts.holder, agreement.chain().clone());
        let mut record = AccessRecord::new(Event::CanaryMissed, now, chain, own, own, agreement.hash());
        record.holders = vec![canary.holder];
        record.count = Some(1);
        // Without its record it is said all the same: the alarm is what matters, and `append` has logged why.
        let _ = append(&self.parts.store, record, About::default()).await;
        let reason = if outcome == CanaryOutcome::NotFound { "not-found" } else { "unanswered" };
        CanaryMissed { holder: canary.holder, category: Configured::category(&canary.category), reason }
            .log();
    }

    /// Whether the index should have it now. Only this partner's own records say so of its own.
    async fn expected(&self, canary: &StoredCanary) -> Result<Expected, CanaryError> {
        let now = self.now();
        if canary.is_retired || canary.ends_at <= now {
            return Ok(Expected::NotNow("it has ended"));
        }
        if canary.source.is_none() {
            // The other partner promised it until it ends; near that moment nobody knows.
            let near = canary.ends_at <= now.plus(NOT_YET * 2);
            return Ok(if near { Expected::NotNow("it is about to end") } else { Expected::Now(None) });
        }
        let (category, key) = (canary.category.clone(), canary.subject_key);
        let record = self.parts.store.read(move |tables| tables.record_about(&category, &key)).await?;
        Ok(match record {
            Some(record) if record.state == LocalState::Registered => {
                if record.valid_until.is_some_and(|until| until <= now) {
                    Expected::NotNow("its time at the switchboard is up")
                } else {
                    Expected::Now(record.pointer)
                }
            }
            _ => Expected::NotNow("the switchboard has not acknowledged it, or it was taken back"),
        })
    }

    /// One question, as anybody of this partner would ask it.
    async fn question(&self, canary: &StoredCanary) -> Result<Came, CanaryError> {
        let is_own = canary.source.is_some();
        let basis = if is_own || self.has_own_pointer(canary).await? {
            RelationBasis::Listed
        } else {
            self.settings.basis
        };
        let agreement = self.parts.agreement.current();
        let (now, own) = (self.now(), self.parts.holder);
        let about = (!is_own).then_some(&canary.category);
        let askers = self.settings.askers(&agreement, own, basis, about, now);
        let drawn = u32::from_be_bytes(self.parts.entropy.draw()) as usize;
        let Some(actor) = askers.get(drawn % askers.len().max(1)) else {
            return Ok((
                CanaryOutcome::NotAsked,
                Some("the agreement lets none of the configured actors ask this"),
            ));
        };
        if !is_own {
            let pointer = PointerInput {
                holder: canary.holder,
                category: &canary.category,
                consent: ConsentVerdict::Silent,
            };
            let disclosed = agreement.disclose(&DisclosureInput {
                requester: own,
                purpose: &self.settings.purpose,
                role: &actor.role,
                representation: None,
                at: now,
                pointers: &[pointer],
            });
            if disclosed.is_ok_and(|shown| shown != [true]) {
                return Ok((
                    CanaryOutcome::NotAsked,
                    Some("the agreement does not disclose this to this partner"),
                ));
            }
        }
        let (about, _) = subject::open(&self.parts.vault, canary)?;
        let Ok(case) = CaseReference::parse(&self.case()) else {
            return Ok((CanaryOutcome::NotAsked, Some("the configured case is no case reference")));
        };
        let question = DossierQuery {
            subject: about,
            birth_date: None,
            purpose: self.settings.purpose.clone(),
            actor: Actor {
                id: actor.id.clone(),
                role: actor.role.clone(),
                assurance: Assurance::Asserted,
                proof: None,
            },
            case,
            categories: Vec::new(),
            holders: Vec::new(),
            relation: Relation {
                basis,
                reason: self.settings.reason.clone().filter(|_| basis != RelationBasis::Listed),
            },
            representation: None,
        };
        let Ok(clients) = self.parts.clients.current() else {
            return Ok((CanaryOutcome::NotAsked, Some("the agreement's addresses cannot be used")));
        };
        let (name, since) = (self.parts.entropy.draw::<16>(), now.minus(DAY));
        self.keep("count_canary_ask", move |tables| tables.count_canary_ask(&name, now, since)).await?;
        let answer = clients.requester.lookup(&question, PATIENCE).await;
        Ok(match answer {
            // The own pointer is no part of the answer, but the ground `listed` stands or falls with it.
            Ok(_) if is_own => (CanaryOutcome::Found, None),
            Ok(lookup) => {
                let is_it = |one: &kw_protocol::dossier::LookupHolder| {
                    one.holder.oin == canary.holder && one.category == canary.category
                };
                let found = lookup.holders.iter().any(is_it);
                (if found { CanaryOutcome::Found } else { CanaryOutcome::NotFound }, None)
            }
            Err(RequestError::Index(error)) if is_denied(&error) && is_own => (CanaryOutcome::NotFound, None),
            Err(RequestError::Record(_)) => {
                (CanaryOutcome::NotAsked, Some("the own ledger cannot record it"))
            }
            Err(RequestError::Index(_)) => {
                (CanaryOutcome::Unanswered, Some("the switchboard gave no answer"))
            }
            Err(RequestError::Pseudonym(_)) => {
                // Without a pseudonym the index was not asked: that is not its silence.
                (CanaryOutcome::NotAsked, Some("there is no pseudonym"))
            }
            Err(RequestError::TimedOut) => (CanaryOutcome::Unanswered, Some("there was no answer in time")),
        })
    }

    async fn has_own_pointer(&self, canary: &StoredCanary) -> Result<bool, CanaryError> {
        let (key, categories) = (canary.subject_key, self.categories.clone());
        let found = self.parts.store.read(move |tables| {
            let registered = |category: &Category, tables: &mut dyn kw_store::partner::PartnerRead| {
                let record = tables.record_about(category, &key)?;
                Ok::<_, kw_store::StoreError>(record.is_some_and(|one| one.state == LocalState::Registered))
            };
            for category in &categories {
                if registered(category, tables)? {
                    return Ok(true);
                }
            }
            Ok(false)
        });
        Ok(found.await?)
    }

    /// A case as those of the partner's people look.
    fn case(&self) -> String {
        let digit = |letter: char| match letter {
            '#' => char::from(b'0' + self.parts.entropy.draw::<1>()[0] % 10),
            other => other,
        };
        self.settings.case.chars().map(digit).collect()
    }
}

/// The agreement lets this actor ask, as this partner reads it, so what is denied is the ground.
fn is_denied(error: &ClientError) -> bool {
    error.code() == Some(ProblemCode::Denied)
}
