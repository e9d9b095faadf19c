//! What the pages say.

use std::collections::BTreeSet;
use std::path::Path;

use kw_protocol::dossier::SectionStatus;
use kw_protocol::problem::ProblemCode;

#[test]
fn every_page_says_everything_in_both_languages() {
    let own = (include_str!("../../locales/nl.ftl"), include_str!("../../locales/en.ftl"));
    let mistakes = kw_web::testing::mistakes(Path::new(env!("CARGO_MANIFEST_DIR")), own);
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
}

#[test]
fn whatever_a_holder_answers_or_refuses_is_said_in_words() {
    let messages = include_str!("../../locales/nl.ftl");
    let is_said = |key: &str| messages.lines().any(|line| line.starts_with(&format!("{key} =")));
    // Written out in the code of the adapter, which tells them to nobody but its log.
    let code = [
        include_str!("../../../adapter/src/pulls/refusal.rs"),
        include_str!("../../../adapter/src/statements/refusal.rs"),
        include_str!("../../../adapter/src/feedback/refusal.rs"),
        include_str!("../../../adapter/src/grants/error.rs"),
        include_str!("../../../identity/src/actor.rs"),
        include_str!("../../../identity/src/error.rs"),
    ];
    let reasons = code.iter().flat_map(|code| code.lines()).filter_map(|line| {
        line.split_once(" => \"")?
            .1
            .strip_suffix("\",")
            .filter(|reason| !reason.is_empty() && !reason.contains(' '))
    });
    let refused = [
        ProblemCode::BirthDateMismatch,
        ProblemCode::BirthDateRequired,
        ProblemCode::BirthDateUnknown,
        ProblemCode::DocumentMalformed,
        ProblemCode::GrantReused,
        ProblemCode::RepresentationAge,
        ProblemCode::SourceUnavailable,
        ProblemCode::SubjectMismatch,
        ProblemCode::Unavailable,
    ];
    let reasons: BTreeSet<_> = reasons.chain(refused.map(ProblemCode::code)).collect();
    assert!(reasons.len() > 40, "{reasons:?}");
    for reason in reasons {
        let mut kinds = reason.match_indices('-').map(|(at, _)| &reason[..at]).chain([reason]);
        assert!(kinds.any(|kind| is_said(&format!("denial-{kind}"))), "{reason}");
    }
    for status in [
        SectionStatus::BirthDateMismatch,
        SectionStatus::BirthDateUnknown,
        SectionStatus::Delivered,
        SectionStatus::Malformed,
        SectionStatus::Nothing,
        SectionStatus::Refused,
        SectionStatus::SubjectMismatch,
        SectionStatus::TimedOut,
        SectionStatus::Unavailable,
    ] {
        assert!(is_said(&format!("delivery-{}", status.code())), "{}", status.code());
    }
}
