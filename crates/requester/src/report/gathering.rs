//! Asking every named party what its own log says.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::stream::{self, StreamExt as _};
use kw_client::{ClientError, EpochElement, LogClient};
use kw_domain::{GrantId, TransactionId};
use kw_ledger::canonical;
use kw_protocol::SecretBytes32;
use kw_protocol::access_report::{
    AskedParty, LogGrant, NamedParty, Statement, StatementRequest, StatementStatus,
};
use kw_protocol::dossier::Party;
use kw_protocol::grant::{ACCESS_LOG_GRANT_TYPE, AccessLogClaims, GrantHeader};
use kw_protocol::pull::{EpochBirthDateProof, EpochProof};
use kw_pseudonym::Binding;
use tokio::time::{Instant, timeout_at};

use super::{MALFORMED, ReportQuestion};
use crate::Requester;
use crate::assembly::party;
use crate::outcome::Outcome;
use crate::pull::birth_date_proof;

/// What became of asking one party.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) party: Party,
    pub(super) asked: AskedParty,
    /// The exchange, when there was a grant for one.
    pub(super) transaction: Option<TransactionId>,
    /// The grant, when it could be read.
    pub(super) grant: Option<GrantId>,
    pub(super) statement: Option<Statement>,
}

impl Requester {
    /// Asks all of them, a bounded number at the same time; the answers in the order of the parties.
    pub(super) async fn statements(
        &self,
        question: &ReportQuestion,
        parties: &[NamedParty],
        binding: &[EpochElement],
        deadline: Instant,
    ) -> Vec<Told> {
        let asking = parties.iter().enumerate().map(|(place, named)| async move {
            (place, self.ask_party(question, named, binding, deadline).await)
        });
        let mut told: Vec<_> =
            stream::iter(asking).buffer_unordered(self.parts.limits.concurrency.max(1)).collect().await;
        told.sort_by_key(|(place, _)| *place);
        told.into_iter().map(|(_, told)| told).collect()
    }

    async fn ask_party(
        &self,
        question: &ReportQuestion,
        named: &NamedParty,
        binding: &[EpochElement],
        deadline: Instant,
    ) -> Told {
        let party = party(named.party.oin, &self.parts.agreement);
        let claims = named.log.as_ref().and_then(|log| self.read_log_grant(&party, log));
        let outcome = match &named.log {
            None => Err(Outcome::PARTY_UNKNOWN),
            Some(_) if claims.is_none() => Err(Outcome::GRANT_MALFORMED),
            Some(log) => self.state(question, &party, log, binding, deadline).await,
        };
        let (status, reason, statement) = match outcome {
            Ok(statement) if statement.has_gaps => (StatementStatus::Gaps, None, Some(statement)),
            Ok(statement) => (StatementStatus::Answered, None, Some(statement)),
            Err(outcome) => (outcome.status.into(), outcome.reason.map(str::to_owned), None),
        };
        Told {
            asked: AskedParty { party: party.clone(), status, reason },
            party,
            transaction: named.log.as_ref().map(|log| log.transaction),
            grant: claims.map(|claims| claims.jti),
            statement,
        }
    }

    async fn state(
        &self,
        question: &ReportQuestion,
        party: &Party,
        log: &LogGrant,
        binding: &[EpochElement],
        deadline: Instant,
    ) -> Result<Statement, Outcome> {
        let agreement = &self.parts.agreement;
        let partner = agreement.partner(party.oin).filter(|partner| !partner.suspended);
        let partner = partner.ok_or(Outcome::PARTY_UNKNOWN)?;
        let limit = self.parts.limits.statement_timeout;
        let client = LogClient::new(&self.parts.tls, partner, self.parts.context.clone(), limit)
            .map_err(|error| Outcome::of(&error))?;
        let request = statement_request(question, party, log, binding);
        let asked = timeout_at(deadline, client.statement(&request, log.transaction)).await;
        let statement =
            asked.map_err(|_| Outcome::CUT_OFF)?.map_err(|error: ClientError| Outcome::of(&error))?;
        if statement.party != party.oin || statement.transaction != log.transaction {
            return Err(Outcome::of(&MALFORMED));
        }
        Ok(statement)
    }

    /// The claims of a grant, if it is the one for this party and this scope. The signature is the party's to check.
    fn read_log_grant(&self, party: &Party, log: &LogGrant) -> Option<AccessLogClaims> {
        let mut parts = log.grant.split('.');
        let (header, claims, _signature) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || log.grant.len() > MAX_GRANT {
            return None;
        }
        let header: GrantHeader = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
        let claims: AccessLogClaims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
        let (agreement, tls) = (&self.parts.agreement, &self.parts.tls);
        let is_for_this = header.typ == ACCESS_LOG_GRANT_TYPE
            && claims.aud == party.oin
            && claims.sub == tls.oin()
            && claims.iss == agreement.switchboard().oin
            && claims.gid == *agreement.chain()
            && claims.cnf.x5t_s256.0 == tls.certificate_sha256()
            && claims.txn == log.transaction
            && claims.prp.scope.0 == canonical(&log.scope).ok()?.sha256();
        is_for_this.then_some(claims)
    }
}

fn statement_request(
    question: &ReportQuestion,
    party: &Party,
    log: &LogGrant,
    binding: &[EpochElement],
) -> StatementRequest {
    let bindings: Vec<_> =
        binding.iter().map(|held| (held.epoch.0, Binding::derive(&held.element, party.oin))).collect();
    let subject_proofs = bindings.iter().map(|(epoch, binding)| EpochProof {
        epoch: *epoch,
        proof: SecretBytes32(binding.subject_proof(&log.grant)),
    });
    let birth_date_proofs: Vec<EpochBirthDateProof> = question
        .birth_date
        .iter()
        .flat_map(|date| {
            bindings.iter().map(|(epoch, binding)| birth_date_proof(*epoch, binding, &log.grant, *date))
        })
        .collect();
    StatementRequest {
        grant: log.grant.clone(),
        actor: question.actor.clone(),
        actor_salt: log.actor_salt,
        scope: log.scope.clone(),
        subject_proofs: subject_proofs.collect(),
        birth_date_proofs,
    }
}

/// A grant is a few hundred bytes.
const MAX_GRANT: usize = 8 * 1024;
