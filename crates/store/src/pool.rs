//! Connections for reading.

use std::time::Duration;

use crate::backend::{Connection, ConnectionRole};
use crate::config::DatabaseConfig;
use crate::error::{OpenError, ReadError, StoreError};

const CHECKOUT_TIMEOUT: Duration = Duration::from_secs(2);

pub(crate) type Pool = r2d2::Pool<Manager>;

#[derive(Debug)]
pub(crate) struct Manager(DatabaseConfig);

impl r2d2::ManageConnection for Manager {
    type Connection = Connection;
    type Error = OpenError;

    fn connect(&self) -> Result<Connection, OpenError> {
        Connection::open(&self.0, ConnectionRole::Reader)
    }

    fn is_valid(&self, conn: &mut Connection) -> Result<(), OpenError> {
        if conn.is_alive() {
            Ok(())
        } else {
            Err(StoreError::Database("the connection is gone".into()).into())
        }
    }

    fn has_broken(&self, _conn: &mut Connection) -> bool {
        false
    }
}

pub(crate) fn open(config: &DatabaseConfig) -> Result<Pool, OpenError> {
    r2d2::Pool::builder()
        .max_size(config.readers.max(1))
        .min_idle(Some(1))
        .connection_timeout(CHECKOUT_TIMEOUT)
        .test_on_check_out(config.is_postgres())
        .build(Manager(config.clone()))
        .map_err(|error| OpenError::Connection(error.to_string()))
}

pub(crate) fn check_out(pool: &Pool) -> Result<r2d2::PooledConnection<Manager>, ReadError> {
    pool.get().map_err(|_| ReadError::Busy)
}
