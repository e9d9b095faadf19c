//! Signing in at an OpenID provider: code flow with PKCE (OpenID Connect Core §3.1, RFC 7636).

mod pending;
mod provider;
mod used;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{LOCATION, SET_COOKIE};
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use kw_agreement::{Agreement, Environment, IdentityProvider};
use kw_domain::{ActorId, Instant, Role};
use kw_protocol::IdToken;
use kw_protocol::problem::ProblemCode;
use kw_runtime::Http;
use openidconnect::{Nonce, PkceCodeVerifier};
use serde::Deserialize;
use serde_json::Value;

use self::pending::{Envelope, Pending};
use self::provider::Provider;
use self::used::Used;
use crate::events::SignInRefused;
use crate::session::opaque;
use crate::{Failure, Form, Outcome, Shell, ShellError, SignInSettings, User, cookie};

/// What the agreement says about the provider where an application's users sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderTerms {
    /// Its issuer identifier.
    pub issuer: String,
    /// As what it knows the application.
    pub client_id: String,
    /// Scopes beside `openid`.
    pub scopes: Vec<String>,
    /// Who may do what.
    pub roles: Roles,
    /// Whether it may be reached over plain HTTP, on this machine: in chains for tests.
    pub loopback: bool,
}

impl ProviderTerms {
    /// What the agreement says of the provider of an organisation's staff.
    pub fn of_staff(provider: &IdentityProvider, agreement: &Agreement) -> Self {
        Self {
            issuer: provider.issuer.clone(),
            client_id: provider.audience.clone(),
            scopes: Vec::new(),
            roles: Roles {
                actor_claim: provider.actor_claim.clone(),
                role_claim: provider.role_claim.clone(),
                roles: provider.roles.clone(),
                everybody: None,
            },
            loopback: agreement.environment() == Environment::Test,
        }
    }
}

/// How what a provider says becomes an actor with roles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles {
    /// The claim with the actor's id.
    pub actor_claim: String,
    /// The claim with the roles: a text or a list of texts.
    pub role_claim: String,
    /// What the provider calls a role → what the agreement calls it.
    pub roles: BTreeMap<String, Role>,
    /// What everybody is who can sign in there, as with citizens.
    pub everybody: Option<Role>,
}

/// What people may choose when they sign in: to act for themselves, or for somebody else.
#[derive(Debug, Clone, Copy)]
pub struct Choices {
    /// Scopes of which a sign-in may ask one more: `/sign-in?as=<scope>`.
    pub scopes: &'static [&'static str],
    /// The claim with the person whom the session is about. What an application keeps of one is not kept for another.
    pub about: &'static str,
    /// What the pages call that person, where it is somebody else than the user: messages with `-for` name them.
    pub whom: fn(&User) -> Option<String>,
}

pub(crate) struct SignIn {
    provider: Provider,
    envelope: Envelope,
    used: Used,
}

impl SignIn {
    pub(crate) fn new(
        settings: &SignInSettings,
        http: &Http,
        terms: Arc<dyn Fn() -> Option<ProviderTerms> + Send + Sync>,
        address: &str,
    ) -> Result<Self, ShellError> {
        let provider = Provider::new(settings, http, terms, format!("{address}/sign-in/callback"))?;
        Ok(Self { provider, envelope: Envelope::new(&http.entropy), used: Used::default() })
    }

    /// The provider's origin, for the headers of pages.
    pub(crate) fn origin(&self) -> String {
        self.provider.origin()
    }
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    next: String,
    #[serde(default)]
    again: bool,
    #[serde(default, rename = "as")]
    choice: Option<String>,
}

/// `GET /sign-in`: sends the browser to the provider.
pub(crate) async fn begin<D: Default + Send + 'static>(
    shell: Data<Shell<D>>,
    request: HttpRequest,
    asked: Query<Asked>,
) -> Outcome {
    let (now, entropy) = (shell.now(), &shell.http.entropy);
    // Asked always: then the provider has to say when it was (OpenID Connect Core §3.1.2.1).
    let longest = if asked.again { Duration::ZERO } else { shell.sessions.longest() };
    let choice = choice(&shell, &request, &asked)?;
    let provider = &shell.sign_in.provider;
    let question = provider.question(opaque(entropy), opaque(entropy), longest, choice.as_deref()).await?;
    let pending = Pending {
        nonce: question.nonce.secret().clone(),
        verifier: question.verifier.into_secret(),
        next: local(&asked.next),
        again: asked.again,
        choice,
        until: now.plus(LONGEST).as_millis(),
    };
    let sealed = shell.sign_in.envelope.seal(&question.state, &pending).ok_or_else(Failure::fault)?;
    let mut away = HttpResponse::SeeOther();
    away.insert_header((LOCATION, question.address));
    for cookie in pending::keep(&request, &shell.cookie(), &question.state, &sealed, shell.secure) {
        away.append_header((SET_COOKIE, cookie));
    }
    Ok(away.finish())
}

#[derive(Deserialize)]
pub(crate) struct CameBack {
    state: Option<String>,
    code: Option<String>,
    iss: Option<String>,
}

/// `GET /sign-in/callback`: the browser comes back, and a session begins.
pub(crate) async fn come_back<D: Default + Send + 'static>(
    shell: Data<Shell<D>>,
    request: HttpRequest,
    back: Query<CameBack>,
) -> Outcome {
    let refused = |reason: &'static str| {
        SignInRefused { reason }.log();
        Failure::Problem { code: ProblemCode::SignedOut }
    };
    let now = shell.now();
    let state = back.state.as_deref().ok_or_else(|| refused("it answers no question"))?;
    let waited = pending::name(&shell.cookie(), state);
    let pending = cookie::read(&request, &waited)
        .and_then(|sealed| shell.sign_in.envelope.open(state, &sealed, now))
        .ok_or_else(|| refused("it did not begin in this browser, or took too long"))?;
    if !shell.sign_in.used.once(state, now) {
        return Err(refused("it came back before"));
    }
    let provider = &shell.sign_in.provider;
    if back.iss.as_ref().is_some_and(|issuer| !provider.is(issuer)) {
        return Err(refused("it is of another provider"));
    }
    let code = back.code.clone().ok_or_else(|| refused("nobody signed in"))?;
    let stated = provider
        .statement(code, PkceCodeVerifier::new(pending.verifier), &Nonce::new(pending.nonce), now)
        .await?;
    if pending.again && !shell.sessions.is_fresh(stated.authenticated_at, now) {
        return Err(refused("it did not sign the person in again"));
    }
    let stated = User { choice: pending.choice, ..stated };
    let old = cookie::read(&request, &shell.cookie());
    let earlier = shell.session(&request);
    if let Some(token) = &old {
        // Another name for every sign-in, so that nobody can have given the browser theirs.
        shell.sessions.end(token);
    }
    let about = |user: &User| shell.choices.and_then(|choices| user.claims.get(choices.about).cloned());
    let same = earlier.filter(|session| {
        pending.again && session.user.id == stated.id && about(&session.user) == about(&stated)
    });
    let kept = same.map(|session| session.hand_over(shell.sessions.ends(&session)));
    let token = shell
        .sessions
        .begin(stated, shell.certificate(&request)?, kept, now, &shell.http.entropy)
        .ok_or(Failure::Problem { code: ProblemCode::TooMany })?;
    Ok(HttpResponse::SeeOther()
        .insert_header((LOCATION, pending.next))
        .append_header((SET_COOKIE, cookie::set(&shell.cookie(), &token, shell.secure, None)))
        .append_header((SET_COOKIE, cookie::set(&waited, "", shell.secure, Some(0))))
        .finish())
}

/// What was chosen now; in a sign-in of the same person again, what was chosen before.
fn choice<D: Default + Send + 'static>(
    shell: &Shell<D>,
    request: &HttpRequest,
    asked: &Asked,
) -> Result<Option<String>, Failure> {
    let Some(chosen) = &asked.choice else {
        let session = if asked.again { shell.session(request) } else { None };
        return Ok(session.and_then(|session| session.user.choice.clone()));
    };
    let known = shell.choices.is_some_and(|choices| choices.scopes.contains(&chosen.as_str()));
    if known { Ok(Some(chosen.clone())) } else { Err(Failure::invalid()) }
}

/// `POST /sign-out`.
pub(crate) async fn end<D: Default + Send + 'static>(request: HttpRequest, form: Form<D>) -> Outcome {
    let shell = &form.by.shell;
    if let Some(token) = cookie::read(&request, &shell.cookie()) {
        shell.sessions.end(&token);
    }
    Ok(HttpResponse::SeeOther()
        .insert_header((LOCATION, "/signed-out"))
        .insert_header((SET_COOKIE, cookie::set(&shell.cookie(), "", shell.secure, Some(0))))
        .finish())
}

/// Who the claims say it is.
fn user(
    claims: BTreeMap<String, Value>,
    token: IdToken,
    terms: &ProviderTerms,
    now: Instant,
) -> Result<User, &'static str> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let id =
        text(&terms.roles.actor_claim).and_then(|id| ActorId::parse(id).ok()).ok_or("it names no actor")?;
    let given: Vec<&str> = match claims.get(&terms.roles.role_claim) {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let mut roles: Vec<Role> =
        given.iter().filter_map(|role| terms.roles.roles.get(*role)).cloned().collect();
    roles.extend(terms.roles.everybody.clone());
    if roles.is_empty() {
        return Err("it gives no role that the agreement knows");
    }
    let name = text("name").or_else(|| text("given_name")).unwrap_or(id.as_str());
    let name = name.chars().filter(|c| !c.is_control()).take(80).collect();
    let at = claims.get("auth_time").and_then(Value::as_i64).ok_or("it does not say when they signed in")?;
    // Its clock may be a little ahead.
    let at = Instant::from_millis(at.saturating_mul(1000)).min(now);
    Ok(User { id, name, roles, token, claims, authenticated_at: at, choice: None })
}

/// A path of ours, else the front page: `//host` and `/\host` are addresses elsewhere.
pub(crate) fn local(next: &str) -> String {
    let fits = next.starts_with('/')
        && !next.starts_with("//")
        && next.len() <= 512
        && next.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-_.~?=&%".contains(&byte));
    if fits { next.to_owned() } else { "/".to_owned() }
}

const LONGEST: Duration = Duration::from_mins(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_ours_are_gone_back_to() {
        for good in ["/", "/dossiers/abc?x=1", "/a-b/c_d"] {
            assert_eq!(local(good), good);
        }
        for bad in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\r\nSet-Cookie: x",
            "/@é",
            "javascript:1",
        ] {
            assert_eq!(local(bad), "/", "{bad}");
        }
    }
}
