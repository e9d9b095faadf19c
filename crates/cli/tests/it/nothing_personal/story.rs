//! What happens in the chain beyond the demonstration, so that every kind of record, line and answer is there to be searched.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;

use kw_agreement::Agreement;
use kw_demo::Places;
use kw_demo::people::{Holder, People};
use kw_identity::SigningKey;
use kw_protocol::IdToken;
use kw_runtime::config::create_secret;
use kw_testbed::Visitor;
use url::Url;

use crate::program::{Ran, run, run_with_input};
use crate::staff_provider::{VERIFIER, question, redeem};

/// The auditors of the demonstration, as their provider calls them.
const FIRST: &str = "a.vermeer";
const SECOND: &str = "d.vanleeuwen";

pub(super) struct Story<'a> {
    pub(super) folder: &'a Path,
    pub(super) places: Places,
}

impl Story<'_> {
    /// Allowed, denied, about nobody, about two who are mixed up, and with a birth date that is no one's.
    pub(super) fn questions(&self) {
        self.ask("dossier", "municipal-consultant", "999990342", &["--birth-date", "2011-03-04"]).expect(0);
        self.ask("dossier", "municipal-consultant", "999990342", &["--birth-date", "2011-03-05"]).expect(1);
        self.ask("query", "youth-doctor", "999990342", &[]).expect(5);
        let people = People::make(super::PEOPLE);
        let ground = ["--basis", "motivated", "--reason", "an alarming call"];
        self.ask("query", "municipal-consultant", people.unknown.expose(), &ground).expect(0);
        let (one, other) = people.look_alikes();
        self.ask("dossier", "municipal-consultant", one.bsn.expose(), &["--birth-date", &other.birth_date])
            .expect(1);
        // What is no number is told to nobody either.
        self.ask("query", "municipal-consultant", "999990343", &[]).expect(2);
    }

    /// One record withdrawn and registered by hand, everything of a source counted wrongly, a whole read.
    pub(super) fn registrations(&self) {
        let people = People::make(super::PEOPLE);
        let second = people.known_to(Holder::YouthCare).nth(1).unwrap();
        let config = self.config("partners/youth-care/partner.toml");
        let register = || {
            let by_hand = ["register", "--bsn", "-", "--source", "dossiers", "--category", "youth-care-plan"];
            let record = ["--record", "J-00002", "--json", "--config", &config];
            run_with_input(by_hand.iter().chain(&record), second.bsn.expose()).expect(0).json()
        };
        let pointer = register()["pointer"]["id"].as_str().unwrap().to_owned();
        let withdraw = ["withdraw", "--reason", "no-longer-present", "--config", &config];
        run(withdraw.iter().chain(&["--pointer", &pointer])).expect(0);
        register();
        run(withdraw.iter().chain(&["--everything", "--expect", "1"])).expect(5);
        run(["sync", "--full", "--config", &config]).expect(0);
    }

    /// A new k_s, to the end.
    pub(super) fn rotation(&self) {
        let config = self.config("switchboard/switchboard.toml");
        let rotate = |step| run(["keys", "rotate", "index", "--step", step, "--config", &config]);
        // On a server, where other hosts may need the new key first, the first step is taken twice.
        if rotate("begin").code != 0 {
            rotate("begin").expect(0);
        }
        rotate("convert").expect(0);
        rotate("close").expect(0);
        self.ask("query", "municipal-consultant", "999990342", &[]).expect(0);
    }

    /// An auditor searches both central logs, copies them, and asks with another about one subject.
    pub(super) fn audits(&self) {
        for (name, oin) in [("inspector", "00000099000000003000"), ("officer", "00000099000000004000")] {
            let pki = self.config("pki");
            run(["pki", "issue", "--directory", &pki, "--name", name, "--oin", oin, "--host", "localhost"])
                .expect(0);
            let text = format!(
                "agreement = \"agreement.toml\"\n[tls]\ncertificate = \"pki/{name}.pem\"\nkey = \"pki/{name}.key\"\n\
                 trust_anchors = \"pki/ca.pem\"\nrevocation_lists = [\"pki/crl.pem\"]\n"
            );
            fs::write(self.folder.join(format!("{name}.toml")), text).unwrap();
        }
        fs::create_dir_all(self.folder.join("shown")).unwrap();
        fs::create_dir_all(self.folder.join("mirrors")).unwrap();
        for log in ["switchboard", "pseudonymiser"] {
            let shown = self.audit("inspector", &format!("show --auditor a.first --limit 200 --log {log}"));
            fs::write(self.folder.join(format!("shown/{log}.json")), &shown.stdout).unwrap();
            let mirror = self.folder.join("mirrors").join(log);
            self.audit("inspector", &format!("mirror --log {log} {}", mirror.display()));
        }
        let asked = "show --auditor a.first --event query-answered --limit 1";
        let shown = self.audit("inspector", asked).json();
        let record: serde_json::Value =
            serde_json::from_str(shown["entries"][0]["record"].as_str().unwrap()).unwrap();
        let (index, reference) = (&shown["entries"][0]["index"], record["subject"].as_str().unwrap());
        let line = format!(
            "resolve request --auditor {FIRST} --index {index} --reference {reference} --reason complaint"
        );
        // The agreement names the console's provider: two certificates alone are not two persons.
        let refused = self.run_audit("inspector", &line).expect(5);
        fs::write(self.folder.join("shown/refused.json"), refused.stderr).unwrap();
        let [first, second] = self.proofs();
        let id = self.audit("inspector", &format!("{line}{first}")).json()["id"].as_str().unwrap().to_owned();
        self.run_audit("officer", &format!("resolve approve --auditor {SECOND} {id}")).expect(5);
        self.audit("officer", &format!("resolve approve --auditor {SECOND} {id}{second}"));
        let search = format!("show --auditor {FIRST} --resolution {id}");
        self.run_audit("inspector", &search).expect(5);
        let found = self.audit("inspector", &format!("{search}{first}"));
        assert!(found.json()["entries"].as_array().unwrap().len() > 1);
        fs::write(self.folder.join("shown/resolved.json"), &found.stdout).unwrap();
    }

    /// What the two auditors add to their commands: the ID tokens of their sign-ins at the provider of staff.
    fn proofs(&self) -> [String; 2] {
        let tokens = tokio::runtime::Handle::current()
            .block_on(async { [self.id_token(0).await, self.id_token(1).await] });
        let kept = |(name, token): (&str, IdToken)| {
            let file = self.folder.join(format!("{name}.token"));
            create_secret(&file, token.reveal().as_bytes()).unwrap();
            format!(" --id-token-file {}", file.display())
        };
        let [first, second] = tokens;
        [(FIRST, first), (SECOND, second)].map(kept)
    }

    /// What the console gets when one of its auditors signs in, by the provider's code flow.
    async fn id_token(&self, auditor: usize) -> IdToken {
        let agreement = fs::read_to_string(self.folder.join("agreement.toml")).unwrap();
        let agreement = Agreement::parse(&agreement).unwrap();
        let provider = agreement.console_provider().unwrap();
        let console = self.places.pages.iter().find(|place| place.name == "console").unwrap();
        let who = console.sign_ins.iter().filter(|one| one.role == "auditor").nth(auditor).unwrap();
        let back = format!("{}sign-in/callback", console.address);
        let question = question(&provider.audience, &back);
        let url = Url::parse_with_params(&format!("{}/authorize", provider.issuer), question).unwrap();
        let mut visitor = Visitor::new();
        let answer = visitor.identify(url.as_str(), &who.name, &who.secret).await;
        let to = Url::parse(answer.header("location")).unwrap();
        let code = to.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
        let key = fs::read(self.folder.join("console/provider.der")).unwrap();
        let client = (provider.audience.as_str(), &SigningKey::from_pkcs8(&key).unwrap());
        redeem(&visitor.client(), &provider.issuer, client, &back, (&code, VERIFIER)).await.unwrap()
    }

    /// What the admin listeners of the central services show.
    pub(super) fn metrics(&self) {
        let central = self.places.services.iter().filter(|service| service.oin.is_none());
        let mut seen = 0;
        for service in central {
            for path in ["metrics", "health/ready"] {
                let address = service.admin.strip_prefix("http://").unwrap();
                let mut stream = TcpStream::connect(address).unwrap();
                write!(stream, "GET /{path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
                    .unwrap();
                let mut answer = String::new();
                stream.read_to_string(&mut answer).unwrap();
                assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
                let file = format!("shown/{}-{}", service.name, path.replace('/', "-"));
                fs::write(self.folder.join(file), answer).unwrap();
                seen += 1;
            }
        }
        assert_eq!(seen, 4);
    }

    fn ask(&self, command: &str, role: &str, bsn: &str, more: &[&str]) -> Ran {
        let config = self.config("partners/municipality/partner.toml");
        let asked = [
            command,
            "--config",
            &config,
            "--bsn",
            "-",
            "--purpose",
            "coordinate-help",
            "--role",
            role,
            "--actor",
            "j.jansen",
            "--case",
            "2026-0042",
            "--json",
        ];
        run_with_input(asked.iter().chain(more), bsn)
    }

    fn audit(&self, who: &str, line: &str) -> Ran {
        self.run_audit(who, line).expect(0)
    }

    fn run_audit(&self, who: &str, line: &str) -> Ran {
        let config = self.config(&format!("{who}.toml"));
        run(["audit"].into_iter().chain(line.split(' ')).chain(["--json", "--config", &config]))
    }

    fn config(&self, path: &str) -> String {
        self.folder.join(path).to_str().unwrap().to_owned()
    }
}
