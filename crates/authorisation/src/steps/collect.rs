//! The client collects one category with its token: at the source, now, for the one person of the authorisation.

use std::collections::BTreeSet;

use kw_adapter::pulls::delivery::{NotDelivered, Recipient};
use kw_agreement::{Agreement, MandateAct, RepresentationInput};
use kw_domain::{BirthDate, DatePrecision, KeyUse, Subject};
use kw_ledger::{AccessRecord, Event, Outcome};
use kw_protocol::SecretBytes32;
use kw_protocol::authorisation::{BirthDatePrecision, Collected, CollectionRequest, Scope};
use kw_protocol::evaluation::BudgetClass;
use kw_protocol::problem::ProblemCode;
use kw_protocol::pull::{EpochBirthDateProof, EpochProof};
use kw_pseudonym::Binding;
use kw_runtime::Refusal;
use kw_store::partner::LocalRecord;

use super::send::unreadable;
use crate::events::{CollectionFailed, CollectionRefused};
use crate::opaque;
use crate::rules::birth_date::{Comparison, compare};
use crate::rules::phase::Phase;
use crate::rules::statement::StatedMandate;
use crate::server::{AuthorisationServer, Client, Ground, busy};
use crate::stored::Authorisation;

/// Why nothing is delivered.
struct NotCollected {
    /// For the record.
    reason: &'static str,
    /// For the client.
    refusal: Refusal,
    /// Whether something broke.
    failed: bool,
    /// Whether the token is void from now on.
    ends: bool,
}

impl NotCollected {
    fn refused(reason: &'static str, code: ProblemCode, detail: &'static str) -> Self {
        Self { reason, refusal: Refusal::new(code, detail), failed: false, ends: false }
    }

    fn failed(reason: &'static str, refusal: Refusal) -> Self {
        Self { reason, refusal, failed: true, ends: false }
    }

    fn ending(self) -> Self {
        Self { ends: true, ..self }
    }
}

impl From<NotDelivered> for NotCollected {
    fn from(not: NotDelivered) -> Self {
        Self { reason: not.reason, refusal: not.refusal, failed: not.failed, ends: false }
    }
}

/// A binding of the person with the client, per live epoch.
type Bindings = Vec<(u32, Binding)>;

impl AuthorisationServer {
    /// Checks everything again, fetches, records, answers.
    pub(crate) async fn collect(
        &self,
        client: &Client,
        token: &str,
        request: &CollectionRequest,
    ) -> Result<Collected, Refusal> {
        let now = self.now();
        let found = self.opened_by(opaque::stored(token)).await?.filter(|one| one.is_live(Phase::Token, now));
        let Some(granted) = found else { return Err(no_token(client, "token-unknown")) };
        let agreement = self.parts.agreement.current();
        if granted.client != client.oin || granted.certificate != client.certificate {
            self.revoke(&agreement, client, &granted, "token-of-another-certificate").await?;
            return Err(no_token(client, "token-of-another-certificate"));
        }
        let scope = granted.scope().map_err(|_| unreadable())?;
        let mut own = None;
        let outcome = self.gather(&agreement, &granted, &scope, client, token, request, &mut own).await;
        let mut record = self.record(Event::CollectionAnswered, &agreement, &granted);
        record.trace = Some(client.trace.clone());
        // The exchange of this collection: the client's record has the same.
        record.transaction = Some(client.transaction);
        // What a client may make up does not get into the log.
        let asked = scope.categories.contains(&request.category);
        record.categories = asked.then(|| request.category.clone()).into_iter().collect();
        record.purpose = Some(self.parts.settings.purpose.clone());
        match outcome {
            Ok((collected, ground)) => {
                record.count = Some(u64::from(collected.document.is_some()));
                record.legal_basis = Some(ground.legal_basis);
                record.processing_activity = Some(ground.processing_activity);
                let told = self.about(record, &granted, own.as_ref());
                self.tell("answer_collection", told).await?;
                Ok(collected)
            }
            Err(not) => {
                Err(self.not_collected(&agreement, client, &granted, record, own.as_ref(), not).await)
            }
        }
    }

    async fn not_collected(
        &self,
        agreement: &Agreement,
        client: &Client,
        granted: &Authorisation,
        record: AccessRecord,
        own: Option<&LocalRecord>,
        not: NotCollected,
    ) -> Refusal {
        let NotCollected { reason, refusal, failed, ends } = not;
        let mut record = record.denied(reason);
        if failed {
            record.result = Outcome::Error;
            CollectionFailed { client: client.oin, reason }.log();
        } else {
            CollectionRefused { client: client.oin, reason }.log();
        }
        let told = self.about(record, granted, own);
        if let Err(unrecorded) = self.tell("refuse_collection", told).await {
            return unrecorded;
        }
        if ends && let Err(unrecorded) = self.revoke(agreement, client, granted, reason).await {
            return unrecorded;
        }
        refusal
    }

    #[expect(clippy::too_many_arguments, reason = "one step, in the order in which it is refused")]
    async fn gather(
        &self,
        agreement: &Agreement,
        granted: &Authorisation,
        scope: &Scope,
        client: &Client,
        token: &str,
        request: &CollectionRequest,
        own: &mut Option<LocalRecord>,
    ) -> Result<(Collected, Ground), NotCollected> {
        if !scope.categories.contains(&request.category) {
            let detail =
                "The person did not consent to this category. Ask again, with another authorisation.";
            return Err(NotCollected::refused("category-not-granted", ProblemCode::Denied, detail));
        }
        let one = Scope {
            categories: BTreeSet::from([request.category.clone()]),
            representation: scope.representation,
        };
        let ground = self.decide(agreement, client.oin, &one).map_err(|reason| {
            let detail = "The holder's own agreement does not allow this any more.";
            NotCollected::refused(reason.as_str(), ProblemCode::Denied, detail)
        })?;
        let damaged = || NotCollected::failed("authorisation-damaged", unreadable());
        let subject = granted.persons.about().ok_or_else(damaged)?;
        let records = self.records_about(&subject, &one).await;
        let mut records = records.map_err(|_| NotCollected::failed("unavailable", busy()))?;
        if let Some(source) = &request.source {
            records.retain(|record| record.source == *source);
        }
        // From here on the record says about whom it is, whatever comes out.
        *own = records.first().cloned();
        let active = self.still_mandated(granted, &subject, &one).await?;
        let bindings = self.bindings(&subject, client).await?;
        let mut records = records.into_iter();
        let first = records.next();
        let others = records.map(|record| record.source).collect();
        let mut collected = Collected {
            id: self.parts.entropy.id(self.now()),
            holder: self.parts.holder,
            category: request.category.clone(),
            transaction: client.transaction,
            document: None,
            provenance: None,
            other_sources: others,
            subject_proofs: bindings
                .iter()
                .map(|(epoch, binding)| EpochProof {
                    epoch: *epoch,
                    proof: SecretBytes32(binding.subject_proof(token)),
                })
                .collect(),
            birth_date_proofs: Vec::new(),
            birth_date_precision: None,
        };
        let Some(record) = first else { return Ok((collected, ground)) };
        let recipient = Recipient {
            oin: client.oin,
            purpose: &self.parts.settings.purpose,
            role: &self.parts.settings.role,
            representation: active.as_ref().map(|active| RepresentationInput {
                kind: active.kind,
                act: MandateAct::View,
                categories: active.categories.iter().cloned().collect(),
            }),
        };
        self.parts.pulls.check_objection(agreement, &record, &recipient).await?;
        let Some(document) = self.parts.pulls.document_of(&record).await? else {
            return Ok((collected, ground));
        };
        let born = document.birth_date;
        self.is_the_person(agreement, granted, born.as_ref(), active.as_ref())?;
        let (document, provenance) = self.parts.pulls.as_it_may_leave(agreement, &record, document)?;
        collected.document = Some(document);
        collected.provenance = Some(provenance);
        if let Some(born) = born {
            collected.birth_date_precision = Some(precision(born));
            collected.birth_date_proofs = bindings
                .iter()
                .map(|(epoch, binding)| birth_date_proof(*epoch, binding, token, born))
                .collect();
        }
        Ok((collected, ground))
    }

    /// Asks the register again: a mandate that was withdrawn since the consent ends the token.
    async fn still_mandated(
        &self,
        granted: &Authorisation,
        legal: &Subject,
        scope: &Scope,
    ) -> Result<Option<kw_protocol::mandate::ActiveMandate>, NotCollected> {
        let Some(asked) = scope.representation else { return Ok(None) };
        let damaged = || NotCollected::failed("authorisation-damaged", unreadable());
        let acting = granted.persons.acting().ok_or_else(damaged)?;
        let mandate = granted.facts.mandate.ok_or_else(damaged)?;
        let stated = StatedMandate { mandate, kind: asked.mandate_kind() };
        let checked = self.check_mandate(&acting, legal, &stated, scope).await;
        let active = checked.map_err(|()| NotCollected::failed("mandate-unknown", busy()))?;
        active.filter(|active| active.kind == stated.kind).map(Some).ok_or_else(ended)
    }

    /// The source may have changed since the person was asked: the same checks as then.
    fn is_the_person(
        &self,
        agreement: &Agreement,
        granted: &Authorisation,
        born: Option<&BirthDate>,
        active: Option<&kw_protocol::mandate::ActiveMandate>,
    ) -> Result<(), NotCollected> {
        if let Some(given) = granted.persons.birth_date() {
            match compare(&given, born) {
                Comparison::Same(_) => {}
                Comparison::Different => {
                    let detail = "The birth date at the source is another than the one of the request. Do not store anything.";
                    let code = ProblemCode::BirthDateMismatch;
                    return Err(NotCollected::refused("birth-date-mismatch", code, detail).ending());
                }
                Comparison::Unknown => {
                    let detail = "The birth date cannot be compared. Follow the two-person procedure.";
                    let code = ProblemCode::BirthDateUnknown;
                    return Err(NotCollected::refused("birth-date-unknown", code, detail).ending());
                }
            }
        }
        if let Some(active) = active
            && !born.is_some_and(|born| self.is_of_age(agreement, active, *born))
        {
            return Err(ended());
        }
        Ok(())
    }

    async fn bindings(&self, subject: &Subject, client: &Client) -> Result<Bindings, NotCollected> {
        let subject = std::slice::from_ref(subject);
        let elements = self.parts.pseudonymiser.evaluate(subject, KeyUse::Binding, BudgetClass::Query).await;
        let elements = elements.map_err(|_| NotCollected::failed("no-pseudonym", busy()))?;
        let bindings: Bindings = elements
            .into_iter()
            .flatten()
            .map(|one| (one.epoch.0, Binding::derive(&one.element, client.oin)))
            .collect();
        if bindings.is_empty() { Err(NotCollected::failed("no-pseudonym", busy())) } else { Ok(bindings) }
    }
}

fn birth_date_proof(epoch: u32, binding: &Binding, token: &str, born: BirthDate) -> EpochBirthDateProof {
    let proofs = binding.birth_date_proofs(token, &born);
    EpochBirthDateProof {
        epoch,
        day: proofs.day.map(SecretBytes32),
        month: proofs.month.map(SecretBytes32),
        year: proofs.year.map(SecretBytes32),
    }
}

fn precision(born: BirthDate) -> BirthDatePrecision {
    match born.precision() {
        DatePrecision::Day => BirthDatePrecision::Day,
        DatePrecision::Month => BirthDatePrecision::Month,
        DatePrecision::Year => BirthDatePrecision::Year,
    }
}

fn ended() -> NotCollected {
    let detail = "The mandate does not count any more for this person and category. Nothing was delivered; the token is void.";
    NotCollected::refused("representation-ended", ProblemCode::RepresentationEnded, detail).ending()
}

fn no_token(client: &Client, reason: &'static str) -> Refusal {
    CollectionRefused { client: client.oin, reason }.log();
    let detail = "The token is unknown, expired, ended, or not of this certificate. Ask the person again.";
    Refusal::new(ProblemCode::TokenRefused, detail)
}
