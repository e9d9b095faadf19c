//! What a session may do in the dossier it is bound to, and on what ground.

use kw_domain::{AccountId, Category, DossierId, Instant, MandateId};
use kw_protocol::mandate::MandateAct;
use kw_store::personal::DossierUser;

use super::dossier::OpenDossier;
use super::session::{RepresentedPerson, Session};

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Collect documents, and confirm what was collected.
    Collect,
    /// Open the dossier and read documents.
    View,
}

/// On what ground.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ground {
    /// Under a mandate that the provider stated at this session's sign-in.
    Mandate {
        /// Which one.
        id: MandateId,
        /// Its kind.
        kind: String,
    },
    /// It is their own.
    Own,
}

/// A session's way into one dossier. Only [`Session::access`] makes one.
#[derive(Debug, Clone)]
pub struct Access {
    dossier: DossierId,
    account: AccountId,
    ground: Ground,
    /// What the mandates cover that the provider stated; `None` on one's own ground.
    mandates: Option<Vec<Scope>>,
    limits: Option<kw_store::personal::Limits>,
}

/// How far one mandate goes.
#[derive(Debug, Clone)]
struct Scope {
    categories: Vec<Category>,
    acts: Vec<MandateAct>,
}

/// Why there is no way in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum NoAccess {
    /// The session has ended.
    #[error("the session has ended")]
    Expired,
    /// The provider stated no mandate for this person at the sign-in.
    #[error("there is no mandate for the person of this dossier")]
    NoMandate,
    /// The session is not bound to this dossier.
    #[error("the session is not bound to this dossier")]
    NotBound,
    /// Neither owner nor user, or what they may has ended.
    #[error("the account has no right to this dossier")]
    NoRight,
    /// Their right does not go that far.
    #[error("the right to this dossier does not include this")]
    Limited,
}

impl NoAccess {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Expired => "session-expired",
            Self::Limited => "right-limited",
            Self::NoMandate => "mandate-missing",
            Self::NoRight => "right-missing",
            Self::NotBound => "session-not-bound",
        }
    }
}

impl Session {
    /// On what ground this session may be bound to a dossier. The owner of their own dossier needs none but that; anybody
    /// else needs a mandate that the provider stated at this very sign-in, so that one that was withdrawn opens nothing.
    pub fn ground(
        &self,
        dossier: &OpenDossier,
        owner: AccountId,
        own: bool,
        user: Option<&DossierUser>,
        now: Instant,
    ) -> Result<Ground, NoAccess> {
        if now >= self.expires_at {
            return Err(NoAccess::Expired);
        }
        let owns = owner == self.account;
        if owns && own {
            return Ok(Ground::Own);
        }
        let used = user.is_some_and(|user| {
            user.dossier == dossier.id()
                && user.account == self.account
                && user.ended_at.is_none()
                && now < user.limits.until
        });
        if !owns && !used {
            return Err(NoAccess::NoRight);
        }
        self.mandates_for(dossier, owns, user)
            .next()
            .map(|person| Ground::Mandate { id: person.mandate, kind: person.kind.clone() })
            .ok_or(NoAccess::NoMandate)
    }

    /// What this session may do in a dossier: only in the one that it is bound to.
    pub fn access(
        &self,
        dossier: &OpenDossier,
        owner: AccountId,
        own: bool,
        user: Option<&DossierUser>,
        now: Instant,
    ) -> Result<Access, NoAccess> {
        if self.dossier() != Some(dossier.id()) {
            return Err(NoAccess::NotBound);
        }
        let ground = self.ground(dossier, owner, own, user, now)?;
        let limits = if owner == self.account { None } else { user.map(|user| user.limits.clone()) };
        let mandates = match ground {
            Ground::Own => None,
            Ground::Mandate { .. } => Some(
                self.mandates_for(dossier, owner == self.account, user)
                    .map(|person| Scope { categories: person.categories.clone(), acts: person.acts.clone() })
                    .collect(),
            ),
        };
        Ok(Access { dossier: dossier.id(), account: self.account, ground, mandates, limits })
    }

    /// The mandates of the dossier's person that count. What a user was given counts under the mandate that they came in
    /// with, and under no other.
    fn mandates_for(
        &self,
        dossier: &OpenDossier,
        owns: bool,
        user: Option<&DossierUser>,
    ) -> impl Iterator<Item = &RepresentedPerson> {
        let only = user.filter(|_| !owns).map(|user| user.mandate);
        self.statement
            .represented
            .iter()
            .filter(move |person| only.is_none_or(|mandate| mandate == person.mandate))
            .filter(|person| dossier.is_about(&person.binding))
    }
}

impl Access {
    /// Into which dossier.
    pub fn dossier(&self) -> DossierId {
        self.dossier
    }

    /// Whose.
    pub fn account(&self) -> AccountId {
        self.account
    }

    /// On what ground.
    pub fn ground(&self) -> &Ground {
        &self.ground
    }

    /// Whether this is the person of the dossier.
    pub fn is_represented(&self) -> bool {
        self.ground == Ground::Own
    }

    /// The mandate, when there is one.
    pub fn mandate(&self) -> Option<MandateId> {
        match &self.ground {
            Ground::Mandate { id, .. } => Some(*id),
            Ground::Own => None,
        }
    }

    /// Whether it goes far enough for an act on a category.
    pub fn allows(&self, act: Act, category: Option<&Category>) -> Result<(), NoAccess> {
        // Collecting is looking at what a holder has: the chain's mandates know one act for both.
        let covers = |scope: &Scope| {
            scope.acts.contains(&MandateAct::View)
                && category.is_none_or(|category| scope.categories.contains(category))
        };
        if self.mandates.as_ref().is_some_and(|scopes| !scopes.iter().any(covers)) {
            return Err(NoAccess::Limited);
        }
        let Some(limits) = &self.limits else { return Ok(()) };
        let may = match act {
            Act::Collect => limits.collect,
            Act::View => limits.view,
        };
        let within = match (category, &limits.categories) {
            (Some(category), Some(allowed)) => allowed.contains(category),
            _ => true,
        };
        if may && within { Ok(()) } else { Err(NoAccess::Limited) }
    }
}
