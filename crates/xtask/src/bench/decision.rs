//! `cargo xtask bench decision`: what a decision costs, beside the same table in plain Rust. In this process, on one thread:
//! run it in release mode.

#[path = "../../../agreement/tests/it/oracle.rs"]
mod oracle;

use std::collections::BTreeSet;
use std::hint::black_box;
use std::time::{Duration, Instant as Timer};

use anyhow::ensure;
use comfy_table::{Table, presets};
use kw_agreement::draft::{AgreementDraft, PolicyDraft};
use kw_agreement::{Agreement, ConsentVerdict, Decision, DecisionInput, DisclosureInput, PointerInput};
use kw_domain::{Category, Instant, Oin, Purpose, Role};
use kw_protocol::query::{Assurance, RelationBasis};
use serde::Serialize;

use super::arguments::DecisionArguments;

const YOUTH: &str = include_str!("../../../../examples/chains/youth.toml");

/// A rule of the chain's own that looks at the time, so that no answer is remembered.
const LOOKS_AT_THE_TIME: &str =
    "package ketenwijzer.addition\n\ndeny contains \"never\" if input.at < \"2000\"\n";

/// How many pointers are found for a person.
const POINTERS: usize = 10;

pub(super) fn run(arguments: &DecisionArguments) -> anyhow::Result<()> {
    let mut report = Report {
        release: !cfg!(debug_assertions),
        rounds: arguments.rounds,
        query_us: arguments.query_us,
        rows: Vec::new(),
    };
    let mut draft = AgreementDraft::parse(YOUTH)?;
    draft.policy = None;
    let bare = draft.to_toml()?;
    draft.policy = Some(PolicyDraft { rego: LOOKS_AT_THE_TIME.to_owned() });
    let timed = draft.to_toml()?;
    let questions = Questions::of(&Agreement::parse(&bare)?)?;
    for (what, text, turns) in [
        ("evaluated: never asked before", &bare, 1),
        ("remembered: asked before", &bare, 2),
        ("evaluated, with a rule of the chain's own", &timed, 1),
    ] {
        let (mut decisions, mut disclosures) = (Vec::new(), Vec::new());
        for _ in 0..arguments.rounds {
            // Another agreement each time, which remembers nothing.
            let agreement = Agreement::parse(text)?;
            for turn in 1..=turns {
                let (decided, disclosed) = questions.ask(&agreement)?;
                if turn == turns {
                    decisions.extend(decided);
                    disclosures.extend(disclosed);
                }
            }
        }
        report.rows.push(Row::of("decision", what, decisions));
        report.rows.push(Row::of("disclosure of 10 pointers", what, disclosures));
    }
    let agreement = Agreement::parse(&bare)?;
    let (mut decisions, mut disclosures) = (Vec::new(), Vec::new());
    for _ in 0..arguments.rounds {
        let (decided, disclosed) = questions.ask_oracle(&agreement);
        decisions.extend(decided);
        disclosures.extend(disclosed);
    }
    report.rows.push(Row::of("decision", BASELINE, decisions));
    report.rows.push(Row::of("disclosure of 10 pointers", BASELINE, disclosures));
    report.print();
    if let Some(path) = &arguments.json {
        std::fs::write(path, serde_json::to_string_pretty(&report)? + "\n")?;
    }
    Ok(())
}

/// What we compare with.
const BASELINE: &str = "the same table in plain Rust";

/// Everything that somebody may ask in this chain, each once.
struct Questions {
    askers: Vec<(Oin, Purpose, Role)>,
    wishes: Vec<Vec<Category>>,
    holders: Vec<Oin>,
    categories: Vec<Category>,
}

impl Questions {
    fn of(agreement: &Agreement) -> anyhow::Result<Self> {
        let mut askers = Vec::new();
        for partner in agreement.partners() {
            for (purpose, rules) in agreement.purposes() {
                for role in rules.roles.keys() {
                    if agreement.role(role).is_some_and(|role| role.kinds.contains(&partner.kind)) {
                        askers.push((partner.oin, purpose.clone(), role.clone()));
                    }
                }
            }
        }
        let categories: Vec<Category> = agreement.categories().map(|(name, _)| name.clone()).collect();
        ensure!(categories.len() < 16, "too many categories for all combinations");
        let wishes = (0..1_u32 << categories.len())
            .map(|set| {
                let is_in = |(place, _): &(usize, &Category)| set & (1 << place) != 0;
                categories.iter().enumerate().filter(is_in).map(|(_, category)| category.clone()).collect()
            })
            .collect();
        let holders = agreement.partners().map(|partner| partner.oin).collect();
        Ok(Self { askers, wishes, holders, categories })
    }

    fn each(&self, mut ask: impl FnMut(&DecisionInput<'_>, &DisclosureInput<'_>)) {
        let mut number = 0;
        for (requester, purpose, role) in &self.askers {
            for categories in &self.wishes {
                for relation in RelationBasis::ALL {
                    number += 1;
                    let at = Instant::from_millis(1_795_000_000_000 + number as i64);
                    let input = DecisionInput {
                        requester: *requester,
                        supplier: None,
                        purpose,
                        role,
                        categories,
                        relation,
                        assurance: Assurance::Proven,
                        representation: None,
                        at,
                    };
                    let pointers = self.pointers(number);
                    let found = DisclosureInput {
                        requester: *requester,
                        purpose,
                        role,
                        representation: None,
                        at,
                        pointers: &pointers,
                    };
                    ask(&input, &found);
                }
            }
        }
    }

    /// Ten pointers, others for each number.
    fn pointers(&self, number: usize) -> Vec<PointerInput<'_>> {
        (0..POINTERS)
            .map(|place| PointerInput {
                holder: self.holders[(number + place) % self.holders.len()],
                category: &self.categories[(number / 5 + place) % self.categories.len()],
                consent: ConsentVerdict::ALL[(number >> place) % 3],
            })
            .collect()
    }

    /// How long each took.
    fn ask(&self, agreement: &Agreement) -> anyhow::Result<(Vec<Duration>, Vec<Duration>)> {
        let (mut decisions, mut disclosures) = (Vec::new(), Vec::new());
        let (mut reasons, mut failed) = (BTreeSet::new(), false);
        self.each(|input, found| {
            let began = Timer::now();
            let decision = black_box(agreement.decide(input));
            decisions.push(began.elapsed());
            let began = Timer::now();
            let disclosed = black_box(agreement.disclose(found));
            disclosures.push(began.elapsed());
            failed |= disclosed.as_deref() != Ok(&oracle::disclose(agreement, found)[..]);
            failed |= decision != oracle::decide(agreement, input);
            if let Decision::Denied(reason) = decision {
                reasons.insert(reason.as_str());
            }
        });
        ensure!(!failed, "the rules and the table differ");
        ensure!(reasons.len() < 3, "these questions should hardly be denied: {reasons:?}");
        Ok((decisions, disclosures))
    }

    fn ask_oracle(&self, agreement: &Agreement) -> (Vec<Duration>, Vec<Duration>) {
        let (mut decisions, mut disclosures) = (Vec::new(), Vec::new());
        self.each(|input, found| {
            let began = Timer::now();
            black_box(oracle::decide(agreement, input));
            decisions.push(began.elapsed());
            let began = Timer::now();
            black_box(oracle::disclose(agreement, found));
            disclosures.push(began.elapsed());
        });
        (decisions, disclosures)
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    release: bool,
    rounds: usize,
    /// Processor time of the switchboard for one question.
    query_us: f64,
    rows: Vec<Row>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    what: &'static str,
    how: &'static str,
    count: usize,
    p50_us: f64,
    p99_us: f64,
}

impl Row {
    fn of(what: &'static str, how: &'static str, mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let at = |share: f64| {
            let place = (times.len() as f64 * share) as usize;
            times
                .get(place.min(times.len().saturating_sub(1)))
                .map_or(0.0, |time| time.as_nanos() as f64 / 1e3)
        };
        Self { what, how, count: times.len(), p50_us: at(0.5), p99_us: at(0.99) }
    }
}

impl Report {
    fn print(&self) {
        let mut table = Table::new();
        table.load_style(presets::ASCII_MARKDOWN);
        table.set_header(["what", "how", "times", "p50 µs", "p99 µs", "of a query"]);
        for row in &self.rows {
            table.add_row([
                row.what.to_owned(),
                row.how.to_owned(),
                row.count.to_string(),
                format!("{:.1}", row.p50_us),
                format!("{:.1}", row.p99_us),
                format!("{:.3}", row.p50_us / self.query_us),
            ]);
        }
        println!("{table}");
        println!("a query: {} µs of processor at the switchboard (docs/performance.md)", self.query_us);
        if !self.release {
            println!("NOT IN RELEASE MODE: these figures say nothing");
        }
    }
}
