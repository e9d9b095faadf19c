//! A chain's own rules: they narrow, and can do nothing else.

use std::collections::BTreeSet;

use kw_agreement::{
    Agreement, ConsentVerdict, Decision, DecisionInput, DenialReason, DisclosureInput, MandateAct,
    MandateKind, PointerInput, RepresentationInput,
};
use kw_domain::{Category, Instant, Oin, Purpose, Role};
use kw_protocol::query::{Assurance, RelationBasis};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use crate::synthetic;
use crate::youth::MUNICIPALITY;

fn chain(rego: &str) -> Agreement {
    Agreement::parse(&synthetic::text_with(rego)).unwrap_or_else(|errors| panic!("{rego}\n{errors}"))
}

fn rules(body: &str) -> String {
    format!("package ketenwijzer.addition\n\n{body}\n")
}

/// What is wrong with these rules, and in which line of the rules.
fn mistake(rego: &str) -> (usize, String) {
    let text = format!("{}\n[policy]\nrego = '''\n{rego}'''\n", synthetic::text());
    let errors = Agreement::parse(&text).expect_err(rego);
    let [error] = errors.as_slice() else { panic!("{errors}") };
    assert_eq!((&*error.path, &*error.next_step), ("policy.rego", "see docs/policy.md"));
    let first = text.find("package").map_or(0, |place| text[..place].matches('\n').count());
    (error.line - first, error.reason.clone())
}

/// A question by a consultant of the municipality, who may ask it.
struct Question {
    purpose: Purpose,
    role: Role,
    categories: Vec<Category>,
}

impl Question {
    fn new() -> Self {
        Self {
            purpose: Purpose::parse("coordinate-help").unwrap(),
            role: Role::parse("municipal-consultant").unwrap(),
            categories: Vec::new(),
        }
    }

    fn input(&self) -> DecisionInput<'_> {
        DecisionInput {
            requester: Oin::parse(MUNICIPALITY).unwrap(),
            supplier: None,
            purpose: &self.purpose,
            role: &self.role,
            categories: &self.categories,
            relation: RelationBasis::Listed,
            assurance: Assurance::Asserted,
            representation: None,
            at: Instant::parse("2026-11-21T22:30:00Z").unwrap(),
        }
    }

    fn decide(&self, rego: &str) -> Decision {
        chain(rego).decide(&self.input())
    }
}

fn is_allowed(decision: &Decision) -> bool {
    matches!(decision, Decision::Allowed(_))
}

#[test]
fn a_chain_forbids_what_the_base_allows() {
    let question = Question::new();
    let at_night = rules("deny contains \"at night\" if substring(input.at, 11, 2) >= \"22\"");
    assert_eq!(question.decide(&at_night), Decision::Denied(DenialReason::ChainRule));
    let by_day = rules("deny contains \"by day\" if substring(input.at, 11, 2) < \"22\"");
    assert!(is_allowed(&question.decide(&by_day)));
}

#[test]
fn a_chain_withholds_what_the_base_discloses() {
    let withhold = rules(
        "withhold contains pointer if {\n\tsome pointer in input.pointers\n\t\
         data.agreement.categories[pointer.category].sensitivity == \"special\"\n}",
    );
    let agreement = chain(&withhold);
    let disclosed = |agreement: &Agreement| {
        let question = Question::new();
        let holder = Oin::parse("00000099000000015000").unwrap();
        let categories = ["addiction-care", "municipal-support"].map(|name| Category::parse(name).unwrap());
        let pointers = categories.each_ref().map(|category| PointerInput {
            holder,
            category,
            consent: ConsentVerdict::Given,
        });
        let input = question.input();
        let input = DisclosureInput {
            requester: input.requester,
            purpose: input.purpose,
            role: input.role,
            representation: None,
            at: input.at,
            pointers: &pointers,
        };
        agreement.disclose(&input).unwrap()
    };
    assert_eq!(disclosed(&Agreement::parse(&synthetic::text()).unwrap()), [true, true]);
    assert_eq!(disclosed(&agreement), [false, true]);
}

#[test]
fn rules_that_do_more_than_narrow_are_refused_by_their_line() {
    let deny = "deny contains \"x\" if input.role == \"y\"";
    for (rego, line, reason) in [
        ("deny contains 1 if {".to_owned(), 2, ""),
        (format!("package ketenwijzer.decision\n{deny}\n"), 1, "the package has to be ketenwijzer.addition"),
        (
            format!("package ketenwijzer.addition.more\n{deny}\n"),
            1,
            "the package has to be ketenwijzer.addition",
        ),
        (rules("allowed := true"), 1, "the rules define neither"),
        (rules("deny if input.role == \"y\""), 3, "`deny` is a set"),
        (rules("deny := {\"x\"}"), 3, "`deny` is a set"),
        (rules(&format!("{deny}\nallow.more := 1")), 4, "a rule has a plain name"),
        (rules(&format!("{deny}\ninput := 1")), 4, ""),
        (rules(&format!("{deny}\ntwice(x) := x + x")), 4, "functions are not admitted"),
        (
            rules("import data.ketenwijzer.decision\n\ndeny contains \"x\" if true"),
            3,
            "nothing can be imported",
        ),
        (rules("deny contains \"x\" if data.ketenwijzer.decision.allow"), 3, "only data.agreement"),
        (rules("deny contains \"x\" if data[\"ketenwijzer\"].decision.allow"), 3, "only data.agreement"),
        (
            rules("deny contains x if {\n\tsome x in [1]\n\tx == 1 with input as {}\n}"),
            5,
            "`with` is not admitted",
        ),
        (
            rules("deny contains \"x\" if http.send({\"url\": \"https://x\"}).status_code == 200"),
            3,
            "only these",
        ),
        (rules("deny contains \"x\" if time.now_ns() > 0"), 3, "only these functions"),
        (rules("deny contains \"x\" if rand.intn(\"x\", 2) == 1"), 3, "only these functions"),
        (rules("deny contains \"x\" if count(numbers.range(1, 100000000)) > 1"), 3, "only these functions"),
        (rules("deny contains \"x\" if opa.runtime().env.HOME"), 3, "only these functions"),
        (rules("deny contains \"x\" if some_rule_that_is_not_there"), 3, ""),
        (rules(&format!("deny contains \"x\" if {}1{} == 1", "(".repeat(500), ")".repeat(500))), 3, ""),
        (rules(&format!("{deny}\n# {}", "x".repeat(16 * 1024))), 1, "the rules are longer than 16384 bytes"),
        (rules("a := b\nb := a\ndeny contains \"x\" if a"), 3, ""),
    ] {
        let (found_line, found) = mistake(&rego);
        assert!(found.contains(reason), "{rego}: {found}");
        if !reason.is_empty() {
            assert_eq!(found_line, line, "{rego}: {found}");
        }
    }
}

const RUNAWAY: &str = "numbers := [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]\n\ndeny contains \"x\" if {\n\tBEGIN\n\t\
                       some a in numbers\n\tsome b in numbers\n\tsome c in numbers\n\tsome d in numbers\n\t\
                       some e in numbers\n\tsome f in numbers\n\tsome g in numbers\n\tsome h in numbers\n\t\
                       a + b + c + d + e + f + g + h == 73\n}";

#[test]
fn rules_that_run_away_are_stopped_and_nothing_is_allowed() {
    let question = Question::new();
    let runaway = rules(&RUNAWAY.replace("BEGIN", "input.role == \"municipal-consultant\""));
    let began = std::time::Instant::now();
    assert_eq!(question.decide(&runaway), Decision::Denied(DenialReason::PolicyExceeded));
    assert!(began.elapsed().as_secs() < 10, "{:?}", began.elapsed());
    // Another role does not get so far.
    let other = rules(&RUNAWAY.replace("BEGIN", "input.role == \"youth-doctor\""));
    assert!(is_allowed(&question.decide(&other)));
}

#[test]
fn rules_that_run_away_whatever_is_asked_are_refused_at_once() {
    let (_, reason) = mistake(&rules(&RUNAWAY.replace("BEGIN", "1 == 1")));
    assert_eq!(reason, "evaluating the rules takes too long");
}

#[test]
fn rules_that_fail_allow_nothing() {
    let question = Question::new();
    let fails = rules("deny contains \"x\" if to_number(input.role) == 1");
    assert_eq!(question.decide(&fails), Decision::Denied(DenialReason::PolicyFailed));
}

/// One line of a rule's body.
fn condition() -> impl Strategy<Value = String> {
    let words =
        ["municipal-consultant", "youth-doctor", "coordinate-help", "listed", "asserted", "proven", "view"];
    let fields = ["role", "purpose", "relation", "assurance", "requester", "at"];
    let operators = ["==", "!=", "<", ">"];
    prop_oneof![
        (select(fields.to_vec()), select(operators.to_vec()), select(words.to_vec()))
            .prop_map(|(field, operator, word)| format!("input.{field} {operator} \"{word}\"")),
        select(&["input.supplier", "input.representation", "input.pointers", "not input.supplier", "true", "false"][..])
            .prop_map(str::to_owned),
        (0..6_usize).prop_map(|count| format!("count(input.categories) > {count}")),
        select(&["special", "confidential", "ordinary"][..]).prop_map(|level| format!(
            "some category in input.categories\n\tdata.agreement.categories[category].sensitivity == \"{level}\""
        )),
        Just("data.agreement.partners[input.requester].kind == \"municipality\"".to_owned()),
        Just("input.representation.kind == \"voluntary\"".to_owned()),
        Just("regex.match(`^[a-m]`, input.role)".to_owned()),
    ]
}

fn body() -> impl Strategy<Value = String> {
    prop::collection::vec(condition(), 1..3).prop_map(|mut conditions| {
        conditions.dedup();
        // A name may be declared once.
        let mut declared = false;
        conditions.retain(|one| !one.starts_with("some ") || !std::mem::replace(&mut declared, true));
        conditions.join("\n\t")
    })
}

/// Rules that deny and withhold, among others that are named like those of the base policy and would widen it.
fn addition() -> impl Strategy<Value = String> {
    let widening = vec![
        "allow := true",
        "answer := {\"categories\": {\"addiction-care\", \"youth-health\"}}",
        "denial := \"none\"",
        "requester_active := true",
        "categories := {\"addiction-care\"}",
        "disclosed := {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}",
        "admitting := {\"opt-in\": [\"given\", \"refused\", \"silent\"]}",
        "permitted contains \"addiction-care\"",
        "default representation_admitted := true",
    ];
    let count = widening.len();
    let denials = prop::collection::vec(body(), 0..3);
    let withheld = prop::collection::vec((body(), 0..5_usize), 0..3);
    (denials, withheld, subsequence(widening, 0..=count)).prop_map(|(denials, withheld, widening)| {
        let mut text = rules("deny contains \"never\" if input.role == \"nobody\"");
        for (number, body) in denials.iter().enumerate() {
            text.push_str(&format!("\ndeny contains \"{number}\" if {{\n\t{body}\n}}\n"));
        }
        let categories =
            ["addiction-care", "municipal-support", "school-attendance", "youth-care-plan", "youth-health"];
        for (body, category) in withheld {
            let category = categories[category];
            text.push_str(&format!(
                "\nwithhold contains pointer if {{\n\tsome pointer in input.pointers\n\tpointer.category == \
                 \"{category}\"\n\t{body}\n}}\n"
            ));
        }
        widening.iter().for_each(|rule| text.push_str(&format!("\n{rule}\n")));
        text
    })
}

/// Some of everything that can be asked.
fn questions(agreement: &Agreement) -> Vec<(Oin, Purpose, Role, Option<RepresentationInput>)> {
    let categories: BTreeSet<Category> = agreement.categories().map(|(name, _)| name.clone()).collect();
    let mandate =
        |kind| Some(RepresentationInput { kind, act: MandateAct::View, categories: categories.clone() });
    let mut questions = Vec::new();
    for partner in agreement.partners() {
        for (purpose, _) in agreement.purposes() {
            for (role, _) in agreement.roles() {
                for representation in
                    [None, mandate(MandateKind::Voluntary), mandate(MandateKind::ParentalAuthority)]
                {
                    questions.push((partner.oin, purpose.clone(), role.clone(), representation));
                }
            }
        }
    }
    questions
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_addition_allows_or_discloses_more(rego in addition()) {
        let (base, narrowed) = (Agreement::parse(&synthetic::text()).unwrap(), chain(&rego));
        let pointers: Vec<PointerInput<'_>> = base
            .categories()
            .flat_map(|(category, _)| ConsentVerdict::ALL.map(|consent| (category, consent)))
            .map(|(category, consent)| PointerInput { holder: Oin::parse(MUNICIPALITY).unwrap(), category, consent })
            .collect();
        for (requester, purpose, role, representation) in questions(&base) {
            let at = Instant::parse("2026-11-21T22:30:00Z").unwrap();
            let input = DecisionInput {
                requester,
                supplier: None,
                purpose: &purpose,
                role: &role,
                categories: &[],
                relation: RelationBasis::Listed,
                assurance: Assurance::Proven,
                representation: representation.clone(),
                at,
            };
            let (wide, narrow) = (base.decide(&input), narrowed.decide(&input));
            prop_assert!(
                narrow == wide || narrow == Decision::Denied(DenialReason::ChainRule) && is_allowed(&wide),
                "{wide:?} became {narrow:?} by {rego}"
            );
            let pointers = &pointers[..];
            let input = DisclosureInput { requester, purpose: &purpose, role: &role, representation, at, pointers };
            let (wide, narrow) = (base.disclose(&input).unwrap(), narrowed.disclose(&input).unwrap());
            let added = wide.iter().zip(&narrow).any(|(wide, narrow)| *narrow && !wide);
            prop_assert!(!added, "{wide:?} became {narrow:?} by {rego}");
        }
    }
}
