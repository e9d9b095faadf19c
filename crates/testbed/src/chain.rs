//! A chain: what is there before anything runs, and what runs.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use kw_agreement::Agreement;
use kw_agreement::draft::{AgreementDraft, BudgetDraft, KeyDraft, key_text};
use kw_domain::{ChainName, Epoch, KeyUse, Oin};
use kw_transport::Tls;
use kw_transport::authority::{Authority, IssueRequest, IssuedFiles};
use tempfile::TempDir;

use crate::process::Process;
use crate::signing::Seeds;
use crate::{KnownKeys, Member, PostgresServer, Program, free_port};

const YOUTH: &str = include_str!("../../../examples/chains/youth.toml");
/// The most that an agreement may say.
const PLENTY: BudgetDraft = BudgetDraft { burst: 50_000_000, hour: 50_000_000, day: 50_000_000 };

/// A chain that is put together: the youth chain of `examples/chains/`, on this machine.
#[derive(Debug)]
pub struct Chain {
    folder: TempDir,
    authority: Authority,
    database: Database,
    draft: AgreementDraft,
    keys: KnownKeys,
    members: Vec<String>,
    port: u16,
    program: Program,
    seeds: Seeds,
}

#[derive(Debug, Clone)]
enum Database {
    Sqlite,
    Postgres { url: String, root_certificates: Option<PathBuf> },
}

impl Chain {
    /// A chain whose switchboard is this program, on SQLite, with every key and certificate it needs.
    pub fn new(program: Program) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("kw-chain").tempdir()?;
        let mut draft = AgreementDraft::parse(YOUTH)?;
        let name = ChainName::parse(&draft.chain.name)?;
        let authority = Authority::init(&folder.path().join("pki"), &name)?;
        let keys = KnownKeys::generate();
        draft.pseudonymiser.keys = [KeyUse::Index, KeyUse::Binding]
            .map(|key_use| KeyDraft::new(key_use, Epoch(1), &keys.of(key_use).public().to_bytes()))
            .to_vec();
        let (port, public) = (free_port()?, free_port()?);
        draft.switchboard.endpoint = format!("https://127.0.0.1:{port}");
        draft.switchboard.public_endpoint = format!("https://127.0.0.1:{public}");
        draft.budgets.switchboard_query = Some(PLENTY);
        let directory = folder.path().join("keys");
        fs::create_dir(&directory)?;
        program.make_keys(&directory, &name)?;
        let seeds = Seeds::agree(&mut draft, &directory)?;
        let members = Vec::new();
        Ok(Self { folder, authority, database: Database::Sqlite, draft, keys, members, port, program, seeds })
    }

    /// Gives the partner of this kind its certificate. The others get theirs when they are first asked for.
    #[must_use]
    pub fn partner(mut self, kind: &str) -> Self {
        self.members.push(kind.to_owned());
        self
    }

    /// Has the partner of this kind witness the switchboard's log. The test answers in its place, at an endpoint that it puts
    /// into the agreement, with [`RunningChain::witness_seed`].
    pub fn witness(mut self, kind: &str) -> anyhow::Result<Self> {
        let key = key_text(&self.seeds.witness_key(kind)?);
        let partner = self.draft.partners.iter_mut().find(|partner| partner.kind == kind);
        partner.with_context(|| format!("no partner is a {kind:?}"))?.witness_key = Some(key);
        Ok(self)
    }

    /// Puts the switchboard on a new database of this server, over the socket.
    pub fn postgres(mut self, server: &PostgresServer) -> anyhow::Result<Self> {
        self.database = Database::Postgres { url: server.database()?, root_certificates: None };
        Ok(self)
    }

    /// Puts the switchboard on a new database of this server, over TLS.
    pub fn postgres_over_tls(mut self, server: &PostgresServer) -> anyhow::Result<Self> {
        let url = server.over_tls(&server.database()?);
        self.database = Database::Postgres { url, root_certificates: Some(server.root_certificates()) };
        Ok(self)
    }

    /// Changes the agreement before it is signed off.
    #[must_use]
    pub fn agreed(mut self, change: impl FnOnce(&mut AgreementDraft)) -> Self {
        change(&mut self.draft);
        self
    }

    /// The folder with everything, for a test that spoils something before the start.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts the switchboard.
    pub fn start(self) -> anyhow::Result<RunningChain> {
        let mut running = self.prepare()?;
        running.start_switchboard()?;
        Ok(running)
    }

    /// Writes every file and starts nothing.
    pub fn prepare(self) -> anyhow::Result<RunningChain> {
        let running = RunningChain {
            draft: Mutex::new(self.draft),
            authority: self.authority,
            database: self.database,
            keys: self.keys,
            port: self.port,
            program: self.program,
            seeds: self.seeds,
            switchboard: None,
            folder: self.folder,
        };
        running.issue("switchboard", &running.draft().switchboard.oin)?;
        for kind in &self.members {
            running.member(kind)?;
        }
        running.write_agreement()?;
        fs::write(running.config_file(), toml::to_string(&running.config()?)?)?;
        Ok(running)
    }
}

/// A chain with its switchboard, unless it was killed.
#[derive(Debug)]
pub struct RunningChain {
    // Ends before its folder goes: fields are dropped in this order.
    switchboard: Option<Process>,
    draft: Mutex<AgreementDraft>,
    authority: Authority,
    database: Database,
    keys: KnownKeys,
    port: u16,
    program: Program,
    seeds: Seeds,
    folder: TempDir,
}

impl RunningChain {
    /// The folder with everything.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The folder with the switchboard's keys.
    pub fn keys_folder(&self) -> PathBuf {
        self.folder().join("keys")
    }

    /// The switchboard's configuration file.
    pub fn config_file(&self) -> PathBuf {
        self.folder().join("switchboard.toml")
    }

    /// The certificate authority of this chain.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The pseudonymiser's keys.
    pub fn known_keys(&self) -> &KnownKeys {
        &self.keys
    }

    /// The Ed25519 seed of the log of a partner, by its kind, or of the `pseudonymiser`.
    pub fn log_seed(&self, kind: &str) -> anyhow::Result<[u8; 32]> {
        self.seeds.log(kind)
    }

    /// The Ed25519 seed with which the partner of this kind cosigns, if it was made a witness.
    pub fn witness_seed(&self, kind: &str) -> anyhow::Result<[u8; 32]> {
        self.seeds.witness(kind)
    }

    /// Where the switchboard's data are: a path, or a PostgreSQL URL.
    pub fn database_url(&self) -> String {
        match &self.database {
            Database::Sqlite => self.folder().join("switchboard.db").display().to_string(),
            Database::Postgres { url, .. } => url.clone(),
        }
    }

    /// The authority of the database's certificate, where it is reached over TLS.
    pub fn database_roots(&self) -> Option<PathBuf> {
        match &self.database {
            Database::Postgres { root_certificates, .. } => root_certificates.clone(),
            Database::Sqlite => None,
        }
    }

    /// The agreement as it is now.
    pub fn agreement(&self) -> anyhow::Result<Agreement> {
        parsed(&self.draft())
    }

    /// A copy of the agreement's fields.
    pub fn draft(&self) -> AgreementDraft {
        self.draft.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes the agreement. A running switchboard takes it in within a moment.
    pub fn change_agreement(&self, change: impl FnOnce(&mut AgreementDraft)) -> anyhow::Result<()> {
        change(&mut self.draft.lock().unwrap_or_else(PoisonError::into_inner));
        self.write_agreement()?;
        match &self.switchboard {
            Some(process) => process.signal("HUP"),
            None => Ok(()),
        }
    }

    /// Where the switchboard listens for partners.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    /// The switchboard's process.
    pub fn switchboard(&self) -> anyhow::Result<&Process> {
        self.switchboard.as_ref().context("the switchboard is not running")
    }

    /// Starts the switchboard, again if it was there before: same files, same database, same ports.
    pub fn start_switchboard(&mut self) -> anyhow::Result<()> {
        let command = self.program.command(&self.config_file())?;
        self.switchboard = Some(Process::start(command, &self.folder().join("switchboard.err"))?);
        Ok(())
    }

    /// Starts a second switchboard beside the first: same files and same database, on ports that the system chooses.
    pub fn start_second_switchboard(&self) -> anyhow::Result<Process> {
        let mut config: toml::Table = toml::from_str(&fs::read_to_string(self.config_file())?)?;
        let server = config.get_mut("server").and_then(toml::Value::as_table_mut);
        let server = server.context("the configuration has no [server]")?;
        for listener in ["listen", "public", "admin"] {
            server.insert(listener.to_owned(), "127.0.0.1:0".into());
        }
        let file = self.folder().join("second.toml");
        fs::write(&file, toml::to_string(&config)?)?;
        Process::start(self.program.command(&file)?, &self.folder().join("second.err"))
    }

    /// Waits until the switchboard ends by itself: how it ended, and everything it wrote to standard error since the first start.
    pub fn wait_for_end(&mut self, limit: Duration) -> anyhow::Result<(std::process::ExitStatus, String)> {
        let mut process = self.switchboard.take().context("the switchboard is not running")?;
        let ended = process.wait_for_end(limit)?;
        Ok((ended, fs::read_to_string(self.folder().join("switchboard.err"))?))
    }

    /// Kills the switchboard, as a power cut would.
    pub fn kill_switchboard(&mut self) -> anyhow::Result<()> {
        let mut process = self.switchboard.take().context("the switchboard is not running")?;
        process.kill()
    }

    /// Ends the switchboard in an orderly way.
    pub fn stop_switchboard(&mut self) -> anyhow::Result<()> {
        let mut process = self.switchboard.take().context("the switchboard is not running")?;
        let ended = process.stop()?;
        anyhow::ensure!(ended.success(), "the switchboard ended with {ended}");
        Ok(())
    }

    /// The partner of this kind in the agreement.
    pub fn member(&self, kind: &str) -> anyhow::Result<Member> {
        let draft = self.draft();
        let partner = draft.partners.iter().find(|partner| partner.kind == kind);
        let oin = &partner.with_context(|| format!("no partner is a {kind:?}"))?.oin;
        self.party(kind, oin)
    }

    /// Somebody with a certificate of the chain's authority and any OIN.
    pub fn party(&self, name: &str, oin: &str) -> anyhow::Result<Member> {
        let files = self.issue(name, oin)?;
        Ok(Member::new(Tls::load(&files.tls_files())?, Arc::new(self.agreement()?), self.address()))
    }

    fn issue(&self, name: &str, oin: &str) -> anyhow::Result<IssuedFiles> {
        let files = self.authority.files_of(name);
        if files.certificate.exists() {
            return Ok(files);
        }
        Ok(self.authority.issue(&IssueRequest {
            name: name.to_owned(),
            oin: Oin::parse(oin)?,
            hosts: vec!["127.0.0.1".to_owned(), "localhost".to_owned()],
            validity: Duration::from_hours(24),
        })?)
    }

    fn write_agreement(&self) -> anyhow::Result<()> {
        let draft = self.draft();
        parsed(&draft)?;
        // Swapped whole: the switchboard may be reading.
        let (next, file) = (self.folder().join("agreement.next"), self.folder().join("agreement.toml"));
        fs::write(&next, draft.to_toml()?)?;
        fs::rename(next, file)?;
        Ok(())
    }

    fn config(&self) -> anyhow::Result<toml::Table> {
        let draft = self.draft();
        let public = draft.switchboard.public_endpoint.trim_start_matches("https://");
        let mut database = toml::Table::new();
        database.insert("url".to_owned(), self.database_url().into());
        if let Some(roots) = self.database_roots() {
            database.insert("root_certificates".to_owned(), roots.display().to_string().into());
        }
        let text = format!(
            "agreement = \"agreement.toml\"\n\
             [server]\nlisten = \"127.0.0.1:{}\"\npublic = \"{public}\"\nadmin = \"127.0.0.1:0\"\nworkers = 2\n\
             shutdown-deadline = 5\nmax-connections = 4096\n\
             [log]\nfile = \"switchboard.log\"\nlevel = \"warn\"\n\
             [tls]\ncertificate = \"pki/switchboard.pem\"\nkey = \"pki/switchboard.key\"\n\
             trust_anchors = \"pki/ca.pem\"\nrevocation_lists = [\"pki/crl.pem\"]\n\
             [keys]\ndirectory = \"keys\"\n",
            self.port
        );
        let mut config: toml::Table = toml::from_str(&text)?;
        config.insert("database".to_owned(), database.into());
        Ok(config)
    }
}

fn parsed(draft: &AgreementDraft) -> anyhow::Result<Agreement> {
    Agreement::parse(&draft.to_toml()?)
        .map_err(|errors| anyhow::anyhow!("the agreement is refused: {errors}"))
}
