//! Terms and lengths of time of the agreement: no text makes parsing panic, no term leaves the calendar.
#![no_main]

use kw_agreement::{Term, parse_duration};
use kw_domain::Instant;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (i64, &str)| {
    let (start, text) = input;
    let start = Instant::from_millis(start);
    if let Ok(term) = Term::parse(text) {
        let _ = term.after(start);
        let usual = Instant::parse("2028-02-29T12:00:00Z").expect("a leap day");
        assert!(term.after(usual) >= usual, "a term that ends before it begins");
    }
    if let Ok(length) = parse_duration(text) {
        assert!(start.plus(length) >= start);
    }
});
