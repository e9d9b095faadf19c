//! Who asks is proven by an OpenID provider that is not ours: npm's certified `oidc-provider`, with every service of the
//! chain a process of its own.
//!
//! It is installed when it can be; otherwise the test says what was not checked, and why.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use kw_agreement::draft::{AgreementDraft, IdentityProviderDraft};
use kw_domain::SystemClock;
use kw_transport::{ClientOptions, web_client};

use crate::program::{Demo, Ran, Service, run, run_with_input};

/// Known to the school and the youth care provider of the demonstration, and to nobody else.
const PERSON: &str = "999975134";
/// The exit code for what another attempt may cure.
const UNAVAILABLE: i32 = 4;
const MUNICIPALITY: &str = "00000099000000013000";

#[test]
fn a_purpose_that_demands_proof_is_served_on_the_word_of_a_certified_provider_and_on_no_other() {
    let provider = match Provider::start() {
        Ok(provider) => provider,
        Err(missing) => {
            kw_testbed::not_checked(format_args!("against npm oidc-provider: {missing}"));
            return;
        }
    };
    let (expired, issued) = (provider.token("m.kort", "ketenwijzer"), Instant::now());
    let town = Town::new(&provider);
    let token = provider.token("m.consulent", "ketenwijzer");

    let dossier = town.ask("dossier", "m.consulent", Some(&token)).expect(0).json();
    let delivered = dossier["sections"].as_array().unwrap();
    assert!(delivered.len() >= 2 && delivered.iter().all(|one| one["status"] == "delivered"), "{dossier}");
    for (service, log) in [
        ("switchboard/switchboard", "switchboard"),
        ("partners/school/partner", "00000099000000012000"),
        ("partners/youth-care/partner", "00000099000000011000"),
        ("partners/municipality/partner", MUNICIPALITY),
    ] {
        assert_eq!(town.recorded(service, log), "proven", "{service}");
    }

    let asserted = town.ask("query", "m.consulent", None).expect(5);
    assert!(asserted.stderr.contains("demands proof"), "{asserted:?}");
    // It lived a second; clocks may be apart by thirty.
    std::thread::sleep(Duration::from_secs(33).saturating_sub(issued.elapsed()));
    let other_client = provider.token("m.consulent", "another");
    let no_role = provider.token("m.baliemedewerker", "ketenwijzer");
    let (claims, _) = token.rsplit_once('.').unwrap();
    let spliced = format!("{claims}.{}", no_role.rsplit_once('.').unwrap().1);
    for (actor, token, why) in [
        ("m.kort", &expired, "expired"),
        ("m.consulent", &other_client, "another client"),
        ("m.baliemedewerker", &no_role, "does not give the actor this role"),
        ("m.directeur", &token, "about another person"),
        ("m.consulent", &spliced, "signature"),
    ] {
        let refused = town.ask("query", actor, Some(token)).expect(5);
        assert!(refused.stderr.contains(why), "{why}: {refused:?}");
        assert!(!refused.stderr.contains(&token[..20]) && !refused.stderr.contains(PERSON), "{refused:?}");
    }

    // The provider takes new keys and forgets the old ones: who signs in now is believed at the first question.
    provider.control("rotate");
    let renewed = provider.token("m.consulent", "ketenwijzer");
    town.ask("dossier", "m.consulent", Some(&renewed)).expect(0);

    // What it published is remembered while it is away.
    let later = provider.token("m.consulent", "ketenwijzer");
    drop(provider);
    town.ask("query", "m.consulent", Some(&later)).expect(0);
    town.holds_no_token(&[&token, &renewed, &later, &expired]);
}

/// A chain as the demonstration makes it, whose municipality has a provider and whose purpose demands proof.
struct Town {
    folder: tempfile::TempDir,
    _services: Vec<Service>,
}

impl Town {
    fn new(provider: &Provider) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let kept = folder.path().join("kept");
        Demo::start(&kept).interrupt();
        let file = kept.join("agreement.toml");
        let mut draft = AgreementDraft::parse(&fs::read_to_string(&file).unwrap()).unwrap();
        draft.partner_mut(MUNICIPALITY).unwrap().identity_provider = Some(IdentityProviderDraft {
            issuer: provider.issuer(),
            jwks_uri: format!("{}/jwks", provider.issuer()),
            audience: "ketenwijzer".into(),
            roles: [("consulent".into(), "municipal-consultant".into())].into(),
            ..IdentityProviderDraft::default()
        });
        draft.purposes.get_mut("coordinate-help").unwrap().actor_must_be_proven = true;
        fs::write(&file, draft.to_toml().unwrap()).unwrap();
        let config = |path: &str| kept.join(path);
        let mut services = vec![
            Service::start("pseudonymiser", &config("pseudonymiser/pseudonymiser.toml")),
            Service::start("switchboard", &config("switchboard/switchboard.toml")),
        ];
        for partner in ["municipality", "school", "youth-care"] {
            services.push(Service::start("partner", &config(&format!("partners/{partner}/partner.toml"))));
        }
        Self { folder, _services: services }
    }

    fn kept(&self) -> PathBuf {
        self.folder.path().join("kept")
    }

    fn ask(&self, command: &str, actor: &str, token: Option<&str>) -> Ran {
        let config = self.kept().join("partners/municipality/partner.toml");
        let mut arguments =
            vec![command.to_owned(), "--config".into(), config.to_str().unwrap().into(), "--json".into()];
        arguments.extend(["--bsn", "-", "--purpose", "coordinate-help", "--case", "Z-17"].map(String::from));
        arguments.extend(["--role", "municipal-consultant", "--actor", actor].map(String::from));
        arguments.extend(["--basis", "motivated", "--reason=signals from school"].map(String::from));
        if let Some(token) = token {
            let file = self.folder.path().join("id-token");
            fs::write(&file, token).unwrap();
            arguments.extend(["--id-token-file".into(), file.to_str().unwrap().into()]);
        }
        // Services that have just started wait until the logs of the others confirm their own.
        let until = Instant::now() + Duration::from_mins(1);
        loop {
            let ran = run_with_input(&arguments, PERSON);
            if ran.code != UNAVAILABLE || Instant::now() > until {
                return ran;
            }
            std::thread::sleep(Duration::from_millis(500));
        }
    }

    /// How strongly the newest record of a service says that its actor was vouched for.
    fn recorded(&self, service: &str, log: &str) -> String {
        let config = self.kept().join(format!("{service}.toml"));
        let config = config.to_str().unwrap();
        let shown =
            run(["audit", "show", "--config", config, "--database", "--log", log, "--auditor", "a.uditor"]
                .iter()
                .chain(&["--actor", "m.consulent", "--json"]));
        let text = shown.expect(0).stdout;
        let (_, after) = text.split_once("assurance").unwrap_or_else(|| panic!("{service}: {text}"));
        let word = after.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
        word.chars().take_while(char::is_ascii_alphabetic).collect()
    }

    /// Neither files nor logs of any service have a token, or the part of one that says who signed in.
    fn holds_no_token(&self, tokens: &[&str]) {
        let mut folders = vec![self.kept()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().flatten() {
                if entry.file_type().unwrap().is_dir() {
                    folders.push(entry.path());
                    continue;
                }
                let content = fs::read(entry.path()).unwrap();
                for part in tokens.iter().flat_map(|token| token.split('.').skip(1)) {
                    let part = part.as_bytes();
                    let found = content.windows(part.len()).any(|window| window == part);
                    assert!(!found, "{}", entry.path().display());
                }
            }
        }
    }
}

/// npm's `oidc-provider` in a process of its own.
struct Provider {
    port: u16,
    _process: Service,
}

impl Provider {
    fn start() -> Result<Self, String> {
        let folder = installed()?;
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let mut node = Command::new("node");
        node.arg(folder.join("provider.mjs")).arg(port.to_string()).stderr(Stdio::null());
        Ok(Self { port, _process: Service::ready(&mut node)? })
    }

    fn issuer(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The ID token of somebody who signs in now.
    fn token(&self, account: &str, client: &str) -> String {
        self.control(&format!("token?account={account}&client={client}"))
    }

    fn control(&self, what: &str) -> String {
        let url = format!("{}/control/{what}", self.issuer());
        let patience = ClientOptions { timeout: Duration::from_secs(20), ..ClientOptions::default() };
        let http = web_client(&[], Arc::new(SystemClock), patience).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let answer = http.get(url).send().await.unwrap();
            let status = answer.status();
            let text = answer.text().await.unwrap();
            assert!(status.is_success(), "{text}");
            text
        })
    }
}

/// A folder with the package, made once for all runs, and the newest version of the script.
fn installed() -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("outside-npm");
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/outside/provider.mjs");
    fs::copy(script, folder.join("provider.mjs")).map_err(|error| error.to_string())?;
    if !folder.join("node_modules/oidc-provider/package.json").is_file() {
        fs::write(folder.join("package.json"), r#"{"private": true, "type": "module"}"#)
            .map_err(|error| error.to_string())?;
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "oidc-provider@9.13.3"]);
        let output = npm.current_dir(&folder).stdin(Stdio::null()).output();
        match output {
            Ok(output) if output.status.success() => {}
            Ok(output) => return Err(String::from_utf8_lossy(&output.stderr).into_owned()),
            Err(error) => return Err(format!("npm: {error}")),
        }
    }
    Ok(folder)
}
