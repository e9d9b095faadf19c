//! The story itself: who does what, and what must come of it.

use std::time::{Duration, Instant};

use kw_domain::{FeedbackId, MatchId};
use kw_protocol::dossier::{Difference, Dossier, HeldValue, SectionStatus};
use kw_protocol::feedback::{AnnotateFeedback, FeedbackOutcome, FeedbackStatus, NewAnnotation};
use kw_protocol::local::feedback::{FeedbackDelivery, FeedbackRequest};
use kw_protocol::matching::{FollowUp, MatchState, MatchesAsked, OwnMatch};
use kw_protocol::query::Relation;
use kw_protocol::signal::{FROM_NOW, Signal, SignalType, SignalsAsked};

use super::CaseStep;
use super::people::{HEALTH, MUNICIPALITY, Post, SCHOOL, YOUTH_CARE};
use super::stage::{NEW_PHONE, OLD_PHONE, Stage};
use crate::DemoError;
use crate::asking::{Asker, listed, motivated};

/// What was seen so far.
pub(super) struct Story<'a> {
    stage: &'a Stage,
    steps: Vec<CaseStep>,
}

impl<'a> Story<'a> {
    pub(super) fn new(stage: &'a Stage) -> Self {
        Self { stage, steps: Vec::new() }
    }

    pub(super) fn seen(self) -> Vec<CaseStep> {
        self.steps
    }

    fn step(&mut self, what: &'static str, held: bool, outcome: impl Into<String>) {
        let number = u8::try_from(self.steps.len() + 1).unwrap_or(u8::MAX);
        self.steps.push(CaseStep { number, what, outcome: outcome.into(), held });
    }
}

impl Story<'_> {
    /// Two partners worry about the same young person, and hear of each other.
    pub(super) async fn signals_meet(&mut self) -> Result<(), DemoError> {
        let mut listeners = Vec::new();
        for post in [SCHOOL, YOUTH_CARE, MUNICIPALITY, HEALTH] {
            listeners.push((post, self.now(post).await?));
        }
        self.stage.knows(SCHOOL, NEW_PHONE).await?;
        let alone = self.live_matches(SCHOOL).await?.is_empty();
        self.step("the school registers a signal: nobody is told of anything", alone, "no match");

        self.stage.knows(YOUTH_CARE, OLD_PHONE).await?;
        let registered = Instant::now();
        let id = self.the_match(SCHOOL).await?;
        let about = id.to_string();
        let mut told = Vec::new();
        for (post, cursor) in &listeners {
            let who = [SCHOOL, YOUTH_CARE, MUNICIPALITY].contains(post);
            let wait = if who { TOLD_WITHIN } else { Duration::ZERO };
            let heard = self.heard(*post, cursor, SignalType::MatchArisen, Some(&about), wait).await?;
            told.push((who, heard));
        }
        let took = registered.elapsed();
        let exactly = told.iter().all(|(who, heard)| *who == heard.is_some());
        self.step(
            "youth care registers one too: both holders and the coordinator hear of a match, and nobody else",
            exactly && took < TOLD_WITHIN,
            format!(
                "school, youth care and municipality told within {} ms of the registration; the health service: nothing",
                took.as_millis()
            ),
        );

        let schools = self.found(SCHOOL, id).await?;
        let coordinators = self.found(MUNICIPALITY, id).await?;
        let contact = |seen: &OwnMatch| {
            let other = seen.shared.holders.iter().find(|one| one.holder.oin.as_str() == YOUTH_CARE.oin);
            other.map(|one| one.contact.clone()).unwrap_or_default()
        };
        let discreet = schools.own_records.len() == 1
            && schools.shared.holders.iter().filter(|one| !one.own_pointers.is_empty()).count() == 1
            && coordinators.own_records.is_empty()
            && coordinators.shared.holders.iter().all(|one| one.own_pointers.is_empty());
        let hidden = self.stage.at(HEALTH)?.found_match(id).await.is_err();
        self.step(
            "each holder sees the other's contact point and its own record; the coordinator sees no record; others see nothing",
            discreet && hidden && !contact(&schools).is_empty(),
            format!("the school can reach youth care at {}", contact(&schools)),
        );

        let said = FollowUp { actor: asker("care-coordinator")?.actor };
        self.stage
            .at(SCHOOL)?
            .say_contact(id, &said)
            .await
            .map_err(DemoError::asking("contact was reported"))?;
        let state = self.found(YOUTH_CARE, id).await?.shared.state;
        self.step(
            "the school makes contact: the match says so",
            state == MatchState::InContact,
            format!("youth care sees: {}", state.as_str()),
        );

        self.stage.knows(HEALTH, NEW_PHONE).await?;
        let joined = self.found(SCHOOL, id).await?.shared.holders.len();
        let same = self.live_matches(HEALTH).await?.contains(&id);
        self.step(
            "the health service registers as well: it joins the same match",
            joined == 3 && same,
            format!("{joined} holders in one match"),
        );
        Ok(())
    }

    /// Who coordinates asks who holds what, and what it says.
    pub(super) async fn dossier_shows_a_difference(&mut self) -> Result<(), DemoError> {
        let municipality = asker("municipal-consultant")?;
        let request = municipality.request(&self.stage.cast.subject(), Some(self.born()), motivated());
        let lookup = self.stage.at(MUNICIPALITY)?.lookup(&request).await;
        let lookup = lookup.map_err(DemoError::asking("who holds what was asked"))?;
        let holders: Vec<&str> = lookup.holders.iter().map(|one| one.holder.name.as_str()).collect();
        self.step("the municipality asks who holds what", holders.len() == 3, holders.join(", "));

        let dossier = self.dossier(MUNICIPALITY, "municipal-consultant", motivated()).await?;
        let delivered =
            dossier.sections.iter().filter(|section| section.status == SectionStatus::Delivered).count();
        self.step(
            "and reads what they have: one dossier, and it is complete",
            dossier.complete && delivered == 3,
            format!("{delivered} sections delivered, complete: {}", dossier.complete),
        );

        let phone = difference(&dossier);
        let says = phone.map(|phone| {
            let mut says: Vec<String> = phone
                .values
                .iter()
                .map(|held| format!("{} as of {}", held.holder.name, held.as_of))
                .collect();
            says.sort();
            says.join("; ")
        });
        self.step(
            "the telephone number differs: who says what, as of when",
            phone.is_some_and(|phone| phone.values.len() == 3),
            says.unwrap_or_default(),
        );
        Ok(())
    }

    /// The doubt about youth care's number, until everybody knows.
    pub(super) async fn value_is_corrected(&mut self) -> Result<(), DemoError> {
        let dossier = self.dossier(MUNICIPALITY, "municipal-consultant", motivated()).await?;
        let doubted = difference(&dossier)
            .and_then(|phone| phone.values.iter().find(|held| held.holder.oin.as_str() == YOUTH_CARE.oin))
            .ok_or_else(|| DemoError::Story("there is no difference to report".to_owned()))?;
        let reporter = asker("municipal-consultant")?;
        let request = self.report(&reporter, doubted);
        let sent = self.stage.at(MUNICIPALITY)?.report_feedback(&request).await;
        let sent = sent.map_err(DemoError::asking("a doubt was reported"))?;
        let view = sent.view.as_ref();
        self.step(
            "one step from the difference: the municipality doubts youth care's number",
            sent.delivery == FeedbackDelivery::Delivered
                && view.is_some_and(|view| view.status == FeedbackStatus::Reported),
            view.map_or_else(String::new, |view| {
                format!("received straight at youth care; to be taken up before {}", view.take_up_by)
            }),
        );

        let cursor = self.now(SCHOOL).await?;
        let schools = self.dossier(SCHOOL, "care-coordinator", listed()).await?;
        let section = schools.sections.iter().find(|section| section.holder.oin.as_str() == YOUTH_CARE.oin);
        let flagged = section
            .and_then(|section| section.provenance.as_ref())
            .is_some_and(|provenance| provenance.under_investigation.iter().any(|at| at == PHONE));
        let pulled = section.map(|section| section.transaction);
        self.step(
            "while it is open, whoever asks gets the number with a flag",
            flagged,
            "the school's dossier: under investigation",
        );

        let worker = asker("youth-care-worker")?;
        let youth_care = self.stage.at(YOUTH_CARE)?;
        let take_up = NewAnnotation { status: Some(FeedbackStatus::InProgress), ..NewAnnotation::default() };
        self.annotate(&worker, sent.id, take_up).await?;
        self.stage.knows(YOUTH_CARE, NEW_PHONE).await?;
        let upheld = NewAnnotation {
            status: Some(FeedbackStatus::Settled),
            outcome: Some(FeedbackOutcome::Upheld),
            note: Some("asked the parents".to_owned()),
            ..NewAnnotation::default()
        };
        self.annotate(&worker, sent.id, upheld).await?;
        let seen = youth_care.received_feedback_report(sent.id).await;
        let seen = seen.map_err(DemoError::asking("a report was read"))?;
        self.step(
            "youth care takes it up, mends its own file, and settles it",
            seen.outcome == Some(FeedbackOutcome::Upheld),
            format!("{} annotations, nothing overwritten", seen.annotations.len()),
        );

        let answered = self.stage.at(MUNICIPALITY)?.sent_report(sent.id).await;
        let answered = answered.map_err(DemoError::asking("a report was read"))?;
        let outcome = answered.view.as_ref().and_then(|view| view.outcome);
        self.step(
            "the reporter hears what came of it",
            outcome == Some(FeedbackOutcome::Upheld),
            "upheld, with the reason",
        );

        let told = self.heard(SCHOOL, &cursor, SignalType::ValueCorrected, None, CORRECTED_WITHIN).await?;
        let about_own = told.is_some() && told == pulled.map(|transaction| transaction.to_string());
        self.step(
            "the school, which had received the wrong number, is told",
            about_own,
            "the signal names the school's own exchange, and nothing else",
        );

        let after = self.dossier(MUNICIPALITY, "municipal-consultant", motivated()).await?;
        self.step(
            "asked anew, nobody differs any more",
            after.complete && difference(&after).is_none(),
            format!("{} differences", after.differences.len()),
        );
        Ok(())
    }

    /// The coordinator closes it; when only one holder is left, there is no match.
    pub(super) async fn match_ends(&mut self) -> Result<(), DemoError> {
        let id = self.the_match(YOUTH_CARE).await?;
        // Whoever came later is to be spoken to as well.
        let said = FollowUp { actor: asker("youth-doctor")?.actor };
        let contact = self.stage.at(HEALTH)?.say_contact(id, &said).await;
        contact.map_err(DemoError::asking("contact was reported"))?;
        let said = FollowUp { actor: asker("municipal-consultant")?.actor };
        let coordinated = self.stage.at(MUNICIPALITY)?.say_coordinated(id, &said).await;
        let coordinated = coordinated.map_err(DemoError::asking("a match was closed"))?;
        self.step(
            "the municipality says that help is coordinated",
            coordinated.shared.state == MatchState::Coordinated,
            coordinated.shared.state.as_str(),
        );

        let cursor = self.now(YOUTH_CARE).await?;
        self.stage.forgets(SCHOOL).await?;
        let still = self.live_matches(YOUTH_CARE).await?.contains(&id);
        self.stage.forgets(HEALTH).await?;
        let told = self
            .heard(YOUTH_CARE, &cursor, SignalType::MatchEnded, Some(&id.to_string()), TOLD_WITHIN)
            .await?;
        let gone = self.live_matches(YOUTH_CARE).await?.is_empty();
        self.step(
            "the worries of school and health service pass: with the second the match dissolves, and youth care is told",
            still && gone && told.is_some(),
            "no match left",
        );
        Ok(())
    }
}

/// Helpers that only ask.
impl Story<'_> {
    fn born(&self) -> &str {
        &self.stage.cast.sanne().birth_date
    }

    async fn dossier(&self, post: Post, role: &str, relation: Relation) -> Result<Dossier, DemoError> {
        let request = asker(role)?.request(&self.stage.cast.subject(), Some(self.born()), relation);
        let asked = self.stage.at(post)?.dossier(&request).await;
        asked.map_err(DemoError::asking("a dossier was asked for"))
    }

    fn report(&self, reporter: &Asker, doubted: &HeldValue) -> FeedbackRequest {
        let why = "the parents gave another number";
        reporter.doubt(&self.stage.cast.subject(), self.born(), doubted, NEW_PHONE, why)
    }

    async fn annotate(
        &self,
        who: &Asker,
        report: FeedbackId,
        annotation: NewAnnotation,
    ) -> Result<(), DemoError> {
        let given = AnnotateFeedback { actor: who.actor.clone(), annotation };
        let annotated = self.stage.at(YOUTH_CARE)?.annotate_received_feedback(report, &given).await;
        annotated.map(drop).map_err(DemoError::asking("a report was handled"))
    }

    async fn live_matches(&self, post: Post) -> Result<Vec<MatchId>, DemoError> {
        let live = MatchesAsked { live: Some(true), ..MatchesAsked::default() };
        let page = self.stage.at(post)?.matches(&live).await;
        let page = page.map_err(DemoError::asking("matches were read"))?;
        Ok(page.matches.into_iter().map(|one| one.id).collect())
    }

    async fn the_match(&self, post: Post) -> Result<MatchId, DemoError> {
        let matches = self.live_matches(post).await?;
        matches.first().copied().ok_or_else(|| DemoError::Story("there is no match".to_owned()))
    }

    async fn found(&self, post: Post, id: MatchId) -> Result<OwnMatch, DemoError> {
        self.stage.at(post)?.found_match(id).await.map_err(DemoError::asking("a match was read"))
    }

    /// The end of a partner's feed.
    async fn now(&self, post: Post) -> Result<String, DemoError> {
        let asked = SignalsAsked { after: Some(FROM_NOW.to_owned()), ..SignalsAsked::default() };
        let page = self.stage.at(post)?.signals(&asked).await;
        Ok(page.map_err(DemoError::asking("signals were read"))?.cursor)
    }

    /// What the first signal of a kind is about, or the first about something, if it comes in time.
    async fn heard(
        &self,
        post: Post,
        after: &str,
        kind: SignalType,
        about: Option<&str>,
        within: Duration,
    ) -> Result<Option<String>, DemoError> {
        let until = Instant::now() + within;
        let mut after = after.to_owned();
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let wait = u32::try_from(left.as_secs().saturating_add(u64::from(!left.is_zero()))).ok();
            let asked = SignalsAsked { after: Some(after), wait, ..SignalsAsked::default() };
            let page = self.stage.at(post)?.signals(&asked).await;
            let page = page.map_err(DemoError::asking("signals were read"))?;
            let is_it = |signal: &&Signal| {
                signal.known() == Some(kind) && about.is_none_or(|about| about == signal.about)
            };
            if let Some(signal) = page.signals.iter().find(is_it) {
                return Ok(Some(signal.about.clone()));
            }
            if Instant::now() >= until {
                return Ok(None);
            }
            after = page.cursor;
        }
    }
}

/// The difference about telephone numbers, if there is one.
fn difference(dossier: &Dossier) -> Option<&Difference> {
    dossier.differences.iter().find(|difference| difference.attribute == "phone")
}

fn asker(role: &str) -> Result<Asker, DemoError> {
    Asker::new(role, "coordinate-help")
}

const PHONE: &str = "/contact/phone";
/// What the chain promises about a match.
const TOLD_WITHIN: Duration = Duration::from_secs(2);
/// A correction goes by the holder's outbox.
const CORRECTED_WITHIN: Duration = Duration::from_secs(15);
