//! A client pushes its request.

use kw_domain::{AuthorisationId, Category};
use kw_ledger::Event;
use kw_protocol::authorisation::{OauthErrorCode, PushedAuthorisation, Scope};
use kw_store::{Abort, WriteError};

use super::OauthRefusal;
use crate::opaque;
use crate::rules::phase::Phase;
use crate::rules::request::{Form, Request};
use crate::server::{AuthorisationServer, Client, Told, unrecorded};
use crate::stored::{Authorisation, Facts, Persons};

/// The largest form in bytes.
pub(crate) const BODY_LIMIT: usize = 8 * 1024;

impl AuthorisationServer {
    /// Keeps a request, and gives what stands for it.
    pub(crate) async fn push(
        &self,
        client: &Client,
        body: &[u8],
    ) -> Result<PushedAuthorisation, OauthRefusal> {
        use OauthErrorCode::{InvalidScope, TemporarilyUnavailable, UnauthorizedClient};
        let form = Form::parse(body)?;
        form.client(client.oin)?;
        let Some(redirects) = self.parts.settings.redirects(client.oin) else {
            let description = "The holder has no redirect address of you: ask its operator to add you.";
            return Err(OauthRefusal::new(UnauthorizedClient, description));
        };
        let request = Request::read(&form, redirects)?;
        let agreement = self.parts.agreement.current();
        if let Some(refused) = self.not_offered(&agreement, client, &request.scope) {
            return Err(OauthRefusal::new(InvalidScope, refused));
        }

        let now = self.now();
        let value = opaque::fresh(&self.parts.entropy);
        let id: AuthorisationId = self.parts.entropy.id(now);
        let request_uri = format!("{REQUEST_URI}{}", *value);
        let authorisation = Authorisation {
            id,
            client: client.oin,
            phase: Phase::Pushed,
            opens: Some(opaque::stored(&request_uri)),
            opened: None,
            browser: None,
            certificate: client.certificate,
            created_at: now,
            expires_at: now.plus(Phase::Pushed.lasts()),
            facts: Facts {
                redirect_uri: request.redirect_uri,
                scope: request.scope.to_string(),
                challenge: request.challenge.to_text(),
                transaction: client.transaction,
                assurance: None,
                mandate: None,
                failure: None,
            },
            persons: Persons::new(&request.state, request.birth_date.as_ref()),
        };
        let mut record = self.record(Event::AuthorisationAsked, &agreement, &authorisation);
        record.trace = Some(client.trace.clone());
        let (told, row, oin) = (Told::of(record), authorisation.to_row(&self.parts.vault), client.oin);
        let written = self
            .parts
            .store
            .write("push_authorisation", move |tx| {
                tx.write().forget_authorisations(now)?;
                if tx.read().count_authorisations(oin)? >= MOST_OPEN {
                    return Err(Abort::Refused(()));
                }
                tx.write().begin_authorisation(&row)?;
                Ok(((), told.to_act()?))
            })
            .await;
        match written {
            Ok(_) => Ok(PushedAuthorisation { request_uri, expires_in: Phase::Pushed.lasts().as_secs() }),
            Err(WriteError::Refused(())) => {
                let description = "Too many of your authorisations are under way. Try again in a minute.";
                Err(OauthRefusal::new(TemporarilyUnavailable, description))
            }
            Err(error) => Err(unrecorded(&error).into()),
        }
    }

    /// Why this holder does not offer what is asked. What it has of whom is not looked at: a client learns nothing of that.
    fn not_offered(
        &self,
        agreement: &kw_agreement::Agreement,
        client: &Client,
        scope: &Scope,
    ) -> Option<&'static str> {
        let held = |category: &Category| agreement.may_register(self.parts.holder, category);
        if !scope.categories.iter().all(held) {
            return Some("This holder does not have one of these categories.");
        }
        if let Some(representation) = scope.representation {
            let rules = agreement.representation().kinds.get(&representation.mandate_kind());
            let covers = |rules: &kw_agreement::MandateRules| scope.categories.is_subset(&rules.categories);
            if !rules.is_some_and(covers) {
                return Some("The agreement knows no such mandate for these categories.");
            }
        }
        let allowed = self.decide(agreement, client.oin, scope).is_ok();
        (!allowed).then_some("The agreement does not let you collect this.")
    }
}

/// RFC 9126 §2.2.
const REQUEST_URI: &str = "urn:ietf:params:oauth:request_uri:";
/// How many authorisations of one client may be under way or not yet forgotten.
const MOST_OPEN: u64 = 5_000;
