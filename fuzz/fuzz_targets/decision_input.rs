//! The input of a recorded decision: no text makes replaying panic, and what is allowed stays within the agreement's table.
#![no_main]

use std::sync::LazyLock;

use kw_agreement::{Agreement, Decision};
use kw_domain::Oin;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

static YOUTH: LazyLock<Agreement> = LazyLock::new(|| {
    Agreement::parse(include_str!("../../examples/chains/youth.toml")).expect("the example is sound")
});

fuzz_target!(|text: &str| {
    let Ok(replayed) = YOUTH.replay(text, &[]) else { return };
    let Decision::Allowed(allowed) = replayed.decision else { return };
    let input: Value = serde_json::from_str(text).expect("what is replayed is JSON");
    let requester = Oin::parse(input["requester"].as_str().expect("a requester")).expect("an OIN");
    assert!(YOUTH.partner(requester).is_some_and(|partner| !partner.suspended), "a stranger is allowed something");
    let permitted = |category| {
        YOUTH.purposes().any(|(_, rules)| rules.roles.values().any(|allowed| allowed.contains(category)))
    };
    assert!(!allowed.categories.is_empty() && allowed.categories.iter().all(permitted));
});
