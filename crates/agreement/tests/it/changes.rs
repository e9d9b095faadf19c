//! What another agreement changes.

use kw_agreement::draft::{AgreementDraft, BudgetDraft};
use kw_agreement::{Agreement, Change, Direction};

use crate::{authority, youth};

/// The changes that `edit` makes in the chain with every section.
fn changes(edit: impl FnOnce(&mut AgreementDraft)) -> Vec<Change> {
    let before = authority::agreement();
    let mut draft = AgreementDraft::parse(&authority::text()).unwrap();
    edit(&mut draft);
    let after = Agreement::parse(&draft.to_toml().unwrap()).unwrap_or_else(|errors| panic!("{errors}"));
    after.changes_from(&before)
}

fn told(changes: &[Change]) -> Vec<(Direction, &str)> {
    changes.iter().map(|change| (change.direction, change.sentence.as_str())).collect()
}

use Direction::{Narrowing, Neutral, Widening};

/// One edit that gives one change.
fn one(edit: impl FnOnce(&mut AgreementDraft)) -> (Direction, String) {
    let found: Vec<Change> =
        changes(edit).into_iter().filter(|change| change.path != "policy/sees").collect();
    let [change] = &found[..] else { panic!("{found:#?}") };
    (change.direction, change.sentence.clone())
}

#[test]
fn the_same_agreement_changes_nothing() {
    assert_eq!(changes(|_| ()), []);
    assert_eq!(youth::agreement().changes_from(&youth::agreement()), []);
}

#[test]
fn a_widening_is_told_in_sentences() {
    let found = changes(|draft| {
        let purpose = draft.purposes.get_mut("enforce-attendance").unwrap();
        purpose.roles.get_mut("attendance-officer").unwrap().push("youth-health".to_owned());
        purpose.relation_bases.push("emergency".to_owned());
        draft.chain.version = "2026.2".to_owned();
        draft.partner_mut("00000099000000012000").unwrap().suspended = true;
    });
    assert_eq!(
        told(&found),
        [
            (Widening, "For enforce-attendance: one may ask on the ground \"emergency\"."),
            (Widening, "A attendance-officer may see youth-health for enforce-attendance."),
            (Narrowing, "Scholengroep De Linde (00000099000000012000) is suspended."),
            (Neutral, "The chain's version: 2026.2 instead of 2026.1."),
        ]
    );
}

type Edit = fn(&mut AgreementDraft);

#[test]
fn everything_that_opens_is_a_widening_and_its_reverse_a_narrowing() {
    let edits: &[(Edit, &str)] = &[
        (|d| d.roles.get_mut("youth-doctor").unwrap().kinds.push("school".into()), "people of a school"),
        (
            |d| d.purposes.get_mut("enforce-attendance").unwrap().representation = true,
            "representatives may ask",
        ),
        (
            |d| d.purposes.get_mut("enforce-attendance").unwrap().denials = Some("told".into()),
            "what an asker hears",
        ),
        (|d| d.purposes.get_mut("enforce-attendance").unwrap().birth_date_required = false, "birth date"),
        (|d| d.categories.get_mut("youth-health").unwrap().consent = None, "choice means"),
        (|d| d.categories.get_mut("youth-health").unwrap().consent = Some("opt-out".into()), "choice means"),
        (|d| d.categories.get_mut("youth-health").unwrap().max_validity = "P3Y".into(), "findable"),
        (|d| d.categories.get_mut("youth-health").unwrap().age_limit = None, "destroyed"),
        (|d| d.categories.get_mut("youth-health").unwrap().age_limit = Some(24), "destroyed"),
        (|d| d.categories.get_mut("youth-health").unwrap().archive = Some("P6Y".into()), "kept"),
        (|d| d.categories.get_mut("addiction-care").unwrap().birth_date_required = false, "birth date"),
        (|d| d.categories.get_mut("addiction-care").unwrap().sensitivity = "ordinary".into(), "sensitivity"),
        (
            |d| {
                let law = kw_agreement::draft::MatchDraft { legal_basis: "law".into(), family: false };
                d.categories.get_mut("youth-health").unwrap().matching = Some(law);
            },
            "told of each other",
        ),
        (
            |d| d.partner_mut("00000099000000012000").unwrap().registers.push("youth-health".into()),
            "register",
        ),
        (|d| d.subject_access.staff_names = true, "name the members"),
        (|d| d.subject_access.purpose = Some("coordinate-help".into()), "for persons whom they identified"),
        (|d| d.subject_access.partners.push("00000099000000012000".into()), "gather"),
        (|d| d.ledger.log_access = Some("anyone".into()), "read the logs"),
        (|d| d.chain.lease_term = "P60D".into(), "silent partner"),
        (|d| d.consent.registrars.push("00000099000000012000".into()), "record the choices"),
        (|d| d.consent.professionals.push("care-coordinator".into()), "in front of them"),
        (|d| d.consent.answer_valid = Some("PT1H".into()), "rely on"),
        (|d| d.consent.objection_within = Some("P40D".into()), "objection"),
        (|d| d.review.motivated_within = Some("P20D".into()), "motivated questions"),
        (|d| d.alarms.most_questions = Some(101), "no alarm"),
        (|d| d.alarms.most_per_case = Some(9), "no alarm"),
        (|d| d.alarms.least_questions = Some(11), "misses"),
        (|d| d.matching.coordinators.push("00000099000000012000".into()), "every match"),
        (|d| d.matching.contact_within = Some(4), "make contact"),
        (|d| d.matching.registrars.push("00000099000000012000".into()), "belong together"),
        (|d| d.feedback.take_up_within = Some(5), "taken up"),
        (|d| d.policy = None, "rules"),
        (|d| kind(d).registrars.push("00000099000000012000".into()), "register mandates"),
        (|d| kind(d).categories.push("youth-care-plan".into()), "may cover"),
        (|d| kind(d).acts.push("object".into()), "may cover"),
        (|d| kind(d).max_term = "P17Y".into(), "lasts"),
        (|d| band(d, "from-12").below = Some(18), "ends before"),
        (|d| band(d, "from-12").confirmed_by.clear(), "confirm"),
        (
            |d| d.representation.provider.as_mut().unwrap().assurance_levels.insert(0, "urn:nl:low".into()),
            "assurance",
        ),
        (|d| frame(d).scopes.push("query".into()), "query for it"),
        (|d| frame(d).max_term = "P2Y".into(), "act for it for"),
        (|d| first(d).identity_provider.as_mut().unwrap().max_age = Some("PT2H".into()), "proves"),
        (
            |d| {
                let provider = first(d).identity_provider.as_mut().unwrap();
                _ = provider.roles.insert("BAAS".into(), "youth-doctor".into());
            },
            "who is baas",
        ),
        (|d| console(d).max_age = Some("PT2H".into()), "user of the console"),
        (|d| _ = console(d).roles.insert("BAAS".into(), "operator".into()), "who is baas at the console"),
    ];
    for (edit, text) in edits {
        let (direction, sentence) = one(edit);
        assert_eq!(direction, Widening, "{sentence}");
        assert!(sentence.to_lowercase().contains(text) && sentence.ends_with('.'), "{sentence} / {text}");
        let mut draft = AgreementDraft::parse(&authority::text()).unwrap();
        edit(&mut draft);
        let wider = Agreement::parse(&draft.to_toml().unwrap()).unwrap();
        let back = authority::agreement().changes_from(&wider);
        let back: Vec<_> = back.iter().filter(|change| change.path != "policy/sees").collect();
        assert!(back.iter().all(|change| change.direction == Narrowing), "{back:#?}");
    }
}

#[test]
fn what_guards_the_chain_itself_is_for_two_people_whichever_way_it_changes() {
    let key = |letter: &str| letter.repeat(42) + "A";
    let edits: Vec<Box<dyn Fn(&mut AgreementDraft)>> = vec![
        Box::new(move |d| d.operators[0].key = key("c")),
        Box::new(move |d| {
            d.operators.push(kw_agreement::draft::OperatorDraft { name: "third".into(), key: key("d") });
        }),
        Box::new(move |d| first(d).log_key = key("e")),
        Box::new(|d| {
            first(d).kind = "school".into();
            for role in d.roles.values_mut() {
                role.kinds.retain(|kind| kind != "youth-care");
                if role.kinds.is_empty() {
                    role.kinds.push("school".into());
                }
            }
        }),
        Box::new(|d| first(d).authorisation_endpoint = Some("https://elders.example".into())),
        Box::new(|d| first(d).identity_provider.as_mut().unwrap().issuer = "https://evil.example".into()),
        Box::new(|d| console(d).issuer = "https://evil.example".into()),
        Box::new(|d| _ = console(d).roles.insert("KIJKER".into(), "operator".into())),
        // A longer window dilutes, a shorter one forgets.
        Box::new(|d| d.alarms.window = Some("PT1M".into())),
        Box::new(|d| d.alarms.window = Some("PT24H".into())),
        Box::new(|d| d.review.reviewers.clear()),
        Box::new(|d| d.auditors.clear()),
        Box::new(|d| {
            d.ledger.retention = Some(kw_agreement::draft::RetentionDraft {
                access: Some("P1Y".into()),
                ..Default::default()
            });
        }),
        Box::new(|d| d.policy.as_mut().unwrap().rego.push_str("# other")),
        Box::new(|d| d.switchboard.oin = "00000099000000001009".into()),
        Box::new(|d| d.purposes.get_mut("coordinate-help").unwrap().legal_basis = "another".into()),
        Box::new(|d| d.purposes.get_mut("coordinate-help").unwrap().withheld_from_subject = true),
    ];
    for (index, edit) in edits.iter().enumerate() {
        let found = changes(edit);
        assert!(found.iter().any(|change| change.direction == Widening), "{index}: {found:#?}");
    }
}

#[test]
fn what_lets_nobody_see_more_is_neutral() {
    let edits: &[Edit] = &[
        |d| d.chain.title.nl = "Anders".into(),
        |d| first(d).contact = "elders".into(),
        |d| first(d).endpoint = "https://elders.example".into(),
        |d| _ = first(d).contacts.pop(),
        |d| d.suppliers[0].contact = "elders".into(),
        |d| _ = d.shared_attributes.remove("phone"),
    ];
    for edit in edits {
        assert_eq!(one(edit).0, Neutral);
    }
}

#[test]
fn a_new_partner_is_one_change_and_so_is_a_larger_budget() {
    let found = changes(|draft| {
        let mut partner = draft.partners[1].clone();
        partner.oin = "00000099000000016000".into();
        partner.name = "Politie Demoregio".into();
        (partner.log_key, partner.witness_key) = ("f".repeat(42) + "A", None);
        draft.partners.push(partner);
    });
    assert_eq!(told(&found), [(Widening, "Politie Demoregio (00000099000000016000) takes part.")]);
    let found = changes(|draft| {
        first(draft).budgets.query = Some(BudgetDraft { burst: 60, hour: 1_500, day: 20_000 });
    });
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(
        found[0].sentence.ends_with("may use in a day, for query: 20000 instead of 10000."),
        "{found:#?}"
    );
}

#[test]
fn what_the_chains_own_rules_look_at_cannot_change_unseen() {
    let text = authority::text().replace("if false", "if data.agreement.environment == \\\"production\\\"");
    let before = Agreement::parse(&text).unwrap_or_else(|errors| panic!("{errors}"));
    let mut draft = AgreementDraft::parse(&text).unwrap();
    draft.partner_mut("00000099000000012000").unwrap().suspended = true;
    let after = Agreement::parse(&draft.to_toml().unwrap()).unwrap();
    let found = after.changes_from(&before);
    assert_eq!(found[0].path, "policy/sees");
    assert!(after.widens(&before));
}

fn first(draft: &mut AgreementDraft) -> &mut kw_agreement::draft::PartnerDraft {
    &mut draft.partners[0]
}

fn console(draft: &mut AgreementDraft) -> &mut kw_agreement::draft::IdentityProviderDraft {
    &mut draft.console.as_mut().unwrap().identity_provider
}

fn frame(draft: &mut AgreementDraft) -> &mut kw_agreement::draft::DelegationDraft {
    &mut draft.partners[0].delegations[0]
}

fn kind(draft: &mut AgreementDraft) -> &mut kw_agreement::draft::MandateDraft {
    draft.representation.kinds.get_mut("parental-authority").unwrap()
}

fn band<'a>(draft: &'a mut AgreementDraft, name: &str) -> &'a mut kw_agreement::draft::AgeBandDraft {
    kind(draft).ages.iter_mut().find(|band| band.name == name).unwrap()
}
