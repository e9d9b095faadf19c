//! The other services: whether they answer, as whom, and what time they have.

use std::time::{Duration, SystemTime};

use kw_domain::{Instant, Oin};
use kw_transport::ClientOptions;

use super::findings::Findings;
use super::{Patient, Role};

/// Somebody who should answer.
struct Other {
    name: String,
    oin: Oin,
    endpoint: String,
    /// Whether nothing works without it.
    needed: bool,
}

/// Whoever answers at all has proven to be whom the agreement names: the client accepts no other certificate.
pub(super) async fn examine(patient: &Patient, findings: &mut Findings) {
    let mut asking = tokio::task::JoinSet::new();
    for other in others(patient) {
        let client = patient.tls.client(other.oin, WAITS);
        asking.spawn(async move {
            // There is nothing at this address: the answer is a 404, and says that we were let in.
            let answer = client.get(format!("{}/v1/", other.endpoint)).send().await;
            (other, answer)
        });
    }
    let mut answers = asking.join_all().await;
    answers.sort_by_key(|(other, _)| (!other.needed, other.oin));
    for (other, answer) in answers {
        match answer {
            Ok(answer) => reached(&other, &answer, findings),
            Err(_) if other.needed => findings.wrong(
                "others",
                format!("{} does not answer at {}, or not as {}", other.name, other.endpoint, other.oin),
                "check network and firewall; if it runs, both certificates and the agreement's OIN",
            ),
            Err(_) => findings.doubtful(
                "others",
                format!("{} does not answer at {}, or not as {}", other.name, other.endpoint, other.oin),
                "dossiers show it as unavailable; ask its coordinator",
            ),
        }
    }
}

fn reached(other: &Other, answer: &reqwest::Response, findings: &mut Findings) {
    if matches!(answer.status().as_u16(), 401 | 403) {
        findings.wrong(
            "others",
            format!("{} refuses us", other.name),
            "compare the agreement's hash on both sides, and look whether we are suspended",
        );
        return;
    }
    findings.good("others", format!("{} answers as {}", other.name, other.oin));
    let told = answer.headers().get("date").and_then(|date| date.to_str().ok()).and_then(http_date);
    if let Some(theirs) = told {
        let ours = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let offset = theirs.abs_diff(ours);
        if offset > MOST_OFFSET {
            findings.doubtful(
                "clock",
                format!("{offset} s apart from {}", other.name),
                "synchronise both clocks: grants have 30 s leeway",
            );
        }
    }
}

fn others(patient: &Patient) -> Vec<Other> {
    let agreement = &patient.agreement;
    let partners =
        agreement.partners().filter(|partner| partner.oin != patient.tls.oin() && !partner.suspended);
    let partners = partners.map(|partner| Other {
        name: partner.name.clone(),
        oin: partner.oin,
        endpoint: partner.endpoint.clone(),
        needed: false,
    });
    let central =
        [("the switchboard", agreement.switchboard()), ("the pseudonymiser", agreement.pseudonymiser())];
    let central = central.map(|(name, party)| Other {
        name: name.to_owned(),
        oin: party.oin,
        endpoint: party.endpoint.clone(),
        needed: true,
    });
    match patient.role {
        Role::Partner => central.into_iter().chain(partners).collect(),
        // It refuses the switchboard, and has nobody to ask.
        Role::Switchboard | Role::Pseudonymiser => Vec::new(),
    }
}

/// Seconds since 1970 of an HTTP date (RFC 9110 §5.6.7, IMF-fixdate).
fn http_date(text: &str) -> Option<u64> {
    let mut parts = text.split_whitespace().skip(1);
    let (day, month, year, time) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    let moment = Instant::parse(&format!("{year}-{month:02}-{day}T{time}Z")).ok()?;
    u64::try_from(moment.as_seconds()).ok()
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// Seconds.
const MOST_OFFSET: u64 = 5;
const WAITS: ClientOptions =
    ClientOptions { timeout: Duration::from_secs(5), connect_timeout: Duration::from_secs(3) };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_of_an_answer_is_read() {
        assert_eq!(http_date("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        assert_eq!(http_date("yesterday"), None);
    }
}
