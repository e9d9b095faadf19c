//! Is the person who asks who the partner says it is? Design §6, *Actor*.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use kw_agreement::{Agreement, IdentityProvider};
use kw_domain::{ActorId, Clock, Instant, Oin, Role};
use kw_protocol::IdToken;
use kw_protocol::problem::ProblemCode;
use kw_protocol::query::{Actor, Assurance};
use kw_telemetry::{Explain, Reason};
use kw_transport::TlsError;
use serde_json::{Map, Value};

use crate::events::ProofOfActorRefused;
use crate::{AddressError, Expected, IdentitySettings, Loopback, Providers, TokenError, verify};

/// Checks the proofs of actors, for any partner of the agreement. Clones share what was checked.
#[derive(Clone)]
pub struct ActorProofs {
    providers: Providers,
    clock: Arc<dyn Clock>,
    /// What was found good, until when it need not be looked at again. A holder that answers ten pulls of one question
    /// checks one signature.
    good: Arc<Mutex<HashMap<[u8; 32], Instant>>>,
}

/// Why an actor is not proven.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActorError {
    /// The agreement's address of the provider's keys cannot be used: for the author of the agreement.
    #[error("the identity provider of this organisation cannot be asked: {0}")]
    Address(#[from] AddressError),
    /// It is said that the actor is asserted, and a proof comes with it: the caller must say what it means.
    #[error("a proof comes with an actor who is only asserted: say 'proven', or leave the proof out")]
    Asserted,
    /// It is said that the actor is proven, and no proof comes with it.
    #[error("the actor is said to be proven, and there is no proof: send the ID token")]
    Missing,
    /// The agreement lists no identity provider for this partner.
    #[error("the agreement lists no identity provider of your organisation: nobody of it can be proven")]
    NoProvider,
    /// The token is about somebody else.
    #[error("the ID token is about another person than the actor")]
    OtherPerson,
    /// The provider does not give this person that role.
    #[error("the ID token does not give the actor this role")]
    OtherRole,
    /// The token is not believed.
    #[error("the ID token is refused: {0}")]
    Token(#[from] TokenError),
}

impl ActorError {
    /// The problem type that the caller gets.
    pub fn code(&self) -> ProblemCode {
        match self {
            Self::Token(error) if error.is_unavailable() => ProblemCode::Unavailable,
            _ => ProblemCode::ActorUnproven,
        }
    }

    /// What the caller is told, as a sentence.
    pub fn detail(&self) -> String {
        let text = self.to_string();
        let mut letters = text.chars();
        letters
            .next()
            .map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
    }

    /// The reason as it stands in records.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Address(_) => "actor-provider-address",
            Self::Asserted => "actor-proof-not-claimed",
            Self::Missing => "actor-proof-missing",
            Self::NoProvider => "actor-provider-not-agreed",
            Self::OtherPerson => "actor-proof-other-person",
            Self::OtherRole => "actor-proof-other-role",
            Self::Token(error) => error.reason(),
        }
    }
}

impl Explain for ActorError {
    fn explain(&self, reason: &mut Reason) {
        reason.say(self.reason());
        if let Self::Token(TokenError::Keys(error)) = self {
            reason.because(error);
        }
    }
}

impl ActorProofs {
    /// A checker that asks these providers.
    pub fn new(providers: Providers, clock: Arc<dyn Clock>) -> Self {
        Self { providers, clock, good: Arc::default() }
    }

    /// A checker that asks the providers of the agreement as these settings say.
    pub fn configured(settings: &IdentitySettings, clock: Arc<dyn Clock>) -> Result<Self, TlsError> {
        Ok(Self::new(Providers::new(settings, Arc::clone(&clock))?, clock))
    }

    /// How strongly this actor of `party` is vouched for, as far as can be shown here and now.
    pub async fn check(
        &self,
        agreement: &Agreement,
        party: Oin,
        actor: &Actor,
    ) -> Result<Assurance, ActorError> {
        let checked = self.try_check(agreement, party, actor).await;
        if let Err(error) = &checked
            && error.code() == ProblemCode::ActorUnproven
        {
            ProofOfActorRefused { party, reason: error.reason() }.log();
        }
        checked
    }

    /// Whether the provider of the agreement's console says that this person is an auditor.
    pub async fn check_auditor(
        &self,
        agreement: &Agreement,
        party: Oin,
        person: &ActorId,
        proof: &IdToken,
    ) -> Result<(), ActorError> {
        let actor = Actor {
            id: person.clone(),
            role: Role::auditor(),
            assurance: Assurance::Proven,
            proof: Some(proof.clone()),
        };
        let provider = agreement.console_provider().ok_or(ActorError::NoProvider);
        let checked = match provider {
            Ok(provider) => self.proven(agreement, party, provider, &actor, proof).await,
            Err(error) => Err(error),
        };
        if let Err(error) = &checked
            && error.code() == ProblemCode::ActorUnproven
        {
            ProofOfActorRefused { party, reason: error.reason() }.log();
        }
        checked
    }

    async fn try_check(
        &self,
        agreement: &Agreement,
        party: Oin,
        actor: &Actor,
    ) -> Result<Assurance, ActorError> {
        let proof = match (actor.assurance, &actor.proof) {
            (Assurance::Asserted, None) => return Ok(Assurance::Asserted),
            (Assurance::Asserted, Some(_)) => return Err(ActorError::Asserted),
            (Assurance::Proven, None) => return Err(ActorError::Missing),
            (Assurance::Proven, Some(proof)) => proof,
        };
        let provider = agreement
            .partner(party)
            .and_then(|partner| partner.identity_provider.as_ref())
            .ok_or(ActorError::NoProvider)?;
        self.proven(agreement, party, provider, actor, proof).await.map(|()| Assurance::Proven)
    }

    async fn proven(
        &self,
        agreement: &Agreement,
        party: Oin,
        provider: &IdentityProvider,
        actor: &Actor,
        proof: &IdToken,
    ) -> Result<(), ActorError> {
        let (now, name) = (self.clock.now(), name_of(agreement, party, actor));
        if self.is_known_good(&name, now) {
            return Ok(());
        }
        let keys = self.providers.keys(&provider.jwks_uri, Loopback::of(agreement.environment()))?;
        let expected = Expected {
            issuer: &provider.issuer,
            audience: &provider.audience,
            nonce: None,
            max_age: Some(provider.max_age),
        };
        let verified = verify::<Map<String, Value>>(proof, &keys, expected, now).await?;
        check_person(provider, actor, &verified.claims)?;
        check_role(provider, actor, &verified.claims)?;
        let until = verified.expires_at.min(verified.issued_at.plus(provider.max_age)).min(now.plus(AT_MOST));
        self.remember(name, until, now);
        Ok(())
    }

    fn is_known_good(&self, name: &[u8; 32], now: Instant) -> bool {
        self.good.lock().unwrap_or_else(PoisonError::into_inner).get(name).is_some_and(|until| now < *until)
    }

    fn remember(&self, name: [u8; 32], until: Instant, now: Instant) {
        let mut good = self.good.lock().unwrap_or_else(PoisonError::into_inner);
        if good.len() >= REMEMBERED {
            good.retain(|_, until| now < *until);
        }
        if good.len() < REMEMBERED {
            good.insert(name, until);
        }
    }
}

impl fmt::Debug for ActorProofs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ActorProofs(…)")
    }
}

/// What was checked, as one name: another agreement, party, person, role or token is another check.
fn name_of(agreement: &Agreement, party: Oin, actor: &Actor) -> [u8; 32] {
    let token = actor.proof.as_ref().map_or("", |proof| proof.reveal());
    let party = party.to_string();
    let mut context = Context::new(&SHA256);
    for part in [agreement.hash(), &party, actor.id.as_str(), actor.role.as_str(), token] {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part.as_bytes());
    }
    let mut name = [0; 32];
    name.copy_from_slice(context.finish().as_ref());
    name
}

fn check_person(
    provider: &IdentityProvider,
    actor: &Actor,
    claims: &Map<String, Value>,
) -> Result<(), ActorError> {
    match claims.get(&provider.actor_claim) {
        Some(Value::String(id)) if id == actor.id.as_str() => Ok(()),
        _ => Err(ActorError::OtherPerson),
    }
}

fn check_role(
    provider: &IdentityProvider,
    actor: &Actor,
    claims: &Map<String, Value>,
) -> Result<(), ActorError> {
    let gives = |name: &Value| {
        name.as_str().and_then(|name| provider.roles.get(name)).is_some_and(|role| *role == actor.role)
    };
    let given = match claims.get(&provider.role_claim) {
        Some(Value::Array(names)) => names.iter().any(gives),
        Some(name) => gives(name),
        None => false,
    };
    if given { Ok(()) } else { Err(ActorError::OtherRole) }
}

/// A key that the provider takes back is noticed that soon.
const AT_MOST: Duration = Duration::from_mins(10);
/// Sign-ins that are remembered: a day's staff of a large partner.
const REMEMBERED: usize = 8192;
