//! What pages share: for whom, titles in the reader's language, words for what is not there.

use chrono::NaiveDate;
use kw_agreement::{Agreement, Language, Localised, PartnerKind};
use kw_domain::{Category, Instant, Oin, Purpose, Role};
use kw_protocol::access_report::Named;
use kw_protocol::problem::ProblemCode;
use kw_web::{Failure, Frame, SignedIn};

use crate::gathering::Missing;
use crate::kept::Kept;
use crate::person::Person;

/// What stands above every page: for whom somebody acts, and what was done just now.
#[derive(Debug)]
pub(crate) struct About {
    pub(crate) held: Option<HeldView>,
    pub(crate) said: Option<&'static str>,
}

/// Under which mandate somebody acts, in words.
#[derive(Debug)]
pub(crate) struct HeldView {
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) acts: Vec<&'static str>,
    pub(crate) categories: String,
}

impl About {
    pub(crate) fn of(by: &SignedIn<Kept>, f: &Frame, agreement: &Agreement) -> Result<Self, Failure> {
        let held = Person::of(by.user())?.mandate.map(|held| HeldView {
            kind: held.kind.as_str(),
            acts: held.acts.iter().map(|act| act.as_str()).collect(),
            categories: Words { f, agreement }.categories(&held.categories),
            name: held.name,
        });
        Ok(Self { held, said: by.session.data().said() })
    }
}

/// A day as people write it, or as programs do.
pub(crate) fn day(text: &str) -> Option<NaiveDate> {
    ["%d-%m-%Y", "%Y-%m-%d"].into_iter().find_map(|form| NaiveDate::parse_from_str(text, form).ok())
}

/// The agreement's words, in the language of a page.
#[derive(Clone, Copy)]
pub(crate) struct Words<'a> {
    pub(crate) f: &'a Frame,
    pub(crate) agreement: &'a Agreement,
}

impl Words<'_> {
    pub(crate) fn language(&self) -> Language {
        match self.f.language {
            kw_web::Language::Dutch => Language::Dutch,
            kw_web::Language::English => Language::English,
        }
    }

    fn title(&self, title: Option<&Localised>, word: &str) -> String {
        title.map_or(word, |title| title.within(self.language())).to_owned()
    }

    pub(crate) fn category(&self, category: &Category) -> String {
        self.title(self.agreement.category(category).map(|rules| &rules.title), category.as_str())
    }

    pub(crate) fn categories(&self, categories: &[Category]) -> String {
        categories.iter().map(|category| self.category(category)).collect::<Vec<_>>().join(", ")
    }

    /// A word of a report; one that the agreement does not have keeps the title that the report gives.
    pub(crate) fn named_category(&self, named: &Named) -> String {
        let found = Category::parse(&named.code).ok();
        let rules = found.as_ref().and_then(|category| self.agreement.category(category));
        self.title(rules.map(|rules| &rules.title), &named.title)
    }

    pub(crate) fn named_purpose(&self, named: &Named) -> String {
        let found = Purpose::parse(&named.code).ok();
        let rules = found.as_ref().and_then(|purpose| self.agreement.purpose(purpose));
        self.title(rules.map(|rules| &rules.title), &named.title)
    }

    pub(crate) fn named_role(&self, named: &Named) -> String {
        let found = Role::parse(&named.code).ok();
        let rules = found.as_ref().and_then(|role| self.agreement.role(role));
        self.title(rules.map(|rules| &rules.title), &named.title)
    }

    pub(crate) fn party(&self, oin: Oin) -> String {
        self.agreement.party_name(oin).map_or_else(|| oin.to_string(), str::to_owned)
    }

    /// A kind of partner by who they are: the agreement has no other title for it.
    pub(crate) fn kind(&self, kind: &str) -> String {
        let of_kind = PartnerKind::parse(kind).ok();
        let mut names: Vec<&str> = self
            .agreement
            .partners()
            .filter(|partner| Some(&partner.kind) == of_kind.as_ref())
            .map(|partner| partner.name.as_str())
            .collect();
        names.sort_unstable();
        match names.as_slice() {
            [] => kind.to_owned(),
            [one] => (*one).to_owned(),
            [one, other] => format!("{one}, {other}"),
            [one, other, rest @ ..] => {
                self.f.t2("inzage-kind-more", "names", format!("{one}, {other}"), "count", rest.len())
            }
        }
    }

    /// Why something is not there.
    pub(crate) fn missing(&self, missing: Missing) -> String {
        match missing {
            Missing::NotCovered => self.f.t("inzage-missing-not-covered"),
            Missing::OwnOnly => self.f.t("inzage-missing-own-only"),
            Missing::Failed(code) => self.failed(code),
        }
    }

    fn failed(&self, code: ProblemCode) -> String {
        let code = code.code();
        let (what, next) = (self.f.t_of("problem", code), self.f.t_of("problem", format!("{code}-next")));
        format!("{what}. {next}")
    }

    pub(crate) fn day(&self, moment: Instant) -> String {
        self.f.day(kw_domain::DutchTime::at(moment).date())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_read_as_people_write_it() {
        let found = NaiveDate::from_ymd_opt(2026, 3, 4);
        assert_eq!([day("04-03-2026"), day("4-3-2026"), day("2026-03-04")], [found; 3]);
        assert_eq!([day("2026-13-04"), day("morgen"), day("")], [None; 3]);
    }
}
