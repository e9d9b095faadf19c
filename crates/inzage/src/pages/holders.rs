//! Which parties have something about the person.

use actix_web::web::Data;
use askama::Template;
use kw_agreement::{ConsentRegime, Partner};
use kw_domain::Category;
use kw_web::{Frame, Outcome};

use super::see;
use crate::app::App;
use crate::rules::kinds::Kinds;
use crate::standing::Standing;
use crate::view::{About, Words};

#[derive(Template)]
#[template(path = "holders.html")]
struct Page<'a> {
    f: &'a Frame,
    about: &'a About,
    at: String,
    missing: Option<String>,
    lines: Vec<Line>,
    kinds: Told,
}

pub(super) struct Line {
    pub(super) oin: String,
    pub(super) holder: String,
    pub(super) word: String,
    pub(super) category: String,
    pub(super) contact: Option<String>,
    pub(super) statutory: bool,
}

pub(crate) async fn show(by: Standing, app: Data<App>) -> Outcome {
    let (f, agreement) = (by.frame("inzage-holders"), app.agreed());
    let Some(gathered) = by.session.data().gathered() else { return Ok(see("/")) };
    let about = About::of(&by, &f, &agreement)?;
    let words = Words { f: &f, agreement: &agreement };
    let (missing, lines) = match &*gathered.holders {
        Ok(holders) => (None, lines(words, holders)),
        Err(missing) => (Some(words.missing(*missing)), Vec::new()),
    };
    let kinds = asked(words, &gathered.kinds);
    f.page(&Page { f: &f, about: &about, at: f.moment(gathered.at), missing, lines, kinds })
}

/// Which kinds of data a list is about, and which not: nobody takes it for more than it is.
pub(super) struct Told {
    pub(super) asked: String,
    pub(super) outside_mandate: Option<String>,
    /// With the organisations that may have them.
    pub(super) outside_purpose: Vec<(String, Option<String>)>,
}

pub(super) fn asked(words: Words<'_>, kinds: &Kinds) -> Told {
    let registering = |category: &Category| {
        let may = |partner: &&Partner| partner.registers.contains(category);
        let names: Vec<&str> =
            words.agreement.partners().filter(may).map(|partner| partner.name.as_str()).collect();
        (!names.is_empty()).then(|| names.join(", "))
    };
    let outside = &kinds.outside_mandate;
    Told {
        asked: words.categories(&kinds.asked),
        outside_mandate: (!outside.is_empty()).then(|| words.categories(outside)),
        outside_purpose: (kinds.outside_purpose.iter())
            .map(|category| (words.category(category), registering(category)))
            .collect(),
    }
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
