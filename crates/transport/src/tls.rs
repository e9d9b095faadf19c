//! The TLS state of a process, and how it is replaced while the process runs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use kw_domain::{Clock, Instant, Oin, SystemClock};
use kw_telemetry::{Digest, Reason};
use rustls::pki_types::CertificateDer;

use crate::events::{OwnCertificateRefused, RevocationUnchecked, TlsLoaded};
use crate::provider::ClockTime;
use crate::snapshot::{Snapshot, digest_of};
use crate::{TlsError, TlsFiles};

/// The certificate, trust anchors and revocation lists of this process. Clones share one state; server configurations
/// and clients made from it follow every [`Tls::reload`].
#[derive(Clone)]
pub struct Tls(pub(crate) Arc<TlsState>);

/// By party: the suppliers that answer at its address with their own certificate.
pub type StandIns = BTreeMap<Oin, BTreeSet<Oin>>;

/// A certificate of a party, as it was seen last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// When it, or one above it, expires.
    pub expires_at: Instant,
    /// When it was seen.
    pub seen_at: Instant,
    /// SHA-256 of its DER.
    pub sha256: [u8; 32],
}

/// More parties than a chain has.
const MOST_SEEN: usize = 1_000;

#[derive(Debug)]
pub(crate) struct TlsState {
    files: TlsFiles,
    pub(crate) time: ClockTime,
    pub(crate) snapshot: ArcSwap<Snapshot>,
    /// The partner that this process acts for, when its certificate is a supplier's.
    principal: OnceLock<Oin>,
    /// Whose certificates are accepted in whose place.
    pub(crate) stand_ins: ArcSwap<StandIns>,
    /// By party: the certificate with which it came last.
    seen: Mutex<BTreeMap<Oin, Seen>>,
    /// One reload at a time, so that an older reading cannot replace a newer one.
    reloading: Mutex<()>,
}

impl Tls {
    /// Reads and judges the files.
    pub fn load(files: &TlsFiles) -> Result<Self, TlsError> {
        Self::load_with_clock(files, Arc::new(SystemClock))
    }

    /// The same, with validity judged by the given clock.
    pub fn load_with_clock(files: &TlsFiles, clock: Arc<dyn Clock>) -> Result<Self, TlsError> {
        let snapshot = Snapshot::build(files, &files.read()?, 1, clock.now())?;
        let tls = Self(Arc::new(TlsState {
            files: files.clone(),
            time: ClockTime(clock),
            snapshot: ArcSwap::from_pointee(snapshot),
            principal: OnceLock::new(),
            stand_ins: ArcSwap::default(),
            seen: Mutex::default(),
            reloading: Mutex::new(()),
        }));
        tls.report();
        Ok(tls)
    }

    /// Reads the files again and, if they changed and are sound, replaces everything at once: `true`. Unchanged files
    /// give `false`; on an error the old state stays in force. Blocks for the time of reading a few small files.
    pub fn reload(&self) -> Result<bool, TlsError> {
        let _one_at_a_time = self.0.reloading.lock().unwrap_or_else(PoisonError::into_inner);
        let contents = self.0.files.read()?;
        let current = self.snapshot();
        if digest_of(&contents) == current.contents {
            return Ok(false);
        }
        let next = Snapshot::build(&self.0.files, &contents, current.generation + 1, self.0.time.0.now())?;
        self.0.snapshot.store(Arc::new(next));
        self.report();
        Ok(true)
    }

    /// The party that this process is: the one that the own certificate names, or the partner that it acts for.
    pub fn oin(&self) -> Oin {
        self.0.principal.get().copied().unwrap_or_else(|| self.certificate_oin())
    }

    /// The party that the own certificate names.
    pub fn certificate_oin(&self) -> Oin {
        self.snapshot().oin
    }

    /// From now on this process acts for another party, under its own certificate, and says so with each request. Once
    /// only: `false` when it acts for somebody already.
    pub fn act_for(&self, principal: Oin) -> bool {
        self.0.principal.set(principal).is_ok()
    }

    /// The partner that this process acts for, if that is another than the own certificate names.
    pub(crate) fn principal(&self) -> Option<Oin> {
        self.0.principal.get().copied().filter(|principal| *principal != self.certificate_oin())
    }

    /// Whose certificates are accepted at whose servers, beside the party's own: what the agreement says now.
    pub fn set_stand_ins(&self, stand_ins: StandIns) {
        self.0.stand_ins.store(Arc::new(stand_ins));
    }

    /// The certificates with which parties came since the start, the last one of each.
    pub fn seen(&self) -> BTreeMap<Oin, Seen> {
        self.0.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes with which certificate a party came.
    pub(crate) fn note(&self, party: Oin, sha256: [u8; 32], expires_at: Instant) {
        let seen_at = self.0.time.0.now();
        let mut seen = self.0.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() < MOST_SEEN || seen.contains_key(&party) {
            seen.insert(party, Seen { expires_at, seen_at, sha256 });
        }
    }

    /// SHA-256 of the own certificate: what others find in `x5t#S256`.
    pub fn certificate_sha256(&self) -> [u8; 32] {
        self.snapshot().certificate_sha256
    }

    /// When the own certificate expires.
    pub fn not_after(&self) -> Instant {
        self.snapshot().not_after
    }

    /// When the first revocation list expires, after which its authority's parties are refused until a reload brings
    /// a new one; `None` when revocation is not checked.
    pub fn revocation_lists_until(&self) -> Option<Instant> {
        self.snapshot().lists_until
    }

    /// Counts the states of this process: moves with every reload that changed something.
    pub fn generation(&self) -> u64 {
        self.snapshot().generation
    }

    /// How long ago the state in force was loaded: grows when reloads fail.
    pub fn age(&self) -> Duration {
        self.0.time.0.now().since(self.snapshot().loaded_at)
    }

    /// Whether other parties with the same trust anchors and revocation lists would accept the own certificate, now and
    /// in both roles. Loading does not demand it: a process with an expired certificate must still be able to take in
    /// new revocation lists.
    pub fn check_own_certificate(&self) -> Result<(), TlsError> {
        let snapshot = self.snapshot();
        let (own, intermediates) =
            snapshot.pair.cert.split_first().ok_or(rustls::Error::NoCertificatesPresented)?;
        verify_client(&snapshot, own, intermediates, &self.0.time)?;
        Ok(())
    }

    pub(crate) fn snapshot(&self) -> arc_swap::Guard<Arc<Snapshot>> {
        self.0.snapshot.load()
    }

    fn report(&self) {
        let snapshot = self.snapshot();
        TlsLoaded {
            oin: snapshot.oin,
            certificate: Digest(snapshot.certificate_sha256),
            generation: snapshot.generation,
            not_after: snapshot.not_after,
        }
        .log();
        if snapshot.lists_until.is_none() {
            RevocationUnchecked {}.log();
        }
        if let Err(error) = self.check_own_certificate() {
            OwnCertificateRefused { reason: Reason::of(&error) }.log();
        }
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let snapshot = self.snapshot();
        f.debug_struct("Tls")
            .field("oin", &snapshot.oin)
            .field("generation", &snapshot.generation)
            .finish_non_exhaustive()
    }
}

/// Judges a client's chain by one snapshot: validity, chain, purpose and revocation.
pub(crate) fn verify_client(
    snapshot: &Snapshot,
    end_entity: &CertificateDer<'_>,
    intermediates: &[CertificateDer<'_>],
    time: &ClockTime,
) -> Result<(), rustls::Error> {
    snapshot.clients.verify_client_cert(end_entity, intermediates, time.now()).map(drop)
}
