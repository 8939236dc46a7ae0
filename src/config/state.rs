//! The address of the state database. Its password is never shown.

use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};

use url::Url;

use super::diagnostics::Diagnosis;

/// The address of the state database. Neither `Display` nor `Debug` shows a password.
#[derive(Clone, PartialEq, Eq)]
pub struct State {
    url: String,
    shown: String,
    file: Option<PathBuf>,
}

impl State {
    /// Makes the address of an `SQLite` file; `file` is absolute.
    pub fn sqlite(file: &Path) -> Self {
        let mut url = String::from("sqlite:");
        for byte in file.to_string_lossy().bytes() {
            // sqlx percent-decodes the path, and `?` starts its parameters.
            if matches!(byte, b'%' | b'?' | b'#') {
                let _ = write!(url, "%{byte:02X}");
            } else if byte.is_ascii() {
                url.push(char::from(byte));
            } else {
                let _ = write!(url, "%{byte:02X}");
            }
        }
        Self { url, shown: format!("sqlite:{}", file.display()), file: Some(file.to_owned()) }
    }

    /// Makes the address of a `PostgreSQL` server, of which `hosts` are the addresses of its hosts.
    fn postgres(text: &str, hosts: &[Url]) -> Self {
        let shown = hosts.iter().map(|url| {
            let mut shown = url.clone();
            shown.set_query(None);
            shown.set_fragment(None);
            // Fails only for an address that cannot have a password.
            let _ = shown.set_password(None);
            shown.to_string()
        });
        Self { url: text.to_owned(), shown: shown.collect::<Vec<_>>().join(", "), file: None }
    }

    /// The address for sqlx: `sqlite:/srv/relais.db`, `postgres://…`. It may hold a password.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The file; `None` for `PostgreSQL`.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "State({})", self.shown)
    }
}

/// Parses the value of `state`. The flag is true if it holds a password.
pub(super) fn parse_state(text: &str, folder: &Path) -> Result<(State, bool), Diagnosis> {
    const FORMS: &str = "write \"sqlite:relais.db\", or \"postgres://user@host/database\"";
    if let Some(path) = text.strip_prefix("sqlite:") {
        // `sqlite://FILE` is how sqlx writes it; `sqlite:///FILE` is the same with an absolute path.
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() || path.ends_with('/') {
            return Err(Diagnosis::new("`state` does not name a file", FORMS));
        }
        if path.starts_with(':') || path.contains(['?', '\0']) {
            return Err(Diagnosis::new(
                "`state` takes the name of a file, without parameters",
                "a database in memory would be lost after each run",
            ));
        }
        return match folder.join(path) {
            file if file.to_str().is_some() => Ok((State::sqlite(&file), false)),
            _ => Err(Diagnosis::new("the folder of feeds.toml has a name that is not UTF-8", "write an absolute path")),
        };
    }
    match split_hosts(text) {
        Ok(hosts) if hosts.iter().all(|url| matches!(url.scheme(), "postgres" | "postgresql")) => {
            let is_secret = |url: &Url| url.password().is_some() || url.query_pairs().any(|(name, _)| name == "password");
            Ok((State::postgres(text, &hosts), hosts.iter().any(is_secret)))
        }
        _ => Err(Diagnosis::new("`state` is neither SQLite nor PostgreSQL", FORMS)),
    }
}

/// Returns the address of each host of `postgres://USER@HOST,HOST/DATABASE`.
fn split_hosts(text: &str) -> Result<Vec<Url>, url::ParseError> {
    let Some((scheme, rest)) = text.split_once("://") else { return Url::parse(text).map(|url| vec![url]) };
    let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (user, hosts) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
    hosts.split(',').map(|host| Url::parse(&format!("{scheme}://{user}{host}{rest}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_sqlite_file_is_beside_feeds_toml() {
        let folder = Path::new("/srv/my feeds");
        for (text, url) in [
            ("sqlite:relais.db", "sqlite:/srv/my feeds/relais.db"),
            ("sqlite://relais.db", "sqlite:/srv/my feeds/relais.db"),
            ("sqlite:/var/a#b%.db", "sqlite:/var/a%23b%25.db"),
            ("sqlite:///var/été.db", "sqlite:/var/%C3%A9t%C3%A9.db"),
        ] {
            assert_eq!(parse_state(text, folder).expect("a state").0.url(), url);
        }
        for wrong in ["sqlite:", "sqlite::memory:", "sqlite:a?mode=ro", "mysql://host/db", "relais.db", "sqlite:data/"] {
            assert!(parse_state(wrong, folder).is_err(), "{wrong}");
        }
    }

    #[test]
    fn password_is_in_the_url_for_sqlx_only() {
        for text in [
            "postgres://relais:hunter2@db:5432/relais",
            "postgresql://db/relais?user=relais&password=hunter2",
            "postgres://relais:hunter2@a:5432,b:5433/relais?target_session_attrs=primary",
        ] {
            let (state, secret) = parse_state(text, Path::new("/")).expect("a state");
            assert!(secret && state.url().contains("hunter2"));
            assert!(!format!("{state} {state:?}").contains("hunter2"), "{state}");
        }
        let several = parse_state("postgres://relais@a:5433,b/relais", Path::new("/")).expect("a state").0;
        assert_eq!(several.to_string(), "postgres://relais@a:5433/relais, postgres://relais@b/relais");
        assert!(!parse_state("postgres://relais@db/relais", Path::new("/")).expect("a state").1);
    }
}
