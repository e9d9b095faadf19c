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
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Numbers {
    pub(crate) person: Option<Bsn>,
    pub(crate) representative: Option<Bsn>,
}

/// A question that may be asked. It holds persons, so it has no `Debug`.
#[derive(Clone, PartialEq, Eq)]
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
#[derive(Clone, PartialEq, Eq)]
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
        let case = match CaseReference::parse(&draft.case) {
            Ok(case) if Bsn::occurs_in(case.as_str()) => {
                problems.add("case", "desk-number-in-text");
                None
            }
            parsed => problems.take("case", "desk-case-wrong", parsed),
        };
        let choice = choices.iter().find(|choice| choice.value() == draft.what);
        if choice.is_none() {
            problems.add("what", "desk-what-wrong");
        }
        let rules = choice.and_then(|choice| agreement.purpose(&choice.purpose));
        if numbers.person.is_none() {
            problems.add("bsn", "web-bsn-wrong");
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
        problems.add("representative", "web-bsn-wrong");
    } else if numbers.representative == numbers.person {
        problems.add("representative", "desk-representative-same");
    }
    Some(Represented {
        name: draft.person_name.clone(),
        representative: numbers.representative.clone()?,
        mandate,
    })
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

#[cfg(test)]
mod tests {
    use kw_web::number;

    use super::*;

    const MUNICIPALITY: &str = "00000099000000013000";

    fn youth() -> Agreement {
        Agreement::parse(include_str!("../../../examples/chains/youth.toml")).unwrap()
    }

    fn allowed(roles: &[&str]) -> Vec<Choice> {
        let roles: Vec<Role> = roles.iter().map(|role| Role::parse(role).unwrap()).collect();
        choices(&youth(), Oin::parse(MUNICIPALITY).unwrap(), &roles)
    }

    fn draft() -> Draft {
        Draft {
            case: "Z-17".to_owned(),
            what: "coordinate-help municipal-consultant".to_owned(),
            basis: "listed".to_owned(),
            ..Draft::default()
        }
    }

    /// The question, or the fields that are wrong.
    fn read(draft: &Draft, numbers: &Numbers) -> Result<Question, Vec<&'static str>> {
        let mut problems = Problems::new();
        let choices = allowed(&["municipal-consultant"]);
        let question = Question::read(&youth(), &choices, draft, numbers, &mut problems);
        question.ok_or_else(|| problems.all().map(|(field, _)| field).collect())
    }

    fn wrong(draft: &Draft, numbers: &Numbers) -> Vec<&'static str> {
        let mut fields = read(draft, numbers).err().unwrap_or_default();
        fields.sort_unstable();
        fields
    }

    fn of(person: &str) -> Numbers {
        Numbers { person: number(person), representative: None }
    }

    #[test]
    fn only_what_the_agreement_lets_a_role_of_this_organisation_ask_can_be_chosen() {
        let values = |roles: &[&str]| allowed(roles).iter().map(Choice::value).collect::<Vec<_>>();
        assert!(
            values(&["municipal-consultant"]).contains(&"coordinate-help municipal-consultant".to_owned())
        );
        assert!(values(&["quality-officer"]).is_empty(), "who only reviews asks nothing");
        assert!(values(&["youth-doctor"]).is_empty(), "nobody at a municipality is a youth doctor");
    }

    #[test]
    fn a_question_is_whole_or_says_at_each_field_what_is_wrong() {
        let question = read(&draft(), &of("9999.90.342")).ok().unwrap();
        assert!(!question.to_be_confirmed());
        assert_eq!(wrong(&draft(), &of("999990341")), ["bsn"]);
        let numbers = of("999990342");
        for (change, fields) in [
            ((|draft: &mut Draft| draft.case = "999990342".into()) as fn(&mut Draft), "case"),
            (|draft| draft.what = "enforce-attendance attendance-officer".into(), "what"),
            (|draft| draft.basis = "curious".into(), "basis"),
            (|draft| draft.basis = "emergency".into(), "reason"),
            (|draft| draft.reason = "over 999990342".into(), "reason"),
            (|draft| draft.birth_date = "31-02-2011".into(), "birth_date"),
            (|draft| draft.categories = vec!["police-report".into()], "categories"),
            (|draft| draft.categories = vec!["addiction-care".into()], "birth_date"),
        ] {
            let mut changed = draft();
            change(&mut changed);
            assert_eq!(wrong(&changed, &numbers), [fields]);
        }
        let reasoned = Draft { basis: "motivated".into(), reason: "signalen".into(), ..draft() };
        assert!(read(&reasoned, &numbers).ok().unwrap().to_be_confirmed());
    }

    #[test]
    fn whoever_asks_for_a_representative_says_whom_they_represent_and_when_that_person_was_born() {
        let behalf = Draft { behalf: true, ..draft() };
        // Nobody represents anybody for this purpose in this chain.
        assert_eq!(
            wrong(&behalf, &of("999990342")),
            ["behalf", "birth_date", "person_name", "representative"]
        );
        let named = Draft { person_name: "Sanne".into(), birth_date: "04-03-2011".into(), ..behalf };
        let same = Numbers { representative: number("999990342"), ..of("999990342") };
        assert_eq!(wrong(&named, &same), ["behalf", "representative"]);
        let other = Numbers { representative: number("999994086"), ..of("999990342") };
        assert_eq!(wrong(&named, &other), ["behalf"]);
        assert_eq!(plain(BirthDate::parse("04-03-2011").unwrap()), "2011-03-04");
    }
}
