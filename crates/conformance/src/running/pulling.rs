//! Pulls with a grant of the switchboard: one that is right, and each thing that may be wrong with it.

use std::time::Duration;

use kw_agreement::Agreement;
use kw_domain::ActorId;
use kw_protocol::problem::ProblemCode;
use kw_protocol::pull::{Pull, Pulled};

use super::forging::{send, with_later_end, with_other_signature};
use super::judging::Refusals;
use super::{Adapter, Answered, Caller, Grant, Proofs, Unsent, Whose};
use crate::catalogue::{
    DELIVERS, DOCUMENT_FITS, EXPIRED, IN_TIME, NO_PROOF, ONCE, OTHER_ACTOR, OTHER_BIRTH_DATE,
    OTHER_CERTIFICATE, OTHER_HOLDER, OTHER_PERSON, SAME_AGAIN, STILL_DELIVERS, TAMPERED_CLAIMS,
    TAMPERED_SIGNATURE,
};
use crate::report::{Findings, Seen, failed, not_tried, passed};

pub(super) async fn try_pulls(
    adapter: &dyn Adapter,
    agreement: &Agreement,
    patient: bool,
    findings: &mut Findings,
    refusals: &mut Refusals,
) {
    let grant = match adapter.grant().await {
        Ok(grant) => grant,
        Err(error) => {
            findings.note(&DELIVERS, not_tried(format!("there is no grant: {error}")));
            return;
        }
    };
    findings.begin();
    delivery(adapter, agreement, &grant, findings).await;
    let proofs = adapter.proofs(&grant.token, Whose::Subject);
    let answer = send(adapter, Caller::Asker, &pull(&grant, proofs.clone())).await;
    findings.note(&SAME_AGAIN, delivered(adapter, &grant, answer).unwrap_or_else(|seen| seen));
    let another = adapter.proofs(&grant.token, Whose::SomebodyElse);
    let answer = send(adapter, Caller::Asker, &pull(&grant, another)).await;
    findings.note(&ONCE, refusals.expect(answer, &[ProblemCode::GrantReused]));
    keep(refusals, &grant, &proofs);

    for (check, whose, codes) in [
        (&OTHER_PERSON, Whose::SomebodyElse, [ProblemCode::SubjectMismatch]),
        (&OTHER_BIRTH_DATE, Whose::WrongBirthDate, [ProblemCode::BirthDateMismatch]),
    ] {
        let seen = with_fresh(adapter, async |grant| {
            let proofs = adapter.proofs(&grant.token, whose);
            if whose == Whose::WrongBirthDate && proofs.birth_date.is_empty() {
                return not_tried("nobody said when the person was born");
            }
            let answer = send(adapter, Caller::Asker, &pull(&grant, proofs)).await;
            refusals.expect(answer, &codes)
        });
        let seen = seen.await;
        findings.note(check, seen);
    }
    let seen = with_fresh(adapter, async |grant| {
        let answer = send(adapter, Caller::Asker, &pull(&grant, Proofs::default())).await;
        refusals.expect(answer, &[ProblemCode::SubjectMismatch, ProblemCode::Invalid])
    });
    let seen = seen.await;
    findings.note(&NO_PROOF, seen);
    wrong_grants(adapter, patient, findings, refusals).await;
    let seen = with_fresh(adapter, async |grant| {
        let proofs = adapter.proofs(&grant.token, Whose::Subject);
        let answer = send(adapter, Caller::Asker, &pull(&grant, proofs)).await;
        delivered(adapter, &grant, answer).unwrap_or_else(|seen| seen)
    });
    let seen = seen.await;
    findings.note(&STILL_DELIVERS, seen);
}

async fn with_fresh(adapter: &dyn Adapter, attempt: impl AsyncFnOnce(Grant) -> Seen) -> Seen {
    match adapter.grant().await {
        Ok(grant) => attempt(grant).await,
        Err(error) => not_tried(format!("there is no grant: {error}")),
    }
}

/// One grant does for all of these: what is wrong with it shows before it is used.
async fn wrong_grants(
    adapter: &dyn Adapter,
    patient: bool,
    findings: &mut Findings,
    refusals: &mut Refusals,
) {
    let Ok(grant) = adapter.grant().await else { return };
    findings.begin();
    let right = pull(&grant, adapter.proofs(&grant.token, Whose::Subject));
    let answer = send(adapter, Caller::Partner, &right).await;
    findings.note(&OTHER_CERTIFICATE, refusals.expect(answer, &[ProblemCode::GrantRefused]));

    let seen = match &grant.elsewhere {
        None => not_tried("the person is known to no other holder: name one who is"),
        Some((token, salt)) => {
            let proofs = adapter.proofs(token, Whose::Subject);
            let other = Grant { token: token.clone(), actor_salt: *salt, ..grant.clone() };
            let answer = send(adapter, Caller::Asker, &pull(&other, proofs)).await;
            refusals.expect(answer, &[ProblemCode::GrantRefused])
        }
    };
    findings.note(&OTHER_HOLDER, seen);

    let seen = match ActorId::parse("somebody-else") {
        Err(_) => not_tried("no name for another actor"),
        Ok(id) => {
            let mut other = right.clone();
            other.actor.id = id;
            let answer = send(adapter, Caller::Asker, &other).await;
            refusals.expect(answer, &[ProblemCode::ActorMismatch])
        }
    };
    findings.note(&OTHER_ACTOR, seen);

    for (check, token) in [
        (&TAMPERED_SIGNATURE, with_other_signature(&grant.token)),
        (&TAMPERED_CLAIMS, with_later_end(&grant.token)),
    ] {
        let seen = match token {
            None => not_tried("the switchboard's grant cannot be read"),
            Some(token) => {
                let proofs = adapter.proofs(&token, Whose::Subject);
                let answer =
                    send(adapter, Caller::Asker, &pull(&Grant { token, ..grant.clone() }, proofs)).await;
                refusals.expect(answer, &[ProblemCode::GrantRefused])
            }
        };
        findings.note(check, seen);
    }
    if !patient {
        findings.note(&EXPIRED, not_tried("it takes three minutes: ask for it with --patient"));
        return;
    }
    let ends = grant.expires_at.plus(LEEWAY);
    tokio::time::sleep(ends.since(adapter.now())).await;
    let answer = send(adapter, Caller::Asker, &right).await;
    findings.note(&EXPIRED, refusals.expect(answer, &[ProblemCode::GrantExpired]));
}

async fn delivery(adapter: &dyn Adapter, agreement: &Agreement, grant: &Grant, findings: &mut Findings) {
    let proofs = adapter.proofs(&grant.token, Whose::Subject);
    let answer = send(adapter, Caller::Asker, &pull(grant, proofs)).await;
    let took = answer.as_ref().ok().map(|answered| answered.took);
    let document = answer.as_ref().ok().and_then(|answered| {
        serde_json::from_slice::<Pulled>(&answered.body).ok().and_then(|pulled| pulled.document)
    });
    findings.note(&DELIVERS, delivered(adapter, grant, answer).unwrap_or_else(|seen| seen));
    let seen = match took {
        Some(took) if took <= PATIENCE => passed(format!("in {} ms", took.as_millis())),
        Some(took) => failed(format!("in {} ms", took.as_millis())),
        None => failed("there was no answer"),
    };
    findings.note(&IN_TIME, seen);
    let seen = match document {
        None => not_tried("no document came"),
        Some(document) => match agreement.check_document(&grant.category, &document) {
            Ok(()) => passed("it does"),
            Err(complaints) => failed(format!("{} complaints", complaints.len())),
        },
    };
    findings.note(&DOCUMENT_FITS, seen);
}

/// Whether this is the document that the grant is for.
fn delivered(adapter: &dyn Adapter, grant: &Grant, answer: Result<Answered, Unsent>) -> Result<Seen, Seen> {
    let answered = answer.map_err(|error| failed(format!("no answer: {error}")))?;
    if answered.status != 200 {
        let code = serde_json::from_slice::<kw_protocol::problem::Problem>(&answered.body)
            .ok()
            .and_then(|problem| ProblemCode::from_code(problem.code()));
        let name = code.map_or("an unknown problem", ProblemCode::code);
        return Err(failed(format!("{} {name}", answered.status)));
    }
    let pulled: Pulled = serde_json::from_slice(&answered.body)
        .map_err(|_| failed("what came is not what the interface describes"))?;
    if pulled.holder != adapter.holder() || pulled.category != grant.category {
        return Err(failed("it is not what was granted"));
    }
    if pulled.document.is_none() {
        return Err(failed("there is nothing any more: name a person whose record is there"));
    }
    Ok(passed(format!("in {} ms", answered.took.as_millis())))
}

fn pull(grant: &Grant, proofs: Proofs) -> Pull {
    Pull {
        grant: grant.token.clone(),
        actor: grant.actor.clone(),
        actor_salt: grant.actor_salt,
        subject_proofs: proofs.subject,
        birth_date_proofs: proofs.birth_date,
    }
}

/// What must not come back.
fn keep(refusals: &mut Refusals, grant: &Grant, proofs: &Proofs) {
    refusals.sent(grant.token.clone());
    for proof in &proofs.subject {
        if let Ok(serde_json::Value::String(text)) = serde_json::to_value(&proof.proof) {
            refusals.sent(text);
        }
    }
}

/// As long as an asker waits for one holder.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// The leeway of a holder's clock, and a little.
const LEEWAY: Duration = Duration::from_secs(35);
