//! A person's question, checked at the edge.

use std::fmt;

use kw_domain::{BirthDate, Bsn, CaseReference, Instant, Subject};
use kw_protocol::access_report::{AccessReportRequest, ReportLanguage};
use kw_protocol::problem::FieldProblem;
use kw_protocol::query::Actor;

/// One person's question, asked for them by a member of staff.
#[derive(Clone)]
pub struct ReportQuestion {
    /// Who it is.
    pub subject: Subject,
    /// Their birth date; proven to each holder when given.
    pub birth_date: Option<BirthDate>,
    /// The member of staff who identified them.
    pub actor: Actor,
    /// Their request.
    pub case: CaseReference,
    /// In which language the report speaks.
    pub language: ReportLanguage,
    /// Only what happened from then on.
    pub from: Option<Instant>,
    /// Only what happened before then.
    pub until: Option<Instant>,
}

impl ReportQuestion {
    /// Checks what the local API received. All mistakes are named at once, none with a value.
    pub fn parse(request: &AccessReportRequest) -> Result<Self, Vec<FieldProblem>> {
        let mut mistakes = Vec::new();
        let mut note = |pointer: &str, detail: String| {
            mistakes.push(FieldProblem { pointer: pointer.to_owned(), detail });
        };
        let subject =
            Subject::parse(&request.subject).map_err(|error| note("/subject", error.to_string())).ok();
        let birth_date = match request.birth_date.as_deref().map(BirthDate::parse) {
            None => None,
            Some(Ok(date)) => Some(date),
            Some(Err(error)) => {
                note("/birthDate", error.to_string());
                None
            }
        };
        // These leave the partner as they are. The switchboard refuses them too, but then it has seen the number.
        for (pointer, text) in [("/case", request.case.as_str()), ("/actor/id", request.actor.id.as_str())] {
            if Bsn::occurs_in(text) {
                note(
                    pointer,
                    "this seems to hold a BSN, which must not leave the partner: leave it out, or put a letter right \
                     before a number that is none"
                        .to_owned(),
                );
            }
        }
        if request.from.zip(request.until).is_some_and(|(from, until)| from >= until) {
            note("/until", "expected a moment after the beginning of the period".to_owned());
        }
        match subject {
            Some(subject) if mistakes.is_empty() => Ok(Self {
                subject,
                birth_date,
                actor: request.actor.clone(),
                case: request.case.clone(),
                language: request.language,
                from: request.from,
                until: request.until,
            }),
            _ => Err(mistakes),
        }
    }
}

impl fmt::Debug for ReportQuestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReportQuestion").field("subject", &self.subject.scheme()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(subject: &str, case: &str, until: Option<&str>) -> AccessReportRequest {
        let json = serde_json::json!({
            "subject": subject, "birthDate": "1984-05-03", "case": case, "until": until,
            "from": "2026-11-21T10:00:00Z", "actor": {"id": "j.jansen", "role": "worker"},
        });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn all_mistakes_are_named_at_once_without_their_values() {
        let wrong = request("nl.bsn:999940003", "about-999990342", Some("2026-11-21T10:00:00Z"));
        let mistakes = ReportQuestion::parse(&wrong).unwrap_err();
        let pointers: Vec<_> = mistakes.iter().map(|mistake| mistake.pointer.as_str()).collect();
        assert_eq!(pointers, ["/subject", "/case", "/until"]);
        let text = format!("{mistakes:?}");
        assert!(!text.contains("999940003") && !text.contains("999990342"), "{text}");
    }

    #[test]
    fn dutch_is_spoken_unless_it_is_said_otherwise_and_debug_shows_nobody() {
        let question = ReportQuestion::parse(&request("nl.bsn:999990342", "I-1", None)).unwrap();
        assert_eq!(question.language, ReportLanguage::Nl);
        let text = format!("{question:?}");
        assert!(!text.contains("42") && !text.contains("1984"), "{text}");
    }
}
