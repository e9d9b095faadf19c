//! What somebody may ask, and a question as they wrote it.

use kw_agreement::{Agreement, PurposeRules};
use kw_domain::{BirthDate, Bsn, CaseReference, Category, MandateId, Oin, Purpose, Role};
use kw_protocol::dossier::{DossierRequest, RepresentationRequest};
use kw_protocol::mandate::MandateAct;
use kw_protocol::query::{Relation, RelationBasis};
use kw_web::{Problems, User};

use crate::app::App;

/// A purpose for which somebody may ask, as what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) purpose: Purpose,
    pub(crate) role: Role,
}

impl Choice {
    /// Its name in a form.
    pub(crate) fn value(&self) -> String {
        format!("{} {}", self.purpose, self.role)
    }
}

/// All that the agreement lets these roles of this organisation ask.
pub(crate) fn choices(agreement: &Agreement, own: Oin, roles: &[Role]) -> Vec<Choice> {
    let Some(partner) = agreement.partner(own).filter(|partner| !partner.suspended) else {
        return Vec::new();
    };
    let exists = |role: &&Role| agreement.role(role).is_some_and(|rules| rules.kinds.contains(&partner.kind));
    let of_role = |role: &Role| {
        let allows =
            |rules: &PurposeRules| rules.roles.get(role).is_some_and(|categories| !categories.is_empty());
        let purposes = agreement.purposes().filter(|(_, rules)| allows(rules));
        purposes
            .map(|(purpose, _)| Choice { purpose: purpose.clone(), role: role.clone() })
            .collect::<Vec<_>>()
    };
    roles.iter().filter(exists).flat_map(of_role).collect()
}

/// The form, as somebody filled it in. The numbers are kept elsewhere: they do not go back to the page.
#[derive(Debug, Clone, Default)]
pub(crate) struct Draft {
    pub(crate) case: String,
    pub(crate) birth_date: String,
    pub(crate) what: String,
    pub(crate) basis: String,
    pub(crate) reason: String,
    pub(crate) categories: Vec<String>,
    pub(crate) behalf: bool,
    pub(crate) person_name: String,
    pub(crate) mandate: String,
}

/// The numbers of a form.
#[derive(Clone, Default)]
pub(crate) struct Numbers {
    pub(crate) person: Option<Bsn>,
    pub(crate) representative: Option<Bsn>,
}

/// A question that may be asked. It holds persons, so it has no `Debug`.
#[derive(Clone)]
pub(crate) struct Question {
    pub(crate) choice: Choice,
    pub(crate) person: Bsn,
    pub(crate) birth_date: Option<BirthDate>,
    pub(crate) case: CaseReference,
    pub(crate) basis: RelationBasis,
    pub(crate) reason: Option<String>,
    pub(crate) categories: Vec<Category>,
    pub(crate) represented: Option<Represented>,
}

/// Somebody acts for the person.
#[derive(Clone)]
pub(crate) struct Represented {
    /// What the pages call the person. It stays here.
    pub(crate) name: String,
    pub(crate) representative: Bsn,
    pub(crate) mandate: Option<MandateId>,
}

impl Question {
    /// Reads a form; what is wrong with it is in `problems`.
    pub(crate) fn read(
        agreement: &Agreement,
        choices: &[Choice],
        draft: &Draft,
        numbers: &Numbers,
        problems: &mut Problems,
    ) -> Option<Self> {
        let choice = choices.iter().find(|choice| choice.value() == draft.what);
        if choice.is_none() {
            problems.add("what", "desk-what-wrong");
        }
        let rules = choice.and_then(|choice| agreement.purpose(&choice.purpose));
        let case = match CaseReference::parse(&draft.case) {
            Ok(case) if Bsn::occurs_in(case.as_str()) => {
                problems.add("case", "desk-number-in-text");
                None
            }
            parsed => problems.take("case", "desk-case-wrong", parsed),
        };
        if numbers.person.is_none() {
            problems.add("bsn", "desk-bsn-wrong");
        }
        let birth_date = match draft.birth_date.as_str() {
            "" => None,
            given => problems.take("birth_date", "desk-birth-date-wrong", BirthDate::parse(given)),
        };
        let basis = RelationBasis::parse(&draft.basis);
        match (basis, rules) {
            (Some(basis), Some(rules)) if !rules.relation_bases.contains(&basis) => {
                problems.add("basis", "desk-basis-refused");
            }
            (None, _) => problems.add("basis", "desk-basis-wrong"),
            _ => {}
        }
        let reason = Some(draft.reason.clone()).filter(|text| !text.is_empty());
        match &reason {
            None if basis.is_some_and(|basis| basis != RelationBasis::Listed) => {
                problems.add("reason", "desk-reason-wrong");
            }
            Some(text) if Bsn::occurs_in(text) => problems.add("reason", "desk-number-in-text"),
            Some(text) if text.len() > LONGEST_REASON => problems.add("reason", "desk-reason-long"),
            _ => {}
        }
        let allowed = choice.zip(rules).and_then(|(choice, rules)| rules.roles.get(&choice.role));
        let mut categories = Vec::new();
        for given in &draft.categories {
            match (Category::parse(given), allowed) {
                (Ok(category), Some(allowed)) if allowed.contains(&category) => categories.push(category),
                (_, None) => {}
                _ => problems.add("categories", "desk-categories-refused"),
            }
        }
        let birth_date_required = rules.is_some_and(|rules| rules.birth_date_required)
            || choice.is_some_and(|choice| {
                categories.iter().any(|category| agreement.birth_date_required(&choice.purpose, category))
            });
        if draft.birth_date.is_empty() && (birth_date_required || draft.behalf) {
            problems.add("birth_date", "desk-birth-date-needed");
        }
        let represented = if draft.behalf {
            if rules.is_some_and(|rules| !rules.representation) {
                problems.add("behalf", "desk-behalf-refused");
            }
            represented(draft, numbers, problems)
        } else {
            None
        };
        if !problems.is_empty() {
            return None;
        }
        Some(Self {
            choice: choice?.clone(),
            person: numbers.person.clone()?,
            birth_date,
            case: case?,
            basis: basis?,
            reason,
            categories,
            represented,
        })
    }

    /// What the partner process is asked.
    pub(crate) fn request(&self, user: &User) -> DossierRequest {
        DossierRequest {
            subject: canonical(&self.person),
            birth_date: self.birth_date.map(plain),
            purpose: self.choice.purpose.clone(),
            actor: App::actor(user, &self.choice.role),
            case: self.case.clone(),
            categories: self.categories.clone(),
            holders: Vec::new(),
            relation: Relation { basis: self.basis, reason: self.reason.clone() },
            representation: self.represented.as_ref().map(|represented| RepresentationRequest {
                representative: canonical(&represented.representative),
                act: MandateAct::View,
                mandate: represented.mandate,
            }),
        }
    }

    /// Whether it is shown first what will be recorded of it.
    pub(crate) fn to_be_confirmed(&self) -> bool {
        self.basis != RelationBasis::Listed
    }
}

fn represented(draft: &Draft, numbers: &Numbers, problems: &mut Problems) -> Option<Represented> {
    if draft.person_name.is_empty() || draft.person_name.chars().count() > LONGEST_NAME {
        problems.add("person_name", "desk-person-name-wrong");
    }
    let mandate = match draft.mandate.as_str() {
        "" => None,
        given => problems.take("mandate", "desk-mandate-wrong", MandateId::parse(given)),
    };
    if numbers.representative.is_none() {
        problems.add("representative", "desk-bsn-wrong");
    } else if numbers.representative == numbers.person {
        problems.add("representative", "desk-representative-same");
    }
    Some(Represented {
        name: draft.person_name.clone(),
        representative: numbers.representative.clone()?,
        mandate,
    })
}

/// Reads a number as people write it, with spaces, dots and hyphens.
pub(crate) fn number(text: &str) -> Option<Bsn> {
    let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '.' | '-')).collect();
    let parsed = Bsn::parse(&digits).ok();
    drop(zeroize::Zeroizing::new(digits));
    parsed
}

fn canonical(number: &Bsn) -> String {
    format!("nl.bsn:{}", number.expose())
}

/// `YYYY-MM-DD`, with 00 for what is unknown.
fn plain(date: BirthDate) -> String {
    let digits = date.digits_at(date.precision()).unwrap_or_default();
    match (digits.get(..4), digits.get(4..6), digits.get(6..8)) {
        (Some(year), Some(month), Some(day)) => format!("{year}-{month}-{day}"),
        _ => digits,
    }
}

/// Of the agreement's records.
const LONGEST_REASON: usize = 500;
const LONGEST_NAME: usize = 200;
