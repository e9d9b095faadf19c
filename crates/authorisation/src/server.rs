//! The authorisation server of one holder.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Data;
use kw_adapter::Vault;
use kw_adapter::pulls::Pulls;
use kw_adapter::sync::Pseudonymiser;
use kw_agreement::{Agreement, Decision, DecisionInput, DenialReason, MandateAct, RepresentationInput};
use kw_domain::{AuthorisationId, Category, Clock, Instant, Oin, Subject};
use kw_ledger::{AccessRecord, Event, LeafKind, canonical};
use kw_protocol::authorisation::{CALLBACK_PATH, Scope};
use kw_protocol::problem::ProblemCode;
use kw_protocol::query::{Assurance, RelationBasis};
use kw_runtime::{Entropy, Refusal, SharedAgreement};
use kw_store::partner::{LocalRecord, Partner};
use kw_store::{Abort, Act, KeepError, ReadError, Store, StoreError, WriteError};
use kw_telemetry::Reason;

use crate::events::AuthorisationNotRecorded;
use crate::mandates::Mandates;
use crate::provider::Provider;
use crate::settings::AuthorisationSettings;
use crate::stored::Authorisation;

/// Whether the process handles this person at all: made-up ones only, where the agreement is for tests.
pub type Admits = Arc<dyn Fn(&Agreement, &Subject) -> bool + Send + Sync>;

/// What an authorisation server is made of.
pub struct Parts {
    /// The holder.
    pub holder: Oin,
    /// Its settings.
    pub settings: AuthorisationSettings,
    /// The agreement in force.
    pub agreement: SharedAgreement,
    /// The partner's database.
    pub store: Arc<Store<Partner>>,
    /// What opens the sealed columns.
    pub vault: Vault,
    /// Where the documents are, and what may leave of them.
    pub pulls: Data<Pulls>,
    /// Who says who somebody is.
    pub provider: Arc<dyn Provider>,
    /// The register of mandates.
    pub mandates: Arc<dyn Mandates>,
    /// Where pseudonyms come from.
    pub pseudonymiser: Arc<dyn Pseudonymiser>,
    /// Where the time is read.
    pub clock: Arc<dyn Clock>,
    /// Where what nobody can guess is drawn.
    pub entropy: Entropy,
    /// Whom the process handles.
    pub admits: Admits,
}

/// The authorisation server of one holder (docs/authorisation.md).
pub struct AuthorisationServer {
    pub(crate) parts: Parts,
}

impl fmt::Debug for AuthorisationServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorisationServer").field("holder", &self.parts.holder).finish_non_exhaustive()
    }
}

/// Which party calls, in which exchange.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    /// The party, from its certificate.
    pub(crate) oin: Oin,
    /// SHA-256 of its certificate (DER).
    pub(crate) certificate: [u8; 32],
    /// W3C trace id.
    pub(crate) trace: String,
    /// FSC transaction id.
    pub(crate) transaction: kw_domain::TransactionId,
}

impl AuthorisationServer {
    /// A server of these parts.
    pub fn new(parts: Parts) -> Self {
        Self { parts }
    }

    pub(crate) fn now(&self) -> Instant {
        self.parts.clock.now()
    }

    /// Where people's browsers reach this server, as the agreement has it.
    pub(crate) fn address(&self, agreement: &Agreement) -> Option<String> {
        let own = agreement.partner(self.parts.holder)?;
        own.authorisation_endpoint.as_deref().map(|address| address.trim_end_matches('/').to_owned())
    }

    /// Where browsers and clients reach this server.
    pub(crate) fn endpoints(&self) -> Result<(String, String), Refusal> {
        let agreement = self.parts.agreement.current();
        let service = agreement.partner(self.parts.holder).map(|own| own.endpoint.clone());
        self.address(&agreement).zip(service).ok_or_else(|| {
            Refusal::new(
                ProblemCode::Unavailable,
                "The agreement does not say where people reach this holder.",
            )
        })
    }

    /// Whether a page of this origin is this server's own.
    pub(crate) fn is_own_origin(&self, origin: &str) -> bool {
        let address = self.address(&self.parts.agreement.current());
        let own = address.and_then(|address| url::Url::parse(&address).ok());
        own.is_some_and(|own| own.origin().ascii_serialization() == origin)
    }

    pub(crate) fn callback(&self, agreement: &Agreement) -> Result<String, Refusal> {
        let address = self.address(agreement).ok_or_else(|| {
            Refusal::new(
                ProblemCode::Unavailable,
                "The agreement does not say where people reach this holder.",
            )
        })?;
        Ok(format!("{address}{CALLBACK_PATH}"))
    }

    /// What the agreement says of this client asking for these categories, under a mandate that covers them or for the
    /// person at the keys. The person is proven by the provider's statement.
    pub(crate) fn decide(
        &self,
        agreement: &Agreement,
        client: Oin,
        scope: &Scope,
    ) -> Result<Ground, DenialReason> {
        let categories: Vec<Category> = scope.categories.iter().cloned().collect();
        let settings = &self.parts.settings;
        let representation = scope.representation.map(|asked| RepresentationInput {
            kind: asked.mandate_kind(),
            act: MandateAct::View,
            categories: scope.categories.clone(),
        });
        let decision = agreement.decide(&DecisionInput {
            requester: client,
            supplier: None,
            purpose: &settings.purpose,
            role: &settings.role,
            categories: &categories,
            relation: RelationBasis::Listed,
            assurance: Assurance::Proven,
            representation,
            at: self.now(),
        });
        match decision {
            Decision::Denied(reason) => Err(reason),
            // Under a mandate, what it cannot cover is left out of a query; here the person is asked for the whole.
            Decision::Allowed(allowed) if allowed.categories != scope.categories => {
                Err(DenialReason::OutsideMandate)
            }
            Decision::Allowed(allowed) => Ok(Ground {
                legal_basis: allowed.legal_basis,
                processing_activity: allowed.processing_activity,
            }),
        }
    }

    /// The own records about a person that may be found, in these categories.
    pub(crate) async fn records_about(
        &self,
        subject: &Subject,
        scope: &Scope,
    ) -> Result<Vec<LocalRecord>, ReadError> {
        let key = self.parts.vault.subject_key(subject);
        let mut records =
            self.parts.store.read(move |tables| tables.records_about(&key, MOST_RECORDS)).await?;
        records.retain(|record| {
            scope.categories.contains(&record.category) && kw_adapter::pulls::delivery::is_findable(record)
        });
        Ok(records)
    }

    /// A record of a step of an authorisation.
    pub(crate) fn record(
        &self,
        event: Event,
        agreement: &Agreement,
        authorisation: &Authorisation,
    ) -> AccessRecord {
        let (chain, holder) = (agreement.chain().clone(), self.parts.holder);
        let mut record =
            AccessRecord::new(event, self.now(), chain, holder, authorisation.client, agreement.hash());
        record.holders = vec![holder];
        record.transaction = Some(authorisation.facts.transaction);
        record.representation = authorisation.representation();
        if let Ok(scope) = authorisation.scope() {
            record.categories = scope.categories.into_iter().collect();
        }
        record
    }

    /// Whom a record is about, by fresh references that the links resolve: the own record where there is one, and the
    /// representative.
    pub(crate) fn about(
        &self,
        mut record: AccessRecord,
        authorisation: &Authorisation,
        own: Option<&LocalRecord>,
    ) -> Told {
        let (vault, at) = (&self.parts.vault, record.at);
        let handle = own.map(|own| own.handle);
        record.subject = handle.map(|_| self.parts.entropy.id(at));
        let acting = authorisation.persons.acting().filter(|_| {
            record.representation.is_some()
                && record.event.fields().contains(&kw_ledger::RecordField::Representative)
        });
        let acting = acting.map(|acting| vault.asked_key(&acting));
        record.representative = acting.map(|_| self.parts.entropy.id(at));
        Told { record, handle, acting }
    }

    /// Moves an authorisation on and makes its record durable, in one transaction. `Ok(false)`: another request was first.
    pub(crate) async fn act(
        &self,
        name: &'static str,
        before: &Authorisation,
        after: &Authorisation,
        told: Told,
    ) -> Result<bool, Refusal> {
        let (before, after) = (before.to_row(&self.parts.vault), after.to_row(&self.parts.vault));
        let written = self
            .parts
            .store
            .write(name, move |tx| {
                if !tx.write().move_authorisation(&before, &after)? {
                    return Err(Abort::Refused(()));
                }
                Ok(((), told.to_act()?))
            })
            .await;
        match written {
            Ok(_) => Ok(true),
            Err(WriteError::Refused(())) => Ok(false),
            Err(error) => Err(unrecorded(&error)),
        }
    }

    /// Makes a record durable that goes with no step.
    pub(crate) async fn tell(&self, name: &'static str, told: Told) -> Result<(), Refusal> {
        let written = self.parts.store.write(name, move |_| Ok::<_, Abort<()>>(((), told.to_act()?))).await;
        written.map(drop).map_err(|error| unrecorded(&error))
    }

    /// Moves an authorisation on where that discloses and decides nothing. `Ok(false)`: another request was first.
    pub(crate) async fn step(
        &self,
        name: &'static str,
        before: &Authorisation,
        after: &Authorisation,
    ) -> Result<bool, Refusal> {
        let (before, after) = (before.to_row(&self.parts.vault), after.to_row(&self.parts.vault));
        let kept = self.parts.store.keep(name, move |books| books.move_authorisation(&before, &after)).await;
        kept.map_err(|error| unkept(&error))
    }

    /// The authorisation that a value opens.
    pub(crate) async fn opened_by(&self, opens: [u8; 32]) -> Result<Option<Authorisation>, Refusal> {
        let row = self.parts.store.read(move |tables| tables.authorisation_opened_by(&opens)).await;
        self.read_back(row)
    }

    /// The authorisation whose code this was.
    pub(crate) async fn once_opened_by(&self, opened: [u8; 32]) -> Result<Option<Authorisation>, Refusal> {
        let row = self.parts.store.read(move |tables| tables.authorisation_once_opened_by(&opened)).await;
        self.read_back(row)
    }

    /// The authorisation with this name.
    pub(crate) async fn named(&self, id: AuthorisationId) -> Result<Option<Authorisation>, Refusal> {
        let row = self.parts.store.read(move |tables| tables.authorisation(id)).await;
        self.read_back(row)
    }

    fn read_back(
        &self,
        row: Result<Option<kw_store::partner::StoredAuthorisation>, ReadError>,
    ) -> Result<Option<Authorisation>, Refusal> {
        let row = row.map_err(|_| busy())?;
        row.map(|row| Authorisation::from_row(row, &self.parts.vault))
            .transpose()
            .map_err(|_| Refusal::fault("a stored authorisation does not open"))
    }

    /// Deletes what is over, with all that was known of the persons. To be called every minute.
    pub async fn forget(&self) -> Result<(), Reason> {
        let now = self.now();
        let kept = self
            .parts
            .store
            .keep("forget_authorisations", move |books| books.forget_authorisations(now))
            .await;
        kept.map(drop).map_err(|error| Reason::of(&error))
    }
}

/// On what ground the agreement allows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ground {
    pub(crate) legal_basis: String,
    pub(crate) processing_activity: String,
}

/// A record, and whom its references mean.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) record: AccessRecord,
    handle: Option<kw_domain::Handle>,
    acting: Option<[u8; 16]>,
}

impl Told {
    /// A record about nobody.
    pub(crate) fn of(record: AccessRecord) -> Self {
        Self { record, handle: None, acting: None }
    }

    pub(crate) fn to_act<E>(&self) -> Result<Act, Abort<E>> {
        let record = &self.record;
        let mut act = Act::new(record.at, LeafKind::Access, canonical(record).map_err(StoreError::from)?);
        if let Some((handle, subject)) = self.handle.zip(record.subject) {
            act = act.link_record(handle, subject, record.transaction);
        }
        if let Some((acting, representative)) = self.acting.zip(record.representative) {
            // Without the exchange: it is the other person whom the exchange was about.
            act = act.link_asked(acting, representative, None);
        }
        Ok(act)
    }
}

/// No step without its record.
pub(crate) fn unrecorded<E>(error: &WriteError<E>) -> Refusal {
    AuthorisationNotRecorded { reason: Reason::of(error) }.log();
    busy()
}

pub(crate) fn unkept(error: &KeepError) -> Refusal {
    AuthorisationNotRecorded { reason: Reason::of(error) }.log();
    busy()
}

pub(crate) fn busy() -> Refusal {
    Refusal::new(ProblemCode::Unavailable, "The holder cannot do this now. Try again.")
        .retry_after(Duration::from_secs(1))
}

/// More records about one person than any holder has.
const MOST_RECORDS: u32 = 256;
