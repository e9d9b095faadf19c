//! What a refusal of the server comes to. Its own words are passed on only where they speak of the query: others quote
//! values.

use mysql_async::{DriverError, Error, ServerError};

use crate::database::{DatabaseFault, TOO_LONG, too_large};

/// A connection that could not be made.
pub(super) fn of_connecting(error: &Error) -> DatabaseFault {
    match error {
        // Too many connections, of all or of this user; starting or stopping.
        Error::Server(ServerError { code: 1040 | 1053 | 1079 | 1203 | 1226, .. }) => {
            DatabaseFault::Unavailable("the database takes no more connections now")
        }
        Error::Server(_) => {
            DatabaseFault::Wrong("the database refuses us: check user, password and database".to_owned())
        }
        Error::Driver(DriverError::NoClientSslFlagFromServer) => {
            DatabaseFault::Wrong("the server offers no TLS, without which it is not spoken to".to_owned())
        }
        Error::Driver(DriverError::UnknownAuthPlugin { .. } | DriverError::CleartextPluginDisabled) => {
            DatabaseFault::Wrong(
                "the user has to prove itself in a way that is not supported: give it a password of the kind \
                 mysql_native_password or caching_sha2_password"
                    .to_owned(),
            )
        }
        _ => DatabaseFault::Unavailable("the database cannot be reached: check host, port and TLS"),
    }
}

/// A statement that gave nothing.
pub(super) fn of_statement(error: &Error) -> DatabaseFault {
    match error {
        Error::Server(refusal) => of_refusal(refusal),
        Error::Driver(DriverError::PacketTooLarge) => too_large(),
        Error::Driver(DriverError::StmtParamsMismatch { .. } | DriverError::MixedParams) => {
            DatabaseFault::Wrong(
                "its parameters cannot be told apart: look for a colon or question mark in it".to_owned(),
            )
        }
        _ => DatabaseFault::Unavailable("the connection to the database broke off"),
    }
}

fn of_refusal(ServerError { code, message, .. }: &ServerError) -> DatabaseFault {
    match code {
        // max_statement_time of MariaDB, max_execution_time of MySQL, KILL QUERY.
        1317 | 1969 | 3024 => TOO_LONG,
        // Waiting for a lock; a deadlock; shutting down; KILL.
        1205 | 1213 => DatabaseFault::Unavailable("the database is locked by somebody else"),
        1053 | 1927 => DatabaseFault::Unavailable("the connection to the database broke off"),
        // No such column, table or function; no right to one; writing.
        1054 | 1109 | 1142 | 1143 | 1146 | 1290 | 1305 | 1370 | 1792 => DatabaseFault::Wrong(message.clone()),
        1064 => {
            let line = message.rsplit_once(" at line ").map(|(_, line)| line);
            let line = line.filter(|line| line.bytes().all(|c| c.is_ascii_digit()));
            DatabaseFault::Wrong(match line {
                Some(line) => format!("it is no right SQL, at or before its line {line}"),
                None => "it is no right SQL".to_owned(),
            })
        }
        _ => DatabaseFault::Wrong("the database refuses the query: run it by hand to see why".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(code: u16, message: &str) -> String {
        let (message, state) = (message.to_owned(), "HY000".to_owned());
        of_statement(&Error::Server(ServerError { code, message, state })).to_string()
    }

    #[test]
    fn the_servers_words_are_passed_on_only_where_they_speak_of_the_query() {
        assert_eq!(refusal(1146, "Table 'a.b' doesn't exist"), "Table 'a.b' doesn't exist");
        for (code, message) in [
            (1292, "Truncated incorrect DATE value: '999990342'"),
            (1366, "Incorrect integer value: '999990342' for column"),
            (1062, "Duplicate entry '999990342' for key"),
            (1064, "… near '999990342' at line 3"),
        ] {
            assert!(!refusal(code, message).contains("999990342"), "{code}");
        }
        assert_eq!(refusal(1064, "… near 'x' at line 3"), "it is no right SQL, at or before its line 3");
    }
}
