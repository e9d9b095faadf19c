//! What the pages ask, and by which rules.

use std::sync::Arc;
use std::time::Duration;

use kw_agreement::Agreement;
use kw_client::LocalClient;
use kw_domain::{Instant, Oin, Role};
use kw_protocol::query::{Actor, Assurance};
use kw_runtime::{Entropy, SharedAgreement};
use kw_web::{Failure, Form, SignedIn, User};

use crate::Duties;
use crate::asking::choices;
use crate::pages::Kept;

/// One desk: the same for all who work at it.
pub(crate) struct App {
    /// The organisation.
    pub(crate) own: Oin,
    pub(crate) agreement: SharedAgreement,
    pub(crate) partner: LocalClient,
    pub(crate) duties: Duties,
    pub(crate) entropy: Entropy,
}

impl App {
    /// The agreement in force.
    pub(crate) fn agreed(&self) -> Arc<Agreement> {
        self.agreement.current()
    }

    /// A name that nobody can guess.
    pub(crate) fn new_id(&self) -> String {
        self.entropy.draw::<16>().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
    }

    /// Has somebody sign in again whose proof others would not take any more, or not for long, and come back to `path`.
    pub(crate) fn require_proof(&self, by: &SignedIn<Kept>, path: &str) -> Result<(), Failure> {
        let agreement = self.agreed();
        let provider = agreement.partner(self.own).and_then(|partner| partner.identity_provider.as_ref());
        let limit = provider.map(|provider| provider.max_age).unwrap_or_default();
        let claim = |name: &str| {
            let seconds = by.user().claims.get(name)?.as_i64()?;
            Some(Instant::from_millis(seconds.saturating_mul(1000)))
        };
        let ends = claim("exp").zip(claim("iat")).map(|(ends, issued)| ends.min(issued.plus(limit)));
        // What a sign-in of just now does not give, another one will not give either.
        let just_now = by.shell.now().since(by.user().authenticated_at) < JUST_NOW;
        if just_now || ends.is_some_and(|ends| by.shell.now().plus(SPARE) < ends) {
            Ok(())
        } else {
            Err(Failure::SignIn { next: path.to_owned(), again: true })
        }
    }

    /// The same for a form: what was filled in is on the page at `path` after signing in again.
    pub(crate) fn require_proof_for(&self, form: &Form<Kept>, path: &str) -> Result<(), Failure> {
        self.require_proof(&form.by, path).inspect_err(|_| form.keep(path))
    }

    /// Whether somebody sees the organisation's own reports: whoever may see data of the chain, and whoever handles reports.
    pub(crate) fn sees_reports(&self, user: &User) -> bool {
        Self::has(user, &self.duties.feedback) || !choices(&self.agreed(), self.own, &user.roles).is_empty()
    }

    /// Whether somebody has one of the roles of a duty.
    pub(crate) fn has(user: &User, duty: &[Role]) -> bool {
        duty.iter().any(|role| user.is(role.as_str()))
    }

    /// Refuses whoever has none of the roles of a duty.
    pub(crate) fn require(user: &User, duty: &[Role]) -> Result<(), Failure> {
        if Self::has(user, duty) { Ok(()) } else { Err(Failure::denied()) }
    }

    /// Who acts, in a role of a duty.
    pub(crate) fn actor_with(user: &User, duty: &[Role]) -> Result<Actor, Failure> {
        let role = duty.iter().find(|role| user.is(role.as_str())).ok_or_else(Failure::denied)?;
        Ok(Self::actor(user, role))
    }

    /// Who acts, where it does not matter in which role: one that people of this organisation can have.
    pub(crate) fn some_actor(&self, user: &User) -> Result<Actor, Failure> {
        let agreement = self.agreed();
        let kind = agreement.partner(self.own).map(|partner| &partner.kind);
        let exists = |role: &&Role| {
            agreement.role(role).is_some_and(|rules| kind.is_some_and(|kind| rules.kinds.contains(kind)))
        };
        user.roles.iter().find(exists).map(|role| Self::actor(user, role)).ok_or_else(Failure::denied)
    }

    /// Who asks, as one of the roles that the provider gave them. What the provider said goes with it, so that nobody has to take
    /// the desk's word.
    pub(crate) fn actor(user: &User, role: &Role) -> Actor {
        Actor {
            id: user.id.clone(),
            role: role.clone(),
            assurance: Assurance::Proven,
            proof: Some(user.token.clone()),
        }
    }
}

/// A question takes a while.
const SPARE: Duration = Duration::from_mins(2);
/// And so does coming back from the provider.
const JUST_NOW: Duration = Duration::from_secs(20);
