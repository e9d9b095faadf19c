//! What the chain says about one person, asked at the partner that runs this; whatever cannot be had has its reason.

use std::sync::Arc;

use futures_util::future::join5;
use kw_client::ClientError;
use kw_domain::{Bsn, CaseReference, Instant};
use kw_protocol::access_report::{AccessReportRequest, AskedParty, ReportEntry, ReportLanguage};
use kw_protocol::consent::{Consent, GivenBy};
use kw_protocol::dossier::{DossierRequest, LookupHolder, RepresentationRequest};
use kw_protocol::local::choices::{ConsentSearchRequest, LocalDeclaration, ObjectionSearchRequest};
use kw_protocol::local::feedback::{SentReport, SentSearch};
use kw_protocol::mandate::local::MandateSearch;
use kw_protocol::mandate::{Mandate, MandateAct, MandateStatus, Side};
use kw_protocol::objection::Objection;
use kw_protocol::problem::ProblemCode;
use kw_protocol::query::{Actor, Relation, RelationBasis};
use kw_web::{Failure, Language, SignedIn};
use zeroize::Zeroizing;

use crate::app::{App, Ground};
use crate::kept::{self, Kept};
use crate::person::Person;
use crate::rules::covering;
use crate::rules::kinds::Kinds;

/// Something that was asked, or why it is not there.
pub(crate) type Got<T> = Result<T, Missing>;

/// Why something is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    /// The mandate does not cover it.
    NotCovered,
    /// People arrange it for themselves only.
    OwnOnly,
    /// It could not be had.
    Failed(ProblemCode),
}

/// Everything about one person.
#[derive(Clone)]
pub(crate) struct Gathered {
    pub(crate) at: Instant,
    pub(crate) born: Option<Zeroizing<String>>,
    /// About which kinds of data that was asked.
    pub(crate) kinds: Arc<Kinds>,
    /// Which parties have something.
    pub(crate) holders: Arc<Got<Vec<LookupHolder>>>,
    /// Who looked.
    pub(crate) accesses: Arc<Got<Accesses>>,
    pub(crate) choices: Arc<Got<Choices>>,
    pub(crate) mandates: Arc<Got<OwnMandates>>,
    /// Requests for correction, newest first.
    pub(crate) requests: Arc<Got<Vec<SentReport>>>,
}

/// What the logs say.
pub(crate) struct Accesses {
    pub(crate) made_at: Instant,
    pub(crate) from: Option<Instant>,
    pub(crate) until: Option<Instant>,
    pub(crate) complete: bool,
    pub(crate) kept_for: String,
    pub(crate) parties: Vec<AskedParty>,
    /// Newest first.
    pub(crate) entries: Vec<ReportEntry>,
    /// Whether there were more than a session keeps.
    pub(crate) cut: bool,
}

/// What a person chose.
pub(crate) struct Choices {
    /// Newest first.
    pub(crate) consents: Vec<Consent>,
    /// Newest first.
    pub(crate) objections: Vec<Objection>,
}

/// The mandates of the person who signed in.
pub(crate) struct OwnMandates {
    /// Others act for them.
    pub(crate) given: Vec<Mandate>,
    /// They act for others.
    pub(crate) received: Vec<Mandate>,
}

/// One person's questions.
pub(crate) struct Asking<'a> {
    app: &'a App,
    pub(crate) person: Person,
    pub(crate) ground: Ground,
    pub(crate) actor: Actor,
    pub(crate) case: CaseReference,
    language: Language,
    now: Instant,
}

/// From and until when.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Period {
    pub(crate) from: Option<Instant>,
    pub(crate) until: Option<Instant>,
}

impl<'a> Asking<'a> {
    pub(crate) fn new(app: &'a App, by: &SignedIn<Kept>) -> Result<Self, Failure> {
        let person = Person::of(by.user())?;
        let ground = app.ground(&app.agreed())?;
        let frame = by.frame("inzage-name");
        // One for each session, so that nobody's questions look like those of one case about many people.
        let case = CaseReference::parse(&format!("I-{}", kept::name(&frame, "case")));
        Ok(Self {
            actor: App::actor(by.user(), &ground),
            app,
            person,
            ground,
            case: case.map_err(|_| Failure::fault())?,
            language: frame.language,
            now: by.shell.now(),
        })
    }

    /// Asks everything at once.
    pub(crate) async fn everything(
        &self,
        born: Option<Zeroizing<String>>,
        period: Period,
    ) -> Result<Gathered, Failure> {
        self.standing().await?;
        let (holders, accesses, choices, mandates, requests) = join5(
            self.holders(born.as_deref().map(String::as_str)),
            self.accesses(born.as_deref().map(String::as_str), period),
            self.choices(),
            self.mandates(),
            self.requests(),
        )
        .await;
        Ok(Gathered {
            at: self.now,
            born,
            kinds: Arc::new(Kinds::of(&self.app.agreed(), &self.ground, &self.person)),
            holders: Arc::new(holders),
            accesses: Arc::new(accesses),
            choices: Arc::new(choices),
            mandates: Arc::new(mandates),
            requests: Arc::new(requests),
        })
    }

    /// Whether the mandate that was stated at the sign-in still counts: nothing is asked under one that ended since.
    pub(crate) async fn standing(&self) -> Result<(), Failure> {
        let Some(held) = &self.person.mandate else { return Ok(()) };
        let found = self.mandates_of(self.person.acting(), Side::Representative).await?;
        let counts = found.iter().any(|mandate| {
            mandate.id == held.id
                && mandate.status == MandateStatus::Active
                && self.now < mandate.valid_until
                && held.categories.iter().all(|category| mandate.categories.contains(category))
                && held.acts.iter().all(|act| mandate.acts.contains(act))
        });
        if counts { Ok(()) } else { Err(Failure::Problem { code: ProblemCode::RepresentationEnded }) }
    }

    /// Refuses an act that the mandate does not cover.
    pub(crate) fn require(&self, act: MandateAct) -> Result<(), Failure> {
        if self.person.may(act) {
            Ok(())
        } else {
            Err(Failure::Problem { code: ProblemCode::DelegationRefused })
        }
    }

    /// The question that the agreement gives a person.
    pub(crate) fn question(&self, born: Option<&str>, act: MandateAct) -> DossierRequest {
        DossierRequest {
            subject: self.person.subject(),
            birth_date: born.map(str::to_owned),
            purpose: self.ground.purpose.clone(),
            actor: self.actor.clone(),
            case: self.case.clone(),
            categories: Vec::new(),
            holders: Vec::new(),
            relation: Self::relation(),
            representation: self.representation(act),
        }
    }

    pub(crate) fn relation() -> Relation {
        Relation { basis: RelationBasis::Listed, reason: None }
    }

    pub(crate) fn representation(&self, act: MandateAct) -> Option<RepresentationRequest> {
        self.person.mandate.as_ref().map(|held| RepresentationRequest {
            representative: self.person.acting(),
            act,
            mandate: Some(held.id),
        })
    }

    /// Who makes a choice known.
    pub(crate) fn declaration(&self) -> LocalDeclaration {
        let held = self.person.mandate.as_ref();
        LocalDeclaration {
            given_by: if held.is_some() { GivenBy::Representative } else { GivenBy::Subject },
            mandate: held.map(|held| held.id),
            representative: held.map(|_| self.person.acting()),
            actor: None,
        }
    }

    async fn holders(&self, born: Option<&str>) -> Got<Vec<LookupHolder>> {
        self.covered(MandateAct::View)?;
        let lookup = self.app.partner.lookup(&self.question(born, MandateAct::View)).await?;
        let mut holders = lookup.holders;
        holders.retain(|held| self.person.covers(&held.category));
        holders.sort_by(|one, other| {
            (&one.holder.name, one.category.as_str()).cmp(&(&other.holder.name, other.category.as_str()))
        });
        // A holder with several records of one kind has that kind once.
        holders.dedup();
        Ok(holders)
    }

    async fn accesses(&self, born: Option<&str>, period: Period) -> Got<Accesses> {
        self.covered(MandateAct::View)?;
        let request = AccessReportRequest {
            subject: self.person.subject(),
            birth_date: born.map(str::to_owned),
            actor: self.actor.clone(),
            case: self.case.clone(),
            language: match self.language {
                Language::Dutch => ReportLanguage::Nl,
                Language::English => ReportLanguage::En,
            },
            from: period.from,
            until: period.until,
        };
        let report = self.app.partner.access_report(&request).await?;
        let mut entries =
            covering::entries(report.entries, &self.person, self.app.agreed().switchboard().oin);
        let parties = covering::parties(report.parties, &entries, &self.person, &self.app.agreed());
        entries.reverse();
        let cut = entries.len() > MOST_ENTRIES;
        entries.truncate(MOST_ENTRIES);
        for entry in &mut entries {
            // The pages have words of their own, in the language of the moment.
            entry.text = String::new();
        }
        Ok(Accesses {
            made_at: report.made_at,
            from: report.from,
            until: report.until,
            complete: report.complete,
            kept_for: report.kept_for,
            parties,
            entries,
            cut,
        })
    }

    pub(crate) async fn choices(&self) -> Got<Choices> {
        self.covered(MandateAct::Object)?;
        let search = ConsentSearchRequest { subject: self.person.subject(), actor: None };
        let mut consents = self.app.partner.search_consents(&search).await?.consents;
        consents
            .retain(|consent| consent.category.as_ref().is_none_or(|category| self.person.covers(category)));
        consents.reverse();
        let search =
            ObjectionSearchRequest { subject: Some(self.person.subject()), decided: true, after: None };
        let mut objections = self.app.partner.search_objections(&search).await?.objections;
        objections.retain(|objection| self.person.covers(&objection.category));
        objections.reverse();
        Ok(Choices { consents, objections })
    }

    pub(crate) async fn mandates(&self) -> Got<OwnMandates> {
        if self.person.mandate.is_some() {
            return Err(Missing::OwnOnly);
        }
        let given = self.mandates_of(self.person.acting(), Side::Represented).await?;
        let received = self.mandates_of(self.person.acting(), Side::Representative).await?;
        Ok(OwnMandates { given, received })
    }

    /// The mandates of one person, newest first.
    pub(crate) async fn mandates_of(&self, subject: String, side: Side) -> Result<Vec<Mandate>, ClientError> {
        let mut found = self.app.partner.search_mandates(&MandateSearch { subject, side }).await?.mandates;
        found.reverse();
        Ok(found)
    }

    /// Whether that mandate has this person on that side. The register tells nobody who is on the other side of a mandate: whoever
    /// confirms one says whom they mean, and this says whether they are right.
    pub(crate) async fn is_with(
        &self,
        mandate: kw_domain::MandateId,
        other: &Bsn,
        side: Side,
    ) -> Result<bool, ClientError> {
        let found = self.mandates_of(crate::person::canonical(other), side).await?;
        Ok(found.iter().any(|one| one.id == mandate))
    }

    pub(crate) async fn requests(&self) -> Got<Vec<SentReport>> {
        self.covered(MandateAct::Feedback)?;
        let search = SentSearch {
            reference: Some(self.app.reference(&self.person.subject())),
            ..SentSearch::default()
        };
        let mut reports = self.app.partner.sent_feedback(&search).await?.reports;
        reports.retain(|report| self.person.covers(&report.category));
        Ok(reports)
    }

    fn covered(&self, act: MandateAct) -> Got<()> {
        if self.person.may(act) { Ok(()) } else { Err(Missing::NotCovered) }
    }
}

impl From<ClientError> for Missing {
    fn from(error: ClientError) -> Self {
        Self::Failed(error.code().unwrap_or(ProblemCode::Unavailable))
    }
}

/// So many entries of one report a session keeps; whoever has more asks for a period.
const MOST_ENTRIES: usize = 2_000;
