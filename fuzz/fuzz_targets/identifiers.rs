//! Every identifier and word of `kw-domain`: no text makes parsing panic, and what is parsed reads back as itself.
#![no_main]

use std::fmt::Debug;
use std::time::Duration;

use kw_domain::{
    ActorId, BatchId, BirthDate, Bsn, CaseReference, Category, ChainName, DatePrecision, GrantId, Handle,
    Instant, KeyUse, Oin, PointerId, Purpose, QueryId, Role, SourceName, Subject, SubjectId,
    SubjectReference, TransactionId,
};
use libfuzzer_sys::fuzz_target;

/// `parse` accepts what the value itself writes, and finds the same value there.
fn reads_back<T: PartialEq + Debug, E: Debug>(
    text: &str,
    parse: impl Fn(&str) -> Result<T, E>,
    write: impl Fn(&T) -> String,
) {
    if let Ok(value) = parse(text) {
        assert_eq!(parse(&write(&value)).expect("own form is accepted"), value);
    }
}

/// Error texts and `Debug` forms of what identifies people never show the digits.
fn stays_hidden(digits: &str, shown: &str) {
    assert!(!shown.contains(digits), "a value shows itself");
}

fuzz_target!(|text: &str| {
    reads_back(text, Bsn::parse, |bsn| bsn.expose().to_owned());
    reads_back(text, Subject::parse, |subject| {
        String::from_utf8(subject.canonical().to_vec()).expect("a canonical form is ASCII")
    });
    reads_back(text, Oin::parse, ToString::to_string);
    reads_back(text, Handle::parse, ToString::to_string);
    reads_back(text, Instant::parse, ToString::to_string);
    reads_back(text, str::parse::<KeyUse>, ToString::to_string);
    reads_back(text, BatchId::parse, ToString::to_string);
    reads_back(text, GrantId::parse, ToString::to_string);
    reads_back(text, PointerId::parse, ToString::to_string);
    reads_back(text, QueryId::parse, ToString::to_string);
    reads_back(text, SubjectId::parse, ToString::to_string);
    reads_back(text, SubjectReference::parse, ToString::to_string);
    reads_back(text, TransactionId::parse, ToString::to_string);
    reads_back(text, ActorId::parse, ToString::to_string);
    reads_back(text, CaseReference::parse, ToString::to_string);
    reads_back(text, Category::parse, ToString::to_string);
    reads_back(text, ChainName::parse, ToString::to_string);
    reads_back(text, Purpose::parse, ToString::to_string);
    reads_back(text, Role::parse, ToString::to_string);
    reads_back(text, SourceName::parse, ToString::to_string);

    if let Ok(bsn) = Bsn::parse(text) {
        stays_hidden(bsn.expose(), &format!("{bsn:?} {bsn} {:?}", Subject::from(bsn.clone())));
    }
    if let Ok(date) = BirthDate::parse(text) {
        let digits = date.digits_at(date.precision()).expect("a date has its own precision");
        assert_eq!(BirthDate::parse(&pad(&digits)), Ok(date));
        for precision in [DatePrecision::Year, DatePrecision::Month, DatePrecision::Day] {
            assert_eq!(date.digits_at(precision).is_some(), precision <= date.precision());
        }
        stays_hidden(&digits, &format!("{date:?}"));
        let _ = (date.latest_day(), date.reaches_age(23), date.reaches_age(u32::MAX));
    }
    if let Ok(instant) = Instant::parse(text) {
        assert!(instant.start_of_month() <= instant);
        assert!(instant.minus(Duration::MAX) <= instant && instant <= instant.plus(Duration::MAX));
    }
});

/// The eight digits of a date, the unknown ones zero.
fn pad(digits: &str) -> String {
    format!("{digits:0<8}")
}
