//! A question, checked at the edge.

use std::fmt;

use kw_domain::{BirthDate, CaseReference, Category, Oin, Purpose, Subject};
use kw_protocol::dossier::DossierRequest;
use kw_protocol::problem::FieldProblem;
use kw_protocol::query::{Actor, Relation};

/// One question about one subject.
#[derive(Clone)]
pub struct DossierQuery {
    /// Whom it is about.
    pub subject: Subject,
    /// The birth date as the asker knows it; proven to each holder.
    pub birth_date: Option<BirthDate>,
    /// Why.
    pub purpose: Purpose,
    /// Who asks.
    pub actor: Actor,
    /// For which case.
    pub case: CaseReference,
    /// Which kinds of data; empty for all that are allowed.
    pub categories: Vec<Category>,
    /// Only these holders; empty for all.
    pub holders: Vec<Oin>,
    /// On what ground.
    pub relation: Relation,
}

impl DossierQuery {
    /// Checks what the local API received. All mistakes are named at once, none with a value.
    pub fn parse(request: &DossierRequest) -> Result<Self, Vec<FieldProblem>> {
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
        match subject {
            Some(subject) if mistakes.is_empty() => Ok(Self {
                subject,
                birth_date,
                purpose: request.purpose.clone(),
                actor: request.actor.clone(),
                case: request.case.clone(),
                categories: request.categories.clone(),
                holders: request.holders.clone(),
                relation: request.relation.clone(),
            }),
            _ => Err(mistakes),
        }
    }
}

impl fmt::Debug for DossierQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DossierQuery")
            .field("subject", &self.subject.scheme())
            .field("purpose", &self.purpose)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(subject: &str, birth_date: Option<&str>) -> DossierRequest {
        let json = serde_json::json!({
            "subject": subject, "birthDate": birth_date, "purpose": "care", "case": "Z-1",
            "actor": {"id": "j.jansen", "role": "worker"}, "relation": {"basis": "listed"},
        });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn all_mistakes_are_named_at_once_without_their_values() {
        let mistakes = DossierQuery::parse(&request("nl.bsn:999940003", Some("31-02-1984"))).unwrap_err();
        let pointers: Vec<_> = mistakes.iter().map(|mistake| mistake.pointer.as_str()).collect();
        assert_eq!(pointers, ["/subject", "/birthDate"]);
        let text = format!("{mistakes:?}");
        assert!(!text.contains("999940003") && !text.contains("1984"), "{text}");
    }

    #[test]
    fn debug_shows_neither_subject_nor_birth_date() {
        let query = DossierQuery::parse(&request("nl.bsn:999990342", Some("1984-05-03"))).unwrap();
        let text = format!("{query:?}");
        assert!(!text.contains("42") && !text.contains("1984"), "{text}");
    }
}
