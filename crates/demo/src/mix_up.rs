//! Trying to mix two people up, in earnest: what a holder must refuse.

use std::sync::Arc;
use std::time::Duration;

use kw_agreement::Agreement;
use kw_client::{ClientError, Context, Entropy, HolderClient, PseudonymiserClient, SwitchboardClient};
use kw_domain::{Bsn, KeyUse, Oin, Subject, SystemClock};
use kw_protocol::SecretBytes32;
use kw_protocol::dossier::SectionStatus;
use kw_protocol::evaluation::BudgetClass;
use kw_protocol::pointer::SubjectElement;
use kw_protocol::problem::ProblemCode;
use kw_protocol::pull::{EpochProof, Pull};
use kw_protocol::query::{DisclosedHolder, Query, QueryAct};
use kw_pseudonym::Binding;
use kw_transport::Tls;

use crate::DemoError;
use crate::asking::{Asker, motivated};
use crate::chain::{Chain, Partner};

/// Asks about one person with the birth date of the other. True if every holder refused, and would have delivered with
/// the right one.
pub(crate) async fn birth_date_refused(
    asker: &Asker,
    partner: &Partner,
    bsn: &Bsn,
    own: &str,
    look_alike: &str,
) -> Result<bool, DemoError> {
    let right = asker.dossier(partner, bsn, Some(own), motivated()).await?;
    let wrong = asker.dossier(partner, bsn, Some(look_alike), motivated()).await?;
    let delivered =
        right.complete && right.sections.iter().any(|section| section.status == SectionStatus::Delivered);
    let refused = wrong
        .sections
        .iter()
        .all(|section| section.status == SectionStatus::BirthDateMismatch && section.document.is_none());
    Ok(delivered && refused && !wrong.sections.is_empty() && !wrong.complete)
}

/// Gets grants for one person and pulls with proofs about the other, past the own process: what a switchboard that points
/// to the wrong person, or a program that mixes two people up, comes to. True if every holder refused.
pub(crate) async fn subject_refused(
    asker: &Asker,
    chain: &Chain,
    partner: &Partner,
    granted: &Bsn,
    meant: &Bsn,
) -> Result<bool, DemoError> {
    let attempt = Attempt::new(asker, chain, partner)?;
    let (holders, meant) = attempt.grants_and_binding(granted, meant).await?;
    let mut refused = 0;
    for disclosed in &holders {
        let outcome = attempt.pull(disclosed, &meant).await?;
        if outcome.err().and_then(|error| error.code()) != Some(ProblemCode::SubjectMismatch) {
            return Ok(false);
        }
        refused += 1;
    }
    Ok(refused > 0)
}

struct Attempt<'a> {
    asker: &'a Asker,
    agreement: Arc<Agreement>,
    tls: Tls,
    context: Context,
}

/// N_binding of the wrong person, per epoch.
struct WrongBinding(Vec<kw_client::EpochElement>);

impl<'a> Attempt<'a> {
    fn new(asker: &'a Asker, chain: &Chain, partner: &Partner) -> Result<Self, DemoError> {
        Ok(Self {
            asker,
            agreement: Arc::clone(&chain.agreement),
            tls: Tls::load(&partner.tls)?,
            context: Context::new(Arc::new(SystemClock), Entropy::system()),
        })
    }

    async fn grants_and_binding(
        &self,
        granted: &Bsn,
        meant: &Bsn,
    ) -> Result<(Vec<DisclosedHolder>, WrongBinding), DemoError> {
        let pseudonymiser =
            PseudonymiserClient::new(&self.tls, Arc::clone(&self.agreement), self.context.clone())?;
        let subjects = [Subject::from(granted.clone())];
        let index = pseudonymiser.evaluate(&subjects, KeyUse::Index, BudgetClass::Query).await?;
        let newest = index.into_iter().flatten().next_back().ok_or(kw_client::PseudonymError::NoKnownKey)?;
        let subjects = [Subject::from(meant.clone())];
        let binding = pseudonymiser.evaluate(&subjects, KeyUse::Binding, BudgetClass::Query).await?;
        let query = Query {
            subject: SubjectElement {
                element: SecretBytes32(newest.element.to_bytes()),
                epoch: newest.epoch,
            },
            purpose: self.asker.purpose.clone(),
            actor: self.asker.actor.clone(),
            case: self.asker.case.clone(),
            categories: Vec::new(),
            holders: Vec::new(),
            relation: motivated(),
            representation: None,
            act: QueryAct::View,
        };
        let switchboard = SwitchboardClient::new(&self.tls, &self.agreement, self.context.clone())?;
        let answer = switchboard
            .query(&query, self.context.transaction())
            .await
            .map_err(DemoError::asking("the switchboard was asked"))?;
        Ok((answer.holders, WrongBinding(binding.into_iter().flatten().collect())))
    }

    /// The outer result is about the attempt, the inner one is the holder's answer.
    async fn pull(
        &self,
        disclosed: &DisclosedHolder,
        meant: &WrongBinding,
    ) -> Result<Result<(), ClientError>, DemoError> {
        let client =
            HolderClient::new(&self.tls, self.holder(disclosed.holder)?, self.context.clone(), PULL)?;
        let proof = |held: &kw_client::EpochElement| EpochProof {
            epoch: held.epoch.0,
            proof: SecretBytes32(
                Binding::derive(&held.element, disclosed.holder).subject_proof(&disclosed.grant),
            ),
        };
        let pull = Pull {
            grant: disclosed.grant.clone(),
            actor: self.asker.actor.clone(),
            actor_salt: disclosed.actor_salt,
            subject_proofs: meant.0.iter().map(proof).collect(),
            birth_date_proofs: Vec::new(),
        };
        Ok(client.pull(&pull, disclosed.transaction).await.map(drop))
    }

    fn holder(&self, oin: Oin) -> Result<&kw_agreement::Partner, DemoError> {
        self.agreement
            .partner(oin)
            .ok_or_else(|| DemoError::Agreement("a holder is not in the agreement".to_owned()))
    }
}

const PULL: Duration = Duration::from_secs(5);
