//! The witnesses of this log as the agreement names them, and what they say.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kw_agreement::{LogOwner, WitnessIdentity};
use kw_client::{ClientError, Context, WitnessClient};
use kw_domain::Oin;
use kw_ledger::checkpoint::SignedCheckpoint;
use kw_ledger::note::{SignatureKind, VerifierKey};
use kw_runtime::SharedAgreement;
use kw_transport::Tls;
use tokio::time::Instant;

use crate::doubt::{Contradiction, Doubt, Known};
use crate::publisher::Publisher;

/// How long one call may take.
const CALL: Duration = Duration::from_secs(5);
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Whoever cosigns this log.
pub(crate) struct Witnesses {
    owner: LogOwner,
    agreement: SharedAgreement,
    tls: Tls,
    context: Context,
    known: Mutex<BTreeMap<Oin, Arc<Witness>>>,
}

/// One witness of this log.
pub(crate) struct Witness {
    identity: WitnessIdentity,
    /// Verifies its cosignatures.
    pub(crate) verifier: VerifierKey,
    pub(crate) client: WitnessClient,
    standing: Mutex<Standing>,
}

/// How things are with one witness.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Standing {
    /// The size that it is thought to have cosigned last.
    pub(crate) size: u64,
    pub(crate) failures: u32,
    again: Option<Instant>,
}

/// What a witness knows of this log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Testimony {
    /// Nothing that this log does not hold as well; it cosigned so many entries last.
    Agrees(u64),
    /// What it says is not signed by this log, so it says nothing.
    Unsound,
}

impl Witnesses {
    pub(crate) fn new(owner: LogOwner, agreement: SharedAgreement, tls: Tls, context: Context) -> Self {
        Self { owner, agreement, tls, context, known: Mutex::default() }
    }

    /// Those of the agreement in force that can be called.
    pub(crate) fn current(&self) -> Vec<Arc<Witness>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let named = self.agreement.current().witnesses_of(self.owner);
        known.retain(|_, witness| named.contains(&witness.identity));
        for identity in named {
            if !known.contains_key(&identity.oin)
                && let Some(witness) = self.reach(identity)
            {
                known.insert(witness.oin(), Arc::new(witness));
            }
        }
        known.values().cloned().collect()
    }

    /// How many must have cosigned.
    pub(crate) fn quorum(&self) -> usize {
        self.agreement.current().quorum_for(self.owner)
    }

    /// The agreement has checked name and address, so nobody is left out.
    fn reach(&self, identity: WitnessIdentity) -> Option<Witness> {
        let (oin, endpoint) = (identity.oin, identity.endpoint.as_str());
        let client = WitnessClient::new(&self.tls, oin, endpoint, self.context.clone(), CALL).ok()?;
        let verifier = VerifierKey::new(&identity.name, SignatureKind::Cosignature, identity.key).ok()?;
        Some(Witness { identity, verifier, client, standing: Mutex::default() })
    }
}

impl Witness {
    pub(crate) fn oin(&self) -> Oin {
        self.identity.oin
    }

    pub(crate) fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it may be asked again.
    pub(crate) fn is_due(&self) -> bool {
        self.standing().again.is_none_or(|again| again <= Instant::now())
    }

    /// It answered as it should, and stands at this size.
    pub(crate) fn stands(&self, size: u64) {
        *self.standing() = Standing { size, ..Standing::default() };
    }

    /// It did not. Hands back how often that was so in a row.
    pub(crate) fn failed(&self) -> u32 {
        let mut standing = self.standing();
        let wait = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(standing.failures)).min(LONGEST_WAIT);
        standing.failures = standing.failures.saturating_add(1);
        standing.again = Some(Instant::now() + wait);
        standing.failures
    }

    /// Asks what it saw last of this log, and compares that with what the log holds.
    pub(crate) async fn testify(
        &self,
        publisher: &Publisher,
    ) -> Result<Result<Testimony, ClientError>, Doubt> {
        match self.client.newest(&publisher.origin_sha256()).await {
            Ok(note) => weigh(note.as_deref(), self.oin(), publisher).await.map(Ok),
            Err(error) => Ok(Err(error)),
        }
    }
}

async fn weigh(note: Option<&str>, witness: Oin, publisher: &Publisher) -> Result<Testimony, Doubt> {
    let Some(note) = note else { return Ok(Testimony::Agrees(0)) };
    let Ok(seen) = SignedCheckpoint::parse(note, publisher.verifier()) else { return Ok(Testimony::Unsound) };
    let (size, root, known_from) = (seen.checkpoint().size, seen.checkpoint().root, Known::Witness(witness));
    // Read after the answer: what the witness saw was committed here before, by this process or another.
    match publisher.root_at(size).await? {
        Ok(held) if held == root => Ok(Testimony::Agrees(size)),
        Ok(_) => Err(Contradiction::Other { size, known_from }.into()),
        Err(stored) => Err(Contradiction::Older { stored, signed: size, known_from }.into()),
    }
}
