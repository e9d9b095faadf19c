//! Every check can fail: for each there is a stand-in that does that one thing wrong.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that fails says so by panicking")]

mod broken_adapters;
mod broken_sources;
mod own_source;
mod published;

use std::sync::Arc;

use kw_agreement::Agreement;
use kw_conformance::{Finding, Outcome};
use kw_domain::Oin;

/// The youth chain of the examples; its first partner.
fn agreement() -> (Arc<Agreement>, Oin) {
    let agreement = Agreement::parse(include_str!("../../../../examples/chains/youth.toml"));
    let agreement = agreement.unwrap_or_else(|errors| panic!("{errors}"));
    let holder = agreement.partners().next().unwrap().oin;
    (Arc::new(agreement), holder)
}

/// The names of the checks with this outcome.
fn with(findings: &[Finding], outcome: Outcome) -> Vec<&'static str> {
    findings.iter().filter(|finding| finding.outcome == outcome).map(|finding| finding.check).collect()
}
