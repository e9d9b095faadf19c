//! Which parties have something about the person.

use actix_web::web::Data;
use askama::Template;
use kw_agreement::ConsentRegime;
use kw_web::{Frame, Outcome, SignedIn};

use super::{Kept, see};
use crate::app::App;
use crate::view::{About, Words};

#[derive(Template)]
#[template(path = "holders.html")]
struct Page<'a> {
    f: &'a Frame,
    about: &'a About,
    at: String,
    missing: Option<String>,
    lines: Vec<Line>,
}

pub(super) struct Line {
    pub(super) oin: String,
    pub(super) holder: String,
    pub(super) word: String,
    pub(super) category: String,
    pub(super) contact: Option<String>,
    pub(super) statutory: bool,
}

pub(crate) async fn show(by: SignedIn<Kept>, app: Data<App>) -> Outcome {
    let (f, agreement) = (by.frame("inzage-holders"), app.agreed());
    let Some(gathered) = by.session.data().gathered() else { return Ok(see("/")) };
    let about = About::of(&by, &f, &agreement)?;
    let words = Words { f: &f, agreement: &agreement };
    let (missing, lines) = match &*gathered.holders {
        Ok(holders) => (None, lines(words, holders)),
        Err(missing) => (Some(words.missing(*missing)), Vec::new()),
    };
    f.page(&Page { f: &f, about: &about, at: f.moment(gathered.at), missing, lines })
}

pub(super) fn lines(words: Words<'_>, holders: &[kw_protocol::dossier::LookupHolder]) -> Vec<Line> {
    let line = |held: &kw_protocol::dossier::LookupHolder| Line {
        oin: held.holder.oin.to_string(),
        holder: held.holder.name.clone(),
        word: held.category.to_string(),
        category: words.category(&held.category),
        contact: words.agreement.partner(held.holder.oin).map(|partner| partner.contact.clone()),
        statutory: (words.agreement.category(&held.category))
            .is_some_and(|rules| rules.consent == ConsentRegime::Statutory),
    };
    holders.iter().map(line).collect()
}
