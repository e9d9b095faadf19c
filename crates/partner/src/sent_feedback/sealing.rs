//! What has to be kept to send a report again: who asks, about whom, what. Sealed for its own row.

use kw_adapter::Vault;
use kw_domain::FeedbackId;
use kw_protocol::local::feedback::FeedbackRequest;
use kw_protocol::query::Assurance;
use zeroize::Zeroizing;

use super::Fault;

/// Seals a request. A proof of who asks is recorded by nobody and short-lived, so it is left out: a later attempt speaks on the
/// organisation's word.
pub(super) fn seal(vault: &Vault, id: FeedbackId, request: &FeedbackRequest) -> Result<Vec<u8>, Fault> {
    let mut kept = request.clone();
    kept.actor.proof = None;
    kept.actor.assurance = Assurance::Asserted;
    let plain = Zeroizing::new(serde_json::to_vec(&kept).map_err(|_| Fault::Sealed)?);
    Ok(vault.seal_feedback_sent(id, &plain))
}

/// Opens it again.
pub(super) fn open(vault: &Vault, id: FeedbackId, sealed: &[u8]) -> Result<FeedbackRequest, Fault> {
    let plain = vault.open_feedback_sent(id, sealed).map_err(|_| Fault::Sealed)?;
    serde_json::from_slice(&plain).map_err(|_| Fault::Sealed)
}

#[cfg(test)]
mod tests {
    use kw_domain::Instant;
    use kw_pseudonym::RowKey;
    use kw_runtime::Entropy;

    use super::*;

    #[test]
    fn a_request_opens_for_its_own_report_without_the_proof_of_who_asked() {
        let vault = Vault::new(RowKey::from_bytes(&[7; 32]), Entropy::seeded(1));
        let request = serde_json::json!({
            "subject": "nl.bsn:999990342", "purpose": "care", "case": "Z-1", "relation": {"basis": "listed"},
            "actor": {"id": "j.jansen", "role": "worker", "assurance": "proven", "proof": "a.b.c"},
            "holder": "00000099000000011000", "category": "care", "attributes": [{"pointer": "/a", "doubted": 1}],
            "doubt": {"strongSuspicion": true, "ownKnowledge": true, "knowsDefinition": true},
            "contact": {"name": "J", "email": "j@example.nl"},
        });
        let request: FeedbackRequest = serde_json::from_value(request).unwrap();
        let id = |number| FeedbackId::new(Instant::from_millis(0), [number; 10]);
        let sealed = seal(&vault, id(1), &request).unwrap();
        assert!(!sealed.windows(9).any(|window| window == b"999990342"));
        let opened = open(&vault, id(1), &sealed).unwrap();
        assert_eq!(opened.subject, request.subject);
        assert!(opened.actor.proof.is_none() && opened.actor.assurance == Assurance::Asserted);
        assert!(matches!(open(&vault, id(2), &sealed), Err(Fault::Sealed)));
    }
}
