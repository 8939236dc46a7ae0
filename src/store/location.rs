//! The location of the state: `state = "…"` of feeds.toml, parsed, and displayed without its secrets.

use std::fmt;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::server::Server;
use super::sql::Dialect;

/// The location of a database.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Location {
    /// A SQLite file.
    File(PathBuf),
    /// A PostgreSQL database.
    Server(Box<Server>),
}

/// An address that cannot be used, without its password.
#[derive(Debug)]
pub(super) struct LocationError {
    pub(super) place: String,
    pub(super) reason: String,
}

impl Location {
    /// Parses `sqlite:FILE`, `sqlite://FILE` or `postgres://…`.
    pub(super) fn parse(url: &str) -> Result<Self, LocationError> {
        let refuse = |place: &str, reason: &str| Err(LocationError { place: place.to_owned(), reason: reason.to_owned() });
        match url.split_once(':') {
            Some(("sqlite", file)) => {
                let file = file.strip_prefix("//").unwrap_or(file);
                if file.is_empty() || file.starts_with(":memory:") {
                    return refuse(
                        "memory",
                        "what one run leaves there the next would not find; name a file, as in `sqlite:relais.db`",
                    );
                }
                if file.contains(['?', '\0']) {
                    return refuse(file, "this is no file name; options after a question mark are not taken");
                }
                Ok(Self::File(PathBuf::from(file)))
            }
            Some(("postgres" | "postgresql", _)) => match Server::parse(url) {
                Ok(server) => Ok(Self::Server(Box::new(server))),
                Err(error) => refuse("PostgreSQL", &format!("its address cannot be read ({error})")),
            },
            _ => refuse("a database", "its address must begin with `sqlite:` or `postgres://`"),
        }
    }

    /// Returns the kind of the database.
    pub(super) fn dialect(&self) -> Dialect {
        match self {
            Self::File(_) => Dialect::Sqlite,
            Self::Server(_) => Dialect::Postgres,
        }
    }
}

/// Returns the address of a SQLite file in the form that sqlx reads. `mode` is `rwc`, `rw`, `ro` or `ro&immutable=1`.
pub(super) fn file_address(file: &Path, mode: &str) -> String {
    let mut url = "sqlite:".to_owned();
    for byte in file.to_string_lossy().bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-~".contains(&byte) {
            url.push(char::from(byte));
        } else {
            write!(url, "%{byte:02X}").expect("writing to a String cannot fail");
        }
    }
    url + "?mode=" + mode
}

/// Returns the path of a file of the same name with `suffix` added.
pub(super) fn with_suffix(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => file.display().fmt(f),
            Self::Server(server) => server.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(url: &str) -> String {
        Location::parse(url).err().expect("a refusal").reason
    }

    #[test]
    fn files_are_parsed() {
        for (url, shown, address) in [
            ("sqlite:relais.db", "relais.db", "sqlite:relais.db?mode=ro"),
            ("sqlite:/var/lib/relais.db", "/var/lib/relais.db", "sqlite:/var/lib/relais.db?mode=ro"),
            ("sqlite:///var/lib/relais.db", "/var/lib/relais.db", "sqlite:/var/lib/relais.db?mode=ro"),
            ("sqlite:/a b/été#1%.db", "/a b/été#1%.db", "sqlite:/a%20b/%C3%A9t%C3%A9%231%25.db?mode=ro"),
        ] {
            let Ok(Location::File(file)) = Location::parse(url) else { panic!("{url} is a file") };
            assert_eq!((file.display().to_string().as_str(), file_address(&file, "ro").as_str()), (shown, address));
        }
    }

    #[test]
    fn servers_are_shown_by_their_hosts() {
        for (url, shown) in [
            ("postgres://u@db:5433/news", "the PostgreSQL database \"news\" on db:5433"),
            ("postgres://u:secret@a:5433,b/news", "the PostgreSQL database \"news\" on a:5433, b"),
            ("postgres:///news", "the PostgreSQL database \"news\" on this machine"),
        ] {
            assert_eq!(Location::parse(url).expect(url).to_string(), shown);
        }
    }

    #[test]
    fn database_in_memory_is_refused() {
        for url in ["sqlite::memory:", "sqlite:", "sqlite://:memory:"] {
            assert!(refusal(url).contains("name a file"), "{url}: {}", refusal(url));
        }
    }

    #[test]
    fn options_and_other_databases_are_refused() {
        assert!(refusal("sqlite:a.db?mode=ro").contains("question mark"));
        assert!(refusal("mysql://u:secret@h/d").contains("postgres://"));
    }

    #[test]
    fn password_is_never_displayed() {
        for url in ["postgres://u:secret@db/news?password=secret", "postgres://u:secret@a,db:99999/news", "mysql://u:secret@h/d"]
        {
            let shown = Location::parse(url).map_or_else(|error| format!("{error:?}"), |location| location.to_string());
            assert!(!shown.contains("secret"), "{shown}");
        }
    }
}
