//! `POST /v1/collections`: step 3 of scenario 1, step 2 of scenario 2.

use std::collections::BTreeSet;

use actix_web::HttpResponse;
use actix_web::http::header::SET_COOKIE;
use kw_domain::{Category, CollectionId};
use kw_ledger::Event;
use kw_protocol::authorisation::{
    AUTHORIZE_PATH, CodeChallengeMethod, PushedRequest, RepresentationScope, ResponseType, Scope, SecretText,
};
use kw_protocol::mandate::MandateKind;
use kw_protocol::problem::{Problem, ProblemCode};
use kw_runtime::{Body, Refusal, Trace};
use kw_store::personal::{Collection, CollectionState, CollectionStep};

use super::{UNDER_WAY, callback, cookie_name};
use crate::app::{SignedIn, refer, sentence};
use crate::holders::HolderError;
use crate::rules::{Act, Ground};
use crate::views::{CollectionStarted, CollectionView, NewCollection};
use crate::{cookie, opaque};

/// Begins a collection for the dossier of this session. Birth date and scope are pushed to the holder over mutual TLS
/// (RFC 9126); the address that the browser gets has neither.
#[utoipa::path(
    post, path = "/v1/collections", tag = "collections", request_body = NewCollection,
    responses(
        (status = 201, description = "Where the browser goes", body = CollectionStarted),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "No right to collect", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The session is not bound", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The holder cannot be asked", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn start(
    user: SignedIn,
    trace: Trace,
    body: Body<NewCollection>,
) -> Result<HttpResponse, Refusal> {
    let app = user.app.clone();
    let (_, dossier, access) = app.enter(&user.session).await?;
    let categories: BTreeSet<Category> = body.0.categories.into_iter().collect();
    if categories.is_empty() || categories.len() > Scope::MAX_CATEGORIES {
        return Err(Refusal::new(ProblemCode::Invalid, "Say what is to be collected.")
            .field("/categories", "expected 1 to 16 categories"));
    }
    for category in &categories {
        access
            .allows(Act::Collect, Some(category))
            .map_err(|denied| Refusal::new(ProblemCode::Denied, sentence(denied)))?;
    }
    let agreement = app.agreement.current();
    let holder = agreement.partner(body.0.holder).filter(|holder| !holder.suspended);
    let address = holder.and_then(|holder| holder.authorisation_endpoint.clone());
    let (Some(holder), Some(address)) = (holder, address) else {
        return Err(Refusal::new(ProblemCode::Invalid, "Nothing can be collected there.")
            .field("/holder", "expected a holder with an authorisation server"));
    };
    let representation = match access.ground() {
        Ground::Own => None,
        Ground::Mandate { kind, .. } => {
            Some(MandateKind::parse(kind).and_then(RepresentationScope::of_kind).ok_or_else(|| {
                Refusal::new(ProblemCode::Denied, "Nothing can be collected under this kind of mandate.")
            })?)
        }
    };
    let date = dossier.birth_date().and_then(|date| date.digits_at(date.precision()));
    if representation.is_some() && date.is_none() {
        let detail = "Collecting for somebody else takes their birth date, as far as it is known.";
        return Err(Refusal::new(ProblemCode::BirthDateRequired, detail));
    }

    let (state, verifier, browser) =
        (opaque::fresh(&app.entropy), opaque::fresh(&app.entropy), opaque::fresh(&app.entropy));
    let (now, state_hash) = (app.now(), opaque::stored(&state));
    let id: CollectionId = app.entropy.id(now);
    let row = Collection {
        id,
        dossier: dossier.id(),
        account: access.account(),
        holder: holder.oin,
        categories: categories.clone(),
        mandate: access.mandate(),
        state_hash,
        browser: opaque::stored(&browser),
        request_sealed: Some(app.key.seal_exchange(&state_hash, verifier.as_bytes(), &app.entropy)),
        pending_sealed: None,
        state: CollectionState::Started,
        reason: None,
        started_at: now,
        expires_at: now.plus(UNDER_WAY),
    };
    let mut record = app.record_about(Event::AuthorisationAsked, &trace, &access)?;
    // This event names no actor: the one who asks is the personal environment.
    record.actor = None;
    record.holders = vec![holder.oin];
    record.categories = categories.iter().cloned().collect();
    let (kept, dossier_id, asked) = (row.clone(), row.dossier, record.clone());
    app.act("start_collection", move |tx| {
        tx.write().store_collection(&kept)?;
        refer(tx, &asked, dossier_id)?;
        Ok(((), asked.clone()))
    })
    .await?;

    let request = PushedRequest {
        response_type: ResponseType::Code,
        client_id: app.oin,
        redirect_uri: callback(&app),
        scope: Scope { categories, representation }.to_string(),
        state: SecretText::new(state.to_string()),
        code_challenge: opaque::challenge(&verifier),
        code_challenge_method: CodeChallengeMethod::S256,
        birth_date: date.map(SecretText::new),
    };
    let pushed = match app.holders.push(holder, &request, trace.transaction).await {
        Ok(pushed) => pushed,
        Err(error) => {
            let (code, reason) = match error {
                HolderError::Refused => (ProblemCode::Denied, "holder-refused"),
                HolderError::Unavailable => (ProblemCode::SourceUnavailable, "holder-unavailable"),
            };
            let step = CollectionStep {
                id,
                from: CollectionState::Started,
                to: CollectionState::Refused,
                pending_sealed: None,
                reason: Some(reason),
                expires_at: now,
            };
            let mut record = record.denied(reason);
            record.subject = Some(app.entropy.id(now));
            app.act("refuse_collection", move |tx| {
                tx.write().step_collection(&step)?;
                refer(tx, &record, dossier_id)?;
                Ok(((), record.clone()))
            })
            .await?;
            return Err(Refusal::new(code, sentence(error)));
        }
    };
    let address = authorize(&address, app.oin.as_str(), &pushed.request_uri)?;
    let cookie = cookie::set(&cookie_name(id), &browser, UNDER_WAY.as_secs());
    let started = CollectionStarted { collection: CollectionView::from(&row), address };
    Ok(HttpResponse::Created().insert_header((SET_COOKIE, cookie)).json(started))
}

fn authorize(base: &str, client: &str, request: &str) -> Result<String, Refusal> {
    let mut url = url::Url::parse(&format!("{base}{AUTHORIZE_PATH}"))
        .map_err(|_| Refusal::fault("a holder's authorisation address in the agreement is no URL"))?;
    url.query_pairs_mut().append_pair("client_id", client).append_pair("request_uri", request);
    Ok(url.into())
}
