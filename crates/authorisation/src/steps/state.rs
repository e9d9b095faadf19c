//! The browser comes back from the provider: the statement is checked, and the person whom it is about looked for.

use kw_agreement::Agreement;
use kw_client::ClientError;
use kw_domain::{AuthorisationId, BirthDate, KeyUse, Subject};
use kw_ledger::Event;
use kw_protocol::SecretBytes32;
use kw_protocol::authorisation::{FailureCode, Scope};
use kw_protocol::evaluation::BudgetClass;
use kw_protocol::mandate::{ActiveMandate, CheckMandate, MandateAct};
use kw_protocol::pointer::SubjectElement;
use kw_protocol::problem::ProblemCode;
use kw_runtime::{Refusal, Trace};
use kw_store::partner::LocalRecord;
use kw_telemetry::Reason;
use serde::Deserialize;

use super::ask::cookie_is_of;
use super::send::unreadable;
use crate::events::{AuthorisationFailed, BrowserRefused, ProviderNotReached};
use crate::opaque;
use crate::provider::{ProviderError, SignedIn};
use crate::rules::birth_date::{Comparison, compare, is_in_band};
use crate::rules::phase::Phase;
use crate::rules::statement::{Answered, StatedMandate, Statement};
use crate::server::AuthorisationServer;
use crate::stored::Authorisation;

/// What a browser brings back from the provider.
#[derive(Clone, Default, Deserialize)]
pub struct CallbackQuery {
    #[serde(default)]
    pub(crate) code: Option<String>,
    #[serde(default)]
    pub(crate) state: Option<String>,
    #[serde(default)]
    pub(crate) iss: Option<String>,
    #[serde(default)]
    pub(crate) error: Option<String>,
}

/// What was found out about the persons of a statement that holds.
struct Found {
    own: Option<LocalRecord>,
}

impl AuthorisationServer {
    /// Takes the provider's answer. Where the browser goes next is the same whatever came out: the page that asks for
    /// consent, or says why not.
    pub(crate) async fn state(
        &self,
        query: &CallbackQuery,
        cookies: &dyn Fn(AuthorisationId) -> Option<String>,
        trace: &Trace,
    ) -> Result<AuthorisationId, Refusal> {
        let now = self.now();
        let found = match &query.state {
            Some(state) => self.opened_by(opaque::stored(state)).await?,
            None => None,
        };
        // The cookie ties the answer to the browser that was sent: somebody else's answer cannot be slipped in (CSRF).
        let of_browser = |one: &Authorisation| cookie_is_of(one, cookies(one.id).as_deref());
        let found = found.filter(|one| one.is_live(Phase::Authenticating, now) && of_browser(one));
        let Some(before) = found else {
            BrowserRefused { step: "callback" }.log();
            let detail =
                "Nobody was sent from here with this state, or it was used, or it is too old. Start again.";
            return Err(Refusal::new(ProblemCode::Invalid, detail));
        };
        let stating = before.moved(Phase::Stating, now).ok_or_else(unreadable)?;
        // First, so that a second answer finds nothing, however fast it comes.
        if !self.step("take_statement", &before, &stating).await? {
            BrowserRefused { step: "callback" }.log();
            return Err(Refusal::new(ProblemCode::Invalid, "This answer was used. Start again."));
        }
        let agreement = self.parts.agreement.current();
        let mut stated = stating.clone();
        stated.persons.nonce = None;
        stated.persons.verifier = None;
        let outcome = self.examine(&agreement, query, &stating, &mut stated).await;
        self.conclude(&agreement, &stating, stated, outcome, trace).await?;
        Ok(stating.id)
    }

    async fn conclude(
        &self,
        agreement: &Agreement,
        stating: &Authorisation,
        stated: Authorisation,
        outcome: Result<Found, FailureCode>,
        trace: &Trace,
    ) -> Result<(), Refusal> {
        let now = self.now();
        let (after, told) = match outcome {
            Ok(found) => {
                let after = stated.moved(Phase::Asking, now).ok_or_else(unreadable)?;
                let mut record = self.record(Event::AuthorisationAsked, agreement, &after);
                record.trace = Some(trace.trace_id());
                let told = self.about(record, &after, found.own.as_ref());
                (after, told)
            }
            Err(code) => {
                AuthorisationFailed {
                    transaction: stated.facts.transaction,
                    client: stated.client,
                    reason: code.as_str(),
                }
                .log();
                let mut after = stated.moved(Phase::Failed, now).ok_or_else(unreadable)?;
                after.facts.failure = Some(code.as_str().to_owned());
                let record =
                    self.record(Event::AuthorisationDecided, agreement, &after).denied(code.as_str());
                // Whoever it was about can find out that it was tried.
                let own = self.own_record(&stated).await;
                let mut told = self.about(record, &stated, own.as_ref());
                told.record.trace = Some(trace.trace_id());
                (after, told)
            }
        };
        if self.act("conclude_statement", stating, &after, told).await? {
            return Ok(());
        }
        Err(Refusal::new(ProblemCode::Invalid, "This took too long. Start again."))
    }

    /// An own record about the person of the statement, as far as it was read.
    async fn own_record(&self, stated: &Authorisation) -> Option<LocalRecord> {
        let (subject, scope) = (stated.persons.about()?, stated.scope().ok()?);
        self.records_about(&subject, &scope).await.ok()?.into_iter().next()
    }

    /// Everything between the answer and the question to the person, in the order in which it ends.
    async fn examine(
        &self,
        agreement: &Agreement,
        query: &CallbackQuery,
        stating: &Authorisation,
        stated: &mut Authorisation,
    ) -> Result<Found, FailureCode> {
        let scope = stating.scope().map_err(|_| FailureCode::Unavailable)?;
        let statement = self.statement(agreement, query, stating).await?;
        let answered = statement.answers(scope.representation, agreement.representation())?;
        stated.facts.assurance = Some(statement.assurance.clone());
        stated.persons.acting_name.clone_from(&statement.acting.name);
        let given = stating.persons.birth_date();
        let (subject, mandate) = match answered {
            Answered::Own => {
                stated.persons.are(&statement.acting.subject, None);
                (&statement.acting.subject, None)
            }
            Answered::Represented { legal, mandate } => {
                stated.persons.are(&statement.acting.subject, Some(&legal.subject));
                stated.persons.legal_name.clone_from(&legal.name);
                stated.facts.mandate = Some(mandate.mandate);
                let acting = &statement.acting.subject;
                let active =
                    self.mandate_counts(agreement, acting, &legal.subject, mandate, &scope, given).await?;
                (&legal.subject, Some(active))
            }
        };
        if !self.handles(agreement, &statement) {
            return Err(FailureCode::StatementRefused);
        }
        let own = self.same_birth_date(agreement, subject, &scope, given, mandate.as_ref()).await?;
        Ok(Found { own })
    }

    async fn statement(
        &self,
        agreement: &Agreement,
        query: &CallbackQuery,
        stating: &Authorisation,
    ) -> Result<Statement, FailureCode> {
        // An answer of another provider than the one that was asked is no answer (mix-up, RFC 9207).
        if query.iss.as_ref().is_some_and(|issuer| *issuer != self.parts.provider.issuer()) {
            return Err(FailureCode::StatementRefused);
        }
        let (Some(code), None) = (&query.code, &query.error) else {
            return Err(FailureCode::AuthenticationFailed);
        };
        let (Some(nonce), Some(verifier)) = (&stating.persons.nonce, &stating.persons.verifier) else {
            return Err(FailureCode::StatementRefused);
        };
        let callback = self.callback(agreement).map_err(|_| FailureCode::Unavailable)?;
        let answer = SignedIn { code, redirect_uri: &callback, nonce, code_verifier: verifier };
        self.parts.provider.statement(&answer).await.map_err(|error| {
            ProviderNotReached { reason: Reason::of(&error) }.log();
            match error {
                ProviderError::Refused(_) => FailureCode::StatementRefused,
                ProviderError::None | ProviderError::Unavailable(_) => FailureCode::Unavailable,
            }
        })
    }

    fn handles(&self, agreement: &Agreement, statement: &Statement) -> bool {
        let persons = std::iter::once(&statement.acting).chain(&statement.legal);
        let mut subjects = persons.map(|person| &person.subject);
        subjects.all(|subject| matches!(subject, Subject::Bsn(_)) && (self.parts.admits)(agreement, subject))
    }

    /// Whether the mandate counts in the register now, is of the kind that was asked, covers what is asked, and exists at
    /// the age that the request says.
    async fn mandate_counts(
        &self,
        agreement: &Agreement,
        acting: &Subject,
        legal: &Subject,
        stated: &StatedMandate,
        scope: &Scope,
        given: Option<BirthDate>,
    ) -> Result<ActiveMandate, FailureCode> {
        let active = self
            .check_mandate(acting, legal, stated, scope)
            .await
            .map_err(|()| FailureCode::Unavailable)?
            .filter(|active| active.kind == stated.kind)
            .ok_or(FailureCode::MandateRefused)?;
        let born = given.ok_or(FailureCode::BirthDateUnknown)?;
        if self.is_of_age(agreement, &active, born) {
            Ok(active)
        } else {
            Err(FailureCode::RepresentationAge)
        }
    }

    /// Whether a person who was born then has the age at which this mandate exists.
    pub(super) fn is_of_age(&self, agreement: &Agreement, active: &ActiveMandate, born: BirthDate) -> bool {
        let rules = agreement.representation().kinds.get(&active.kind);
        let band = rules.and_then(|rules| rules.band(&active.age_band));
        band.is_some_and(|band| is_in_band(band, &born, self.now()))
    }

    /// Asks the switchboard's register. `Ok(None)`: it does not count. `Err`: nobody could say.
    pub(super) async fn check_mandate(
        &self,
        acting: &Subject,
        legal: &Subject,
        stated: &StatedMandate,
        scope: &Scope,
    ) -> Result<Option<ActiveMandate>, ()> {
        let subjects = [acting.clone(), legal.clone()];
        let elements = self.parts.pseudonymiser.evaluate(&subjects, KeyUse::Index, BudgetClass::Query).await;
        let elements: Vec<SubjectElement> = elements
            .map_err(drop)?
            .into_iter()
            .filter_map(|mut epochs| epochs.pop())
            .map(|newest| SubjectElement {
                element: SecretBytes32(newest.element.to_bytes()),
                epoch: newest.epoch,
            })
            .collect();
        let [representative, represented] = <[SubjectElement; 2]>::try_from(elements).map_err(drop)?;
        let check = CheckMandate {
            mandate: stated.mandate,
            represented,
            representative: Some(representative),
            act: MandateAct::View,
            categories: scope.categories.iter().cloned().collect(),
        };
        match self.parts.mandates.check(&check).await {
            Ok(checked) if checked.active => Ok(checked.mandate),
            Ok(_) => Ok(None),
            Err(ClientError::Problem(refused)) if !refused.problem.retryable => Ok(None),
            Err(_) => Err(()),
        }
    }

    /// Compares the birth date of the request with that of every own record about the person, at the source. Nothing is
    /// compared where there is no record: that looks the same to the person as "nothing there" at the collection.
    async fn same_birth_date(
        &self,
        agreement: &Agreement,
        subject: &Subject,
        scope: &Scope,
        given: Option<BirthDate>,
        mandate: Option<&ActiveMandate>,
    ) -> Result<Option<LocalRecord>, FailureCode> {
        let records = self.records_about(subject, scope).await.map_err(|_| FailureCode::Unavailable)?;
        for record in &records {
            let document =
                self.parts.pulls.document_of(record).await.map_err(|_| FailureCode::Unavailable)?;
            let (Some(document), Some(given)) = (document, given) else { continue };
            match compare(&given, document.birth_date.as_ref()) {
                Comparison::Same(_) => {}
                Comparison::Different => return Err(FailureCode::BirthDateMismatch),
                Comparison::Unknown => return Err(FailureCode::BirthDateUnknown),
            }
            // The source may know the day where the request knew the month.
            let fits = |born: BirthDate| mandate.is_none_or(|active| self.is_of_age(agreement, active, born));
            if !document.birth_date.is_some_and(fits) {
                return Err(FailureCode::RepresentationAge);
            }
        }
        Ok(records.into_iter().next())
    }
}
