//! A municipality whose people have a desk, in the demonstration's chain.

use std::fs;
use std::path::Path;
use std::time::Duration;

use kw_agreement::draft::IdentityProviderDraft;
use kw_partner::PartnerConfig;
use kw_testbed::{Seen, SignInServer, Visitor, between, free_port};
use serde_json::json;

use crate::program::Service;
use crate::town::Town;

/// Known to all partners, who do not say the same about them.
pub(super) const PERSON: &str = "999990342";
/// Known to the school and the youth care provider.
pub(super) const ELSEWHERE: &str = "999975134";
pub(super) const MUNICIPALITY: &str = "00000099000000013000";

pub(super) struct Bed {
    pub(super) town: Town,
    pub(super) address: String,
    _provider: SignInServer,
    _desk: Service,
}

impl Bed {
    /// `None`, with the reason told, when the provider cannot be had.
    pub(super) async fn start() -> Option<Self> {
        Self::changed(|_| ()).await
    }

    /// The same, over data that were changed before.
    pub(super) async fn changed(change: impl FnOnce(&Town) + Send + 'static) -> Option<Self> {
        tokio::task::spawn_blocking(|| Self::set_up(change)).await.unwrap()
    }

    fn set_up(change: impl FnOnce(&Town)) -> Option<Self> {
        let port = free_port().unwrap();
        let address = format!("http://127.0.0.1:{port}");
        let clients = json!([{
            "client_id": "desk",
            "redirect_uris": [format!("{address}/sign-in/callback")],
            "token_endpoint_auth_method": "none",
        }]);
        let accounts = json!({
            "m.consulent": { "name": "Mira Consulent", "roles": ["consulent"] },
            "k.kwaliteit": { "name": "Kees Kwaliteit", "roles": ["kwaliteit"] },
            "l.leerplicht": { "name": "Lot Leerplicht", "roles": ["leerplicht"] },
        });
        let provider = match SignInServer::start(Path::new(env!("CARGO_TARGET_TMPDIR")), &clients, &accounts)
        {
            Ok(provider) => provider,
            Err(reason) => {
                kw_testbed::not_checked(format_args!("no OpenID provider of others: {reason}"));
                return None;
            }
        };
        let mut town = Town::new();
        change(&town);
        let role = |word: &str, role: &str| (word.to_owned(), role.to_owned());
        town.agree(|draft| {
            let own = draft.partner_mut(MUNICIPALITY).unwrap();
            let max_age = own.identity_provider.take().and_then(|before| before.max_age);
            own.identity_provider = Some(IdentityProviderDraft {
                max_age,
                issuer: provider.issuer().to_owned(),
                jwks_uri: format!("{}/jwks", provider.issuer()),
                audience: "desk".to_owned(),
                roles: [
                    role("consulent", "municipal-consultant"),
                    role("kwaliteit", "quality-officer"),
                    role("leerplicht", "attendance-officer"),
                ]
                .into(),
                ..IdentityProviderDraft::default()
            });
            draft.purposes.get_mut("coordinate-help").unwrap().actor_must_be_proven = true;
        });
        town.start_centre();
        for partner in ["municipality", "school", "youth-care", "health-service", "addiction-care"] {
            if town.config(partner).is_file() {
                town.start(partner);
            }
        }
        let config = PartnerConfig::load(&town.config("municipality")).unwrap();
        let desk = town.folder().join("desk.toml");
        let settings = json!({
            "agreement": town.kept().join("agreement.toml"),
            "own": MUNICIPALITY,
            "partner": { "address": config.local.listen.to_string(), "token_file": config.local.token_file },
            "server": { "listen": format!("127.0.0.1:{port}") },
            "web": { "address": address, "memory": "pages-memory" },
            "duties": { "feedback": ["quality-officer"], "matches": ["municipal-consultant"], "figures": ["attendance-officer"] },
        });
        fs::write(&desk, toml::to_string(&settings).unwrap()).unwrap();
        let service = Service::start("desk", &desk);
        Some(Self { town, address, _provider: provider, _desk: service })
    }

    pub(super) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    /// Somebody who signed in.
    pub(super) async fn visitor(&self, account: &str) -> Visitor {
        let mut visitor = Visitor::new();
        let seen = visitor.sign_in(&self.at("/"), account).await;
        assert_eq!((seen.status.as_u16(), seen.url.path()), (200, "/"), "{}", seen.text);
        visitor
    }

    /// Asks about somebody on the ground that the organisation knows them; the address of the dossier.
    pub(super) async fn ask(&self, visitor: &mut Visitor, person: &str, case: &str) -> String {
        let token = visitor.get(&self.at("/")).await.token();
        let form = [
            ("_token", token.as_str()),
            ("case", case),
            ("what", "coordinate-help municipal-consultant"),
            ("basis", "listed"),
            ("bsn", person),
            ("birth_date", "04-03-2011"),
        ];
        let seen = visitor.post(&self.at("/"), &form).await;
        assert_eq!(seen.status.as_u16(), 303, "{}", seen.text);
        assert!(seen.header("location").starts_with("/dossiers/"), "{}", seen.header("location"));
        self.at(seen.header("location"))
    }

    /// The page of a dossier when all have answered. Services that have just started wait until the logs of the others confirm
    /// their own: then it is asked again.
    pub(super) async fn whole(&self, visitor: &mut Visitor, person: &str, case: &str) -> Seen {
        for _ in 0..40 {
            let dossier = self.ask(visitor, person, case).await;
            let page = self.settled(visitor, &dossier).await;
            if !page.text.contains("We kunnen dit nu niet doen") {
                return page;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        panic!("the chain does not come to life");
    }

    /// Follows the news of a dossier to its end, as htmx does, and reads the page then.
    pub(super) async fn settled(&self, visitor: &mut Visitor, dossier: &str) -> Seen {
        let mut seen = visitor.get(dossier).await;
        for _ in 0..40 {
            assert_eq!(seen.status.as_u16(), 200, "{}", seen.text);
            let Some(news) = between(&seen.text, "hx-get=\"", "\"") else { break };
            seen = visitor.get(&self.at(news)).await;
        }
        visitor.get(dossier).await
    }
}
