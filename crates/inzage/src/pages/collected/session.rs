//! Signing in at the personal environment, and out.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::web::Data;
use askama::Template;
use kw_protocol::problem::ProblemCode;
use kw_web::{Failure, Form, Frame, Outcome, Shell};
use reqwest::Method;
use serde_json::Value;

use super::open::bind;
use super::{By, Open, Shared, Whole, end, is_acting, see, there};
use crate::personal::{NewSession, SignInStarted};

#[derive(Template)]
#[template(path = "collected/signed-out.html")]
struct SignedOutPage<'a> {
    f: &'a Frame,
}

/// For who comes back from elsewhere and is not signed in here any more. A page, and no way to the provider: a form of the page before
/// led here, and browsers follow it no further than to whom it was for.
pub(super) fn signed_out(shell: &Shell<Whole>, request: &HttpRequest) -> Outcome {
    let f = shell.frame(request, "collected-signed-out");
    f.page_with(StatusCode::UNAUTHORIZED, &SignedOutPage { f: &f })
}

/// `POST /collected/sign-in`: to the provider, on behalf of the personal environment. With `dossier`, that one is opened after it.
pub(super) async fn begin(form: Form<Whole>, app: Shared) -> Outcome {
    if is_acting(&form.by) {
        return Ok(see("/collected"));
    }
    let started = there(&app)?.outside::<SignInStarted>(Method::POST, "/v1/sign-ins", None).await?;
    let cookie = started.cookie.ok_or_else(Failure::unavailable)?;
    let dossier = form.given("dossier").map(str::to_owned);
    form.by.session.data().collected.begin(cookie, dossier);
    Ok(actix_web::HttpResponse::SeeOther().insert_header((LOCATION, started.body.address)).finish())
}

/// `GET /v1/sign-ins/callback`: back from the provider.
pub(super) async fn come_back(
    by: Result<By, Failure>,
    shell: Data<Shell<Whole>>,
    app: Shared,
    request: HttpRequest,
) -> Outcome {
    let Ok(by) = by else { return signed_out(&shell, &request) };
    let under_way = by.session.data().collected.under_way();
    let Some((cookie, dossier)) = under_way else { return Ok(said(&by, "collected-not-signed-in")) };
    let path = format!("/v1/sign-ins/callback?{}", request.query_string());
    let session = match there(&app)?.outside::<NewSession>(Method::GET, &path, Some(&cookie)).await {
        Ok(answer) => answer.body,
        Err(refused) if refused.0 == ProblemCode::Unavailable => return Err(refused.into()),
        Err(_) => return Ok(said(&by, "collected-not-signed-in")),
    };
    // Two people at one browser: what one of them may see is not for the session of the other. Who has no name there could be anybody.
    let one_length = |name: &str| name.chars().take(SHORTEST_NAME).collect::<String>();
    let same = session.name.as_ref().is_some_and(|name| one_length(name) == one_length(&by.user().name));
    by.session.data().collected.enter(zeroize::Zeroizing::new(session.token));
    if !same {
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

/// The personal environment tells so much of a name.
const SHORTEST_NAME: usize = 64;
