//! What an operator has to look at first. Pure.

use kw_domain::Instant;
use kw_protocol::operator::{NextAgreement, OperatorState, PartnerState};

/// One thing to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Warning<'a> {
    pub(crate) what: What,
    /// Whom it is about.
    pub(crate) name: &'a str,
    /// The moment that it is about: when something ends, or since when something waits.
    pub(crate) at: Option<Instant>,
    pub(crate) count: u64,
}

macro_rules! whats {
    ($($name:ident = $message:literal in $place:literal;)+) => {
        /// What it is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum What { $($name,)+ }

        impl What {
            #[cfg(test)]
            const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// How it is said.
            pub(crate) fn message(self) -> &'static str {
                match self { $(Self::$name => $message,)+ }
            }

            /// The part of the page that tells more.
            pub(crate) fn place(self) -> &'static str {
                match self { $(Self::$name => $place,)+ }
            }
        }
    };
}

whats! {
    OwnCertificateOver = "warning-own-certificate-over" in "certificate";
    OwnCertificate = "warning-own-certificate" in "certificate";
    RevocationListsOver = "warning-revocation-lists-over" in "certificate";
    RevocationLists = "warning-revocation-lists" in "certificate";
    Revocation = "warning-revocation-unchecked" in "certificate";
    NotPublished = "warning-not-published" in "log";
    Checkpoint = "warning-checkpoint" in "log";
    NoWitness = "warning-no-witness" in "log";
    Unwitnessed = "warning-unwitnessed" in "log";
    Witness = "warning-witness" in "log";
    CertificateOver = "warning-certificate-over" in "partners";
    Certificate = "warning-certificate" in "partners";
    NeverHeard = "warning-never-heard" in "partners";
    Silent = "warning-silent" in "partners";
    LeaseOver = "warning-lease-over" in "partners";
    Lease = "warning-lease" in "partners";
    Quota = "warning-quota" in "partners";
    DeadLetters = "warning-dead-letters" in "signals";
    FailingSubscriptions = "warning-failing-subscriptions" in "signals";
    SignalsWait = "warning-signals-wait" in "signals";
    AgreementWaits = "warning-agreement-waits" in "agreement";
}

impl What {
    fn plain(self) -> Warning<'static> {
        Warning { what: self, name: "", at: None, count: 0 }
    }

    fn at(self, at: Instant) -> Warning<'static> {
        Warning { at: Some(at), ..self.plain() }
    }

    fn counted(self, count: u64) -> Option<Warning<'static>> {
        (count > 0).then(|| Warning { count, ..self.plain() })
    }
}

/// Everything that has to be looked at, the switchboard's own first.
pub(crate) fn warnings<'a>(
    state: &'a OperatorState,
    next: Option<&NextAgreement>,
    silent_seconds: u64,
) -> Vec<Warning<'a>> {
    let now = state.at;
    let mut all: Vec<Warning<'a>> = Vec::new();
    let tls = &state.tls;
    all.extend(
        ending(now, tls.expires_at, CERTIFICATE_DAYS, What::OwnCertificateOver, What::OwnCertificate)
            .map(|what| what.at(tls.expires_at)),
    );
    match tls.revocation_lists_until {
        None => all.push(What::Revocation.plain()),
        Some(until) => all.extend(
            ending(now, until, LIST_DAYS, What::RevocationListsOver, What::RevocationLists)
                .map(|what| what.at(until)),
        ),
    }
    all.extend(of_log(state));
    all.extend(state.partners.iter().filter(|partner| !partner.suspended).flat_map(|one| {
        let quiet = silence(state, one, silent_seconds).map(|what| match last_heard(one) {
            Some(at) => Warning { name: &one.name, ..what.at(at) },
            None => Warning { name: &one.name, ..what.plain() },
        });
        quiet.into_iter().chain(of_partner(now, one))
    }));
    let signals = &state.signals;
    all.extend(What::DeadLetters.counted(signals.dead_letters));
    all.extend(What::FailingSubscriptions.counted(signals.failing));
    all.extend(What::SignalsWait.counted(signals.oldest_seconds).filter(|one| one.count > SIGNAL_SECONDS));
    all.extend(next.map(|_| What::AgreementWaits.plain()));
    all
}

fn of_log(state: &OperatorState) -> Vec<Warning<'_>> {
    let (now, log) = (state.at, &state.log);
    let waits_long =
        |since: Option<Instant>, seconds| since.filter(|since| now.since(*since).as_secs() > seconds);
    let mut all = Vec::new();
    if log.published_at.is_none() {
        all.push(What::NotPublished.plain());
    } else {
        all.extend(
            waits_long(log.unpublished_since, CHECKPOINT_SECONDS).map(|since| What::Checkpoint.at(since)),
        );
    }
    if log.witnesses.is_empty() || log.quorum == 0 {
        all.push(What::NoWitness.plain());
    }
    // Without a witness what is unpublished is all there is.
    let unwitnessed = log.unwitnessed_since.filter(|_| log.quorum > 0);
    all.extend(waits_long(unwitnessed, WITNESS_SECONDS).map(|since| What::Unwitnessed.at(since)));
    // A witness is asked as often as there is something new: it is late when the log went on without it.
    let late = log.witnesses.iter().filter(|witness| witness.cosigned_size < log.published_size);
    for witness in late {
        let last = witness.cosigned_at;
        if last.is_none_or(|last| now.since(last).as_secs() > WITNESS_SECONDS) {
            all.push(Warning { name: &witness.name, at: last, ..What::Witness.plain() });
        }
    }
    all
}

/// Whether nothing is heard of a partner of which something should be: one that has pointers, or cosigns the log. Its process asks for
/// signals all the time.
pub(crate) fn silence(state: &OperatorState, partner: &PartnerState, seconds: u64) -> Option<What> {
    let is_witness = state.log.witnesses.iter().any(|witness| witness.oin == partner.oin);
    if partner.suspended || !(is_witness || partner.lease_until.is_some()) {
        return None;
    }
    match last_heard(partner) {
        None => Some(What::NeverHeard),
        Some(at) => (state.at.since(at).as_secs() > seconds).then_some(What::Silent),
    }
}

fn last_heard(partner: &PartnerState) -> Option<Instant> {
    partner.certificate.as_ref().map(|seen| seen.seen_at)
}

fn of_partner(now: Instant, partner: &PartnerState) -> Vec<Warning<'_>> {
    let mut all = Vec::new();
    if let Some(seen) = &partner.certificate {
        let what = ending(now, seen.expires_at, CERTIFICATE_DAYS, What::CertificateOver, What::Certificate);
        all.extend(what.map(|what| what.at(seen.expires_at)));
    }
    if let Some(until) = partner.lease_until {
        let what = ending(now, until, LEASE_DAYS, What::LeaseOver, What::Lease);
        all.extend(what.map(|what| what.at(until)));
    }
    // Nine tenths.
    if partner.quota.iter().any(|quota| quota.limit > 0 && quota.used * 10 >= quota.limit * 9) {
        all.push(What::Quota.plain());
    }
    all.into_iter().map(|warning| Warning { name: &partner.name, ..warning }).collect()
}

fn ending(now: Instant, until: Instant, days: u64, over: What, soon: What) -> Option<What> {
    if until <= now { Some(over) } else { is_soon(now, until, days).then_some(soon) }
}

/// Whether something ends within so many days.
pub(crate) fn is_soon(now: Instant, until: Instant, days: u64) -> bool {
    until.since(now).as_secs() < days * 24 * 60 * 60
}

/// Certificates take people to renew.
pub(crate) const CERTIFICATE_DAYS: u64 = 30;
/// Leases are renewed by programs long before.
pub(crate) const LEASE_DAYS: u64 = 14;
/// Authorities publish lists often.
const LIST_DAYS: u64 = 2;
/// A checkpoint is signed within a second.
const CHECKPOINT_SECONDS: u64 = 60;
/// As long as the alarm of the log waits (`quorum_alarm_seconds`).
const WITNESS_SECONDS: u64 = 600;
const SIGNAL_SECONDS: u64 = 3_600;

#[cfg(test)]
mod tests {
    use kw_domain::Oin;
    use kw_protocol::operator::{
        LogState, QuotaState, SeenCertificate, SignalsState, TlsState, WitnessState,
    };

    use super::*;

    const DAY: i64 = 24 * 60 * 60 * 1000;
    const NOW: i64 = 1_000 * DAY;

    fn at(millis: i64) -> Instant {
        Instant::from_millis(NOW + millis)
    }

    fn oin() -> Oin {
        Oin::parse("00000099000000012000").unwrap()
    }

    fn sound() -> OperatorState {
        OperatorState {
            at: at(0),
            chain: "youth".to_owned(),
            generations: Vec::new(),
            log: LogState {
                published_at: Some(at(-DAY)),
                published_size: 10,
                unpublished_since: None,
                unwitnessed_since: None,
                quorum: 1,
                witnessed_at: Some(at(-DAY)),
                witnessed_size: 10,
                witnesses: vec![WitnessState {
                    cosigned_at: Some(at(-DAY)),
                    cosigned_size: 10,
                    name: "Getuige".to_owned(),
                    oin: oin(),
                }],
            },
            partners: vec![PartnerState {
                certificate: Some(SeenCertificate {
                    expires_at: at(31 * DAY),
                    seen_at: at(-1),
                    sha256: String::new(),
                }),
                kind: "school".to_owned(),
                lease_until: Some(at(20 * DAY)),
                name: "School".to_owned(),
                oin: oin(),
                pointers: 1,
                quota: vec![QuotaState { limit: 100, span: "day".to_owned(), used: 89 }],
                suspended: false,
            }],
            signals: SignalsState { dead_letters: 0, failing: 0, oldest_seconds: 3_600, subscriptions: 1 },
            subjects: 1,
            tls: TlsState { expires_at: at(31 * DAY), revocation_lists_until: Some(at(3 * DAY)) },
        }
    }

    #[test]
    fn a_chain_that_is_well_gives_no_warning_however_quiet_it_is() {
        assert_eq!(warnings(&sound(), None, 300), []);
    }

    #[test]
    fn each_thing_that_is_wrong_is_said_and_nothing_else() {
        type Spoil = fn(&mut OperatorState);
        let spoilt: [(Spoil, What); 21] = [
            (|state| state.partners[0].certificate = None, What::NeverHeard),
            (|state| state.partners[0].certificate.as_mut().unwrap().seen_at = at(-301_000), What::Silent),
            (|state| state.tls.expires_at = at(-1), What::OwnCertificateOver),
            (|state| state.tls.expires_at = at(29 * DAY), What::OwnCertificate),
            (|state| state.tls.revocation_lists_until = Some(at(0)), What::RevocationListsOver),
            (|state| state.tls.revocation_lists_until = Some(at(DAY)), What::RevocationLists),
            (|state| state.tls.revocation_lists_until = None, What::Revocation),
            (|state| state.log.published_at = None, What::NotPublished),
            (|state| state.log.unpublished_since = Some(at(-61_000)), What::Checkpoint),
            (|state| state.log.quorum = 0, What::NoWitness),
            (|state| state.log.witnesses.clear(), What::NoWitness),
            (|state| state.log.unwitnessed_since = Some(at(-601_000)), What::Unwitnessed),
            (|state| state.log.witnesses[0].cosigned_size = 9, What::Witness),
            (
                |state| state.partners[0].certificate.as_mut().unwrap().expires_at = at(0),
                What::CertificateOver,
            ),
            (
                |state| state.partners[0].certificate.as_mut().unwrap().expires_at = at(29 * DAY),
                What::Certificate,
            ),
            (|state| state.partners[0].lease_until = Some(at(-1)), What::LeaseOver),
            (|state| state.partners[0].lease_until = Some(at(DAY)), What::Lease),
            (|state| state.partners[0].quota[0].used = 90, What::Quota),
            (|state| state.signals.dead_letters = 1, What::DeadLetters),
            (|state| state.signals.failing = 1, What::FailingSubscriptions),
            (|state| state.signals.oldest_seconds = 3_601, What::SignalsWait),
        ];
        let told = |state: &OperatorState, next: Option<&NextAgreement>| -> Vec<What> {
            warnings(state, next, 300).iter().map(|warning| warning.what).collect()
        };
        for (spoil, what) in spoilt {
            let mut state = sound();
            spoil(&mut state);
            assert_eq!(told(&state, None), [what]);
        }
        let next = NextAgreement {
            approved_by: Vec::new(),
            changes: Vec::new(),
            hash: String::new(),
            missing: 2,
            version: "2027.1".to_owned(),
        };
        assert_eq!(told(&sound(), Some(&next)), [What::AgreementWaits]);
        let tried = |what: &&What| spoilt.iter().any(|(_, tried)| tried == *what);
        let untried: Vec<&What> = What::ALL.iter().filter(|what| !tried(what)).collect();
        assert_eq!(untried, [&What::AgreementWaits]);
    }

    #[test]
    fn what_was_just_written_waits_for_nobody_yet() {
        let mut state = sound();
        state.log.unpublished_since = Some(at(-500));
        state.log.unwitnessed_since = Some(at(-500));
        state.log.witnesses[0].cosigned_size = 9;
        state.log.witnesses[0].cosigned_at = Some(at(-1_000));
        assert_eq!(warnings(&state, None, 300), []);
    }

    #[test]
    fn who_only_asks_may_be_silent() {
        let mut state = sound();
        state.partners[0].certificate = None;
        state.partners[0].lease_until = None;
        assert_eq!(warnings(&state, None, 300).first().map(|one| one.what), Some(What::NeverHeard));
        state.log.witnesses[0].oin = Oin::parse("00000099000000013000").unwrap();
        assert_eq!(warnings(&state, None, 300), []);
    }

    #[test]
    fn a_suspended_partner_has_nothing_to_renew() {
        let mut state = sound();
        state.partners[0].lease_until = Some(at(-1));
        state.partners[0].suspended = true;
        assert_eq!(warnings(&state, None, 300), []);
    }
}
