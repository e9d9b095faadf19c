//! What the person's own choice keeps back, and what the asker hears of it.

use kw_agreement::{
    Agreement, ConsentRegime, ConsentVerdict, DenialReason, DisclosureInput, PointerInput,
    RepresentationInput,
};
use kw_domain::Role;
use kw_ledger::{AccessRecord, Verdict};
use kw_protocol::grant::GrantClaims;
use kw_protocol::pull::Pulled;
use kw_store::partner::LocalRecord;

use super::refusal::PullRefusal;
use super::{Caller, Pulls};

impl Pulls {
    /// Asks again what the person chose, where that counts, and lets the holder's own agreement decide with the answer.
    pub(super) async fn check_choice(
        &self,
        agreement: &Agreement,
        caller: &Caller,
        role: &Role,
        claims: &GrantClaims,
        record: &LocalRecord,
        representation: Option<RepresentationInput>,
    ) -> Result<(), PullRefusal> {
        let regime = agreement.category(&record.category).map(|rules| rules.consent);
        let purpose = &claims.prp.purpose;
        let consent = match regime {
            None | Some(ConsentRegime::Statutory) => ConsentVerdict::Silent,
            Some(ConsentRegime::OptIn | ConsentRegime::OptOut) => {
                let pointer = record.pointer.ok_or(PullRefusal::ConsentUnknown)?;
                let asked = self.consents.verdict(pointer, caller.oin, purpose).await;
                asked.map_err(|_| PullRefusal::ConsentUnknown)?
            }
        };
        let disclosed = agreement.disclose(&DisclosureInput {
            requester: caller.oin,
            purpose,
            role,
            representation,
            at: self.clock.now(),
            pointers: &[PointerInput { holder: self.holder, category: &record.category, consent }],
        });
        match disclosed.as_deref() {
            Ok([true]) => Ok(()),
            Ok(_) => Err(PullRefusal::Denied(DenialReason::ConsentWithheld)),
            Err(reason) => Err(PullRefusal::Denied(*reason)),
        }
    }

    /// "Nothing", where the purpose does not let the asker hear that something was kept back, with the record that says so.
    pub(super) fn instead(
        &self,
        agreement: &Agreement,
        claims: &GrantClaims,
        refusal: &PullRefusal,
        record: &AccessRecord,
    ) -> Option<(Pulled, AccessRecord)> {
        let PullRefusal::Denied(reason) = refusal else { return None };
        if agreement.may_be_told(&claims.prp.purpose, *reason) {
            return None;
        }
        let pulled = self.nothing(claims).ok()?;
        let mut record = record.clone();
        record.count = Some(0);
        record.decision.verdict = Verdict::Denied;
        record.decision.reason = Some(reason.as_str().to_owned());
        Some((pulled, record))
    }
}
