//! `POST /v1/access-statements`: what this party's own log says about one person, for that person (GDPR art. 15).
//!
//! Asked by a partner that the agreement lists, under an access-log grant of the switchboard. The promises, each with a test:
//!
//! - nothing is told under a grant that is not the switchboard's, not for this caller, of another kind, or was used before;
//! - nothing is told to a partner that this party's own agreement does not list;
//! - two people are never mixed: the caller proves to know whom the records are about, and what this party asked is told
//!   only if all of it was about one person;
//! - what this party's own agreement withholds is left out, and staff are named only where it says so;
//! - the record of it, refused or not, is durable before the answer leaves, in one transaction with the use of the grant.

mod endpoint;
mod person;
mod refusal;
mod telling;
#[cfg(test)]
mod tests;

use std::time::Duration;

use kw_agreement::Agreement;
use kw_domain::{Category, Instant};
use kw_ledger::{AccessRecord, Event, canonical};
use kw_protocol::access_report::{LEGAL_BASIS, Statement, StatementRequest};
use kw_protocol::grant::{AccessLogClaims, LEEWAY_SECONDS};
use kw_runtime::Refusal;
use kw_store::{Abort, Act, WriteError};

use crate::grants::{Presented, promised, recorded};
use crate::pulls::refusal::PullRefusal;
use crate::pulls::{Caller, Pulls, digest_of, only_asserted};
use crate::sync::into_act;

pub use endpoint::{__path_state, configure, state};

use person::Person;
use refusal::StatementRefusal;

/// Checks, looks up, records, tells.
pub async fn answer(
    pulls: &Pulls,
    caller: &Caller,
    request: &StatementRequest,
) -> Result<Statement, Refusal> {
    let agreement = pulls.agreement.current();
    let presented = Presented {
        grant: &request.grant,
        caller: caller.oin,
        certificate_sha256: &caller.certificate_sha256,
        actor: &request.actor,
        actor_salt: &request.actor_salt,
    };
    let claims = match pulls.grants.verify_access_log(&agreement, presented).await {
        Ok(claims) => claims,
        Err(error) => {
            let record = only_asserted(record_of(pulls, &agreement, caller, request, None));
            let refusal = PullRefusal::Grant(error).into();
            return Err(refuse(pulls, caller, None, refusal, record).await);
        }
    };
    if let Err(error) = pulls.proofs.check(&agreement, caller.oin, &request.actor).await {
        let record = only_asserted(record_of(pulls, &agreement, caller, request, Some(&claims)));
        let refusal = PullRefusal::Actor(error).into();
        return Err(refuse(pulls, caller, Some(&claims), refusal, record).await);
    }
    let record = record_of(pulls, &agreement, caller, request, Some(&claims));
    let digest = digest_of(request)?;
    match state_person(pulls, &agreement, caller, request, &claims, digest).await {
        Ok((person, statement)) => {
            let mut made = record.clone();
            made.count = Some(statement.lines.len() as u64);
            match commit(pulls, &claims, digest, &person, made).await {
                Ok(()) => Ok(statement),
                Err(error) => Err(unfinished(pulls, caller, &claims, error, record).await),
            }
        }
        Err(refusal) if refusal.keeps_the_grant() => {
            Err(refuse(pulls, caller, Some(&claims), refusal, record).await)
        }
        Err(refusal) => {
            let denied = refusal.record(record.clone());
            match commit(pulls, &claims, digest, &Person::default(), denied).await {
                Ok(()) => Err(refusal.tell(caller.oin, Some(claims.txn))),
                Err(error) => Err(unfinished(pulls, caller, &claims, error, record).await),
            }
        }
    }
}

/// Everything between the grant and the record, in the order in which it is refused.
async fn state_person(
    pulls: &Pulls,
    agreement: &Agreement,
    caller: &Caller,
    request: &StatementRequest,
    claims: &AccessLogClaims,
    digest: [u8; 32],
) -> Result<(Person, Statement), StatementRefusal> {
    let scope = canonical(&request.scope).map_err(|_| StatementRefusal::Scope)?;
    let is_ours = claims.prp.purpose.is_subject_access()
        && claims.prp.cat.iter().all(Category::is_access_log)
        && claims.prp.scope.0 == scope.sha256();
    if !is_ours {
        return Err(StatementRefusal::Scope);
    }
    let grant = claims.jti;
    let used = pulls.store.read(move |tables| tables.used_grant(grant)).await;
    if used.map_err(|_| PullRefusal::Unavailable)?.is_some_and(|earlier| earlier != digest) {
        return Err(PullRefusal::Reused.into());
    }
    if !agreement.subject_access().partners.contains(&caller.oin) {
        return Err(StatementRefusal::NotListed);
    }
    let person = person::find(pulls, request).await?;
    let lines = telling::lines(pulls, agreement, &person, &request.scope, claims.txn).await?;
    let statement =
        Statement { party: pulls.holder, transaction: claims.txn, lines, has_gaps: person.has_gaps };
    Ok((person, statement))
}

fn record_of(
    pulls: &Pulls,
    agreement: &Agreement,
    caller: &Caller,
    request: &StatementRequest,
    claims: Option<&AccessLogClaims>,
) -> AccessRecord {
    let mut record = AccessRecord::new(
        Event::AccessReportMade,
        pulls.clock.now(),
        agreement.chain().clone(),
        pulls.holder,
        caller.oin,
        agreement.hash(),
    );
    record.actor = Some(recorded(&request.actor));
    record.categories = vec![Category::access_log()];
    record.holders = vec![pulls.holder];
    record.trace.clone_from(&caller.trace);
    if let Some(claims) = claims {
        record.legal_basis = Some(LEGAL_BASIS.to_owned());
        record.purpose = Some(claims.prp.purpose.clone());
        record.transaction = Some(claims.txn);
    }
    record
}

/// Makes the use of the grant and the record durable together. The record is linked to all that it is about, so that the
/// person sees it in the next report.
async fn commit(
    pulls: &Pulls,
    claims: &AccessLogClaims,
    request: [u8; 32],
    person: &Person,
    mut record: AccessRecord,
) -> Result<(), WriteError<StatementRefusal>> {
    let (grant, transaction, now) = (claims.jti, claims.txn, record.at);
    // As long as anybody could present it: until it has expired by the slowest clock, and a while.
    let leeway = Duration::from_secs(LEEWAY_SECONDS as u64 * 4);
    let expires_at = Instant::from_millis(claims.exp.saturating_mul(1000)).plus(leeway);
    let reference = pulls.vault.entropy().id(now);
    let receipt = promised(claims, now);
    let (handles, asked) = (person.handles(), person.asked);
    if !handles.is_empty() || asked.is_some() {
        record.subject = Some(reference);
    }
    pulls
        .store
        .write("answer_statement", move |tx| {
            match tx.read().used_grant(grant)? {
                None => {
                    if let Some(receipt) = &receipt {
                        tx.write().await_receipt(receipt)?;
                    }
                    tx.write().use_grant(grant, &request, expires_at)?;
                    tx.write().forget_grants(now)?;
                }
                Some(earlier) if earlier == request => {}
                Some(_) => return Err(Abort::Refused(PullRefusal::Reused.into())),
            }
            let mut act: Act = into_act(&record)?;
            for handle in &handles {
                act = act.link_record(*handle, reference, Some(transaction));
            }
            if let Some(subject_key) = asked {
                act = act.link_asked(subject_key, reference, Some(transaction));
            }
            Ok(((), act))
        })
        .await
        .map(|_| ())
}

/// Another request won the race for this grant between our look and our write, or nothing could be written.
async fn unfinished(
    pulls: &Pulls,
    caller: &Caller,
    claims: &AccessLogClaims,
    error: WriteError<StatementRefusal>,
    record: AccessRecord,
) -> Refusal {
    match error {
        WriteError::Refused(refusal) => refuse(pulls, caller, Some(claims), refusal, record).await,
        error => crate::pulls::unrecorded(&error),
    }
}

/// Records a refusal that leaves the grant as it is, and tells it. Such a refusal can be had for nothing and without end,
/// so not each of them is recorded.
async fn refuse(
    pulls: &Pulls,
    caller: &Caller,
    claims: Option<&AccessLogClaims>,
    refusal: StatementRefusal,
    record: AccessRecord,
) -> Refusal {
    let transaction = claims.map(|claims| claims.txn);
    if !pulls.refusals.claim(caller.oin, refusal.reason(), record.at) {
        return refusal.tell(caller.oin, transaction);
    }
    let denied = refusal.record(record);
    let written = pulls
        .store
        .write("refuse_statement", move |_| {
            let act: Result<Act, Abort<StatementRefusal>> = into_act(&denied);
            Ok(((), act?))
        })
        .await;
    match written {
        Ok(_) => refusal.tell(caller.oin, transaction),
        Err(error) => crate::pulls::unrecorded(&error),
    }
}
