//! What is stated about a sign-in: the claims of the ID token, and the record that goes before it.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kw_domain::{Category, Epoch, Instant, MandateId, Oin};
use kw_protocol::mandate::{MandateAct, MandateKind};
use serde::Serialize;
use zeroize::Zeroize as _;

use super::state::{ChosenMandate, Code};
use super::{Account, Audience, Client, Provider, ProviderError, Statement};

/// The claims of one ID token. Secret: with numbers or bindings in it.
#[derive(Serialize)]
pub(super) struct Claims {
    iss: String,
    sub: String,
    aud: String,
    iat: i64,
    exp: i64,
    auth_time: i64,
    nonce: String,
    acr: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    acting_subject: Option<Stated>,
    #[serde(skip_serializing_if = "Option::is_none")]
    legal_subject: Option<Stated>,
    #[serde(skip_serializing_if = "Option::is_none")]
    representation: Option<Representation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    represented: Option<Vec<Represented>>,
    #[serde(flatten)]
    portal: Option<ToPortal>,
}

/// What a portal is told, by the names of ST-SAML 1.0. Who acts for themselves is both.
#[derive(Serialize)]
struct ToPortal {
    name: String,
    /// Of who acts.
    #[serde(skip_serializing_if = "Option::is_none")]
    birthdate: Option<Hidden>,
    #[serde(rename = "urn:nl-eid-gdi:1.0:ActingSubjectID")]
    acting: Hidden,
    #[serde(rename = "urn:nl-eid-gdi:1.0:LegalSubjectID")]
    legal: Hidden,
    #[serde(rename = "urn:nl-eid-gdi:1.1:RepresentationType", skip_serializing_if = "Option::is_none")]
    kind: Option<MandateKind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mandate: Option<ChosenHere>,
}

/// The mandate under which somebody acts at a portal.
#[derive(Serialize)]
struct ChosenHere {
    id: MandateId,
    categories: Vec<Category>,
    acts: Vec<MandateAct>,
    name: String,
}

/// A person, as the client may know them.
#[derive(Serialize)]
#[serde(untagged)]
enum Stated {
    /// By number.
    Number { bsn: Hidden, name: String },
    /// By what ties them to the client.
    Binding { binding: Hidden, epoch: Epoch, name: String },
}

/// A text that identifies or proves: wiped on drop, and without `Debug`.
#[derive(Serialize)]
#[serde(transparent)]
struct Hidden(String);

impl Drop for Hidden {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[derive(Serialize)]
struct Representation {
    mandate: MandateId,
    kind: MandateKind,
}

/// Somebody for whom the person may act.
#[derive(Serialize)]
struct Represented {
    mandate: MandateId,
    kind: MandateKind,
    categories: Vec<Category>,
    acts: Vec<MandateAct>,
    label: String,
    binding: Hidden,
    epoch: Epoch,
}

impl Provider {
    /// The claims for this code, and what goes on record of them.
    pub(super) async fn state_for(
        &self,
        client: &Client,
        code: &Code,
        now: Instant,
    ) -> Result<(Claims, Statement), ProviderError> {
        let account = self.account(&code.account).ok_or(ProviderError::NobodyOfThatName)?;
        let legal = match &code.chosen {
            Some(chosen) => Some(self.account(&chosen.account).ok_or(ProviderError::NobodyOfThatName)?),
            None => None,
        };
        let legal_subject = match legal {
            Some(legal) => self.stated(client, legal).await?,
            None => None,
        };
        let portal = matches!(client.audience, Audience::Portal)
            .then(|| to_portal(account, legal.zip(code.chosen.as_ref())));
        let represented = match (code.request.represented, client.audience) {
            (true, Audience::Personal(party)) => Some(self.represented(account, party).await?),
            _ => None,
        };
        let sub = self.pairwise(&client.id, &account.name);
        let acr = self.assurance(account);
        let record = Statement {
            id: self.opaque(),
            at: now,
            client: client.id.clone(),
            acting: sub.clone(),
            mandate: code.chosen.as_ref().map(|chosen| chosen.mandate),
            kind: code.chosen.as_ref().map(|chosen| chosen.kind),
            assurance: acr.clone(),
            represented: represented.as_ref().map_or(0, Vec::len),
        };
        let claims = Claims {
            iss: self.issuer.clone(),
            sub,
            aud: client.id.clone(),
            iat: now.as_seconds(),
            exp: now.plus(LIFE).as_seconds(),
            auth_time: code.signed_in_at.as_seconds(),
            nonce: code.request.question.nonce.clone(),
            acr,
            acting_subject: self.stated(client, account).await?,
            legal_subject,
            representation: (code.chosen.as_ref())
                .filter(|_| portal.is_none())
                .map(|chosen| Representation { mandate: chosen.mandate, kind: chosen.kind }),
            represented,
            portal,
        };
        Ok((claims, record))
    }

    async fn stated(&self, client: &Client, account: &Account) -> Result<Option<Stated>, ProviderError> {
        let name = account.given_name.clone();
        match client.audience {
            Audience::Holder => Ok(Some(Stated::Number { bsn: number(account), name })),
            Audience::Personal(party) => {
                let (binding, epoch) = self.register.binding(account, party).await?;
                Ok(Some(Stated::Binding { binding: text(&binding), epoch, name }))
            }
            Audience::Portal => Ok(None),
        }
    }

    async fn represented(&self, account: &Account, party: Oin) -> Result<Vec<Represented>, ProviderError> {
        // One line per person and mandate, in an order that says nothing.
        let mut represented = BTreeMap::new();
        for one in self.register.active_of(account, &self.accounts).await? {
            let other = self.account(&one.account).ok_or(ProviderError::NobodyOfThatName)?;
            let (binding, epoch) = self.register.binding(other, party).await?;
            let (label, binding) = (other.given_name.clone(), text(&binding));
            let line = Represented {
                mandate: one.mandate,
                kind: one.kind,
                categories: one.categories,
                acts: one.acts,
                label,
                binding,
                epoch,
            };
            represented.insert(one.mandate, line);
        }
        Ok(represented.into_values().collect())
    }

    /// How this client calls this person: another client calls them otherwise.
    fn pairwise(&self, client: &str, account: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.salt);
        let tag = hmac::sign(&key, format!("{client}\n{account}").as_bytes());
        URL_SAFE_NO_PAD.encode(&tag.as_ref()[..16])
    }

    fn assurance(&self, account: &Account) -> String {
        account.assurance.clone().unwrap_or_else(|| self.register.weakest_accepted())
    }
}

fn to_portal(account: &Account, chosen: Option<(&Account, &ChosenMandate)>) -> ToPortal {
    ToPortal {
        name: account.given_name.clone(),
        birthdate: account.birth_date.clone().map(Hidden),
        acting: number(account),
        legal: number(chosen.map_or(account, |(legal, _)| legal)),
        kind: chosen.map(|(_, chosen)| chosen.kind),
        mandate: chosen.map(|(legal, chosen)| ChosenHere {
            id: chosen.mandate,
            categories: chosen.categories.clone(),
            acts: chosen.acts.clone(),
            name: legal.given_name.clone(),
        }),
    }
}

fn number(account: &Account) -> Hidden {
    Hidden(account.bsn.expose().to_owned())
}

fn text(binding: &kw_pseudonym::Binding) -> Hidden {
    Hidden(URL_SAFE_NO_PAD.encode(binding.to_bytes().as_slice()))
}

/// A statement is for now.
const LIFE: Duration = Duration::from_mins(5);
