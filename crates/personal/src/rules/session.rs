//! A session: one account, what the provider stated at its sign-in, and at most one dossier.

use std::fmt;

use kw_domain::{AccountId, Category, DossierId, Epoch, Instant, MandateId, SessionId};
use kw_protocol::mandate::MandateAct;
use kw_pseudonym::Binding;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// Whom the provider says the person may represent, at the moment of the sign-in.
#[derive(Clone, Default)]
pub struct Statement {
    /// What the provider calls the person who signed in: a first name. It is not stored.
    pub name: Option<String>,
    /// The person who signed in, if the statement was made for this session.
    pub own: Option<(Binding, Epoch)>,
    /// The people they may represent.
    pub represented: Vec<RepresentedPerson>,
}

/// Somebody whom the person may represent.
#[derive(Clone)]
pub struct RepresentedPerson {
    /// The mandate.
    pub mandate: MandateId,
    /// Its kind, as the agreement calls it.
    pub kind: String,
    /// The kinds of data that the mandate covers, and no others.
    pub categories: Vec<Category>,
    /// What may be done under it, and nothing else.
    pub acts: Vec<MandateAct>,
    /// What the provider calls them: a first name.
    pub label: String,
    /// The pairwise binding of that person and this personal environment.
    pub binding: Binding,
    /// The generation of the key that made it.
    pub epoch: Epoch,
}

/// One session.
#[derive(Debug, Clone)]
pub struct Session {
    /// What it is called.
    pub id: SessionId,
    /// Whose.
    pub account: AccountId,
    /// What the provider stated.
    pub statement: Statement,
    /// Until when.
    pub expires_at: Instant,
    dossier: Option<DossierId>,
}

/// The session is bound to another dossier. Another person takes a new session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the session is bound to another dossier: another person takes a new session")]
pub struct BoundElsewhere;

impl Session {
    /// A session as it is stored.
    pub fn new(
        id: SessionId,
        account: AccountId,
        statement: Statement,
        dossier: Option<DossierId>,
        expires_at: Instant,
    ) -> Self {
        Self { id, account, statement, expires_at, dossier }
    }

    /// The dossier it is bound to.
    pub fn dossier(&self) -> Option<DossierId> {
        self.dossier
    }

    /// Binds it. Again to the same dossier changes nothing; to another is refused, for good.
    pub fn bind(&mut self, dossier: DossierId) -> Result<(), BoundElsewhere> {
        match self.dossier {
            Some(bound) if bound != dossier => Err(BoundElsewhere),
            _ => {
                self.dossier = Some(dossier);
                Ok(())
            }
        }
    }
}

impl Statement {
    /// The represented person of this mandate.
    pub fn under(&self, mandate: MandateId) -> Option<&RepresentedPerson> {
        self.represented.iter().find(|person| person.mandate == mandate)
    }

    pub(super) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let stored = StoredStatement {
            own: self.own.as_ref().map(|(binding, epoch)| StoredBinding::of(binding, *epoch)),
            represented: self
                .represented
                .iter()
                .map(|person| StoredRepresented {
                    mandate: person.mandate,
                    kind: person.kind.clone(),
                    categories: person.categories.clone(),
                    acts: person.acts.clone(),
                    label: person.label.clone(),
                    person: StoredBinding::of(&person.binding, person.epoch),
                })
                .collect(),
        };
        // Text and numbers always have a JSON form.
        Zeroizing::new(serde_json::to_vec(&stored).unwrap_or_default())
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let stored: StoredStatement = serde_json::from_slice(bytes).ok()?;
        Some(Self {
            name: None,
            own: stored.own.map(|own| own.read()),
            represented: stored
                .represented
                .into_iter()
                .map(|one| {
                    let (binding, epoch) = one.person.read();
                    RepresentedPerson {
                        mandate: one.mandate,
                        kind: one.kind,
                        categories: one.categories,
                        acts: one.acts,
                        label: one.label,
                        binding,
                        epoch,
                    }
                })
                .collect(),
        })
    }
}

impl fmt::Debug for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Statement({} represented)", self.represented.len())
    }
}

impl fmt::Debug for RepresentedPerson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RepresentedPerson").field("mandate", &self.mandate).finish_non_exhaustive()
    }
}

#[derive(Serialize, Deserialize)]
struct StoredStatement {
    own: Option<StoredBinding>,
    represented: Vec<StoredRepresented>,
}

#[derive(Serialize, Deserialize)]
struct StoredRepresented {
    mandate: MandateId,
    kind: String,
    // A statement that was stored before these were kept covers nothing.
    #[serde(default)]
    categories: Vec<Category>,
    #[serde(default)]
    acts: Vec<MandateAct>,
    label: String,
    person: StoredBinding,
}

#[derive(Serialize, Deserialize)]
struct StoredBinding {
    binding: kw_protocol::SecretBytes32,
    epoch: u32,
}

impl StoredBinding {
    fn of(binding: &Binding, epoch: Epoch) -> Self {
        Self { binding: kw_protocol::SecretBytes32(*binding.to_bytes()), epoch: epoch.0 }
    }

    fn read(&self) -> (Binding, Epoch) {
        (Binding::from_bytes(&self.binding.0), Epoch(self.epoch))
    }
}
