//! Signing in at the provider, and sessions: each bound to at most one dossier, once.

use actix_web::http::header::SET_COOKIE;
use actix_web::web::{Data, Json, Query};
use actix_web::{HttpRequest, HttpResponse};
use kw_domain::SessionId;
use kw_ledger::Event;
use kw_protocol::problem::{Problem, ProblemCode};
use kw_runtime::{Body, Refusal, Trace};
use kw_store::Abort;
use kw_store::personal::{Account, Session as SessionRow};
use serde::{Deserialize, Serialize};
use std::time::Duration;

use crate::app::{App, SignedIn, actor, not_yours, refer, representation, sentence, unreadable};
use crate::provider::{ProviderError, SignIn, SignedIn as Returned};
use crate::views::{Choice, NewSession, RepresentedView, SessionView, SignInStarted};
use crate::{cookie, opaque};

/// What waits in the browser's cookie, sealed, until it comes back.
#[derive(Serialize, Deserialize)]
struct Exchange {
    nonce: String,
    verifier: String,
    until: i64,
}

/// What the provider sends the browser back with.
#[derive(Deserialize)]
pub(crate) struct CameBack {
    state: String,
    code: Option<String>,
}

/// Begins a sign-in. The answer's cookie ties what comes back to this browser.
#[utoipa::path(
    post, path = "/v1/sign-ins", tag = "sessions", security(()),
    responses(
        (status = 201, description = "Where the browser goes", body = SignInStarted),
        (status = 503, description = "The provider cannot be asked", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn begin(app: Data<App>) -> Result<HttpResponse, Refusal> {
    let (state, nonce, verifier) =
        (opaque::fresh(&app.entropy), opaque::fresh(&app.entropy), opaque::fresh(&app.entropy));
    let until = app.now().plus(SIGN_IN).as_millis();
    let redirect = callback(&app);
    let request = SignIn {
        redirect_uri: &redirect,
        state: &state,
        nonce: &nonce,
        code_challenge: &opaque::challenge(&verifier),
    };
    let address = app.provider.sign_in_address(&request).await.map_err(not_signed_in)?;
    let exchange = Exchange { nonce: nonce.to_string(), verifier: verifier.to_string(), until };
    // Text and numbers always have a JSON form.
    let secrets = serde_json::to_vec(&exchange).unwrap_or_default();
    let sealed = app.key.seal_exchange(&opaque::stored(&state), &secrets, &app.entropy);
    let cookie = cookie::set(COOKIE, &opaque::text(&sealed), SIGN_IN.as_secs());
    Ok(HttpResponse::Created().insert_header((SET_COOKIE, cookie)).json(SignInStarted { address }))
}

/// The browser comes back from the provider: a session begins.
#[utoipa::path(
    get, path = "/v1/sign-ins/callback", tag = "sessions", security(()),
    params(("state" = String, Query, description = "As sent"), ("code" = Option<String>, Query, description = "The provider's")),
    responses(
        (status = 200, description = "The session", body = NewSession),
        (status = 403, description = "Not signed in", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn come_back(
    app: Data<App>,
    request: HttpRequest,
    trace: Trace,
    back: Query<CameBack>,
) -> Result<HttpResponse, Refusal> {
    let denied =
        || Refusal::new(ProblemCode::Denied, "This sign-in did not begin in this browser, or took too long.");
    let sealed = cookie::read(&request, COOKIE).and_then(|text| opaque::bytes(&text)).ok_or_else(denied)?;
    let secrets = app.key.open_exchange(&opaque::stored(&back.state), &sealed).map_err(|_| denied())?;
    let exchange: Exchange = serde_json::from_slice(&secrets).map_err(|_| denied())?;
    if app.now().as_millis() >= exchange.until {
        return Err(denied());
    }
    let code = back
        .code
        .as_deref()
        .ok_or_else(|| Refusal::new(ProblemCode::Denied, "The provider signed nobody in. Begin again."))?;
    let redirect = callback(&app);
    let returned =
        Returned { code, redirect_uri: &redirect, code_verifier: &exchange.verifier, nonce: &exchange.nonce };
    let statement = app.provider.statement(&returned).await.map_err(not_signed_in)?;
    let Some((own, _)) = &statement.own else {
        return Err(Refusal::new(ProblemCode::Denied, "The provider did not say who signed in."));
    };
    let name = statement.name.clone();
    let (now, token) = (app.now(), opaque::fresh(&app.entropy));
    let (id, key): (SessionId, _) = (app.entropy.id(now), app.key.account_key(own));
    let fresh = Account { id: app.entropy.id(now), key, created_at: now };
    let session = SessionRow {
        id,
        token: opaque::stored(&token),
        account: fresh.id,
        statement_sealed: app.key.seal_statement(id, &statement, &app.entropy),
        dossier: None,
        created_at: now,
        expires_at: now.plus(SESSION),
    };
    let record = app.record(Event::StatementIssued, &trace, fresh.id)?;
    let account = app
        .act("begin_session", move |tx| {
            let found = tx.read().account(&key)?;
            let account = found.as_ref().map_or(fresh.id, |account| account.id);
            if found.is_none() {
                tx.write().store_account(&fresh)?;
            }
            let mut session = session.clone();
            session.account = account;
            tx.write().store_session(&session)?;
            let mut record = record.clone();
            if let Some(named) = &mut record.actor
                && let Ok(id) = actor(account)
            {
                named.id = id;
            }
            Ok((account, record))
        })
        .await?;
    let session = SessionView { id, account, dossier: None, expires_at: now.plus(SESSION) };
    let done = cookie::set(COOKIE, "", 0);
    let answer = NewSession { token: token.to_string(), name, session };
    Ok(HttpResponse::Ok()
        .insert_header((SET_COOKIE, done))
        .insert_header(("cache-control", "no-store"))
        .json(answer))
}

/// The session of the bearer token.
#[utoipa::path(
    get, path = "/v1/sessions/current", tag = "sessions",
    responses((status = 200, description = "The session", body = SessionView),
        (status = 401, description = "No session", body = Problem, content_type = "application/problem+json"))
)]
pub(crate) async fn show(user: SignedIn) -> Json<SessionView> {
    Json(view(&user))
}

/// Signs out.
#[utoipa::path(
    delete, path = "/v1/sessions/current", tag = "sessions",
    responses((status = 204, description = "The session has ended"),
        (status = 401, description = "No session", body = Problem, content_type = "application/problem+json"))
)]
pub(crate) async fn end(user: SignedIn, trace: Trace) -> Result<HttpResponse, Refusal> {
    let (id, account) = (user.session.id, user.session.account);
    let record = user.app.record(Event::DossierChanged, &trace, account)?;
    user.app
        .act("end_session", move |tx| {
            tx.write().end_session(id)?;
            Ok(((), record.clone()))
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Whom the user may represent, as the provider said at the sign-in (step 2 of scenario 1).
#[utoipa::path(
    get, path = "/v1/represented-persons", tag = "sessions",
    responses((status = 200, description = "The people", body = Vec<RepresentedView>),
        (status = 401, description = "No session", body = Problem, content_type = "application/problem+json"))
)]
pub(crate) async fn represented(user: SignedIn) -> Result<Json<Vec<RepresentedView>>, Refusal> {
    let (app, session) = (&user.app, &user.session);
    let account = session.account;
    let rows = app.store.read(move |store| store.dossiers_of(account, LISTED)).await.map_err(unreadable)?;
    let people = session.statement.represented.iter().map(|person| {
        let key = app.key.person_key(account, &person.binding);
        let dossier = rows.iter().find(|row| row.owner == account && row.person_key == key);
        RepresentedView {
            mandate: person.mandate,
            kind: person.kind.clone(),
            label: person.label.clone(),
            dossier: dossier.map(|row| row.id),
        }
    });
    Ok(Json(people.collect()))
}

/// Binds the session to a dossier, once. Another dossier takes a new session.
#[utoipa::path(
    put, path = "/v1/sessions/current/dossier", tag = "sessions", request_body = Choice,
    responses(
        (status = 200, description = "The session", body = SessionView),
        (status = 403, description = "No mandate for its person", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Not yours", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Bound to another dossier", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn bind(
    mut user: SignedIn,
    trace: Trace,
    body: Body<Choice>,
) -> Result<Json<SessionView>, Refusal> {
    let (id, account) = (body.0.dossier, user.session.account);
    let app = user.app.clone();
    let read = app.store.read(move |store| Ok((store.dossier(id)?, store.user(id, account)?))).await;
    let (row, member) = read.map_err(unreadable)?;
    let row = row.filter(|row| row.owner == account || member.is_some()).ok_or_else(not_yours)?;
    let dossier = app.open(&row)?;
    let ground = user.session.ground(&dossier, row.owner, row.own, member.as_ref(), app.now());
    let mut record = app.record(Event::DossierOpened, &trace, account)?;
    record.subject = Some(app.entropy.id(record.at));
    record.representation = ground.as_ref().ok().and_then(representation);
    let refusal = match (&ground, user.session.bind(id)) {
        (Err(denied), _) => Some((denied.code(), Refusal::new(ProblemCode::Denied, sentence(denied)))),
        (_, Err(bound)) => {
            Some(("session-bound-elsewhere", Refusal::new(ProblemCode::Conflict, sentence(bound))))
        }
        _ => None,
    };
    let session = user.session.id;
    app.act("bind_session", move |tx| {
        if let Some((code, refusal)) = &refusal {
            // What is refused is recorded as well.
            let record = record.clone().denied(*code);
            refer(tx, &record, id)?;
            return Ok((Err(refusal.clone()), record));
        }
        if !tx.write().bind_session(session, id)? {
            let detail = "The session is bound to another dossier: another person takes a new session.";
            return Err(Abort::Refused(Refusal::new(ProblemCode::Conflict, detail)));
        }
        refer(tx, &record, id)?;
        Ok((Ok(()), record.clone()))
    })
    .await??;
    Ok(Json(view(&user)))
}

fn view(user: &SignedIn) -> SessionView {
    let session = &user.session;
    SessionView {
        id: session.id,
        account: session.account,
        dossier: session.dossier(),
        expires_at: session.expires_at,
    }
}

fn callback(app: &App) -> String {
    format!("{}/v1/sign-ins/callback", app.address)
}

fn not_signed_in(error: ProviderError) -> Refusal {
    let code = match error {
        ProviderError::Refused(_) => ProblemCode::Denied,
        ProviderError::Unavailable(_) => ProblemCode::Unavailable,
    };
    Refusal::new(code, sentence(error))
}

const COOKIE: &str = "__Host-kw-sign-in";
const SIGN_IN: Duration = Duration::from_mins(10);
/// A mandate that was withdrawn meanwhile opens a dossier no longer than this.
const SESSION: Duration = Duration::from_mins(30);
/// Dossiers of one account in one list.
pub(crate) const LISTED: u32 = 100;
