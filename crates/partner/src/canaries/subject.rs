//! A subject that nobody is, and what is kept of it under seal.

use kw_adapter::{LocalId, Vault};
use kw_domain::{BirthDate, CanaryId, DatePrecision, Instant, Subject};
use kw_runtime::Entropy;
use kw_store::partner::StoredCanary;

use super::CanaryError;

/// By which a subject is seen to be a canary, by those who know it. The index sees a pseudonym like any other.
pub(super) const NAMESPACE: &str = "case:canary:";

/// A new subject.
pub(super) fn fresh(entropy: &Entropy) -> Option<Subject> {
    let drawn: [u8; 16] = entropy.draw();
    Subject::parse(&format!("{NAMESPACE}{:032x}", u128::from_be_bytes(drawn))).ok()
}

/// What a partner exported, if it is a canary: a number of a person is none.
pub(super) fn parse(text: &str) -> Option<Subject> {
    let id = text.strip_prefix(NAMESPACE)?;
    let plain = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    plain.then(|| Subject::parse(text).ok()).flatten()
}

/// A birth date that does not reach the category's age limit while the canary lives: registrations of people have one.
pub(super) fn birth_date(entropy: &Entropy, limit: Option<u32>, now: Instant) -> Option<BirthDate> {
    let [year, month, day] = entropy.draw::<3>();
    let this_year: u16 = now.to_string().get(..4)?.parse().ok()?;
    let youngest_limit = u16::try_from(limit.unwrap_or(80)).unwrap_or(80);
    let span = youngest_limit.saturating_sub(12).max(1);
    let age = 1 + u16::from(year) % span;
    BirthDate::new(this_year.checked_sub(age)?, u16::from(month % 12) + 1, u16::from(day % 28) + 1).ok()
}

/// The key of its record: as long as those of ready-made sources, and of no row.
pub(super) fn record(canary: &StoredCanary) -> Option<LocalId> {
    LocalId::new(format!("~canary~{}", canary.id)).ok()
}

pub(super) fn seal(vault: &Vault, id: CanaryId, subject: &Subject, born: Option<BirthDate>) -> Vec<u8> {
    let mut plain = subject.canonical();
    plain.push(b'\n');
    plain.extend_from_slice(born.map(written).unwrap_or_default().as_bytes());
    vault.seal_canary(id, &plain)
}

pub(super) fn open(
    vault: &Vault,
    canary: &StoredCanary,
) -> Result<(Subject, Option<BirthDate>), CanaryError> {
    let plain = vault.open_canary(canary.id, &canary.sealed).map_err(|_| CanaryError::Sealed)?;
    let text = std::str::from_utf8(&plain).map_err(|_| CanaryError::Sealed)?;
    let (subject, born) = text.split_once('\n').ok_or(CanaryError::Sealed)?;
    let subject = Subject::parse(subject).map_err(|_| CanaryError::Sealed)?;
    Ok((subject, BirthDate::parse(born).ok()))
}

fn written(date: BirthDate) -> String {
    date.digits_at(DatePrecision::Day).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use kw_pseudonym::RowKey;

    use super::*;

    #[test]
    fn a_canary_is_nobody_and_a_number_is_no_canary() {
        let entropy = Entropy::seeded(3);
        let one = fresh(&entropy).unwrap();
        assert_ne!(Some(one.clone()), fresh(&entropy));
        let text = String::from_utf8(one.canonical().to_vec()).unwrap();
        assert_eq!(parse(&text), Some(one));
        for wrong in ["nl.bsn:999990342", "case:zaken:Z-1", "case:canary:999990342", "case:canary:"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_birth_date_stays_under_the_age_limit() {
        let (entropy, now) = (Entropy::seeded(5), Instant::parse("2026-11-22T10:00:00Z").unwrap());
        for limit in [Some(18), Some(23), None] {
            for _ in 0..200 {
                let date = birth_date(&entropy, limit, now).unwrap();
                let reached = limit.and_then(|limit| date.reaches_age(limit));
                assert!(reached.is_none_or(|day| Instant::from_date(day) > now), "{limit:?}");
            }
        }
    }

    #[test]
    fn what_is_sealed_for_one_canary_opens_for_that_one() {
        let vault = Vault::new(RowKey::from_bytes(&[7; 32]), Entropy::seeded(1));
        let now = Instant::parse("2026-11-22T10:00:00Z").unwrap();
        let ids: Vec<CanaryId> = (0..2).map(|_| vault.entropy().id(now)).collect();
        let subject = fresh(vault.entropy()).unwrap();
        let born = BirthDate::parse("2012-05-03").ok();
        let sealed = seal(&vault, ids[0], &subject, born);
        let opened = vault.open_canary(ids[0], &sealed).unwrap();
        assert!(opened.ends_with(b"\n20120503"));
        assert!(vault.open_canary(ids[1], &sealed).is_err());
    }
}
