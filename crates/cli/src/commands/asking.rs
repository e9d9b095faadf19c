//! What `query` and `dossier` ask.

use clap::{Args, ValueEnum};
use kw_domain::{CaseReference, Category, MandateId, Oin, Purpose};
use kw_protocol::dossier::{DossierRequest, RepresentationRequest};
use kw_protocol::mandate::MandateAct;
use kw_protocol::query::{Relation, RelationBasis};

use super::local::Partner;
use crate::asker::AskerArguments;
use crate::failure::Failure;
use crate::subject::{SubjectArguments, canonical_bsn, check_birth_date};

/// A question about one person.
#[derive(Debug, Args)]
pub(crate) struct Question {
    #[command(flatten)]
    pub(crate) partner: Partner,
    #[command(flatten)]
    subject: SubjectArguments,
    /// The birth date as you know it: YYYY-MM-DD, with 00 for what is unknown. Goes to nobody; holders get a proof.
    #[arg(long, value_name = "DATE")]
    birth_date: Option<String>,
    /// Why you ask (doelbinding).
    #[arg(long, value_parser = Purpose::parse)]
    purpose: Purpose,
    #[command(flatten)]
    asker: AskerArguments,
    /// For which case.
    #[arg(long, value_name = "REFERENCE", value_parser = CaseReference::parse)]
    case: CaseReference,
    /// Only this category; may be repeated. All that are allowed without it.
    #[arg(long = "category", value_name = "CATEGORY", value_parser = Category::parse)]
    categories: Vec<Category>,
    /// Only this holder; may be repeated.
    #[arg(long = "holder", value_name = "OIN", value_parser = Oin::parse)]
    holders: Vec<Oin>,
    #[command(flatten)]
    representation: RepresentationArguments,
    /// On what ground you ask about this person.
    #[arg(long, value_enum, default_value_t = Basis::Listed)]
    basis: Basis,
    /// The ground in words, for motivated and emergency. No personal data.
    #[arg(long, required_if_eq_any([("basis", "motivated"), ("basis", "emergency")]))]
    reason: Option<String>,
}

/// Who acts for the person, when somebody does.
#[derive(Args)]
struct RepresentationArguments {
    /// Ask for somebody who acts for this person: their citizen service number, or - to read it from standard input, on a line
    /// after the person's own. Needs the person's birth date.
    #[arg(long, value_name = "NUMBER|-", requires = "birth_date")]
    representative: Option<String>,
    /// Under which mandate; any that counts between the two without it.
    #[arg(long, value_name = "ID", value_parser = MandateId::parse, requires = "representative")]
    mandate: Option<MandateId>,
}

impl RepresentationArguments {
    fn request(&self) -> Result<Option<RepresentationRequest>, Failure> {
        let Some(representative) = &self.representative else { return Ok(None) };
        let representative = canonical_bsn(representative, "--representative")?;
        Ok(Some(RepresentationRequest { representative, act: MandateAct::View, mandate: self.mandate }))
    }
}

impl std::fmt::Debug for RepresentationArguments {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RepresentationArguments").field("mandate", &self.mandate).finish_non_exhaustive()
    }
}

/// The grounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Basis {
    /// In need (noodknop): reviewed and alarmed.
    Emergency,
    /// Your organisation has a pointer of its own about this person.
    Listed,
    /// With a reason, reviewed afterwards.
    Motivated,
}

impl Question {
    pub(crate) fn request(&self) -> Result<DossierRequest, Failure> {
        Ok(DossierRequest {
            subject: self.subject.canonical()?,
            birth_date: check_birth_date(self.birth_date.as_deref())?,
            purpose: self.purpose.clone(),
            actor: self.asker.actor()?,
            case: self.case.clone(),
            categories: self.categories.clone(),
            holders: self.holders.clone(),
            relation: Relation { basis: self.basis.into(), reason: self.reason.clone() },
            representation: self.representation.request()?,
        })
    }
}

impl From<Basis> for RelationBasis {
    fn from(basis: Basis) -> Self {
        match basis {
            Basis::Emergency => Self::Emergency,
            Basis::Listed => Self::Listed,
            Basis::Motivated => Self::Motivated,
        }
    }
}
