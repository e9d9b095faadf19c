//! `audit verify`: whether a log, or one entry of it, is what its checkpoint commits to.

use std::path::{Path, PathBuf};

use clap::Args;
use kw_ledger::checkpoint::SignedCheckpoint;
use kw_ledger::note::VerifierKey;
use kw_ledger::policy::Policy;
use kw_logbook::reader::{
    LogSource, POLICY_FILE, StoredLogState, Trust, TrustError, VKEY_FILE, Verified, VerifyError, prove,
    verify_log, verify_proof, verify_stored,
};
use kw_store::StoredLog;
use serde_json::{Value, json};

use super::access::{AuditConfig, LogName};
use super::receipt::ReceiptFile;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::output::progress::Progress;

/// The arguments.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// A service's configuration, or any file with `agreement` and `[tls]`.
    #[arg(long, value_name = "FILE", required_unless_present_any = ["dir", "policy"])]
    config: Option<PathBuf>,
    /// Whose log: `switchboard`, `pseudonymiser`, or the OIN of a partner.
    #[arg(long, value_name = "LOG", default_value = "switchboard")]
    log: LogName,
    /// A copy in a folder, instead of the log where it is kept.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["database", "receipt"])]
    dir: Option<PathBuf>,
    /// The key that must have signed the copy, as a file with one line; the folder's own without it.
    #[arg(long, value_name = "FILE", requires = "dir")]
    vkey: Option<PathBuf>,
    /// The database of the service of this configuration: every record too.
    #[arg(long, requires = "config", conflicts_with = "receipt")]
    database: bool,
    /// One entry: the receipt that came with an answer, as JSON.
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
    /// The proof of that entry, instead of asking the log.
    #[arg(long, value_name = "FILE", requires = "receipt")]
    proof: Option<PathBuf>,
    /// Whom to believe, instead of the agreement (C2SP tlog-policy).
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
}

/// What a verification came to: data for JSON, and a line for people.
struct Told {
    data: Value,
    line: String,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    let told = if let Some(receipt) = &arguments.receipt {
        one_entry(&arguments, receipt).await
    } else if let Some(folder) = &arguments.dir {
        copy(&arguments, folder).await
    } else if arguments.database {
        stored(arguments.configuration()?)
    } else {
        remote(&arguments).await
    };
    match told {
        Ok(Told { data, line }) => {
            output.data(&data, || line);
            Ok(Exit::Done)
        }
        Err(Ended::Verdict(reason)) => {
            output.data(&json!({ "verified": false, "reason": reason }), || {
                format!("DOES NOT VERIFY: {reason}")
            });
            Ok(Exit::Negative)
        }
        Err(Ended::Failed(failure)) => Err(failure),
    }
}

impl Arguments {
    fn configuration(&self) -> Result<AuditConfig, Failure> {
        let missing = || Failure::usage("this takes a configuration", "name one: --config FILE");
        AuditConfig::load(self.config.as_deref().ok_or_else(missing)?)
    }
}

/// How a verification ends that does not succeed.
enum Ended {
    /// The log is not as it should be.
    Verdict(String),
    /// It could not be looked at.
    Failed(Failure),
}

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<VerifyError> for Ended {
    fn from(error: VerifyError) -> Self {
        if error.is_verdict() {
            Self::Verdict(error.to_string())
        } else {
            Self::Failed(super::unreadable(error))
        }
    }
}

async fn remote(arguments: &Arguments) -> Result<Told, Ended> {
    let config = arguments.configuration()?;
    let agreement = config.agreement()?;
    let log = arguments.log.identity(&agreement)?;
    let trust = match &arguments.policy {
        Some(file) => policy(file)?,
        None => Trust::of(&agreement, &log).map_err(untrusted)?,
    };
    let source = LogSource::of(&config.tls()?, &log, super::context()).map_err(Failure::from)?;
    whole(&source, &trust).await
}

async fn copy(arguments: &Arguments, folder: &Path) -> Result<Told, Ended> {
    let source = LogSource::Folder(folder.to_owned());
    let own = folder.join(POLICY_FILE);
    let trust = match &arguments.policy {
        Some(file) => policy(file)?,
        None if own.exists() => policy(&own)?,
        None => Trust::of_key(key(&folder.join(VKEY_FILE))?).map_err(untrusted)?,
    };
    if let Some(file) = &arguments.vkey
        && key(file)? != *trust.log()
    {
        return Err(Ended::Verdict(
            "the folder holds the copy of another log than that of the key".to_owned(),
        ));
    }
    whole(&source, &trust).await
}

async fn whole(source: &LogSource, trust: &Trust) -> Result<Told, Ended> {
    let progress = Progress::counted("verifying entries");
    let verified = verify_log(source, trust, |reached| progress.reached(reached.done, reached.total)).await;
    drop(progress);
    Ok(verified_log(&verified?))
}

fn verified_log(verified: &Verified) -> Told {
    let checkpoint = verified.newest.checkpoint();
    let seconds = verified.took.as_secs_f64();
    let rate = rate(checkpoint.size, seconds);
    let witnessed = verified
        .witnessed
        .as_ref()
        .map(|seen| json!({ "size": seen.signed.checkpoint().size, "by": seen.by }));
    let seen = verified.witnessed.as_ref().map_or_else(
        || "no checkpoint is witnessed".to_owned(),
        |seen| match seen.by.len() {
            0 => "no witness is known".to_owned(),
            witnesses => format!("witnessed up to {} by {witnesses}", seen.signed.checkpoint().size),
        },
    );
    Told {
        data: json!({
            "verified": true, "origin": checkpoint.origin, "entries": checkpoint.size,
            "root": checkpoint.root.to_string(), "tiles": verified.tiles, "witnessed": witnessed,
            "seconds": seconds, "entriesPerSecond": rate,
        }),
        line: format!(
            "verified: {}, {} entries, {} tiles, {seen}\n{seconds:.1} s, {rate:.0} entries/s",
            checkpoint.origin, checkpoint.size, verified.tiles
        ),
    }
}

fn stored(config: AuditConfig) -> Result<Told, Ended> {
    let agreement = config.agreement()?;
    let mut log = StoredLog::open(config.database()?).map_err(|error| Failure::service(&error.into()))?;
    let identity = agreement
        .log(log.origin())
        .ok_or_else(|| Ended::Verdict(format!("the agreement knows no log {}", log.origin())))?;
    let trust = Trust::of(&agreement, &identity).map_err(untrusted)?;
    let progress = Progress::counted("verifying records");
    let state = verify_stored(&mut log, &trust, |reached| progress.reached(reached.done, reached.total));
    drop(progress);
    Ok(verified_database(&identity.origin, &state?))
}

fn verified_database(origin: &str, state: &StoredLogState) -> Told {
    let StoredLogState { entries, erased, published, took } = state;
    let seconds = took.as_secs_f64();
    let rate = rate(*entries, seconds);
    Told {
        data: json!({
            "verified": true, "origin": origin, "entries": entries, "erased": erased, "published": published,
            "seconds": seconds, "entriesPerSecond": rate,
        }),
        line: format!(
            "verified: {origin}, {entries} entries with their records, {erased} of them erased, {published} published\n\
             {seconds:.1} s, {rate:.0} entries/s"
        ),
    }
}

async fn one_entry(arguments: &Arguments, file: &Path) -> Result<Told, Ended> {
    let receipt = ReceiptFile::read(file)?;
    let entry = receipt.entry();
    let trust = match &arguments.policy {
        Some(file) => policy(file)?,
        None => receipt.trust(&arguments.configuration()?.agreement()?)?,
    };
    if trust.log().name().as_str() != receipt.origin() {
        return Err(Ended::Verdict("the receipt is of another log than the policy names".to_owned()));
    }
    let signed = if let Some(file) = &arguments.proof {
        verify_proof(&super::text_of(file)?, &trust, &entry)?
    } else {
        let source = receipt.source(&arguments.configuration()?)?;
        prove(&source, &trust, &entry).await?.1
    };
    Ok(verified_entry(entry.index, &signed, &trust))
}

fn verified_entry(index: u64, signed: &SignedCheckpoint, trust: &Trust) -> Told {
    let checkpoint = signed.checkpoint();
    let by: Vec<String> =
        trust.cosigned_by(signed).into_iter().map(|witness| witness.name().to_string()).collect();
    let line = format!(
        "verified: entry {index} of {} is in its checkpoint of size {}, which {} witnesses cosigned",
        checkpoint.origin,
        checkpoint.size,
        by.len()
    );
    let data = json!({
        "verified": true, "origin": checkpoint.origin, "index": index, "size": checkpoint.size, "witnessedBy": by,
    });
    Told { data, line }
}

fn rate(entries: u64, seconds: f64) -> f64 {
    if seconds > 0.0 { (entries as f64 / seconds).round() } else { 0.0 }
}

fn policy(file: &Path) -> Result<Trust, Failure> {
    let bytes = std::fs::read(file).map_err(|error| super::unreadable_file(file, &error))?;
    let wrong = |what: String| Failure::configuration(what, "docs/ledger.md says what is in a policy");
    let policy = Policy::parse(&bytes).map_err(|error| wrong(format!("{}: {error}", file.display())))?;
    Trust::of_policy(policy).map_err(untrusted)
}

fn key(file: &Path) -> Result<VerifierKey, Failure> {
    let text = super::text_of(file)?;
    VerifierKey::parse(text.trim_end()).map_err(|error| {
        Failure::configuration(format!("{}: {error}", file.display()), "a key is one line: name+id+key")
    })
}

fn untrusted(error: TrustError) -> Failure {
    Failure::configuration(error, "docs/ledger.md says what is in a policy")
}
