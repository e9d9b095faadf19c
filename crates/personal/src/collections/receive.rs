//! `GET /v1/collections/callback`: the browser comes back from the holder (steps 10 to 13 of scenario 1, 9 to 12 of 2).

use std::collections::BTreeSet;

use actix_web::http::header::SET_COOKIE;
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use kw_agreement::Partner;
use kw_ledger::{AccessRecord, Event};
use kw_protocol::authorisation::{CollectionRequest, GrantType, SecretText, TokenRequest};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_runtime::{Refusal, Trace};
use kw_store::Abort;
use kw_store::personal::{Collection, CollectionState, CollectionStep};
use serde::Deserialize;

use super::{WAITING, callback, cookie_name};
use crate::app::{App, refer, unreadable};
use crate::holders::HolderError;
use crate::rules::{Delivered, Expected, OpenDossier, VerifiedDocument};
use crate::views::CollectionView;
use crate::{cookie, opaque};

/// What the holder sends the browser back with.
#[derive(Deserialize)]
pub(crate) struct CameBack {
    state: String,
    code: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

/// Takes the holder's code, collects, and checks every document against the person of the collection's dossier. What does
/// not fit is refused and kept nowhere; what fits waits for the user's confirmation.
#[utoipa::path(
    get, path = "/v1/collections/callback", tag = "collections", security(()),
    params(("state" = String, Query, description = "As sent"), ("code" = Option<String>, Query, description = "The holder's"),
        ("error" = Option<String>, Query, description = "Why there is none"),
        ("iss" = Option<String>, Query, description = "Who answers (RFC 9207)")),
    responses(
        (status = 200, description = "The collection: `received` or `refused`", body = CollectionView),
        (status = 403, description = "It did not begin in this browser", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn come_back(
    app: Data<App>,
    request: HttpRequest,
    trace: Trace,
    back: Query<CameBack>,
) -> Result<HttpResponse, Refusal> {
    let denied =
        || Refusal::new(ProblemCode::Denied, "This collection did not begin in this browser, or has ended.");
    let hash = opaque::stored(&back.state);
    let found = app.store.read(move |store| store.collection_by_state(&hash)).await.map_err(unreadable)?;
    let row = found.ok_or_else(denied)?;
    let browser = cookie::read(&request, &cookie_name(row.id)).map(|value| opaque::stored(&value));
    if browser != Some(row.browser) || row.state != CollectionState::Started || app.now() >= row.expires_at {
        return Err(denied());
    }
    let id = row.dossier;
    let stored = app.store.read(move |store| store.dossier(id)).await.map_err(unreadable)?;
    let dossier = app.open(&stored.ok_or_else(denied)?)?;
    let receiving = Receiving { app: &app, trace: &trace, row, dossier };

    // An answer of another holder than was asked (RFC 9207) brings no code of the one that was.
    let agreement = app.agreement.current();
    let issuer = agreement.partner(receiving.row.holder).and_then(|one| one.authorisation_endpoint.clone());
    let view = match (&back.code, &back.error) {
        _ if back.iss.is_some() && back.iss != issuer => {
            let event = Event::AuthorisationDecided;
            receiving.refuse(CollectionState::Started, event, "issuer-mismatch").await?
        }
        (Some(code), None) => receiving.with_code(code).await?,
        // Why, the holder told the person; the answer has a general code only.
        _ => receiving.refuse(CollectionState::Started, Event::AuthorisationDecided, "access-denied").await?,
    };
    let done = cookie::set(&cookie_name(view.id), "", 0);
    Ok(HttpResponse::Ok().insert_header((SET_COOKIE, done)).json(view))
}

struct Receiving<'a> {
    app: &'a Data<App>,
    trace: &'a Trace,
    row: Collection,
    dossier: OpenDossier,
}

impl Receiving<'_> {
    async fn with_code(self, code: &str) -> Result<CollectionView, Refusal> {
        // First of all, so that one code is used once however often a browser comes back.
        self.step(
            CollectionState::Started,
            CollectionState::Authorised,
            None,
            None,
            self.record(Event::AuthorisationDecided)?,
        )
        .await?;
        let agreement = self.app.agreement.current();
        let Some(holder) = agreement.partner(self.row.holder) else {
            return self
                .refuse(CollectionState::Authorised, Event::CollectionAnswered, "holder-unknown")
                .await;
        };
        let verified = match self.collect(holder, code).await? {
            Ok(verified) => verified,
            // A document of another person, or with another birth date: a refusal to store, recorded as such.
            Err((event, reason)) => return self.refuse(CollectionState::Authorised, event, reason).await,
        };
        if verified.is_empty() {
            return self.refuse(CollectionState::Authorised, Event::CollectionAnswered, "nothing").await;
        }
        let sealed = self
            .dossier
            .seal_pending(self.row.id, &verified, &self.app.entropy)
            .map_err(|_| Refusal::fault("a document was verified for another dossier"))?;
        let mut record = self.record(Event::CollectionAnswered)?;
        record.count = Some(verified.len() as u64);
        self.step(CollectionState::Authorised, CollectionState::Received, Some(sealed), None, record).await?;
        Ok(self.view(CollectionState::Received, None))
    }

    /// A token, then one document per category, each verified against the dossier's person. All or nothing.
    async fn collect(
        &self,
        holder: &Partner,
        code: &str,
    ) -> Result<Result<Vec<VerifiedDocument>, (Event, &'static str)>, Refusal> {
        let (app, row) = (self.app, &self.row);
        let sealed = row.request_sealed.as_deref().unwrap_or_default();
        let verifier = app
            .key
            .open_exchange(&row.state_hash, sealed)
            .map_err(|_| Refusal::fault("a collection does not open with the key of this service"))?;
        let request = TokenRequest {
            grant_type: GrantType::AuthorizationCode,
            code: SecretText::new(code),
            redirect_uri: callback(app),
            code_verifier: SecretText::new(String::from_utf8_lossy(&verifier)),
            client_id: app.oin,
        };
        let failed = |error| {
            let reason = match error {
                HolderError::Refused => "holder-refused",
                HolderError::Unavailable => "holder-unavailable",
            };
            (Event::CollectionAnswered, reason)
        };
        let token = match app.holders.token(holder, &request, self.trace.transaction).await {
            Ok(token) => token.access_token,
            Err(error) => return Ok(Err(failed(error))),
        };
        let mut verified = Vec::new();
        for category in &row.categories {
            // A holder may have the category in more than one of its sources.
            let mut sources = vec![None];
            while let Some(source) = sources.pop() {
                let first = source.is_none();
                let request = CollectionRequest { category: category.clone(), source };
                let answer = app.holders.collect(holder, &token, &request, self.trace.transaction).await;
                let collected = match answer {
                    Ok(collected) => collected,
                    Err(error) => return Ok(Err(failed(error))),
                };
                if first {
                    sources.extend(collected.other_sources.iter().take(MOST_SOURCES).cloned().map(Some));
                }
                if collected.document.is_none() {
                    continue;
                }
                // Exactly this category: a holder that answers another one is not believed.
                let expected =
                    Expected { holder: row.holder, categories: BTreeSet::from([category.clone()]) };
                match self.dossier.verify(Delivered { collected, token: token.clone() }, &expected) {
                    Ok(document) => verified.push(document),
                    Err(mismatch) => return Ok(Err((Event::DocumentStored, mismatch.code()))),
                }
            }
        }
        Ok(Ok(verified))
    }

    async fn refuse(
        self,
        from: CollectionState,
        event: Event,
        reason: &'static str,
    ) -> Result<CollectionView, Refusal> {
        let record = self.record(event)?.denied(reason);
        self.step(from, CollectionState::Refused, None, Some(reason), record).await?;
        Ok(self.view(CollectionState::Refused, Some(reason)))
    }

    fn record(&self, event: Event) -> Result<AccessRecord, Refusal> {
        let row = &self.row;
        let mut record = self.app.record(event, self.trace, row.account)?;
        if event != Event::DocumentStored {
            record.actor = None;
        }
        record.subject = Some(self.app.entropy.id(record.at));
        record.representation = row.mandate.map(|mandate| format!("mandate:{mandate}"));
        record.holders = vec![row.holder];
        record.categories = row.categories.iter().cloned().collect();
        Ok(record)
    }

    async fn step(
        &self,
        from: CollectionState,
        to: CollectionState,
        pending_sealed: Option<Vec<u8>>,
        reason: Option<&'static str>,
        record: AccessRecord,
    ) -> Result<(), Refusal> {
        let expires_at = self.app.now().plus(WAITING);
        let step = CollectionStep { id: self.row.id, from, to, pending_sealed, reason, expires_at };
        let dossier = self.row.dossier;
        self.app
            .act("step_collection", move |tx| {
                if !tx.write().step_collection(&step)? {
                    let detail = "This collection went on in another way.";
                    return Err(Abort::Refused(Refusal::new(ProblemCode::Conflict, detail)));
                }
                refer(tx, &record, dossier)?;
                Ok(((), record.clone()))
            })
            .await
    }

    fn view(&self, state: CollectionState, reason: Option<&'static str>) -> CollectionView {
        let mut view = CollectionView::from(&self.row);
        state.as_str().clone_into(&mut view.state);
        view.reason = reason.map(str::to_owned);
        view
    }
}

/// Of one holder, in one category.
const MOST_SOURCES: usize = 16;
