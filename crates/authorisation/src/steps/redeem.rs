//! The client gives the code and gets a token.

use kw_agreement::Agreement;
use kw_ledger::Event;
use kw_protocol::authorisation::{OauthErrorCode, SecretText, Token, TokenType};
use kw_runtime::Refusal;

use super::OauthRefusal;
use super::send::unreadable;
use crate::events::CodeMisused;
use crate::opaque;
use crate::rules::phase::Phase;
use crate::rules::pkce::Challenge;
use crate::rules::request::Form;
use crate::server::{AuthorisationServer, Client};
use crate::stored::Authorisation;

impl AuthorisationServer {
    /// A token for a code: once, to the client that asked, at the address it named, with the verifier it has.
    pub(crate) async fn redeem(&self, client: &Client, body: &[u8]) -> Result<Token, OauthRefusal> {
        use OauthErrorCode::UnsupportedGrantType;
        let form = Form::parse(body)?;
        form.client(client.oin)?;
        if form.required("grant_type", "Send grant_type=authorization_code.")? != "authorization_code" {
            return Err(OauthRefusal::new(UnsupportedGrantType, "Send grant_type=authorization_code."));
        }
        let code = opaque::stored(form.required("code", "Send the code.")?);
        let redirect_uri = form.required("redirect_uri", "Send the redirect_uri of your request.")?;
        let verifier = form.required("code_verifier", "Send the code_verifier.")?;

        let now = self.now();
        let agreement = self.parts.agreement.current();
        if let Some(used) = self.once_opened_by(code).await? {
            // Two have this code, and one of them stole it (RFC 6749 §4.1.2).
            CodeMisused { transaction: used.facts.transaction, client: client.oin, reason: "code-replayed" }
                .log();
            self.revoke(&agreement, client, &used, "code-replayed").await?;
            return Err(void());
        }
        let Some(before) = self.opened_by(code).await?.filter(|one| one.is_live(Phase::Granted, now)) else {
            return Err(void());
        };
        let challenge = Challenge::parse(&before.facts.challenge).ok_or_else(unreadable)?;
        let misuse = if before.client != client.oin {
            Some("code-of-another-client")
        } else if before.facts.redirect_uri != redirect_uri {
            Some("code-for-another-address")
        } else if !challenge.is_met_by(verifier) {
            Some("code-verifier-wrong")
        } else {
            None
        };
        if let Some(misuse) = misuse {
            CodeMisused { transaction: before.facts.transaction, client: client.oin, reason: misuse }.log();
            self.revoke(&agreement, client, &before, misuse).await?;
            return Err(void());
        }
        let token = opaque::fresh(&self.parts.entropy);
        let mut after = before.moved(Phase::Token, now).ok_or_else(unreadable)?;
        after.opens = Some(opaque::stored(&token));
        after.opened = Some(code);
        after.certificate = client.certificate;
        after.browser = None;
        if !self.step("redeem_code", &before, &after).await? {
            return Err(void());
        }
        Ok(Token {
            access_token: SecretText::new(token.as_str()),
            token_type: TokenType::Bearer,
            expires_in: Phase::Token.lasts().as_secs(),
            scope: after.facts.scope.clone(),
        })
    }

    /// Ends an authorisation whose code or token is not safe any more, or whose ground is gone.
    pub(super) async fn revoke(
        &self,
        agreement: &Agreement,
        client: &Client,
        before: &Authorisation,
        reason: &'static str,
    ) -> Result<(), Refusal> {
        let Some(mut after) = before.moved(Phase::Revoked, self.now()) else { return Ok(()) };
        // What a thief holds must go on to show.
        after.opened = before.opened.or(before.opens);
        let mut record = self.record(Event::AuthorisationDecided, agreement, before).denied(reason);
        record.trace = Some(client.trace.clone());
        let told = self.about(record, before, None);
        self.act("revoke_authorisation", before, &after, told).await.map(drop)
    }
}

/// The same for every code that is not good.
fn void() -> OauthRefusal {
    OauthRefusal::new(
        OauthErrorCode::InvalidGrant,
        "The code is unknown, used, expired, of another client or address, or its verifier does not fit. Start again.",
    )
}
