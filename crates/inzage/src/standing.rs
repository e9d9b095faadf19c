//! Who may read on: under a mandate, only while it counts. What was gathered is gone when it does not.

use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;
use kw_protocol::problem::ProblemCode;
use kw_web::{Failure, SignedIn};

use crate::app::App;
use crate::gathering::Asking;
use crate::kept::{Counted, Kept};
use crate::person::Person;

/// Somebody who signed in, for themselves or under a mandate that counts at this moment: what every page about a person starts with.
pub(crate) struct Standing(SignedIn<Kept>);

impl Deref for Standing {
    type Target = SignedIn<Kept>;

    fn deref(&self) -> &SignedIn<Kept> {
        &self.0
    }
}

impl FromRequest for Standing {
    type Error = Failure;
    type Future = LocalBoxFuture<'static, Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let by = SignedIn::<Kept>::from_request(request, payload);
        let app = request.app_data::<Data<App>>().cloned();
        Box::pin(async move {
            let (by, app) = (by.await?, app.ok_or_else(Failure::fault)?);
            still(&app, &by).await?;
            Ok(Self(by))
        })
    }
}

async fn still(app: &App, by: &SignedIn<Kept>) -> Result<(), Failure> {
    let Some(mandate) = Person::of(by.user())?.mandate else { return Ok(()) };
    let what = mandate.id.to_string();
    if is_known(by, &what) {
        return Ok(());
    }
    let now = by.shell.now();
    let counts = Asking::new(app, by)?.standing().await;
    let mut kept = by.session.data();
    match &counts {
        Ok(()) => kept.counted = Some(Counted { what, at: now }),
        Err(Failure::Problem { code: ProblemCode::RepresentationEnded }) => *kept = Kept::default(),
        // The register does not answer: nothing is shown, and it is still there when it does.
        Err(_) => kept.counted = None,
    }
    counts
}

/// Whether the register said so a moment ago.
pub(crate) fn is_known(by: &SignedIn<Kept>, what: &str) -> bool {
    by.session.data().counted.as_ref().is_some_and(|counted| counted.vouches(what, by.shell.now()))
}
