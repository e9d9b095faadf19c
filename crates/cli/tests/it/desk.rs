//! A partner's folder, as an operator has it before the first sync: certificate, agreement and what is configured as sources.

use std::fs;
use std::path::{Path, PathBuf};

use kw_agreement::draft::AgreementDraft;

use crate::program::{Ran, run};

pub(crate) struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    /// Of the school in the youth chain.
    pub(crate) fn new(sources: &str) -> Self {
        Self::agreed(sources, |_| ())
    }

    /// The same, with an agreement that is changed first.
    pub(crate) fn agreed(sources: &str, change: impl FnOnce(&mut AgreementDraft)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let pki = folder.path().join("pki");
        let pki = pki.to_str().unwrap();
        run(["pki", "init", "--directory", pki, "--chain", "youth"]).expect(0);
        let issue = ["pki", "issue", "--directory", pki, "--name", "school", "--oin", "00000099000000012000"];
        let issued = run(issue.into_iter().chain(["--host", "localhost", "--json"])).expect(0).json();
        let youth = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/chains/youth.toml");
        let mut draft = AgreementDraft::parse(&fs::read_to_string(youth).unwrap()).unwrap();
        change(&mut draft);
        fs::write(folder.path().join("agreement.toml"), draft.to_toml().unwrap()).unwrap();
        let (certificate, key) = (&issued["certificate"], &issued["key"]);
        let config = format!(
            "agreement = 'agreement.toml'\n[tls]\ncertificate = {certificate}\nkey = {key}\ntrust_anchors = 'pki/ca.pem'\n\
             without_revocation = true\n[database]\nurl = 'never-made.db'\n[keys]\ndirectory = 'never-made'\n{sources}"
        );
        fs::write(folder.path().join("partner.toml"), config).unwrap();
        fs::create_dir(folder.path().join("data")).unwrap();
        Self { folder }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join("data").join(name), text).unwrap();
    }

    pub(crate) fn check(&self, more: &[&str]) -> Ran {
        self.run("check", more)
    }

    pub(crate) fn conformance(&self, more: &[&str]) -> Ran {
        self.run("conformance", more)
    }

    fn run(&self, what: &str, more: &[&str]) -> Ran {
        let config = self.path("partner.toml");
        run(["partner", what, "--config", config.to_str().unwrap()].iter().chain(more))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}
