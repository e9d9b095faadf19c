//! Collecting cosignatures: after each publication every witness is asked for the same checkpoint, until enough have
//! cosigned it. Publishing does not wait for it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use kw_client::{ClientError, Cosigning};
use kw_ledger::checkpoint::SignedCheckpoint;
use kw_ledger::note::NoteSignature;
use kw_ledger::witness::AddCheckpoint;
use kw_protocol::problem::ProblemCode;
use kw_store::Publication;
use kw_telemetry::Reason;
use tokio::time::{Instant, timeout_at};

use crate::books::{Books, blocking};
use crate::derived;
use crate::doubt::{Contradiction, Doubt};
use crate::events;
use crate::publisher::Publisher;
use crate::witnesses::{Testimony, Witness, Witnesses};

/// How long one checkpoint is offered.
const ROUND: Duration = Duration::from_secs(6);
/// How long witnesses get that are slower than the quorum.
const GRACE: Duration = Duration::from_secs(1);
/// How often a witness may say that it stands elsewhere, before it is asked again later.
const TURNS: u32 = 3;

/// Collects the cosignatures of one log.
pub(crate) struct Cosigner {
    books: Arc<dyn Books>,
    publisher: Arc<Publisher>,
    witnesses: Arc<Witnesses>,
}

/// How asking a witness ended when it did not cosign.
enum Declined {
    /// The log contradicts what the witness saw.
    Doubt(Doubt),
    /// It cosigned a newer checkpoint, which another process published.
    Newer,
    /// It was not reached, or refused.
    Failed(&'static str),
    /// It said what it cannot mean.
    Unsound(&'static str),
}

impl From<Doubt> for Declined {
    fn from(doubt: Doubt) -> Self {
        Self::Doubt(doubt)
    }
}

impl Cosigner {
    pub(crate) fn new(books: Arc<dyn Books>, publisher: Arc<Publisher>, witnesses: Arc<Witnesses>) -> Self {
        Self { books, publisher, witnesses }
    }

    /// How many must have cosigned.
    pub(crate) fn quorum(&self) -> usize {
        self.witnesses.quorum()
    }

    /// Offers the newest checkpoint to every witness that has not cosigned it and may be asked.
    pub(crate) async fn round(&self) -> Result<(), Doubt> {
        let Some((mut published, mut signed)) = self.newest().await? else { return Ok(()) };
        let witnesses = self.witnesses.current();
        let cosigned = |signed: &SignedCheckpoint| {
            signed.cosigned_by(witnesses.iter().map(|witness| &witness.verifier)).len()
        };
        let has = |witness: &Witness| !signed.cosigned_by([&witness.verifier]).is_empty();
        let mut open: Vec<_> =
            witnesses.iter().filter(|witness| witness.is_due() && !has(witness)).cloned().collect();
        if open.is_empty() {
            return Ok(());
        }
        let (quorum, offered) = (self.witnesses.quorum(), signed.clone());
        let mut met = cosigned(&signed) >= quorum;
        let mut ends = Instant::now() + if met { GRACE } else { ROUND };
        let mut calls: FuturesUnordered<_> =
            open.iter().map(async |witness| (witness.oin(), self.ask(witness, &offered).await)).collect();
        let mut kept = true;
        let mut answered = Vec::new();
        while let Ok(Some((oin, answer))) = timeout_at(ends, calls.next()).await {
            answered.push(oin);
            let Some(witness) = open.iter().find(|witness| witness.oin() == oin) else { continue };
            match answer {
                Ok(line) => {
                    // It was verified when it came, and a note has room for every witness of an agreement.
                    if signed.add_cosignature(line, &witness.verifier).is_ok() {
                        published.note = signed.to_string();
                        kept = false;
                    }
                }
                Err(declined) => tell(witness, declined)?,
            }
            if !met && cosigned(&signed) >= quorum {
                met = true;
                ends = ends.min(Instant::now() + GRACE);
                self.books.store_cosigned(published.clone(), true).await?;
                kept = true;
            }
        }
        drop(calls);
        if !kept {
            self.books.store_cosigned(published, met).await?;
        }
        open.retain(|witness| !answered.contains(&witness.oin()));
        for witness in open {
            tell(&witness, Declined::Failed("it did not answer in time"))?;
        }
        Ok(())
    }

    async fn newest(&self) -> Result<Option<(Publication, SignedCheckpoint)>, Doubt> {
        let books = Arc::clone(&self.books);
        let published = blocking(move || books.publication().map_err(Doubt::from)).await?;
        let Some(published) = published else { return Ok(None) };
        let signed = SignedCheckpoint::parse(&published.note, self.publisher.verifier());
        let origin = || self.books.origin().to_owned();
        Ok(Some((published, signed.map_err(|_| Contradiction::OtherKey { origin: origin() })?)))
    }

    async fn ask(&self, witness: &Witness, offered: &SignedCheckpoint) -> Result<NoteSignature, Declined> {
        let (mut old, size) = (witness.standing().size, offered.checkpoint().size);
        for _ in 0..TURNS {
            if old > size {
                return Err(self.find_out(witness, offered).await?);
            }
            let submission = self.submission(old, offered).await?;
            match witness.client.add_checkpoint(submission).await {
                Ok(Cosigning::Cosigned(lines)) => return accepted(witness, offered, &lines),
                // Another root of the very size that was offered.
                Ok(Cosigning::Stands(size)) if size == old => {
                    return Err(self.find_out(witness, offered).await?);
                }
                Ok(Cosigning::Stands(size)) => old = size,
                Err(error) if error.code() == Some(ProblemCode::ProofRefused) => {
                    return Err(self.find_out(witness, offered).await?);
                }
                Err(error) => return Err(Declined::Failed(words(&error))),
            }
        }
        Err(Declined::Failed("it stands elsewhere each time it is asked"))
    }

    async fn submission(&self, old: u64, offered: &SignedCheckpoint) -> Result<String, Declined> {
        let (books, size) = (Arc::clone(&self.books), offered.checkpoint().size);
        let proof = blocking(move || derived::consistency(books.as_ref(), old, size)).await?;
        Ok(AddCheckpoint { old, proof, note: offered.note().clone() }.to_string())
    }

    /// A witness stands where it cannot: asks for the checkpoint by which it does.
    async fn find_out(&self, witness: &Witness, offered: &SignedCheckpoint) -> Result<Declined, Declined> {
        match witness.testify(&self.publisher).await? {
            Ok(Testimony::Agrees(size)) => {
                witness.stands(size);
                Ok(if size > offered.checkpoint().size {
                    Declined::Newer
                } else {
                    Declined::Failed("it refused a sound proof")
                })
            }
            Ok(Testimony::Unsound) => {
                Ok(Declined::Unsound("its newest checkpoint of this log is not signed by this log"))
            }
            Err(error) => Ok(Declined::Failed(words(&error))),
        }
    }
}

/// The cosignature in an answer, if it is one.
fn accepted(witness: &Witness, offered: &SignedCheckpoint, lines: &str) -> Result<NoteSignature, Declined> {
    let lines = NoteSignature::parse_lines(lines).unwrap_or_default();
    let own = lines.into_iter().find(|line| witness.verifier.is_named_by(line));
    let own = own.ok_or(Declined::Unsound("it answered with no signature of its key in the agreement"))?;
    let fits = offered.clone().add_cosignature(own.clone(), &witness.verifier);
    fits.map_err(|_| Declined::Unsound("its cosignature does not fit"))?;
    witness.stands(offered.checkpoint().size);
    Ok(own)
}

fn tell(witness: &Witness, declined: Declined) -> Result<(), Doubt> {
    match declined {
        Declined::Doubt(doubt) => return Err(doubt),
        Declined::Newer => {}
        Declined::Failed(reason) => {
            let failures = witness.failed();
            if failures.is_power_of_two() {
                events::NotCosigned { witness: witness.oin(), reason: Reason::of(&reason) }.log();
            }
        }
        Declined::Unsound(reason) => {
            witness.failed();
            events::WitnessUnsound { witness: witness.oin(), reason: Reason::of(&reason) }.log();
        }
    }
    Ok(())
}

fn words(error: &ClientError) -> &'static str {
    match error {
        ClientError::Address(_) => "its address cannot be used",
        ClientError::Identity => "its TLS identity was refused",
        ClientError::Malformed(_) => "its answer is not understood",
        ClientError::Problem(_) => "it refused",
        ClientError::TimedOut => "it did not answer in time",
        ClientError::Unreachable => "it cannot be reached",
    }
}
