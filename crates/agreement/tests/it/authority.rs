//! What the agreement says about authority: the youth chain with every section that it may have.

use std::time::Duration;

use kw_agreement::draft::AgreementDraft;
use kw_agreement::{
    Agreement, AlarmRules, AuditorRole, ConsentRegime, ConsentRules, ContactRole, DelegationScope, Denials,
    FeedbackRules, MandateAct, MandateKind, MatchRules, Matching, RepresentationRules, ReviewRules, Side,
    Term,
};
use kw_domain::{Category, Oin, Purpose, Role};

use crate::youth;

pub(crate) const SUPPLIER: &str = "00000099000000031000";
const YOUTH_CARE: &str = "00000099000000011000";
const SCHOOL: &str = "00000099000000012000";

/// The youth chain, and in it everything that is left out of it.
pub(crate) fn text() -> String {
    let mut draft = AgreementDraft::parse(youth::TEXT).unwrap();
    draft.suppliers.clear();
    draft.operators.clear();
    draft.policy = None;
    draft.auditors.clear();
    let partner = draft.partner_mut(YOUTH_CARE).unwrap();
    partner.authorisation_endpoint = None;
    (partner.identity_provider, partner.delegations, partner.contacts) = (None, Vec::new(), Vec::new());
    for category in draft.categories.values_mut() {
        (category.consent, category.matching) = (None, None);
    }
    for purpose in draft.purposes.values_mut() {
        (purpose.denials, purpose.representation) = (None, false);
    }
    (draft.review, draft.consent) = (Default::default(), Default::default());
    (draft.representation, draft.alarms) = (Default::default(), Default::default());
    let extra: toml::Table = toml::from_str(EXTRA).unwrap();
    let mut whole: toml::Table = toml::from_str(&draft.to_toml().unwrap()).unwrap();
    merge(&mut whole, extra);
    toml::to_string(&whole).unwrap()
}

pub(crate) fn agreement() -> Agreement {
    Agreement::parse(&text()).unwrap_or_else(|errors| panic!("{errors}"))
}

/// Tables are put together, the first items of two lists of tables too; anything else is replaced.
fn merge(into: &mut toml::Table, from: toml::Table) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(toml::Value::Table(old)), toml::Value::Table(new)) => merge(old, new),
            (Some(toml::Value::Array(old)), toml::Value::Array(new))
                if key == "partners" && !old.is_empty() =>
            {
                let first = new.into_iter().next().and_then(|item| item.as_table().cloned());
                merge(old[0].as_table_mut().unwrap(), first.unwrap());
            }
            (_, value) => _ = into.insert(key, value),
        }
    }
}

const EXTRA: &str = r#"
[[suppliers]]
oin = "00000099000000031000"
name = "Dossiersoft"
contact = "support@dossiersoft.example"

[[operators]]
name = "jansen"
key = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"

[[operators]]
name = "de-vries"
key = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI"

[[auditors]]
oin = "00000099000000021000"
name = "Functionaris gegevensbescherming"
contact = "fg@demostad.example"
role = "data-protection-officer"

[review]
reviewers = ["youth-doctor"]
motivated_within = "P10D"
emergency_within = "P2D"

[consent]
registrars = ["00000099000000013000"]
professionals = ["youth-doctor"]
answer_valid = "PT10M"
objection_within = "P28D"

[alarms]
window = "PT5M"
least_questions = 10
most_misses_percent = 50
most_questions = 100
most_per_case = 8

[match]
coordinators = ["00000099000000013000"]
contact_within = 3
registrars = ["00000099000000013000"]

[feedback]
take_up_within = 4

[policy]
rego = """
package ketenwijzer.addition
deny contains "nobody-at-night" if false
"""

[console.identity_provider]
issuer = "http://localhost:7001"
jwks_uri = "http://127.0.0.1:7001/jwks"
audience = "console"
max_age = "PT30M"
roles = { "KIJKER" = "auditor", "TOEZICHT" = "auditor", "BEHEER" = "operator" }

[representation.provider]
oin = "00000099000000013000"
issuer = "https://digid.example"
assurance_levels = ["urn:nl:assurance:substantial", "urn:nl:assurance:high"]

[representation.kinds.parental-authority]
registrars = ["00000099000000013000"]
categories = ["youth-health", "school-attendance"]
acts = ["view", "feedback"]
max_term = "P16Y"

[[representation.kinds.parental-authority.ages]]
name = "from-12"
from = 12
below = 16
confirmed_by = ["represented"]

[[representation.kinds.parental-authority.ages]]
name = "under-12"
from = 0
below = 12

[categories.youth-health]
consent = "opt-in"

[categories.school-attendance]
consent = "opt-out"

[categories.youth-care-plan.match]
legal_basis = "Jeugdwet, art. 7.1.4.1"
family = true

[purposes.coordinate-help]
denials = "told"
representation = true

[[partners]]
contacts = [{ role = "coordination", address = "010-0000001" }, { role = "security", address = "cert@jz.example" }]
authorisation_endpoint = "https://inloggen.jeugdzorg.example"

[partners.identity_provider]
issuer = "http://localhost:7000"
jwks_uri = "http://127.0.0.1:7000/jwks"
audience = "dossier"
actor_claim = "employee"
role_claim = "groups"
max_age = "PT30M"
roles = { "JZ_WERKER" = "youth-care-worker" }

[[partners.delegations]]
supplier = "00000099000000031000"
scopes = ["register", "answer"]
max_term = "P1Y"
"#;

#[test]
fn every_section_is_read_as_it_stands() {
    let agreement = agreement();
    let municipality = Oin::parse(youth::MUNICIPALITY).unwrap();
    let supplier = agreement.supplier(Oin::parse(SUPPLIER).unwrap()).unwrap();
    assert_eq!(supplier.name, "Dossiersoft");
    assert_eq!(agreement.party_name(supplier.oin), Some("Dossiersoft"));
    let operators: Vec<_> = agreement.operators().iter().map(|o| (o.name.as_str(), o.key[0])).collect();
    assert_eq!(operators, [("jansen", 1), ("de-vries", 2)]);
    assert_eq!(agreement.auditors().next().unwrap().role, AuditorRole::DataProtectionOfficer);
    let doctors = || [Role::parse("youth-doctor").unwrap()].into();
    let days = |days: u64| Duration::from_hours(24 * days);
    assert_eq!(
        agreement.review(),
        &ReviewRules { reviewers: doctors(), motivated_within: days(10), emergency_within: days(2) }
    );
    assert_eq!(
        agreement.consent(),
        &ConsentRules {
            registrars: [municipality].into(),
            professionals: doctors(),
            answer_valid: Duration::from_mins(10),
            objection_within: days(28),
        }
    );
    let alarms = AlarmRules {
        window: Duration::from_mins(5),
        least_questions: 10,
        most_misses_percent: 50,
        most_questions: 100,
        most_per_case: 8,
    };
    assert_eq!(agreement.alarms(), &alarms);
    let matching = MatchRules {
        coordinators: [municipality].into(),
        contact_within: 3,
        registrars: [municipality].into(),
    };
    assert_eq!(agreement.matching(), &matching);
    assert_eq!(agreement.feedback(), FeedbackRules { take_up_within: 4 });
    assert!(agreement.policy().unwrap().contains("nobody-at-night"));
    let console = agreement.console_provider().unwrap();
    assert_eq!((console.audience.as_str(), console.actor_claim.as_str()), ("console", "sub"));
    assert_eq!(console.roles["BEHEER"].as_str(), "operator");
}

#[test]
fn who_may_act_for_whom_is_read_by_kind_and_age() {
    let agreement = agreement();
    let RepresentationRules { kinds, provider } = agreement.representation();
    let provider = provider.as_ref().unwrap();
    assert_eq!((provider.oin.as_str(), provider.assurance_levels.len()), (youth::MUNICIPALITY, 2));
    let parents = &kinds[&MandateKind::ParentalAuthority];
    assert_eq!(kinds.len(), 1);
    assert_eq!(parents.acts, [MandateAct::Feedback, MandateAct::View].into());
    assert_eq!((parents.max_term, parents.categories.len()), (Term::years(16), 2));
    let band = |age| parents.band_at(age).map(|band| (band.name.as_str(), band.confirmed_by.len()));
    assert_eq!(band(11), Some(("under-12", 0)));
    assert_eq!((band(12), band(15)), (Some(("from-12", 1)), Some(("from-12", 1))));
    assert_eq!(band(16), None);
    assert_eq!(parents.band("from-12").unwrap().confirmed_by, [Side::Represented].into());
}

#[test]
fn partners_categories_and_purposes_have_their_parts_of_it() {
    let agreement = agreement();
    let (first, school) = (Oin::parse(YOUTH_CARE).unwrap(), Oin::parse(SCHOOL).unwrap());
    let supplier = Oin::parse(SUPPLIER).unwrap();
    assert!(agreement.may_delegate(first, supplier, DelegationScope::Answer));
    assert!(!agreement.may_delegate(first, supplier, DelegationScope::Query));
    assert!(!agreement.may_delegate(school, supplier, DelegationScope::Answer));
    let partner = agreement.partner(first).unwrap();
    assert_eq!(partner.contacts[1].role, ContactRole::Security);
    assert_eq!(partner.authorisation_endpoint.as_deref(), Some("https://inloggen.jeugdzorg.example"));
    let provider = partner.identity_provider.as_ref().unwrap();
    assert_eq!((provider.actor_claim.as_str(), provider.role_claim.as_str()), ("employee", "groups"));
    assert_eq!(provider.roles["JZ_WERKER"].as_str(), "youth-care-worker");
    assert_eq!(provider.max_age, Duration::from_mins(30));
    let category = |name| agreement.category(&Category::parse(name).unwrap()).unwrap();
    assert_eq!(category("youth-health").consent, ConsentRegime::OptIn);
    assert_eq!(category("school-attendance").consent, ConsentRegime::OptOut);
    assert_eq!(category("youth-care-plan").consent, ConsentRegime::Statutory);
    let law = "Jeugdwet, art. 7.1.4.1".to_owned();
    assert_eq!(category("youth-care-plan").matching, Some(Matching { legal_basis: law, family: true }));
    let purpose = |name| agreement.purpose(&Purpose::parse(name).unwrap()).unwrap();
    assert_eq!(purpose("coordinate-help").denials, Denials::Told);
    assert!(purpose("coordinate-help").representation);
    assert_eq!(purpose("enforce-attendance").denials, Denials::AsNothingFound);
}

#[test]
fn an_agreement_without_these_sections_has_the_usual_rules() {
    let mut whole: toml::Table = toml::from_str(&text()).unwrap();
    for section in ["suppliers", "operators", "review", "alarms", "match", "feedback", "policy"] {
        whole.remove(section);
    }
    whole["partners"].as_array_mut().unwrap()[0].as_table_mut().unwrap().remove("delegations");
    let agreement = Agreement::parse(&toml::to_string(&whole).unwrap()).unwrap();
    assert_eq!(agreement.review(), &ReviewRules::default());
    assert_eq!(agreement.alarms(), &AlarmRules::default());
    assert_eq!(agreement.matching(), &MatchRules::default());
    assert_eq!(agreement.feedback(), FeedbackRules::default());
    assert!(agreement.operators().is_empty() && agreement.policy().is_none());
    assert_eq!(agreement.suppliers().count(), 0);
}

#[test]
fn every_section_survives_being_written_again() {
    let draft = AgreementDraft::parse(&text()).unwrap();
    let written = draft.to_toml().unwrap();
    assert_eq!(AgreementDraft::parse(&written).as_ref(), Ok(&draft));
    let (before, after) = (agreement(), Agreement::parse(&written).unwrap());
    assert!(before.partners().eq(after.partners()));
    assert!(before.suppliers().eq(after.suppliers()));
    assert_eq!(before.operators(), after.operators());
    assert_eq!(before.representation(), after.representation());
    assert_eq!(before.consent(), after.consent());
    assert_eq!(before.review(), after.review());
    assert_eq!(before.alarms(), after.alarms());
    assert_eq!((before.matching(), before.feedback()), (after.matching(), after.feedback()));
    assert_eq!(before.policy(), after.policy());
}
