//! What a pushed request may ask (RFC 9126 §2.1, RFC 6749 §4.1.1): read strictly, and compared with what the holder offers.

use std::collections::BTreeSet;

use kw_domain::{BirthDate, Oin};
use kw_protocol::authorisation::{OauthErrorCode, Scope};
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::pkce::Challenge;

/// A form whose names are each there once.
#[derive(Debug)]
pub struct Form(Vec<(String, Zeroizing<String>)>);

/// Why a form or what it asks is refused: for the client's developer, and without any value of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusedForm {
    /// The code.
    pub error: OauthErrorCode,
    /// What to do about it.
    pub description: &'static str,
}

impl RefusedForm {
    pub(crate) fn new(error: OauthErrorCode, description: &'static str) -> Self {
        Self { error, description }
    }
}

impl Form {
    /// Reads a form. A name that stands there twice is refused (RFC 6749 §3.1); names that are not known are ignored, as
    /// the RFC says.
    pub fn parse(body: &[u8]) -> Result<Self, RefusedForm> {
        let pairs: Vec<(String, Zeroizing<String>)> = form_urlencoded::parse(body)
            .map(|(name, value)| (name.into_owned(), Zeroizing::new(value.into_owned())))
            .collect();
        let names: BTreeSet<&str> = pairs.iter().map(|(name, _)| name.as_str()).collect();
        if names.len() < pairs.len() {
            let description = "Send each parameter once.";
            return Err(RefusedForm::new(OauthErrorCode::InvalidRequest, description));
        }
        Ok(Self(pairs))
    }

    /// A parameter that may be left out. An empty one is left out (RFC 6749 §3.1).
    pub fn optional(&self, name: &str) -> Option<&str> {
        let value = self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        value.filter(|value| !value.is_empty())
    }

    /// A parameter that must be there; `missing` says so.
    pub fn required(&self, name: &str, missing: &'static str) -> Result<&str, RefusedForm> {
        self.optional(name).ok_or(RefusedForm::new(OauthErrorCode::InvalidRequest, missing))
    }

    /// The client, which must be the party of the certificate.
    pub fn client(&self, party: Oin) -> Result<Oin, RefusedForm> {
        let given = self.required("client_id", "Send client_id: the OIN of your certificate.")?;
        if given == party.as_str() {
            return Ok(party);
        }
        let description = "client_id must be the OIN of the client certificate.";
        Err(RefusedForm::new(OauthErrorCode::InvalidClient, description))
    }
}

/// A request that is well formed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Where the browser goes back to.
    pub redirect_uri: String,
    /// What is asked.
    pub scope: Scope,
    /// The client's state.
    pub state: Zeroizing<String>,
    /// What the code verifier must meet.
    pub challenge: Challenge,
    /// Whom it is about was born then.
    pub birth_date: Option<BirthDate>,
}

impl Request {
    /// Reads a pushed request of a client that may send its people back to `redirects` and nowhere else.
    pub fn read(form: &Form, redirects: &[String]) -> Result<Self, RefusedForm> {
        use OauthErrorCode::{InvalidRequest, InvalidScope, UnsupportedResponseType};
        let refused = |error, description| Err(RefusedForm::new(error, description));
        if form.optional("request_uri").is_some() || form.optional("request").is_some() {
            return refused(
                InvalidRequest,
                "Push the parameters themselves, without request_uri or request.",
            );
        }
        if form.required("response_type", "Send response_type=code.")? != "code" {
            return refused(UnsupportedResponseType, "Send response_type=code.");
        }
        let redirect_uri = form.required("redirect_uri", "Send one of your redirect addresses.")?;
        // Compared as text and whole (RFC 9700 §2.1): a pattern is how codes are led astray.
        if !redirects.iter().any(|known| known == redirect_uri) {
            return refused(InvalidRequest, "The holder does not have this redirect_uri of you.");
        }
        let Ok(scope) = Scope::parse(form.required("scope", "Say in scope which categories you ask.")?)
        else {
            let description = "A scope is 1 to 16 categories and at most one of onbehalfof, onbehalfofchild; one space between.";
            return refused(InvalidScope, description);
        };
        let state = form.required("state", "Send a state of at least 128 random bits.")?;
        let visible = |byte: u8| byte.is_ascii_graphic();
        if !(22..=256).contains(&state.len()) || !state.bytes().all(visible) {
            return refused(
                InvalidRequest,
                "A state has 22 to 256 visible characters: 128 random bits or more.",
            );
        }
        if form.required("code_challenge_method", "Send code_challenge_method=S256.")? != "S256" {
            return refused(InvalidRequest, "Send code_challenge_method=S256.");
        }
        let Some(challenge) = Challenge::parse(form.required("code_challenge", "Send a code_challenge.")?)
        else {
            return refused(
                InvalidRequest,
                "A code_challenge is SHA-256 of the verifier, in unpadded base64url.",
            );
        };
        let birth_date = match form.optional("birth_date") {
            None => None,
            Some(text) => match digits(text) {
                Some(date) => Some(date),
                None => {
                    return refused(InvalidRequest, "A birth_date is YYYYMMDD, with 00 for what is unknown.");
                }
            },
        };
        if scope.representation.is_some() && birth_date.is_none() {
            return refused(InvalidRequest, "For somebody else, send that person's birth_date.");
        }
        let (redirect_uri, state) = (redirect_uri.to_owned(), Zeroizing::new(state.to_owned()));
        Ok(Self { redirect_uri, scope, state, challenge, birth_date })
    }
}

fn digits(text: &str) -> Option<BirthDate> {
    let is_date = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_date.then(|| BirthDate::parse(text).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BACK: &str = "https://pgo.example/back";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn oin() -> Oin {
        Oin::parse("00000099000000011000").unwrap()
    }

    fn form(change: &[(&str, Option<&str>)]) -> String {
        let mut pairs = vec![
            ("response_type", "code"),
            ("client_id", "00000099000000011000"),
            ("redirect_uri", BACK),
            ("scope", "youth-care-plan onbehalfofchild"),
            ("state", "af0ifjsldkjaf0ifjsldkj"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
            ("birth_date", "20150611"),
        ];
        for (name, value) in change {
            pairs.retain(|(known, _)| known != name);
            pairs.extend(value.map(|value| (*name, value)));
        }
        form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
    }

    fn read(change: &[(&str, Option<&str>)]) -> Result<Request, OauthErrorCode> {
        let form = Form::parse(form(change).as_bytes()).map_err(|refused| refused.error)?;
        form.client(oin()).map_err(|refused| refused.error)?;
        Request::read(&form, &[BACK.to_owned()]).map_err(|refused| refused.error)
    }

    #[test]
    fn a_request_as_it_should_be_is_read() {
        let request = read(&[]).unwrap();
        assert_eq!(request.redirect_uri, BACK);
        assert_eq!(request.scope.to_string(), "youth-care-plan onbehalfofchild");
        assert_eq!(request.birth_date, BirthDate::parse("20150611").ok());
        assert!(read(&[("unknown", Some("is ignored"))]).is_ok());
    }

    #[test]
    fn each_parameter_that_is_wrong_or_missing_has_its_code() {
        use OauthErrorCode::{InvalidClient, InvalidRequest, InvalidScope, UnsupportedResponseType};
        for (name, value, code) in [
            ("response_type", Some("token"), UnsupportedResponseType),
            ("response_type", None, InvalidRequest),
            ("client_id", Some("00000099000000012000"), InvalidClient),
            ("client_id", None, InvalidRequest),
            ("redirect_uri", Some("https://pgo.example/back/"), InvalidRequest),
            ("redirect_uri", Some("https://pgo.example/back?x=1"), InvalidRequest),
            ("redirect_uri", Some("https://PGO.example/back"), InvalidRequest),
            ("redirect_uri", None, InvalidRequest),
            ("scope", Some("onbehalfof"), InvalidScope),
            ("scope", Some("youth-care-plan onbehalfof onbehalfofchild"), InvalidScope),
            ("scope", None, InvalidRequest),
            ("state", Some("short"), InvalidRequest),
            ("state", Some("af0ifjsldkj af0ifjsldkj"), InvalidRequest),
            ("state", None, InvalidRequest),
            ("code_challenge_method", Some("plain"), InvalidRequest),
            ("code_challenge_method", None, InvalidRequest),
            ("code_challenge", Some("abc"), InvalidRequest),
            ("code_challenge", None, InvalidRequest),
            ("birth_date", Some("2015-06-11"), InvalidRequest),
            ("birth_date", Some("20150231"), InvalidRequest),
            ("birth_date", None, InvalidRequest),
            ("birth_date", Some(""), InvalidRequest),
            ("request_uri", Some("urn:x"), InvalidRequest),
        ] {
            assert_eq!(read(&[(name, value)]), Err(code), "{name} {value:?}");
        }
    }

    #[test]
    fn for_oneself_a_birth_date_may_be_left_out() {
        assert!(read(&[("scope", Some("youth-care-plan")), ("birth_date", None)]).is_ok());
    }

    #[test]
    fn a_parameter_that_stands_there_twice_is_refused() {
        let twice = format!("{}&state=af0ifjsldkjaf0ifjsldkj", form(&[]));
        assert_eq!(Form::parse(twice.as_bytes()).unwrap_err().error, OauthErrorCode::InvalidRequest);
    }

    proptest! {
        #[test]
        fn no_body_makes_reading_panic(body in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(form) = Form::parse(&body) {
                let _ = Request::read(&form, &[BACK.to_owned()]);
            }
        }
    }
}
