//! `agreement.toml`: no text makes parsing panic, every mistake has a place, and what is accepted can be decided under.
#![no_main]

use kw_agreement::{Agreement, Decision, DecisionInput};
use kw_domain::{Instant, KeyUse};
use kw_protocol::query::{Assurance, RelationBasis};
use libfuzzer_sys::fuzz_target;
use serde_json::json;

fuzz_target!(|text: &str| {
    let agreement = match Agreement::parse(text) {
        Ok(agreement) => agreement,
        Err(errors) => {
            assert!(!errors.as_slice().is_empty(), "refused without a mistake");
            let lines = text.lines().count();
            for error in errors.as_slice() {
                assert!(error.line >= 1 && error.column >= 1, "a place before the file");
                assert!(error.line <= lines + 1, "a place after the file");
                assert!(!error.reason.is_empty() && !error.next_step.is_empty());
            }
            return;
        }
    };
    let again = Agreement::parse(text).expect("the same text is accepted again");
    assert_eq!(again.hash(), agreement.hash());
    for key_use in KeyUse::ALL {
        assert!(!agreement.pseudonymiser_keys(key_use).is_empty(), "an agreement without keys");
    }
    for (category, _) in agreement.categories() {
        for document in [json!(null), json!({}), json!([]), json!({ "a": 1 })] {
            let _ = agreement.check_document(category, &document);
        }
    }
    for partner in agreement.partners() {
        assert!(agreement.partner(partner.oin).is_some());
        for (purpose, rules) in agreement.purposes() {
            for (role, allowed) in &rules.roles {
                let decision = agreement.decide(&DecisionInput {
                    requester: partner.oin,
                    supplier: None,
                    purpose,
                    role,
                    categories: &[],
                    relation: RelationBasis::Motivated,
                    assurance: Assurance::Proven,
                    representation: None,
                    at: Instant::from_millis(0),
                });
                if let Decision::Allowed(answer) = decision {
                    assert!(!partner.suspended, "a suspended partner is allowed something");
                    assert!(!answer.categories.is_empty() && answer.categories.is_subset(allowed));
                }
            }
        }
    }
});
