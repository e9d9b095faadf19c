//! The person is asked, and says yes or no.

use kw_agreement::{Agreement, Language};
use kw_domain::{AuthorisationId, Category};
use kw_ledger::Event;
use kw_protocol::authorisation::{
    Acting, ConsentQuestion, ConsentVerdict, ConsentView, Decided, EndedAuthorisation, FailureCode,
    NamedCategory, NamedParty, OauthErrorCode, Represented,
};
use kw_protocol::problem::ProblemCode;
use kw_runtime::{Refusal, Trace};
use subtle::ConstantTimeEq as _;

use super::send::unreadable;
use crate::events::BrowserRefused;
use crate::opaque;
use crate::rules::phase::Phase;
use crate::server::AuthorisationServer;
use crate::stored::Authorisation;

impl AuthorisationServer {
    /// What the browser that has the cookie is shown, in this language, else the agreement's first; and where it goes back to in
    /// the end.
    pub(crate) async fn show(
        &self,
        id: AuthorisationId,
        cookie: Option<&str>,
        language: Option<Language>,
    ) -> Result<(ConsentView, String), Refusal> {
        let now = self.now();
        let found = self.of_browser(id, cookie).await?;
        let agreement = self.parts.agreement.current();
        if found.is_live(Phase::Asking, now) {
            let question = self.question(&agreement, &found, language)?;
            return Ok((ConsentView::Asked(Box::new(question)), found.facts.redirect_uri));
        }
        match found.failure() {
            Some(reason) if found.phase == Phase::Failed && now < found.expires_at => {
                let error = match reason {
                    FailureCode::Unavailable => OauthErrorCode::TemporarilyUnavailable,
                    _ => OauthErrorCode::AccessDenied,
                };
                let redirect_to = self.back(&agreement, &found, &[("error", error.as_str())])?;
                let ended = ConsentView::Ended(EndedAuthorisation { reason, redirect_to });
                Ok((ended, found.facts.redirect_uri))
            }
            _ => Err(nothing_to_decide()),
        }
    }

    /// Takes the person's decision. It is in the ledger before the browser hears where to go.
    pub(crate) async fn decide_consent(
        &self,
        id: AuthorisationId,
        cookie: Option<&str>,
        verdict: ConsentVerdict,
        trace: &Trace,
    ) -> Result<Decided, Refusal> {
        let now = self.now();
        let before = self.of_browser(id, cookie).await?;
        if !before.is_live(Phase::Asking, now) {
            return Err(nothing_to_decide());
        }
        let agreement = self.parts.agreement.current();
        let scope = before.scope().map_err(|_| unreadable())?;
        let subject = before.persons.about().ok_or_else(unreadable)?;
        let own =
            self.records_about(&subject, &scope).await.map_err(|_| crate::server::busy())?.into_iter().next();
        let code = opaque::fresh(&self.parts.entropy);
        let next = match verdict {
            ConsentVerdict::Given => Phase::Granted,
            ConsentVerdict::Refused => Phase::Refused,
        };
        let mut after = before.moved(next, now).ok_or_else(unreadable)?;
        after.opens = (next == Phase::Granted).then(|| opaque::stored(&code));
        let record = self.record(Event::AuthorisationDecided, &agreement, &after);
        let mut told = self.about(record, &before, own.as_ref());
        told.record.trace = Some(trace.trace_id());
        told.record.purpose = Some(self.parts.settings.purpose.clone());
        match self.decide(&agreement, before.client, &scope) {
            Ok(ground) => {
                told.record.legal_basis = Some(ground.legal_basis);
                told.record.processing_activity = Some(ground.processing_activity);
            }
            // The agreement changed while the person was reading.
            Err(_) if verdict == ConsentVerdict::Given => {
                return Err(Refusal::new(ProblemCode::Denied, "The agreement does not allow this any more."));
            }
            Err(_) => {}
        }
        if verdict == ConsentVerdict::Refused {
            told.record = told.record.denied("consent-refused");
        }
        let parameters = match verdict {
            ConsentVerdict::Given => [("code", code.as_str())],
            ConsentVerdict::Refused => [("error", OauthErrorCode::AccessDenied.as_str())],
        };
        let redirect_to = self.back(&agreement, &before, &parameters)?;
        if self.act("decide_consent", &before, &after, told).await? {
            Ok(Decided { redirect_to })
        } else {
            Err(nothing_to_decide())
        }
    }

    async fn of_browser(&self, id: AuthorisationId, cookie: Option<&str>) -> Result<Authorisation, Refusal> {
        match self.named(id).await? {
            Some(found) if cookie_is_of(&found, cookie) => Ok(found),
            _ => {
                BrowserRefused { step: "consent" }.log();
                Err(nothing_to_decide())
            }
        }
    }

    fn question(
        &self,
        agreement: &Agreement,
        asked: &Authorisation,
        language: Option<Language>,
    ) -> Result<ConsentQuestion, Refusal> {
        let scope = asked.scope().map_err(|_| unreadable())?;
        let rules = agreement.purpose(&self.parts.settings.purpose);
        let rules = rules.ok_or_else(|| Refusal::fault("the agreement has no such purpose any more"))?;
        let first = agreement.languages().first().copied().unwrap_or(Language::Dutch);
        let language = language.filter(|one| agreement.languages().contains(one)).unwrap_or(first);
        let party = |oin| NamedParty { oin, name: agreement.party_name(oin).unwrap_or_default().to_owned() };
        let named = |code: &Category| NamedCategory {
            code: code.clone(),
            title: agreement.category(code).map_or("", |rules| rules.title.within(language)).to_owned(),
        };
        Ok(ConsentQuestion {
            id: asked.id,
            acting: Acting {
                name: asked.persons.acting_name.clone(),
                assurance: asked.facts.assurance.clone().unwrap_or_default(),
            },
            represented: scope
                .representation
                .map(|kind| Represented { name: asked.persons.legal_name.clone(), kind }),
            holder: party(self.parts.holder),
            recipient: party(asked.client),
            categories: scope.categories.iter().map(named).collect(),
            purpose: rules.title.within(language).to_owned(),
            legal_basis: rules.legal_basis.clone(),
            expires_in: asked.expires_at.since(self.now()).as_secs(),
        })
    }

    /// The client's address with these parameters, its own state, and who says so (RFC 9207).
    fn back(
        &self,
        agreement: &Agreement,
        authorisation: &Authorisation,
        parameters: &[(&str, &str)],
    ) -> Result<String, Refusal> {
        let mut url = url::Url::parse(&authorisation.facts.redirect_uri).map_err(|_| unreadable())?;
        let issuer = self.address(agreement).unwrap_or_default();
        let state = authorisation.persons.state.as_str();
        url.query_pairs_mut()
            .extend_pairs(parameters)
            .append_pair("state", state)
            .append_pair("iss", &issuer);
        Ok(url.into())
    }
}

/// Whether this cookie's value is that of the browser that the authorisation goes on in.
pub(crate) fn cookie_is_of(authorisation: &Authorisation, cookie: Option<&str>) -> bool {
    match (authorisation.browser, cookie) {
        (Some(browser), Some(cookie)) => opaque::stored(cookie).ct_eq(&browser).into(),
        _ => false,
    }
}

/// The same for what never was, what is over and what is another browser's.
fn nothing_to_decide() -> Refusal {
    Refusal::new(ProblemCode::NotFound, "There is nothing to decide here, or not any more.")
}
