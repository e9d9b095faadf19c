//! Everything that can be asked under an agreement, compared with the table in plain Rust.

use std::collections::BTreeSet;
use std::thread;

use kw_agreement::draft::AgreementDraft;
use kw_agreement::{
    Agreement, ConsentVerdict, Decision, DecisionInput, DenialReason, DisclosureInput, MandateAct,
    MandateKind, PointerInput, RepresentationInput,
};
use kw_domain::{Category, Instant, Oin, Purpose, Role};
use kw_protocol::query::{Assurance, RelationBasis};

use crate::{oracle, synthetic, youth};

/// How many of the mandates, none being the first, meet what is unknown.
const FEW: usize = 2;

/// The values of every dimension: all that the agreement knows, and one that it does not. The latter meet one mandate, and
/// none, and everything else; what is known meets everything.
struct Axes {
    parties: Vec<Oin>,
    suppliers: Vec<Option<Oin>>,
    purposes: Vec<Purpose>,
    roles: Vec<Role>,
    wishes: Vec<Vec<Category>>,
    representations: Vec<Option<RepresentationInput>>,
}

impl Axes {
    fn of(agreement: &Agreement) -> Self {
        let stranger = Oin::parse("00000099000000999000").unwrap();
        let unknown = Category::parse("unheard-of").unwrap();
        let all: Vec<Category> = agreement.categories().map(|(name, _)| name.clone()).collect();
        let singles = all.iter().map(|category| vec![category.clone()]);
        let wishes = singles.chain([vec![], all.clone(), vec![unknown.clone()]]).collect();
        let suppliers =
            agreement.suppliers().map(|supplier| Some(supplier.oin)).chain([None, Some(stranger)]);
        Self {
            parties: agreement
                .partners()
                .map(|partner| partner.oin)
                .chain([stranger, agreement.switchboard().oin])
                .collect(),
            suppliers: suppliers.collect(),
            purposes: agreement
                .purposes()
                .map(|(name, _)| name.clone())
                .chain([Purpose::parse("unheard-of").unwrap()])
                .collect(),
            roles: agreement
                .roles()
                .map(|(name, _)| name.clone())
                .chain([Role::parse("passer-by").unwrap()])
                .collect(),
            representations: representations(agreement, &all),
            wishes,
        }
    }
}

/// Nobody; every kind for every act over everything; and kinds that the chain has over nothing, one thing, another thing, and
/// something unheard of.
fn representations(agreement: &Agreement, all: &[Category]) -> Vec<Option<RepresentationInput>> {
    let scope = |categories: &[Category]| categories.iter().cloned().collect::<BTreeSet<_>>();
    let unknown = [Category::parse("unheard-of").unwrap()];
    let mut mandates = vec![None];
    for kind in MandateKind::ALL {
        let mut add = |act, categories: &[Category]| {
            mandates.push(Some(RepresentationInput { kind, act, categories: scope(categories) }));
        };
        MandateAct::ALL.into_iter().rev().for_each(|act| add(act, all));
        if agreement.representation().kinds.contains_key(&kind) {
            let scopes = [&[][..], &all[..1], &all[all.len() - 1..], &unknown[..]];
            scopes.into_iter().for_each(|categories| add(MandateAct::View, categories));
        }
    }
    mandates
}

/// How many decisions and disclosures were compared, and which reasons came up.
#[derive(Default)]
struct Compared {
    decisions: usize,
    allowed: usize,
    disclosures: usize,
    disclosed: usize,
    reasons: BTreeSet<&'static str>,
}

impl Compared {
    fn and(mut self, other: Self) -> Self {
        self.decisions += other.decisions;
        self.allowed += other.allowed;
        self.disclosures += other.disclosures;
        self.disclosed += other.disclosed;
        self.reasons.extend(other.reasons);
        self
    }
}

/// Compares everything that can be asked; one thread per half of the purposes.
fn compare(agreement: &Agreement) -> Compared {
    let axes = Axes::of(agreement);
    let (one, other) = axes.purposes.split_at(axes.purposes.len() / 2);
    thread::scope(|scope| {
        [one, other]
            .map(|purposes| scope.spawn(|| compare_purposes(agreement, &axes, purposes)))
            .map(|half| half.join().unwrap())
            .into_iter()
            .fold(Compared::default(), Compared::and)
    })
}

fn compare_purposes(agreement: &Agreement, axes: &Axes, purposes: &[Purpose]) -> Compared {
    let mut compared = Compared::default();
    for purpose in purposes {
        for role in &axes.roles {
            for requester in &axes.parties {
                let is_known = agreement.partner(*requester).is_some()
                    && agreement.purpose(purpose).is_some()
                    && agreement.role(role).is_some();
                for (place, representation) in axes.representations.iter().enumerate() {
                    let asker = Asker { agreement, requester: *requester, purpose, role, representation };
                    asker.compare_decisions(axes, is_known || place < FEW, place < FEW, &mut compared);
                    asker.compare_disclosures(axes, &mut compared);
                }
            }
        }
    }
    compared
}

struct Asker<'a> {
    agreement: &'a Agreement,
    requester: Oin,
    purpose: &'a Purpose,
    role: &'a Role,
    representation: &'a Option<RepresentationInput>,
}

impl Asker<'_> {
    fn compare_decisions(&self, axes: &Axes, is_known: bool, is_first: bool, compared: &mut Compared) {
        if !is_known {
            return;
        }
        for supplier in &axes.suppliers {
            for categories in &axes.wishes {
                let supplied = supplier.is_none_or(|supplier| self.agreement.supplier(supplier).is_some());
                let wished = categories.iter().all(|category| self.agreement.category(category).is_some());
                if !(is_first || supplied && wished) {
                    continue;
                }
                for relation in RelationBasis::ALL {
                    for assurance in [Assurance::Asserted, Assurance::Proven] {
                        let input = DecisionInput {
                            requester: self.requester,
                            supplier: *supplier,
                            purpose: self.purpose,
                            role: self.role,
                            categories,
                            relation,
                            assurance,
                            representation: self.representation.clone(),
                            at: Instant::from_millis(1_795_000_000_000),
                        };
                        let decision = self.agreement.decide(&input);
                        assert_eq!(decision, oracle::decide(self.agreement, &input), "{input:?}");
                        compared.decisions += 1;
                        match decision {
                            Decision::Allowed(_) => compared.allowed += 1,
                            Decision::Denied(reason) => {
                                compared.reasons.insert(reason.as_str());
                            }
                        }
                    }
                }
            }
        }
    }

    /// Every holder × category × choice of the person, in one question.
    fn compare_disclosures(&self, axes: &Axes, compared: &mut Compared) {
        let categories: Vec<&Category> =
            axes.wishes.iter().flatten().collect::<BTreeSet<_>>().into_iter().collect();
        let mut pointers = Vec::new();
        for holder in &axes.parties {
            for category in &categories {
                for consent in ConsentVerdict::ALL {
                    pointers.push(PointerInput { holder: *holder, category, consent });
                }
            }
        }
        let input = DisclosureInput {
            requester: self.requester,
            purpose: self.purpose,
            role: self.role,
            representation: self.representation.clone(),
            at: Instant::from_millis(1_795_000_000_000),
            pointers: &pointers,
        };
        let disclosed = self.agreement.disclose(&input).unwrap();
        assert_eq!(disclosed, oracle::disclose(self.agreement, &input), "{input:?}");
        compared.disclosures += disclosed.len();
        compared.disclosed += disclosed.iter().filter(|disclosed| **disclosed).count();
    }
}

#[test]
fn the_rules_decide_as_the_table_does_in_every_case() {
    let chains = [
        ("youth", youth::TEXT.to_owned()),
        ("care", include_str!("../../../../examples/chains/care.toml").to_owned()),
        ("work-and-income", include_str!("../../../../examples/chains/work-and-income.toml").to_owned()),
        ("synthetic", synthetic::text()),
    ];
    let mut total = Compared::default();
    for (name, text) in chains {
        // What the chain adds itself is not in the table.
        let mut draft = AgreementDraft::parse(&text).unwrap();
        draft.policy = None;
        let agreement = Agreement::parse(&draft.to_toml().unwrap());
        let agreement = agreement.unwrap_or_else(|errors| panic!("{name}: {errors}"));
        let compared = compare(&agreement);
        let Compared { decisions, allowed, disclosures, disclosed, .. } = compared;
        eprintln!(
            "{name}: {decisions} decisions, {allowed} allowed; {disclosures} pointers, {disclosed} disclosed"
        );
        assert!(allowed > 0 && disclosed > 0, "{name}");
        total = total.and(compared);
    }
    eprintln!("together: {} decisions, {} pointers", total.decisions, total.disclosures);
    let of_rules = |reason: &DenialReason| {
        let needs_an_addition =
            [DenialReason::ChainRule, DenialReason::PolicyExceeded, DenialReason::PolicyFailed];
        reason.is_of_rules() && !needs_an_addition.contains(reason)
    };
    let expected: BTreeSet<_> =
        DenialReason::ALL.into_iter().filter(of_rules).map(DenialReason::as_str).collect();
    assert_eq!(total.reasons, expected, "every reason comes up");
}
