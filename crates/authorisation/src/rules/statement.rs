//! Does the provider's statement answer what was asked? (MedMij autorisatie.202 and .204, authint.201)

use kw_agreement::RepresentationRules;
use kw_domain::{MandateId, Subject};
use kw_protocol::authorisation::{FailureCode, RepresentationScope};
use kw_protocol::mandate::MandateKind;

/// What the provider said of the person who signed in, checked for who said it and to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Who signed in.
    pub acting: Person,
    /// For whom that person acts; `None` for themselves.
    pub legal: Option<Person>,
    /// Under which mandate.
    pub representation: Option<StatedMandate>,
    /// How sure the provider is (`acr`), a URI.
    pub assurance: String,
}

/// A person in a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub subject: Subject,
    /// The first name, if the provider tells one.
    pub name: Option<String>,
}

/// The mandate that a statement rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatedMandate {
    /// In the chain's register.
    pub mandate: MandateId,
    /// Its kind.
    pub kind: MandateKind,
}

/// Whom it is about, when the statement answers what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered<'a> {
    /// Themselves.
    Own,
    /// Somebody else, under a mandate.
    Represented {
        /// For whom.
        legal: &'a Person,
        /// Under which mandate.
        mandate: &'a StatedMandate,
    },
}

impl Statement {
    /// Whether representation was used exactly when it was asked for, of the kind that was asked, and by somebody of whom
    /// the provider is sure enough.
    pub fn answers(
        &self,
        asked: Option<RepresentationScope>,
        rules: &RepresentationRules,
    ) -> Result<Answered<'_>, FailureCode> {
        let levels = rules.provider.as_ref().map(|provider| provider.assurance_levels.as_slice());
        // Every level that the agreement names is strong enough; one that it does not name is not known to be.
        if !levels.is_some_and(|levels| levels.contains(&self.assurance)) {
            return Err(FailureCode::AssuranceTooLow);
        }
        let other = self.legal.as_ref().filter(|legal| legal.subject != self.acting.subject);
        match (asked, other, &self.representation) {
            (None, None, None) => Ok(Answered::Own),
            (None, ..) => Err(FailureCode::RepresentationUnasked),
            // A statement about oneself is no representation, whatever it calls itself.
            (Some(_), None, _) => Err(FailureCode::RepresentationMissing),
            (Some(asked), Some(legal), Some(mandate)) if mandate.kind == asked.mandate_kind() => {
                Ok(Answered::Represented { legal, mandate })
            }
            (Some(_), Some(_), _) => Err(FailureCode::MandateRefused),
        }
    }
}

#[cfg(test)]
mod tests {
    use kw_agreement::StatementProvider;
    use kw_domain::Oin;

    use super::*;

    const STRONG: &str = "https://loa.example/substantial";

    fn rules() -> RepresentationRules {
        let provider = StatementProvider {
            oin: Oin::parse("00000099000000019000").unwrap(),
            issuer: "https://provider.example".to_owned(),
            assurance_levels: vec![STRONG.to_owned(), "https://loa.example/high".to_owned()],
        };
        RepresentationRules { provider: Some(provider), ..RepresentationRules::default() }
    }

    fn person(number: &str) -> Person {
        Person { subject: Subject::parse(&format!("nl.bsn:{number}")).unwrap(), name: None }
    }

    fn mandate(kind: &str) -> StatedMandate {
        StatedMandate { mandate: MandateId::from_bytes([7; 16]), kind: MandateKind::parse(kind).unwrap() }
    }

    fn statement(legal: Option<&str>, kind: Option<&str>) -> Statement {
        Statement {
            acting: person("999990342"),
            legal: legal.map(person),
            representation: kind.map(mandate),
            assurance: STRONG.to_owned(),
        }
    }

    #[test]
    fn representation_is_used_exactly_when_it_was_asked() {
        use FailureCode::{MandateRefused, RepresentationMissing, RepresentationUnasked};
        use RepresentationScope::{Onbehalfof, Onbehalfofchild};
        let (me, other) = (Some("999990342"), Some("999994086"));
        for (asked, legal, kind, expected) in [
            (None, None, None, None),
            (None, me, None, None),
            (None, other, Some("voluntary"), Some(RepresentationUnasked)),
            (None, other, None, Some(RepresentationUnasked)),
            (None, None, Some("voluntary"), Some(RepresentationUnasked)),
            (Some(Onbehalfof), None, None, Some(RepresentationMissing)),
            (Some(Onbehalfof), me, Some("voluntary"), Some(RepresentationMissing)),
            (Some(Onbehalfof), other, None, Some(MandateRefused)),
            (Some(Onbehalfof), other, Some("parental-authority"), Some(MandateRefused)),
            (Some(Onbehalfof), other, Some("voluntary"), None),
            (Some(Onbehalfofchild), other, Some("parental-authority"), None),
            (Some(Onbehalfofchild), other, Some("voluntary"), Some(MandateRefused)),
        ] {
            let statement = statement(legal, kind);
            let answer = statement.answers(asked, &rules());
            assert_eq!(answer.err(), expected, "{asked:?} {legal:?} {kind:?}");
            if let (Some(_), Ok(Answered::Own)) = (asked, answer) {
                panic!("asked for somebody else and got the person themselves");
            }
        }
    }

    #[test]
    fn a_level_that_the_agreement_does_not_name_is_not_enough() {
        let weak = Statement { assurance: "https://loa.example/low".to_owned(), ..statement(None, None) };
        assert_eq!(weak.answers(None, &rules()), Err(FailureCode::AssuranceTooLow));
        let strong = statement(None, None);
        assert_eq!(strong.answers(None, &rules()), Ok(Answered::Own));
        assert!(strong.answers(None, &RepresentationRules::default()).is_err(), "no provider, no level");
    }
}
