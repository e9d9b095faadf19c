//! A question, checked at the edge.

use std::fmt;

use kw_domain::{BirthDate, Bsn, CaseReference, Category, MandateId, Oin, Purpose, Subject};
use kw_protocol::dossier::DossierRequest;
use kw_protocol::mandate::MandateAct;
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
    /// Who acts for the subject, when somebody does.
    pub representation: Option<Representation>,
}

/// Who acts for a subject.
#[derive(Clone)]
pub struct Representation {
    /// Who.
    pub representative: Subject,
    /// What they want to do.
    pub act: MandateAct,
    /// Under which mandate; any that counts between the two when it is not said.
    pub mandate: Option<MandateId>,
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
        // These leave the partner as they are. The switchboard refuses them too, but then it has seen the number.
        let texts = [
            ("/case", Some(request.case.as_str())),
            ("/actor/id", Some(request.actor.id.as_str())),
            ("/relation/reason", request.relation.reason.as_deref()),
        ];
        for (pointer, text) in texts {
            if text.is_some_and(Bsn::occurs_in) {
                note(
                    pointer,
                    "this seems to hold a BSN, which must not leave the partner: leave it out, or put a letter right \
                     before a number that is none"
                        .to_owned(),
                );
            }
        }
        let representation = request.representation.as_ref().and_then(|asked| {
            if request.birth_date.is_none() {
                note("/birthDate", "expected the birth date of the person who is represented".to_owned());
            }
            let representative = Subject::parse(&asked.representative)
                .map_err(|error| note("/representation/representative", error.to_string()))
                .ok()?;
            if subject.as_ref() == Some(&representative) {
                note("/representation/representative", "expected another person than the subject".to_owned());
            }
            Some(Representation { representative, act: asked.act, mandate: asked.mandate })
        });
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
                representation,
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
    fn a_bsn_in_a_text_is_refused_before_it_leaves_the_partner() {
        for pointer in ["/case", "/actor/id", "/relation/reason"] {
            let mut json = serde_json::json!({
                "subject": "nl.bsn:999990342", "purpose": "care", "case": "Z-1",
                "actor": {"id": "j.jansen", "role": "worker"}, "relation": {"basis": "listed", "reason": "known"},
            });
            assert!(DossierQuery::parse(&serde_json::from_value(json.clone()).unwrap()).is_ok());
            *json.pointer_mut(pointer).unwrap() = "about-999990342".into();
            let mistakes = DossierQuery::parse(&serde_json::from_value(json).unwrap()).unwrap_err();
            assert_eq!((mistakes.len(), mistakes[0].pointer.as_str()), (1, pointer));
            assert!(!mistakes[0].detail.contains("999990342"));
        }
    }

    #[test]
    fn whoever_represents_somebody_says_whom_and_when_they_were_born() {
        let parse = |birth_date, representative: &str| {
            let mut request = request("nl.bsn:999990342", birth_date);
            request.representation = Some(kw_protocol::dossier::RepresentationRequest {
                representative: representative.to_owned(),
                act: MandateAct::View,
                mandate: None,
            });
            let parsed = DossierQuery::parse(&request);
            parsed
                .map(|query| query.representation.is_some())
                .map_err(|mistakes| mistakes.into_iter().map(|mistake| mistake.pointer).collect::<Vec<_>>())
        };
        let who = "/representation/representative".to_owned();
        assert_eq!(parse(Some("2014-05-03"), "nl.bsn:999994086"), Ok(true));
        assert_eq!(parse(None, "nl.bsn:999994086"), Err(vec!["/birthDate".to_owned()]));
        assert_eq!(parse(Some("2014-05-03"), "nl.bsn:999990342"), Err(vec![who.clone()]));
        assert_eq!(parse(Some("2014-05-03"), "999994086x"), Err(vec![who]));
    }

    #[test]
    fn debug_shows_neither_subject_nor_birth_date() {
        let query = DossierQuery::parse(&request("nl.bsn:999990342", Some("1984-05-03"))).unwrap();
        let text = format!("{query:?}");
        assert!(!text.contains("42") && !text.contains("1984"), "{text}");
    }
}
