//! One virtual dossier from the library: `dossier AGREEMENT CERTIFICATE KEY ANCHORS CRL LOG < question.json`.
//!
//! The question is what the partner's local API takes at `POST /v1/dossiers`:
//!
//! ```json
//! {"subject": "nl.bsn:999990342", "birthDate": "2012-05-03", "purpose": "coordinate-help", "case": "Z-2026-17",
//!  "actor": {"id": "j.jansen", "role": "municipal-consultant"}, "relation": {"basis": "listed"}}
//! ```
//!
//! It comes on standard input, because arguments show in every process list. The partner process keeps its accesses in
//! its ledger; this example appends a line per event to a file, and is refused its dossier when that fails.

use std::error::Error;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex};

use kw_agreement::Agreement;
use kw_client::{Context, Entropy};
use kw_domain::SystemClock;
use kw_requester::{AccessEvent, AccessLog, DossierQuery, Limits, Parts, RecordError, Recording, Requester};
use kw_transport::{Tls, TlsFiles};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [agreement, certificate, key, anchors, revoked, log] = &arguments[..] else {
        return Err("usage: dossier AGREEMENT CERTIFICATE KEY ANCHORS CRL LOG < question.json".into());
    };

    let requester = Requester::new(Parts {
        tls: Tls::load(&TlsFiles {
            certificate: certificate.into(),
            key: key.into(),
            trust_anchors: anchors.into(),
            revocation_lists: vec![revoked.into()],
            without_revocation: false,
        })?,
        agreement: Arc::new(Agreement::parse(&fs::read_to_string(agreement)?)?),
        access_log: Arc::new(FileLog::open(log.as_ref())?),
        context: Context::new(Arc::new(SystemClock), Entropy::system()),
        limits: Limits::default(),
    })?;

    let request = serde_json::from_reader(io::stdin())?;
    let question = DossierQuery::parse(&request).map_err(|mistakes| format!("{mistakes:?}"))?;
    let dossier = requester.dossier(&question).await?;

    // An incomplete dossier is an answer too: each section says what became of it.
    serde_json::to_writer_pretty(io::stdout().lock(), &dossier)?;
    writeln!(io::stdout())?;
    Ok(())
}

/// The simplest log that keeps the promise: an event is recorded when it is on the disk.
#[derive(Debug)]
struct FileLog(Arc<Mutex<File>>);

impl FileLog {
    fn open(path: &Path) -> io::Result<Self> {
        Ok(Self(Arc::new(Mutex::new(OpenOptions::new().append(true).create(true).open(path)?))))
    }
}

impl AccessLog for FileLog {
    fn record(&self, event: AccessEvent) -> Recording<'_> {
        let file = Arc::clone(&self.0);
        Box::pin(async move {
            let append = move || {
                let mut file = file.lock().map_err(|_| RecordError::Failed)?;
                // `Debug` of an event shows neither the subject nor a document.
                writeln!(file, "{event:?}").map_err(|_| RecordError::Failed)?;
                file.sync_data().map_err(|_| RecordError::Failed)
            };
            tokio::task::spawn_blocking(append).await.map_err(|_| RecordError::Failed)?
        })
    }
}
