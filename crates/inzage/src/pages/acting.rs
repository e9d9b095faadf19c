//! For whom somebody acts, and how to change that: by signing in again, as the provider knows who may.

use actix_web::web::Data;
use askama::Template;
use kw_web::{Frame, Outcome, SignedIn};

use super::Kept;
use crate::app::App;
use crate::provider::CHOICES;
use crate::view::About;

#[derive(Template)]
#[template(path = "acting.html")]
struct Page<'a> {
    f: &'a Frame,
    about: &'a About,
    scopes: &'static [&'static str],
}

pub(crate) async fn show(by: SignedIn<Kept>, app: Data<App>) -> Outcome {
    let (f, agreement) = (by.frame("inzage-acting"), app.agreed());
    let about = About::of(&by, &f, &agreement)?;
    f.page(&Page { f: &f, about: &about, scopes: CHOICES.scopes })
}
