//! Who may make a person's choice or objection known.

use std::collections::BTreeSet;
use std::sync::Arc;

use kw_agreement::{Agreement, MandateAct};
use kw_domain::{Bsn, Category, Oin, SubjectId, SubjectReference};
use kw_ledger::AccessRecord;
use kw_protocol::consent::{Declaration, GivenBy};
use kw_protocol::problem::ProblemCode;
use kw_runtime::Refusal;
use kw_store::Act;

use super::is_chosen;
use crate::app::{App, Keyring, not_read};
use crate::mandates::{Claim, Mandated, candidates, judge, representation_of, tags};

/// Why somebody may not: for the record, and for the asker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Undeclared {
    /// The agreement does not list the organisation among those that record choices.
    NotRegistrar,
    /// The role is not one of those that may record a choice, or does not exist at this kind of partner.
    NotProfessional,
    /// There is no mandate with that id that lets this representative object for this person now.
    NoMandate,
}

impl Undeclared {
    /// The reason as it stands in the record.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::NotRegistrar => "consent-registrar-not-listed",
            Self::NotProfessional => "consent-role-not-allowed",
            Self::NoMandate => "mandate-missing",
        }
    }

    /// What is answered.
    pub(crate) fn refusal(self) -> Refusal {
        let detail = match self {
            Self::NotRegistrar => {
                "The agreement does not list your organisation among those that record what persons choose."
            }
            Self::NotProfessional => {
                "The agreement does not let this role record what a person chose, or your organisation has no such role."
            }
            Self::NoMandate => "No mandate lets this representative object for this person now.",
        };
        Refusal::new(ProblemCode::Denied, detail)
    }
}

/// The shape of a declaration, beyond what its types say.
pub(crate) fn check_words(mut refusal: Refusal, declared: &Declaration) -> Refusal {
    let represents = declared.given_by == GivenBy::Representative;
    if represents != declared.mandate.is_some() {
        refusal =
            refusal.field("/declared/mandate", "expected a mandate of a representative, and of nobody else");
    }
    if represents != declared.representative.is_some() {
        refusal = refusal.field(
            "/declared/representative",
            "expected the representative, and nobody for another declaration",
        );
    }
    if declared.given_by == GivenBy::Professional && declared.actor.is_none() {
        refusal = refusal.field("/declared/actor", "expected the professional who recorded it");
    }
    match &declared.actor {
        Some(actor) => no_number(refusal, "/declared/actor/id", actor.id.as_str()),
        None => refusal,
    }
}

/// Texts are stored centrally, and no BSN may be.
pub(crate) fn no_number(refusal: Refusal, pointer: &str, text: &str) -> Refusal {
    if Bsn::occurs_in(text) {
        refusal.field(pointer, "expected no citizen service number; write a letter before a number like one")
    } else {
        refusal
    }
}

/// Whether the agreement lets this party make something known in this capacity.
pub(crate) fn check_declaration(
    agreement: &Agreement,
    party: Oin,
    declared: &Declaration,
) -> Result<(), Undeclared> {
    let rules = agreement.consent();
    match declared.given_by {
        GivenBy::Representative | GivenBy::Subject if rules.registrars.contains(&party) => Ok(()),
        GivenBy::Representative | GivenBy::Subject => Err(Undeclared::NotRegistrar),
        GivenBy::Professional => {
            let kind = agreement.partner(party).map(|partner| &partner.kind);
            let role = declared.actor.as_ref().map(|actor| &actor.role);
            let allowed = role.zip(kind).is_some_and(|(role, kind)| {
                rules.professionals.contains(role)
                    && agreement.role(role).is_some_and(|rules| rules.kinds.contains(kind))
            });
            if allowed { Ok(()) } else { Err(Undeclared::NotProfessional) }
        }
    }
}

/// On whose behalf something is made known, when not by the person.
#[derive(Debug, Clone, Default)]
pub(crate) struct Standing {
    representation: Option<String>,
    representative: Option<(SubjectId, SubjectReference)>,
}

impl Standing {
    /// Says so in the record.
    pub(crate) fn onto(&self, mut record: AccessRecord) -> AccessRecord {
        record.representation.clone_from(&self.representation);
        record.representative = self.representative.map(|(_, reference)| reference);
        record
    }

    /// Says who the representative is.
    pub(crate) fn link(&self, act: Act) -> Act {
        match self.representative {
            Some((subject, reference)) => act.link(subject, reference),
            None => act,
        }
    }
}

/// Checks the mandate of a representative: active now, of these two people, with the act `object`, for this category; when
/// the choice is about all of them, for every category in which consent counts.
pub(crate) async fn standing(
    app: &App,
    agreement: &Arc<Agreement>,
    keyring: &Arc<Keyring>,
    declared: &Declaration,
    represented: Option<SubjectId>,
    category: Option<&Category>,
) -> Result<Result<Standing, Undeclared>, Refusal> {
    if declared.given_by != GivenBy::Representative {
        return Ok(Ok(Standing::default()));
    }
    let Some((mandate, representative)) = declared.mandate.zip(declared.representative.as_ref()) else {
        return Ok(Err(Undeclared::NoMandate));
    };
    let categories = if let Some(category) = category {
        BTreeSet::from([category.clone()])
    } else {
        let all = agreement.categories().map(|(category, _)| category);
        all.filter(|category| is_chosen(agreement, category)).cloned().collect()
    };
    let (representative, now) = (tags(keyring, representative)?, app.now());
    let agreement = Arc::clone(agreement);
    let found = app
        .store
        .read(move |index| {
            let claim = Claim {
                mandate: Some(mandate),
                representative: Some(index.find_subject(&representative)?),
                represented,
                act: MandateAct::Object,
                categories,
            };
            let found = candidates(index, &claim)?;
            Ok(judge(&agreement, &claim, found, now))
        })
        .await
        .map_err(not_read)?;
    Ok(match found {
        Ok(Mandated { mandate, .. }) => Ok(Standing {
            representation: Some(representation_of(mandate.kind, mandate.id)),
            representative: Some((mandate.representative, app.reference())),
        }),
        Err(_) => Err(Undeclared::NoMandate),
    })
}
