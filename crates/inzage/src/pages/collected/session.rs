//! Signing in at the personal environment, and out.

use actix_web::HttpRequest;
use actix_web::http::header::LOCATION;
use kw_protocol::problem::ProblemCode;
use kw_web::{Failure, Form, Outcome};
use reqwest::Method;
use serde_json::Value;

use super::open::bind;
use super::{By, Open, Shared, Whole, end, see, there};
use crate::personal::{NewSession, SignInStarted};

/// `POST /collected/sign-in`: to the provider, on behalf of the personal environment. With `dossier`, that one is opened after it.
pub(super) async fn begin(form: Form<Whole>, app: Shared) -> Outcome {
    let started = there(&app)?.outside::<SignInStarted>(Method::POST, "/v1/sign-ins", None).await?;
    let cookie = started.cookie.ok_or_else(Failure::unavailable)?;
    let dossier = form.given("dossier").map(str::to_owned);
    form.by.session.data().collected.begin(cookie, dossier);
    Ok(actix_web::HttpResponse::SeeOther().insert_header((LOCATION, started.body.address)).finish())
}

/// `GET /v1/sign-ins/callback`: back from the provider.
pub(super) async fn come_back(by: By, app: Shared, request: HttpRequest) -> Outcome {
    let under_way = by.session.data().collected.under_way();
    let Some((cookie, dossier)) = under_way else { return Ok(said(&by, "collected-not-signed-in")) };
    let path = format!("/v1/sign-ins/callback?{}", request.query_string());
    let session = match there(&app)?.outside::<NewSession>(Method::GET, &path, Some(&cookie)).await {
        Ok(answer) => answer.body,
        Err(refused) if refused.0 == ProblemCode::Unavailable => return Err(refused.into()),
        Err(_) => return Ok(said(&by, "collected-not-signed-in")),
    };
    // Two people at one browser: what one of them may see is not for the session of the other.
    let another = session.name.as_ref().is_some_and(|name| *name != by.user().name);
    by.session.data().collected.enter(zeroize::Zeroizing::new(session.token));
    if another {
        let closed = close(&by, &app).await;
        by.session.data().collected = super::Kept::default();
        closed?;
        return Ok(said(&by, "collected-another-person"));
    }
    let Some(dossier) = dossier else { return Ok(see("/collected")) };
    let page = async {
        let open = Open::of(&app, &by)?;
        bind(&by, &open, &dossier).await
    };
    end(&by, page.await)
}

/// `POST /collected/leave`: the session there ends.
pub(super) async fn leave(form: Form<Whole>, app: Shared) -> Outcome {
    close(&form.by, &app).await?;
    form.by.session.data().collected = super::Kept::default();
    Ok(said(&form.by, "collected-left"))
}

async fn close(by: &By, app: &Shared) -> Result<(), Failure> {
    let Ok(open) = Open::of(app, by) else { return Ok(()) };
    match open.send::<Value>(Method::DELETE, "/v1/sessions/current", None).await {
        Ok(_) => Ok(()),
        Err(refused) if refused.0 == ProblemCode::SignedOut => Ok(()),
        Err(refused) => Err(refused.into()),
    }
}

fn said(by: &By, message: &'static str) -> actix_web::HttpResponse {
    by.session.data().collected.say(message);
    see("/collected")
}
