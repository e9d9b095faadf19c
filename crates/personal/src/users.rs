//! Scenario 2: one dossier, several users. Its person invites; whoever takes the invitation up needs a mandate of that
//! person, and gets no more than the invitation gives.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::{Json, Path};
use kw_domain::{AccountId, DossierId};
use kw_ledger::Event;
use kw_protocol::problem::{Problem, ProblemCode};
use kw_runtime::{Body, Refusal, Trace};
use kw_store::Abort;
use kw_store::personal::{DossierUser, Invitation};

use crate::app::{SignedIn, not_yours, refer, unreadable};
use crate::dossiers::digits;
use crate::opaque;
use crate::rules::{Access, Ground};
use crate::sessions::LISTED;
use crate::views::{Acceptance, DossierView, InvitationView, LimitsView, UserView};

/// Invites somebody to the dossier that this session is bound to. Only its person can.
#[utoipa::path(
    post, path = "/v1/dossiers/{id}/invitations", tag = "users", request_body = LimitsView,
    params(("id" = String, Path, description = "The dossier")),
    responses(
        (status = 201, description = "The invitation, shown once", body = InvitationView),
        (status = 403, description = "It is not your own", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn invite(
    user: SignedIn,
    trace: Trace,
    id: Path<String>,
    body: Body<LimitsView>,
) -> Result<HttpResponse, Refusal> {
    let (app, access) = (user.app.clone(), own(&user, &id).await?);
    let (now, limits) = (app.now(), body.0);
    if limits.until <= now || limits.categories.as_ref().is_some_and(Vec::is_empty) {
        return Err(Refusal::new(ProblemCode::Invalid, "An invitation gives something, for some time.")
            .field("/until", "expected a moment to come"));
    }
    let code = opaque::fresh(&app.entropy);
    let invitation = Invitation {
        code: opaque::stored(&code),
        dossier: access.dossier(),
        limits: limits.into(),
        expires_at: now.plus(INVITATION),
    };
    let record = app.record_about(Event::DossierChanged, &trace, &access)?;
    app.act("invite", move |tx| {
        tx.write().store_invitation(&invitation)?;
        refer(tx, &record, invitation.dossier)?;
        Ok(((), record.clone()))
    })
    .await?;
    let view = InvitationView { code: code.to_string(), expires_at: now.plus(INVITATION) };
    Ok(HttpResponse::Created().insert_header(("cache-control", "no-store")).json(view))
}

/// Takes an invitation up: with a mandate of the dossier's person that the provider stated at this sign-in.
#[utoipa::path(
    post, path = "/v1/invitations/acceptances", tag = "users", request_body = Acceptance,
    responses(
        (status = 201, description = "The dossier", body = DossierView),
        (status = 403, description = "No mandate of its person", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such invitation", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn accept(
    user: SignedIn,
    trace: Trace,
    body: Body<Acceptance>,
) -> Result<HttpResponse, Refusal> {
    let (app, session) = (user.app.clone(), &user.session);
    let code = opaque::stored(body.0.code.reveal());
    let read = app.store.read(move |store| {
        let invitation = store.invitation(&code)?;
        let row = invitation.as_ref().map(|one| store.dossier(one.dossier)).transpose()?.flatten();
        Ok(invitation.zip(row))
    });
    let now = app.now();
    let (invitation, row) =
        read.await.map_err(unreadable)?.filter(|(one, _)| now < one.expires_at).ok_or_else(not_yours)?;
    let dossier = app.open(&row)?;
    let member = DossierUser {
        dossier: row.id,
        account: session.account,
        mandate: session
            .statement
            .represented
            .iter()
            .find(|person| dossier.is_about(&person.binding))
            .map(|person| person.mandate)
            .ok_or_else(|| {
                Refusal::new(ProblemCode::Denied, "This takes a mandate of the person of the dossier.")
            })?,
        limits: invitation.limits,
        added_at: now,
        ended_at: None,
    };
    let mut record = app.record(Event::DossierChanged, &trace, session.account)?;
    record.subject = Some(app.entropy.id(now));
    record.representation = Some(format!("mandate:{}", member.mandate));
    let id = row.id;
    app.act("accept_invitation", move |tx| {
        if !tx.write().take_invitation(&code)? {
            return Err(Abort::Refused(not_yours()));
        }
        tx.write().store_user(&member)?;
        refer(tx, &record, id)?;
        Ok(((), record.clone()))
    })
    .await?;
    let label = dossier.label().to_owned();
    let birth_date = dossier.birth_date().copied().and_then(digits);
    Ok(HttpResponse::Created().json(DossierView {
        id,
        label,
        birth_date,
        owner: false,
        own: row.own,
        accessible: true,
    }))
}

/// Who uses the dossier.
#[utoipa::path(
    get, path = "/v1/dossiers/{id}/users", tag = "users",
    params(("id" = String, Path, description = "The dossier")),
    responses((status = 200, description = "Its users, also those whose right ended", body = Vec<UserView>),
        (status = 403, description = "It is not your own", body = Problem, content_type = "application/problem+json"))
)]
pub(crate) async fn list(user: SignedIn, id: Path<String>) -> Result<Json<Vec<UserView>>, Refusal> {
    let dossier = own(&user, &id).await?.dossier();
    let mut users =
        user.app.store.read(move |store| store.users_of(dossier, LISTED)).await.map_err(unreadable)?;
    // As they came: a new one changes nobody else's place.
    users.sort_by_key(|user| (user.added_at, user.account));
    Ok(Json(users.into_iter().map(UserView::from).collect()))
}

/// Ends a user's right, at once.
#[utoipa::path(
    delete, path = "/v1/dossiers/{id}/users/{account}", tag = "users",
    params(("id" = String, Path, description = "The dossier"), ("account" = String, Path, description = "The user")),
    responses(
        (status = 204, description = "Ended"),
        (status = 404, description = "No such user", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn end(
    user: SignedIn,
    trace: Trace,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Refusal> {
    let (id, account) = path.into_inner();
    let account = AccountId::parse(&account).map_err(|_| not_yours())?;
    let app = user.app.clone();
    let access = own(&user, &id).await?;
    let (dossier, now) = (access.dossier(), app.now());
    let record = app.record_about(Event::DossierChanged, &trace, &access)?;
    app.act("end_user", move |tx| {
        if !tx.write().end_user(dossier, account, now)? {
            return Err(Abort::Refused(not_yours()));
        }
        refer(tx, &record, dossier)?;
        Ok(((), record.clone()))
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The way of a person into their own dossier.
async fn own(user: &SignedIn, id: &str) -> Result<Access, Refusal> {
    let id = DossierId::parse(id).map_err(|_| not_yours())?;
    let (_, dossier, access) = user.app.enter(&user.session).await?;
    if dossier.id() != id {
        return Err(not_yours());
    }
    if *access.ground() != Ground::Own {
        return Err(Refusal::new(ProblemCode::Denied, "Only the person of the dossier decides who uses it."));
    }
    Ok(access)
}

const INVITATION: Duration = Duration::from_hours(24 * 3);
