//! SQLite: one file, WAL, every commit synced.

use std::time::{Duration, Instant as Elapsed};

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::Integer;

use super::ConnectionRole;
use crate::config::DatabaseConfig;
use crate::error::{OpenError, StoreError};

pub(crate) type Conn = SqliteConnection;

/// For how long a commit may be held up to empty the write-ahead log.
const TRUNCATING: Duration = Duration::from_millis(250);

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

pub(crate) fn open(config: &DatabaseConfig, role: ConnectionRole) -> Result<Conn, OpenError> {
    let path = config.url.strip_prefix("sqlite:").unwrap_or(&config.url);
    let mut conn =
        SqliteConnection::establish(path).map_err(|error| OpenError::Connection(error.to_string()))?;
    // busy_timeout comes first: switching to WAL takes a lock. Check-pointing is the store's own job, off the commit path.
    let common = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                  PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY;";
    let own = match role {
        ConnectionRole::Reader => "PRAGMA cache_size = -4096; PRAGMA query_only = ON;",
        ConnectionRole::Writer => {
            "PRAGMA cache_size = -16384; PRAGMA wal_autocheckpoint = 0; PRAGMA secure_delete = ON;"
        }
    };
    conn.batch_execute(common)
        .and_then(|()| conn.batch_execute(own))
        .map_err(|error| OpenError::Connection(error.to_string()))?;
    Ok(conn)
}

#[derive(QueryableByName)]
struct Checkpointed {
    #[diesel(sql_type = Integer)]
    busy: i32,
}

/// Waits for readers only briefly, because writers wait meanwhile. For the end of another check-point SQLite itself does not
/// wait at all, so this does.
pub(super) fn truncate_wal(conn: &mut Conn) -> Result<bool, StoreError> {
    conn.batch_execute("PRAGMA busy_timeout = 50")?;
    let until = Elapsed::now() + TRUNCATING;
    let done = loop {
        let tried = diesel::sql_query("PRAGMA wal_checkpoint(TRUNCATE)").get_result::<Checkpointed>(conn);
        if tried.as_ref().is_ok_and(|tried| tried.busy != 0) && Elapsed::now() < until {
            std::thread::sleep(Duration::from_millis(5));
        } else {
            break tried;
        }
    };
    conn.batch_execute("PRAGMA busy_timeout = 5000")?;
    Ok(done?.busy == 0)
}

/// What only SQLite says in its own way.
pub(crate) mod dialect {
    use diesel::prelude::*;

    use kw_domain::SubjectId;

    use super::Conn;
    use crate::error::StoreError;
    use crate::schema::ledger_head;
    use crate::switchboard::{LiveTags, PointerIdentity, StoredPointer, SwitchboardRead as _};

    /// The party of a record, and the actor: as the index of them has it.
    pub(crate) const RECORD_PARTY: &str = "json_extract(record, '$.party')";
    pub(crate) const RECORD_ACTOR: &str = "json_extract(record, '$.actor.id')";

    /// The head row; `BEGIN IMMEDIATE` holds the lock already.
    pub(crate) fn lock_head(conn: &mut Conn) -> Result<Option<(String, i64)>, StoreError> {
        Ok(ledger_head::table.select((ledger_head::origin, ledger_head::size)).first(conn).optional()?)
    }

    /// One prepared statement, many times: faster in SQLite than one long list that must be parsed anew.
    pub(crate) fn find_subjects(
        conn: &mut Conn,
        tags: &[LiveTags],
    ) -> Result<Vec<Option<SubjectId>>, StoreError> {
        tags.iter().map(|tags| conn.find_subject(tags)).collect()
    }

    /// One prepared statement, many times.
    pub(crate) fn find_active(
        conn: &mut Conn,
        identities: &[PointerIdentity],
    ) -> Result<Vec<Option<StoredPointer>>, StoreError> {
        identities
            .iter()
            .map(|identity| super::switchboard_reading::find_one_active(conn, identity))
            .collect()
    }
}
