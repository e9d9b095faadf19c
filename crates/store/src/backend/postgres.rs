//! PostgreSQL without libpq: tokio-postgres under diesel-async's blocking wrapper, TLS by rustls
//! (docs/decisions/0003).

use std::cell::RefCell;
use std::str::FromStr as _;
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::{AsyncConnectionWrapper, BlockOn};
use tokio::runtime::Runtime;
use tokio_postgres::config::{Host, SslMode};

use super::ConnectionRole;
use crate::config::DatabaseConfig;
use crate::error::OpenError;

pub(crate) type Conn = AsyncConnectionWrapper<AsyncPgConnection, OwnRuntime>;

// The statements of each service, for this backend (docs/decisions/0004).
#[path = "../partner/authorisations_queries.rs"]
mod authorisations_queries;
#[path = "../books/queries.rs"]
mod books_queries;
#[path = "../partner/canaries_queries.rs"]
mod canaries_queries;
#[path = "../delegations/queries.rs"]
mod delegations_queries;
#[path = "../partner/feedback_queries.rs"]
mod feedback_queries;
#[path = "../partner/feedback_sent_queries.rs"]
mod feedback_sent_queries;
#[path = "../partner/identity_checks_queries.rs"]
mod identity_checks_queries;
#[path = "../ledger/erasing.rs"]
mod ledger_erasing;
#[path = "../ledger/queries.rs"]
mod ledger_queries;
#[path = "../partner/reading.rs"]
mod partner_reading;
#[path = "../partner/writing.rs"]
mod partner_writing;
#[path = "../personal/reading.rs"]
mod personal_reading;
#[path = "../personal/writing.rs"]
mod personal_writing;
#[path = "../pseudonymiser/queries.rs"]
mod pseudonymiser_queries;
#[path = "../resolutions/queries.rs"]
mod resolutions_queries;
#[path = "../statements/queries.rs"]
mod statements_queries;
#[path = "../switchboard/alarms/queries.rs"]
mod switchboard_alarms;
#[path = "../switchboard/consents/queries.rs"]
mod switchboard_consents;
#[path = "../switchboard/departures/queries.rs"]
mod switchboard_departures;
#[path = "../switchboard/feedback/queries.rs"]
mod switchboard_feedback;
#[path = "../switchboard/mandates/queries.rs"]
mod switchboard_mandates;
#[path = "../switchboard/matches/queries.rs"]
mod switchboard_matches;
#[path = "../switchboard/reading.rs"]
mod switchboard_reading;
#[path = "../switchboard/matches/relations.rs"]
mod switchboard_relations;
#[path = "../switchboard/reviews/queries.rs"]
mod switchboard_reviews;
#[path = "../switchboard/signals/queries.rs"]
mod switchboard_signals;
#[path = "../switchboard/subscriptions/queries.rs"]
mod switchboard_subscriptions;
#[path = "../switchboard/writing.rs"]
mod switchboard_writing;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a network may be silent before a connection over it counts as broken.
const SILENCE: Duration = Duration::from_secs(16);

/// How long a statement may take, and wait for a lock, while serving.
pub(super) const DEADLINES: &str = "SET statement_timeout = '10s'; SET lock_timeout = '5s'";
/// The same while the schema is brought up to date: an index over all that was ever recorded takes its time.
pub(super) const MIGRATION_DEADLINES: &str = "SET statement_timeout = '2h'; SET lock_timeout = '10min'";

thread_local! {
    // The wrapper asks for its runtime without arguments, but a connection must stay on the runtime it was made on.
    static MADE_ON: RefCell<Option<Runtime>> = const { RefCell::new(None) };
}

/// A single-threaded runtime that belongs to one connection: its socket is driven by whoever waits for it, without a
/// second thread to wake.
pub struct OwnRuntime(Option<Runtime>);

impl BlockOn for OwnRuntime {
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        match &self.0 {
            Some(runtime) => runtime.block_on(future),
            None => unreachable!("the runtime is there until drop"),
        }
    }

    fn get_runtime() -> Self {
        Self(MADE_ON.take())
    }
}

impl Drop for OwnRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // A pool may drop its last connection on an asynchronous thread, where an ordinary drop would panic.
            runtime.shutdown_background();
        }
    }
}

pub(crate) fn open(config: &DatabaseConfig, role: ConnectionRole) -> Result<Conn, OpenError> {
    let connection_error = |error: &dyn std::fmt::Display| OpenError::Connection(error.to_string());
    let mut parameters = tokio_postgres::Config::from_str(&config.url).map_err(|e| connection_error(&e))?;
    parameters.connect_timeout(CONNECT_TIMEOUT).application_name("ketenwijzer");
    // A server that went away without a word is noticed within seconds, by whoever waits for it.
    parameters.keepalives_idle(SILENCE / 2).keepalives_interval(SILENCE / 8).keepalives_retries(4);
    parameters.tcp_user_timeout(SILENCE);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| OpenError::Connection(error.to_string()))?;
    secure(config, &mut parameters)?;
    let inner = runtime.block_on(async {
        if config.root_certificates.is_some() {
            let tls = kw_transport::postgres_tls(config.root_certificates.as_deref())
                .map_err(|error| OpenError::Tls(error.to_string()))?;
            let (client, connection) = parameters.connect(tls).await.map_err(|e| connection_error(&e))?;
            AsyncPgConnection::try_from_client_and_connection(client, connection)
                .await
                .map_err(|e| connection_error(&e))
        } else {
            let (client, connection) =
                parameters.connect(tokio_postgres::NoTls).await.map_err(|e| connection_error(&e))?;
            AsyncPgConnection::try_from_client_and_connection(client, connection)
                .await
                .map_err(|e| connection_error(&e))
        }
    })?;
    MADE_ON.set(Some(runtime));
    let mut conn = Conn::from(inner);
    let own = match role {
        ConnectionRole::Reader => "SET default_transaction_read_only = on",
        ConnectionRole::Writer => "SET synchronous_commit = on",
    };
    conn.batch_execute(DEADLINES)
        .and_then(|()| conn.batch_execute("SET timezone = 'UTC'"))
        .and_then(|()| conn.batch_execute(own))
        .map_err(|error| connection_error(&error))?;
    Ok(conn)
}

/// TLS wherever the connection leaves the machine, and never less than was asked for: with roots there is no fallback to
/// plain text.
fn secure(config: &DatabaseConfig, parameters: &mut tokio_postgres::Config) -> Result<(), OpenError> {
    if config.root_certificates.is_some() {
        parameters.ssl_mode(SslMode::Require);
        return Ok(());
    }
    let leaves = parameters.get_hosts().iter().any(|host| match host {
        Host::Tcp(name) => {
            name != "localhost" && !name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
        }
        Host::Unix(_) => false,
    });
    if leaves || parameters.get_ssl_mode() == SslMode::Require {
        let detail = "root_certificates is missing: name the PEM file of the authority that the server's certificate comes from";
        return Err(OpenError::Tls(detail.into()));
    }
    Ok(())
}

/// What only PostgreSQL says in its own way.
pub(crate) mod dialect {
    use std::collections::BTreeMap;

    use diesel::prelude::*;
    use kw_domain::SubjectId;

    use super::Conn;
    use super::switchboard_reading::{PointerRow, find_one_active, stored_pointer};
    use crate::error::StoreError;
    use crate::literal::Active;
    use crate::schema::{ledger_head, pointers, subjects};
    use crate::switchboard::{LiveTags, PointerIdentity, StoredPointer, SwitchboardRead as _};

    /// The party of a record, and the actor: as the index of them has it.
    pub(crate) const RECORD_PARTY: &str =
        r"(CASE WHEN strpos(record, '\u0000') = 0 THEN record::json ->> 'party' END)";
    pub(crate) const RECORD_ACTOR: &str =
        r"(CASE WHEN strpos(record, '\u0000') = 0 THEN record::json #>> '{actor,id}' END)";

    /// The head row, locked for the length of the batch: several processes queue up here.
    pub(crate) fn lock_head(conn: &mut Conn) -> Result<Option<(String, i64)>, StoreError> {
        Ok(ledger_head::table
            .select((ledger_head::origin, ledger_head::size))
            .for_update()
            .first(conn)
            .optional()?)
    }

    /// One round trip for each live generation, whatever the number of tags.
    pub(crate) fn find_subjects(
        conn: &mut Conn,
        tags: &[LiveTags],
    ) -> Result<Vec<Option<SubjectId>>, StoreError> {
        if let [one] = tags {
            return Ok(vec![conn.find_subject(one)?]);
        }
        let mut found: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
        let even: Vec<Vec<u8>> = tags.iter().filter_map(|tags| tags.even.map(Vec::from)).collect();
        let odd: Vec<Vec<u8>> = tags.iter().filter_map(|tags| tags.odd.map(Vec::from)).collect();
        let mut rows: Vec<(Option<Vec<u8>>, Vec<u8>)> = Vec::new();
        if !even.is_empty() {
            let query = subjects::table.filter(subjects::tag_even.eq_any(even));
            rows.extend(
                query.select((subjects::tag_even, subjects::id)).load::<(Option<Vec<u8>>, Vec<u8>)>(conn)?,
            );
        }
        if !odd.is_empty() {
            let query = subjects::table.filter(subjects::tag_odd.eq_any(odd));
            rows.extend(
                query.select((subjects::tag_odd, subjects::id)).load::<(Option<Vec<u8>>, Vec<u8>)>(conn)?,
            );
        }
        found.extend(rows.into_iter().filter_map(|(tag, id)| tag.map(|tag| (tag, id))));
        let by_tag = |tag: Option<[u8; 32]>| tag.and_then(|tag| found.get(tag.as_slice()));
        tags.iter()
            .map(|tags| {
                by_tag(tags.even)
                    .or_else(|| by_tag(tags.odd))
                    .map(|id| id.as_slice().try_into().map(SubjectId::from_bytes))
                    .transpose()
                    .map_err(|_| StoreError::Damaged("id"))
            })
            .collect()
    }

    /// One round trip for all subjects; the rest of the identity is compared here.
    pub(crate) fn find_active(
        conn: &mut Conn,
        identities: &[PointerIdentity],
    ) -> Result<Vec<Option<StoredPointer>>, StoreError> {
        if let [one] = identities {
            return Ok(vec![find_one_active(conn, one)?]);
        }
        let wanted: Vec<&[u8]> =
            identities.iter().map(|identity| identity.subject.as_bytes().as_slice()).collect();
        let rows: Vec<PointerRow> = pointers::table
            .filter(pointers::subject.eq_any(wanted))
            .filter(pointers::state.eq(Active))
            .select(PointerRow::as_select())
            .load(conn)?;
        let active: Vec<StoredPointer> = rows.into_iter().map(stored_pointer).collect::<Result<_, _>>()?;
        let mut by_subject: BTreeMap<SubjectId, Vec<&StoredPointer>> = BTreeMap::new();
        for pointer in &active {
            by_subject
                .entry(pointer.subject.ok_or(StoreError::Damaged("subject"))?)
                .or_default()
                .push(pointer);
        }
        Ok(identities
            .iter()
            .map(|identity| {
                let same = |pointer: &&&StoredPointer| {
                    pointer.holder == identity.holder
                        && pointer.source_key == Some(identity.source_key)
                        && pointer.category == identity.category
                };
                by_subject
                    .get(&identity.subject)
                    .and_then(|all| all.iter().find(same))
                    .map(|found| (*found).clone())
            })
            .collect())
    }
}
