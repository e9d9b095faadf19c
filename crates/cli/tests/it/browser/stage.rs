//! The demonstration that all browser tests share, with a browser for each.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use kw_client::{LocalClient, LocalToken};
use kw_partner::PartnerConfig;
use kw_testbed::browser::{Browser, BrowserDriver, Check};
use kw_testbed::{Seen, Visitor};
use serde_json::Value;

use super::TOOLS;
use crate::program::Demo;

static SHARED: Mutex<Weak<Stage>> = Mutex::new(Weak::new());

/// Everything that runs: the chain with its made-up people, desk, console, inzage, and where their users sign in. It ends with the
/// last test that uses it.
pub(crate) struct Stage {
    demo: Demo,
    driver: Arc<BrowserDriver>,
    // Last, so that it is removed when nothing uses it any more.
    _folder: tempfile::TempDir,
}

impl Stage {
    /// The stage that the tests of this program share while any of them runs.
    pub(crate) fn shared() -> Arc<Self> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(stage) = shared.upgrade() {
            return stage;
        }
        let driver = BrowserDriver::shared().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let demo = Demo::with_pages(&folder.path().join("kept"));
        let stage = Arc::new(Self { demo, driver, _folder: folder });
        *shared = Arc::downgrade(&stage);
        stage
    }

    /// A browser with nothing in it, that takes the chain's own certificates for true.
    pub(crate) async fn browser(&self) -> Browser {
        let certificates = self.demo.places["certificates"].as_array().unwrap();
        let paths: Vec<PathBuf> = certificates.iter().map(|path| path.as_str().unwrap().into()).collect();
        self.driver.open(&paths).await.unwrap()
    }

    /// The address of a path at an application: `stage.at("desk", "/matches")`.
    pub(crate) fn at(&self, application: &str, path: &str) -> String {
        let address = self.page(application)["address"].as_str().unwrap();
        format!("{}{path}", address.trim_end_matches('/'))
    }

    /// Signs in at an application as somebody: by name, or by the word for what they are (`auditor`).
    pub(crate) async fn sign_in(&self, browser: &Browser, application: &str, who: &str) {
        browser.go(&self.at(application, "/")).await.unwrap();
        self.identify(browser, application, who).await;
        let first = self.at(application, "/");
        assert_eq!(browser.url().await.unwrap(), first, "{}", browser.text().await.unwrap());
    }

    /// Says who they are at the provider where the browser is now, as after a sensitive act.
    pub(crate) async fn identify(&self, browser: &Browser, application: &str, who: &str) {
        let sign_in = self.sign_in_of(application, who);
        let text = |name: &str| sign_in[name].as_str().unwrap();
        if application == "inzage" {
            browser.fill("Naam", text("name")).await.unwrap();
            browser.fill("Geheim", text("secret")).await.unwrap();
        } else {
            browser.tick(text("name")).await.unwrap();
            browser.fill("Geheim", text("secret")).await.unwrap();
        }
        browser.press("Inloggen").await.unwrap();
    }

    /// The folder in which everything of the chain is kept.
    pub(crate) fn kept(&self) -> &Path {
        let configuration = self.page("inzage")["configuration"].as_str().unwrap();
        Path::new(configuration).parent().and_then(Path::parent).unwrap()
    }

    /// What two operators need to put another agreement in force.
    pub(crate) fn next_agreement(&self) -> &Value {
        &self.demo.places["nextAgreement"]
    }

    /// Somebody at a browser without a screen, for looking at headers and cookies. Nobody signed in.
    pub(crate) fn visitor(&self) -> Visitor {
        Visitor::trusting(&[self.kept().join("pki/ca.pem")])
    }

    /// The same, signed in.
    pub(crate) async fn visitor_as(&self, application: &str, who: &str) -> Visitor {
        let mut visitor = self.visitor();
        self.let_in(&mut visitor, application, who).await;
        visitor
    }

    /// Signs a visitor in, with whatever cookies they have.
    pub(crate) async fn let_in(&self, visitor: &mut Visitor, application: &str, who: &str) {
        self.let_in_from(visitor, application, who, &self.at(application, "/")).await;
    }

    /// The same, from an address on: the page where it ends.
    pub(crate) async fn let_in_from(
        &self,
        visitor: &mut Visitor,
        application: &str,
        who: &str,
        first: &str,
    ) -> Seen {
        let sign_in = self.sign_in_of(application, who);
        let (name, secret) = (sign_in["name"].as_str().unwrap(), sign_in["secret"].as_str().unwrap());
        visitor.let_in(first, name, secret).await
    }

    /// A partner's own process, as its other systems ask it.
    pub(crate) fn local(&self, partner: &str) -> LocalClient {
        let config = self.kept().join("partners").join(partner).join("partner.toml");
        let config = PartnerConfig::load(&config).unwrap();
        let token = fs::read_to_string(&config.local.token_file).unwrap();
        LocalClient::new(config.local.listen, LocalToken::parse(token.trim()).unwrap()).unwrap()
    }

    /// All who can sign in at an application, one for each thing that people are there.
    pub(crate) fn kinds(&self, application: &str) -> Vec<String> {
        let all = self.page(application)["signIns"].as_array().unwrap();
        let mut kinds: Vec<String> = all.iter().map(|one| one["role"].as_str().unwrap().to_owned()).collect();
        kinds.dedup();
        kinds
    }

    /// The page that is open is as every page must be, wide and narrow, with and without a mouse. A picture of it is taken.
    pub(crate) async fn expect_sound(&self, browser: &Browser, name: &str) {
        let found = self.mistakes(browser, name).await;
        assert!(found.is_empty(), "{}\n{}", browser.url().await.unwrap(), found.join("\n"));
    }

    /// The same, for who looks at many pages before judging.
    pub(crate) async fn mistakes(&self, browser: &Browser, name: &str) -> Vec<String> {
        let found = browser.mistakes(&Check { tools: TOOLS.as_ref(), name }).await.unwrap();
        browser.picture(TOOLS.as_ref(), name).await.unwrap();
        found
    }

    /// What other words can spoil of a page that was looked at before.
    pub(crate) async fn mistakes_in_words(&self, browser: &Browser, name: &str) -> Vec<String> {
        browser.mistakes_in_words(&Check { tools: TOOLS.as_ref(), name }).await.unwrap()
    }

    fn page(&self, application: &str) -> &Value {
        let pages = self.demo.places["pages"].as_array().unwrap();
        pages.iter().find(|page| page["name"] == application).unwrap()
    }

    fn sign_in_of(&self, application: &str, who: &str) -> &Value {
        let all = self.page(application)["signIns"].as_array().unwrap();
        let is_it = |one: &&Value| one["name"] == who || one["role"] == who;
        all.iter().find(is_it).unwrap_or_else(|| panic!("{who} does not sign in at {application}: {all:?}"))
    }
}
