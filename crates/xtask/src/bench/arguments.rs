//! What can be chosen.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// What to measure.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(super) of: Option<Of>,
    /// On which databases.
    #[arg(long, value_delimiter = ',', default_value = "sqlite,postgres")]
    pub(super) databases: Vec<Database>,
    /// With how many pointers in the index.
    #[arg(long, value_delimiter = ',', default_value = "10000,1000000")]
    sizes: Vec<u64>,
    /// Also with ten million pointers.
    #[arg(long)]
    large: bool,
    /// Over how many connections.
    #[arg(long, value_delimiter = ',', default_value = "1,16,64,256")]
    pub(super) connections: Vec<usize>,
    /// For how long each, in seconds.
    #[arg(long, default_value_t = 2)]
    pub(super) seconds: u64,
    /// Only these.
    #[arg(long, value_delimiter = ',', default_value = "hello,bare,query,register,bulk,idle,dossier")]
    only: Vec<What>,
    /// Where `ketenwijzer` and `xtask` are, instead of building them in release mode.
    #[arg(long)]
    pub(super) binaries: Option<PathBuf>,
    /// Also write the result as JSON.
    #[arg(long)]
    pub(super) json: Option<PathBuf>,
}

/// Something else than the whole.
#[derive(Debug, Subcommand)]
pub(super) enum Of {
    /// The ledger alone: adding, publishing, verifying, and what it costs a question.
    Ledger(LedgerArguments),
    /// The decision alone: what the rules cost, beside the same table in plain Rust.
    Decision(DecisionArguments),
    /// Comparing a partner's records with the switchboard's pointers by digests, beside listing everything.
    Reconcile(ReconcileArguments),
    /// A first load of a source, beside the pseudonyms alone.
    Sync(SyncArguments),
    /// The pages of desk, console and inzage: how long the server takes for each, and the first section of a dossier in a browser.
    Pages(PagesArguments),
}

/// What to measure of pages.
#[derive(Debug, Args)]
pub(super) struct PagesArguments {
    /// How often each page is asked for.
    #[arg(long, default_value_t = 100)]
    pub(super) rounds: usize,
    /// How many dossiers are asked for.
    #[arg(long, default_value_t = 20)]
    pub(super) dossiers: usize,
    /// Where `ketenwijzer` and `xtask` are, instead of building them in release mode.
    #[arg(long)]
    pub(super) binaries: Option<PathBuf>,
}

/// What to measure of a first load.
#[derive(Debug, Args)]
pub(super) struct SyncArguments {
    /// Of how many records.
    #[arg(long, default_value_t = 50_000)]
    pub(super) records: u64,
    /// Where `ketenwijzer` and `xtask` are, instead of building them in release mode.
    #[arg(long)]
    pub(super) binaries: Option<PathBuf>,
    /// Also write the result as JSON.
    #[arg(long)]
    pub(super) json: Option<PathBuf>,
}

/// What to measure of reconciling.
#[derive(Debug, Args)]
pub(super) struct ReconcileArguments {
    /// With how many pointers.
    #[arg(long, default_value_t = 1_000_000)]
    pub(super) pointers: u64,
    /// With how many differences, each in turn; half of them here and half of them there.
    #[arg(long, value_delimiter = ',', default_value = "0,10,10000")]
    pub(super) differences: Vec<u64>,
    /// Where `ketenwijzer` and `xtask` are, instead of building them in release mode.
    #[arg(long)]
    pub(super) binaries: Option<PathBuf>,
    /// Also write the result as JSON.
    #[arg(long)]
    pub(super) json: Option<PathBuf>,
}

/// What to measure of the decision.
#[derive(Debug, Args)]
pub(super) struct DecisionArguments {
    /// How often everything is asked.
    #[arg(long, default_value_t = 20)]
    pub(super) rounds: usize,
    /// What a question costs the switchboard, in microseconds of processor: the cell of `cargo xtask bench` with 64
    /// connections.
    #[arg(long, default_value_t = 147.0)]
    pub(super) query_us: f64,
    /// Also write the result as JSON.
    #[arg(long)]
    pub(super) json: Option<PathBuf>,
}

/// What to measure of the ledger.
#[derive(Debug, Args)]
pub(super) struct LedgerArguments {
    /// On which databases.
    #[arg(long, value_delimiter = ',', default_value = "sqlite,postgres")]
    pub(super) databases: Vec<Database>,
    /// With how many that write at the same time.
    #[arg(long, value_delimiter = ',', default_value = "1,64")]
    pub(super) writers: Vec<usize>,
    /// For how long each, in seconds.
    #[arg(long, default_value_t = 10)]
    pub(super) seconds: u64,
    /// How many entries are verified.
    #[arg(long, default_value_t = 1_000_000)]
    pub(super) entries: u64,
    /// With how many pointers in the index, where questions are asked.
    #[arg(long, default_value_t = 10_000)]
    pub(super) pointers: u64,
    /// How often questions with and without the ledger take turns.
    #[arg(long, default_value_t = 3)]
    pub(super) rounds: usize,
    /// Only these.
    #[arg(long, value_delimiter = ',', default_value = "appends,publishing,verifying,cost")]
    pub(super) only: Vec<OfLedger>,
    /// Where `ketenwijzer` and `xtask` are, instead of building them in release mode.
    #[arg(long)]
    pub(super) binaries: Option<PathBuf>,
    /// Where the `ketenwijzer` is that was built without its ledger, instead of building it.
    #[arg(long)]
    pub(super) without_ledger: Option<PathBuf>,
    /// Also write the result as JSON.
    #[arg(long)]
    pub(super) json: Option<PathBuf>,
}

/// A measurement of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum OfLedger {
    /// Records made durable by the group-commit writer.
    Appends,
    /// From the answer to a checkpoint that covers its record.
    Publishing,
    /// The whole log, from the database and from published files.
    Verifying,
    /// Questions with the ledger and without it.
    Cost,
}

impl Arguments {
    pub(super) fn wants(&self, what: What) -> bool {
        self.only.contains(&what)
    }

    pub(super) fn sizes(&self) -> Vec<u64> {
        let mut sizes = self.sizes.clone();
        if self.large {
            sizes.push(10_000_000);
        }
        sizes
    }
}

/// A database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Database {
    Sqlite,
    Postgres,
}

impl Database {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }

    /// As `--databases` takes it.
    pub(super) fn argument(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

/// A measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum What {
    /// The same stack, saying hello.
    Hello,
    /// The same database and stack: one look-up, one durable record.
    Bare,
    /// One question: one pointer, one grant.
    Query,
    /// One registration.
    Register,
    /// An upload.
    Bulk,
    /// Memory with a thousand idle connections.
    Idle,
    /// Pulls and whole dossiers, with all services running.
    Dossier,
}

/// A process of a measurement.
#[derive(Debug, Subcommand)]
pub(crate) enum Part {
    /// Answers every request with a few bytes.
    Hello(Place),
    /// Looks up and records, with nothing of ours around it.
    Bare(Place),
    /// Makes requests as fast as they are answered.
    Load(Plan),
    /// Sends one upload.
    Bulk(Upload),
    /// Keeps connections open.
    Idle(Plan),
    /// Writes records as fast as they are durable.
    Appends(Appends),
    /// Asks questions and waits until they are published.
    Publishing(Publishing),
    /// Fills a log and verifies it.
    Verifying(Verifying),
}

/// What to write into which database.
#[derive(Debug, Args)]
pub(crate) struct Appends {
    #[arg(long)]
    pub(super) database: String,
    #[arg(long)]
    pub(super) writers: usize,
    #[arg(long)]
    pub(super) seconds: u64,
}

/// What to ask, and how often.
#[derive(Debug, Args)]
pub(crate) struct Publishing {
    #[command(flatten)]
    pub(super) plan: Plan,
    /// How long each connection rests after an answer, in milliseconds.
    #[arg(long)]
    pub(super) rest: u64,
}

/// How much to verify where.
#[derive(Debug, Args)]
pub(crate) struct Verifying {
    #[arg(long)]
    pub(super) database: String,
    /// An empty folder for the published files.
    #[arg(long)]
    pub(super) folder: PathBuf,
    #[arg(long)]
    pub(super) entries: u64,
}

/// Where a bench-only server finds everything.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// The folder of a test chain.
    #[arg(long)]
    pub(super) folder: PathBuf,
    /// The database.
    #[arg(long, default_value = "")]
    pub(super) database: String,
    /// The name of the log in it.
    #[arg(long, default_value = "")]
    pub(super) origin: String,
}

/// Whom to call, with which certificate.
#[derive(Debug, Clone, Args)]
pub(crate) struct Target {
    /// The folder of a test chain.
    #[arg(long)]
    pub(super) folder: PathBuf,
    /// The party that calls.
    #[arg(long, default_value = "")]
    pub(super) member: String,
    /// Where the server listens.
    #[arg(long)]
    pub(super) address: SocketAddr,
    /// The OIN of the server; plain HTTP without it.
    #[arg(long, default_value = "")]
    pub(super) server: String,
}

/// What to send over how many connections.
#[derive(Debug, Clone, Args)]
pub(crate) struct Plan {
    #[command(flatten)]
    pub(super) target: Target,
    /// A file with one request a line: `METHOD path body`.
    #[arg(long)]
    pub(super) requests: Option<PathBuf>,
    /// The file with the token of a local API.
    #[arg(long)]
    pub(super) token: Option<PathBuf>,
    #[arg(long)]
    pub(super) connections: usize,
    #[arg(long)]
    pub(super) seconds: u64,
}

/// What to upload.
#[derive(Debug, Clone, Args)]
pub(crate) struct Upload {
    #[command(flatten)]
    pub(super) target: Target,
    /// A registration with `@element@` and `@handle@` in it.
    #[arg(long)]
    pub(super) template: String,
    /// The first subject.
    #[arg(long)]
    pub(super) first: u64,
    /// How many.
    #[arg(long)]
    pub(super) count: u64,
}
