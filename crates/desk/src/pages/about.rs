//! Whom a page is about: in sight on every page of a dossier, and on its paper.

use kw_agreement::Agreement;
use kw_domain::{BirthDate, DatePrecision, Instant};
use kw_web::{Frame, User};

use super::titles::titled;
use crate::asking::Question;
use crate::document::harmless;

/// Whom, and why.
pub(crate) struct About {
    pub(crate) represented: Option<String>,
    /// Masked.
    pub(crate) number: String,
    pub(crate) born: Option<String>,
    pub(crate) case: String,
    pub(crate) purpose: String,
    pub(crate) asker: String,
    pub(crate) asked: String,
}

impl About {
    pub(crate) fn of(
        f: &Frame,
        agreement: &Agreement,
        question: &Question,
        user: &User,
        at: Instant,
    ) -> Self {
        let choice = &question.choice;
        let purpose = agreement.purpose(&choice.purpose);
        let role = agreement.role(&choice.role).map(|rules| titled(f, &rules.title));
        Self {
            represented: question.represented.as_ref().map(|person| harmless(&person.name)),
            number: question.person.to_string(),
            born: question.birth_date.map(|date| born(f, date)),
            case: question.case.to_string(),
            purpose: purpose.map_or_else(|| choice.purpose.to_string(), |rules| titled(f, &rules.title)),
            asker: format!("{} ({})", user.name, role.unwrap_or_else(|| choice.role.to_string())),
            asked: f.moment(at),
        }
    }
}

/// A birth date, as far as it is known.
fn born(f: &Frame, date: BirthDate) -> String {
    let digits = date.digits_at(date.precision()).unwrap_or_default();
    let part =
        |from: usize, to: usize| digits.get(from..to).and_then(|text| text.parse::<u32>().ok()).unwrap_or(0);
    let (year, month, day) = (part(0, 4), part(4, 6), part(6, 8));
    let named = || f.t(&format!("web-month-{month}"));
    match date.precision() {
        DatePrecision::Day => format!("{day} {} {year}", named()),
        DatePrecision::Month => format!("{} {year}", named()),
        DatePrecision::Year => year.to_string(),
    }
}
