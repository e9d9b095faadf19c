//! Certificate, trust anchors and revocation lists.

use std::time::Duration;

use kw_domain::{Clock as _, Instant, SystemClock};
use kw_transport::{Tls, TlsFiles};

use super::findings::Findings;

/// Reads and judges them as a start does, and looks ahead.
pub(super) fn examine(files: &TlsFiles, findings: &mut Findings) -> Option<Tls> {
    let tls = match Tls::load(files) {
        Ok(tls) => tls,
        Err(error) => {
            findings.wrong("certificate", error.to_string(), "correct the files that [tls] names");
            return None;
        }
    };
    let now = SystemClock.now();
    match tls.check_own_certificate() {
        Err(error) => findings.wrong(
            "certificate",
            format!("others will refuse it: {error}"),
            "have a new one issued by the authority of the chain",
        ),
        Ok(()) if tls.not_after() < now.plus(SOON) => findings.doubtful(
            "certificate",
            format!("expires in {} days", days(now, tls.not_after())),
            "have the next one issued now",
        ),
        Ok(()) => findings.good("certificate", format!("good for {} days", days(now, tls.not_after()))),
    }
    match tls.revocation_lists_until() {
        None => findings.doubtful(
            "revocation",
            "is not checked: revoked parties are let in",
            "name revocation_lists, and remove without_revocation",
        ),
        Some(until) if until < now => findings.wrong(
            "revocation",
            "a list has expired: nobody under that authority is let in",
            "fetch the new list, and see that the timer that fetches it runs",
        ),
        Some(until) if until < now.plus(LISTS_SOON) => findings.doubtful(
            "revocation",
            format!("a list expires in {} hours", until.since(now).as_secs() / 3600),
            "see that the timer that fetches it runs",
        ),
        Some(until) => findings.good("revocation", format!("lists are good for {} days", days(now, until))),
    }
    Some(tls)
}

fn days(now: Instant, until: Instant) -> u64 {
    until.since(now).as_secs() / (24 * 3600)
}

/// An authority takes days to issue the next one.
const SOON: Duration = Duration::from_hours(24 * 30);
const LISTS_SOON: Duration = Duration::from_hours(24);
