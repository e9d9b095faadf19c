//! The closed question at the pull: does the person still let this holder disclose this to this requester?
//!
//! The switchboard asked the same when it granted; between the two the person may have changed their mind. Consent is
//! kept as long as the switchboard says, in memory only, and dropped when a signal says that a choice changed. Without an
//! answer nothing is delivered.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kw_client::{ClientError, SwitchboardClient};
use kw_domain::{Clock, Instant, Oin, PointerId, Purpose};
use kw_protocol::consent::{CheckConsent, ConsentChecked, ConsentVerdict};
use kw_protocol::problem::ProblemCode;
use kw_telemetry::Reason;

use crate::events::ConsentNotAsked;

/// Where the register of choices is asked.
pub trait ConsentSource: fmt::Debug + Send + Sync {
    /// The answer to one closed question.
    fn check<'a>(&'a self, question: &'a CheckConsent) -> CheckingConsent<'a>;
}

/// A question under way.
pub type CheckingConsent<'a> = Pin<Box<dyn Future<Output = Result<ConsentChecked, ClientError>> + Send + 'a>>;

impl ConsentSource for SwitchboardClient {
    fn check<'a>(&'a self, question: &'a CheckConsent) -> CheckingConsent<'a> {
        Box::pin(self.check_consent(question))
    }
}

/// The choices of persons as this holder knows them. Clones share what is kept.
#[derive(Debug, Clone)]
pub struct Consents(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    source: Arc<dyn ConsentSource>,
    clock: Arc<dyn Clock>,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    answers: HashMap<(PointerId, Oin), ConsentChecked>,
    /// Counts what was dropped, so that an answer that was under way meanwhile is not kept.
    dropped: u64,
}

/// The switchboard gave no answer, and there is none that still counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unknown;

impl Consents {
    /// Nothing is known yet.
    pub fn new(source: Arc<dyn ConsentSource>, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Inner { source, clock, kept: Mutex::default() }))
    }

    /// What the person behind a pointer chose about this requester.
    pub(crate) async fn verdict(
        &self,
        pointer: PointerId,
        requester: Oin,
        purpose: &Purpose,
    ) -> Result<ConsentVerdict, Unknown> {
        let (known, dropped) = {
            let kept = self.0.kept.lock().unwrap_or_else(PoisonError::into_inner);
            (kept.answers.get(&(pointer, requester)).copied(), kept.dropped)
        };
        if let Some(known) = known.filter(|known| self.now() < known.valid_until) {
            return Ok(known.verdict);
        }
        let question = CheckConsent {
            pointer: Some(pointer),
            subject: None,
            category: None,
            requester,
            purpose: purpose.clone(),
        };
        let asked = tokio::time::timeout(PATIENCE, self.0.source.check(&question)).await;
        match asked.unwrap_or(Err(ClientError::TimedOut)) {
            Ok(answer) => {
                self.keep((pointer, requester), answer, dropped);
                Ok(answer.verdict)
            }
            // The pointer is not found any more: withdrawn, run out, or objected to. Nothing may leave for it.
            Err(error) if error.code() == Some(ProblemCode::NotFound) => Ok(ConsentVerdict::Refused),
            Err(error) => {
                ConsentNotAsked { reason: Reason::of(&error) }.log();
                Err(Unknown)
            }
        }
    }

    /// Somebody changed a choice about this pointer: whoever pulls it is asked about again.
    pub fn drop_about(&self, pointer: PointerId) {
        let mut kept = self.0.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.dropped += 1;
        kept.answers.retain(|(about, _), _| *about != pointer);
    }

    /// Signals may have been missed: everything is asked again.
    pub fn drop_all(&self) {
        let mut kept = self.0.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.dropped += 1;
        kept.answers.clear();
    }

    fn keep(&self, about: (PointerId, Oin), answer: ConsentChecked, dropped: u64) {
        // Consent that is given counts at once: only what lets something leave is kept, since the switchboard grants nothing
        // without it anyway.
        if answer.verdict != ConsentVerdict::Given {
            return;
        }
        let now = self.now();
        let mut kept = self.0.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.dropped != dropped {
            return;
        }
        if kept.answers.len() >= MOST_KEPT {
            kept.answers.retain(|_, answer| now < answer.valid_until);
        }
        if kept.answers.len() < MOST_KEPT {
            // Whatever the clocks say, nothing is kept for longer than a chain would want it to be.
            let valid_until = answer.valid_until.min(now.plus(LONGEST_KEPT));
            kept.answers.insert(about, ConsentChecked { valid_until, ..answer });
        }
    }

    fn now(&self) -> Instant {
        self.0.clock.now()
    }
}

/// Less than the source's deadline, so that the requester hears why.
const PATIENCE: Duration = Duration::from_millis(900);
/// Answers in memory. More are asked each time.
const MOST_KEPT: usize = 10_000;
const LONGEST_KEPT: Duration = Duration::from_hours(1);

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use kw_domain::ManualClock;

    use super::*;
    use crate::testing::{self, Register};

    struct Bed {
        clock: Arc<ManualClock>,
        register: Arc<Register>,
        consents: Consents,
        pointer: PointerId,
    }

    impl Bed {
        fn new(verdict: ConsentVerdict) -> Self {
            let clock = testing::clock();
            let register = Register::saying(verdict, clock.now().plus(Duration::from_mins(5)));
            let consents = Consents::new(Arc::clone(&register) as Arc<_>, Arc::clone(&clock) as Arc<_>);
            let pointer = PointerId::new(clock.now(), [1; 10]);
            Self { clock, register, consents, pointer }
        }

        async fn ask(&self) -> Result<ConsentVerdict, Unknown> {
            let purpose = Purpose::parse("coordinate-help").unwrap();
            self.consents.verdict(self.pointer, testing::requester(), &purpose).await
        }

        fn break_off(&self) {
            self.register.say(Err(ClientError::Unreachable));
        }
    }

    #[tokio::test]
    async fn an_answer_is_kept_until_it_ends_and_then_asked_for_again() {
        let bed = Bed::new(ConsentVerdict::Given);
        assert_eq!(bed.ask().await, Ok(ConsentVerdict::Given));
        bed.break_off();
        bed.clock.advance(Duration::from_secs(299));
        assert_eq!(bed.ask().await, Ok(ConsentVerdict::Given), "the switchboard is not needed meanwhile");
        assert_eq!(bed.register.asked.load(Ordering::SeqCst), 1);
        bed.clock.advance(Duration::from_secs(1));
        assert_eq!(bed.ask().await, Err(Unknown), "a stale answer is no answer");
        assert_eq!(bed.register.asked.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn consent_that_is_given_counts_at_once() {
        let bed = Bed::new(ConsentVerdict::Silent);
        assert_eq!(bed.ask().await, Ok(ConsentVerdict::Silent));
        let valid_until = bed.clock.now().plus(Duration::from_mins(5));
        bed.register.say(Ok(ConsentChecked { verdict: ConsentVerdict::Given, valid_until }));
        assert_eq!(bed.ask().await, Ok(ConsentVerdict::Given));
    }

    #[tokio::test]
    async fn a_changed_choice_is_asked_for_again_at_once() {
        let bed = Bed::new(ConsentVerdict::Given);
        assert_eq!(bed.ask().await, Ok(ConsentVerdict::Given));
        bed.break_off();
        bed.consents.drop_about(PointerId::new(bed.clock.now(), [2; 10]));
        assert_eq!(bed.ask().await, Ok(ConsentVerdict::Given), "a choice about another pointer");
        bed.consents.drop_about(bed.pointer);
        assert_eq!(bed.ask().await, Err(Unknown));
    }

    #[tokio::test]
    async fn a_pointer_that_is_not_found_any_more_discloses_nothing() {
        let bed = Bed::new(ConsentVerdict::Given);
        let problem = kw_protocol::problem::Problem {
            kind: format!("{}not-found", kw_protocol::problem::TYPE_BASE),
            title: String::new(),
            status: 404,
            detail: String::new(),
            retryable: false,
            trace_id: None,
            errors: Vec::new(),
        };
        let refused = kw_client::Refused { problem, retry_after: None };
        bed.register.say(Err(ClientError::Problem(Box::new(refused))));
        assert_eq!(bed.ask().await, Ok(ConsentVerdict::Refused));
    }
}
