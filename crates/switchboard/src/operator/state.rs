//! `GET /v1/operator/state`: how the switchboard and its parties are.

use std::collections::BTreeMap;

use actix_web::web::{Data, Json};
use kw_agreement::{Agreement, LogOwner, WitnessIdentity};
use kw_domain::{Instant, Oin};
use kw_ledger::note::{Note, SignatureKind, VerifierKey};
use kw_protocol::operator::{
    KeyGeneration, LogState, OperatorState, PartnerState, QuotaState, SeenCertificate, SignalsState,
    TlsState, WitnessState,
};
use kw_runtime::Refusal;
use kw_store::switchboard::{ActiveSelector, Generation, GenerationPhase};
use kw_store::{Publication, StoreError};
use kw_transport::Tls;

use crate::app::{App, hex, not_read};

/// Shows partners, certificates, leases, quotas, signals, the log with its witnesses, and the keys of the index.
#[utoipa::path(
    get, path = "/v1/operator/state", operation_id = "readOperatorState", tag = "operator",
    responses((status = 200, description = "The state", body = OperatorState))
)]
pub(crate) async fn read_state(app: Data<App>, tls: Data<Tls>) -> Result<Json<OperatorState>, Refusal> {
    let agreement = app.agreement.current();
    let now = app.now();
    let holders: Vec<Oin> = agreement.partners().map(|partner| partner.oin).collect();
    let read = app.store.read(move |index| {
        let mut held = BTreeMap::new();
        for holder in holders {
            held.insert(
                holder,
                (index.lease(holder)?, index.count_active(holder, &ActiveSelector::default())?),
            );
        }
        let (newest, witnessed) = (index.publication()?, index.witnessed_publication()?);
        let mut since = |published: &Option<Publication>| {
            let size = published.as_ref().map_or(0, |one| one.size);
            Ok::<_, StoreError>(index.ledger_entries(size, 1)?.first().map(|entry| entry.at))
        };
        let waiting = [since(&newest)?, since(&witnessed)?];
        Ok(Stored {
            held,
            generations: index.generations()?,
            subjects: index.count_subjects()?,
            newest,
            witnessed,
            waiting,
            subscriptions: index.live_subscriptions()?.len() as u64,
            dead_letters: index.count_all_dead_letters()?,
        })
    });
    let stored = read.await.map_err(not_read)?;
    let seen = tls.seen();
    let partners = agreement.partners().map(|partner| {
        let (lease_until, pointers) = stored.held.get(&partner.oin).copied().unwrap_or_default();
        let budget = agreement.query_quota(partner);
        let used = app.quota.used(partner.oin, now);
        let spans = [("minute", budget.burst), ("hour", budget.hour), ("day", budget.day)];
        PartnerState {
            certificate: seen.get(&partner.oin).map(|seen| SeenCertificate {
                expires_at: seen.expires_at,
                seen_at: seen.seen_at,
                sha256: hex(&seen.sha256),
            }),
            kind: partner.kind.to_string(),
            lease_until,
            name: partner.name.clone(),
            oin: partner.oin,
            pointers,
            quota: spans
                .into_iter()
                .zip(used)
                .map(|((span, limit), used)| QuotaState { limit, span: span.to_owned(), used })
                .collect(),
            suspended: partner.suspended,
        }
    });
    let (oldest_seconds, failing) = app.deliveries.behind();
    Ok(Json(OperatorState {
        at: now,
        chain: agreement.chain().to_string(),
        generations: stored.generations.iter().map(generation).collect(),
        log: log_state(&agreement, &stored),
        partners: partners.collect(),
        signals: SignalsState {
            dead_letters: stored.dead_letters,
            failing,
            oldest_seconds,
            subscriptions: stored.subscriptions,
        },
        subjects: stored.subjects,
        tls: TlsState { expires_at: tls.not_after(), revocation_lists_until: tls.revocation_lists_until() },
    }))
}

/// What the database holds of it.
struct Stored {
    held: BTreeMap<Oin, (Option<Instant>, u64)>,
    generations: Vec<Generation>,
    subjects: u64,
    newest: Option<Publication>,
    witnessed: Option<Publication>,
    /// Since when entries wait for the first, and for the second.
    waiting: [Option<Instant>; 2],
    subscriptions: u64,
    dead_letters: u64,
}

fn generation(stored: &Generation) -> KeyGeneration {
    let phase = match stored.phase {
        GenerationPhase::Live => "live",
        GenerationPhase::Filling => "filling",
        GenerationPhase::Closing => "closing",
        GenerationPhase::Retired => "retired",
    };
    KeyGeneration {
        began_at: stored.began_at,
        converted: stored.converted,
        generation: stored.generation,
        index_epoch: stored.index_epoch,
        phase: phase.to_owned(),
        pseudonymiser_epoch: stored.pseudonymiser_epoch,
    }
}

fn log_state(agreement: &Agreement, stored: &Stored) -> LogState {
    let witnesses = agreement.witnesses_of(LogOwner::Switchboard);
    let newest = stored.newest.as_ref();
    let [unpublished_since, unwitnessed_since] = stored.waiting;
    // Where nobody's cosignature is demanded, what is published is as good as witnessed.
    let (witnessed, unwitnessed_since) = match agreement.quorum_for(LogOwner::Switchboard) {
        0 => (newest, unpublished_since),
        _ => (stored.witnessed.as_ref(), unwitnessed_since),
    };
    let published = [newest, witnessed];
    LogState {
        published_at: newest.map(|one| one.published_at),
        published_size: newest.map_or(0, |one| one.size),
        unpublished_since,
        unwitnessed_since,
        quorum: agreement.quorum_for(LogOwner::Switchboard) as u64,
        witnessed_at: witnessed.map(|one| one.published_at),
        witnessed_size: witnessed.map_or(0, |one| one.size),
        witnesses: witnesses.iter().map(|witness| witness_state(agreement, witness, published)).collect(),
    }
}

fn witness_state(
    agreement: &Agreement,
    witness: &WitnessIdentity,
    published: [Option<&Publication>; 2],
) -> WitnessState {
    let key = VerifierKey::new(&witness.name, SignatureKind::Cosignature, witness.key).ok();
    let cosigned = published.into_iter().flatten().filter_map(|one| {
        let note = Note::parse(&one.note).ok()?;
        let seconds = note.verify(key.as_ref()?).ok()??.time?;
        Some((Instant::from_millis(i64::try_from(seconds).ok()?.saturating_mul(1000)), one.size))
    });
    let last = cosigned.max();
    WitnessState {
        cosigned_at: last.map(|(at, _)| at),
        cosigned_size: last.map_or(0, |(_, size)| size),
        name: agreement.party_name(witness.oin).unwrap_or_default().to_owned(),
        oin: witness.oin,
    }
}
