//! Asking for dossiers in the name of one partner.

use kw_domain::{ActorId, Bsn, CaseReference, Purpose, Role};
use kw_protocol::dossier::{Dossier, DossierRequest, HeldValue};
use kw_protocol::feedback::{FeedbackContact, FeedbackKind, ReasonableDoubt};
use kw_protocol::local::feedback::FeedbackRequest;
use kw_protocol::query::{Actor, Assurance, Relation, RelationBasis};

use crate::DemoError;
use crate::chain::Partner;

/// The caseworker who asks.
#[derive(Debug, Clone)]
pub(crate) struct Asker {
    pub(crate) purpose: Purpose,
    pub(crate) actor: Actor,
    pub(crate) case: CaseReference,
}

impl Asker {
    /// Somebody in this role, asking for this purpose.
    pub(crate) fn new(role: &str, purpose: &str) -> Result<Self, DemoError> {
        let word = |error: kw_domain::VocabularyError| DemoError::Agreement(error.to_string());
        Ok(Self {
            purpose: Purpose::parse(purpose).map_err(word)?,
            actor: Actor {
                id: ActorId::parse("j.jansen").map_err(word)?,
                role: Role::parse(role).map_err(word)?,
                assurance: Assurance::Asserted,
                proof: None,
            },
            case: CaseReference::parse("DEMO-2026-0001").map_err(word)?,
        })
    }

    /// What is asked about somebody, by the canonical form of their number.
    pub(crate) fn request(
        &self,
        subject: &str,
        birth_date: Option<&str>,
        relation: Relation,
    ) -> DossierRequest {
        DossierRequest {
            subject: subject.to_owned(),
            birth_date: birth_date.map(str::to_owned),
            purpose: self.purpose.clone(),
            actor: self.actor.clone(),
            case: self.case.clone(),
            categories: Vec::new(),
            holders: Vec::new(),
            relation,
            representation: None,
        }
    }

    /// A doubt about what a holder gave of somebody, with what it should be and why.
    pub(crate) fn doubt(
        &self,
        subject: &str,
        birth_date: &str,
        held: &HeldValue,
        proposed: &str,
        why: &str,
    ) -> FeedbackRequest {
        let draft = &held.feedback;
        let mut attributes = draft.attributes.clone();
        for attribute in &mut attributes {
            attribute.proposed = Some(proposed.into());
        }
        FeedbackRequest {
            id: None,
            subject: subject.to_owned(),
            birth_date: Some(birth_date.to_owned()),
            purpose: self.purpose.clone(),
            actor: self.actor.clone(),
            case: self.case.clone(),
            relation: motivated(),
            representation: None,
            holder: draft.holder,
            category: draft.category.clone(),
            handle: draft.handle,
            kind: FeedbackKind::Report,
            reference: Some("DEMO-1".to_owned()),
            attributes,
            observed_at: Some(draft.observed_at),
            explanation: Some(why.to_owned()),
            doubt: ReasonableDoubt { strong_suspicion: true, own_knowledge: true, knows_definition: true },
            contact: FeedbackContact {
                name: "J. Jansen".to_owned(),
                email: "j.jansen@demostad.example".to_owned(),
                phone: None,
                department: None,
            },
            attachments: Vec::new(),
        }
    }

    /// Asks the partner's own process for a dossier.
    pub(crate) async fn dossier(
        &self,
        partner: &Partner,
        bsn: &Bsn,
        birth_date: Option<&str>,
        relation: Relation,
    ) -> Result<Dossier, DemoError> {
        let request = self.request(&format!("nl.bsn:{}", bsn.expose()), birth_date, relation);
        partner.local.dossier(&request).await.map_err(DemoError::asking("a dossier was asked for"))
    }
}

/// The ground of a partner that has a pointer of its own about the person.
pub(crate) fn listed() -> Relation {
    Relation { basis: RelationBasis::Listed, reason: None }
}

/// The ground that fits everybody, those whom the asker does not know among them.
pub(crate) fn motivated() -> Relation {
    Relation { basis: RelationBasis::Motivated, reason: Some("demonstration".to_owned()) }
}
