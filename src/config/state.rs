//! Where the state is kept: the address of a database, without its password wherever it is shown.

use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};

use url::Url;

/// The database that remembers what was seen. Neither `Display` nor `Debug` shows a password.
#[derive(Clone, PartialEq, Eq)]
pub struct State {
    url: String,
    shown: String,
    file: Option<PathBuf>,
}

impl State {
    /// A file of `SQLite`; its path is made absolute by the caller.
    pub fn sqlite(file: &Path) -> Self {
        let mut url = String::from("sqlite:");
        for byte in file.to_string_lossy().bytes() {
            // sqlx decodes the path, and takes `?` for the start of its parameters.
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

    /// A server of `PostgreSQL`.
    fn postgres(text: &str, url: &Url) -> Self {
        let mut shown = url.clone();
        shown.set_query(None);
        shown.set_fragment(None);
        // Fails only for addresses that cannot have a password.
        let _ = shown.set_password(None);
        Self { url: text.to_owned(), shown: shown.to_string(), file: None }
    }

    /// The address, as sqlx reads it: `sqlite:/srv/relais.db`, `postgres://…`. It may hold a password.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The file, for `SQLite`.
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

/// Reads the value of `state`. Gives also whether it holds a password; else what is wrong and what to do.
pub(super) fn read(text: &str, folder: &Path) -> Result<(State, bool), (&'static str, &'static str)> {
    const FORMS: &str = "write \"sqlite:relais.db\", or \"postgres://user@host/database\"";
    if let Some(path) = text.strip_prefix("sqlite:") {
        // `sqlite://FILE` is how sqlx writes it; `sqlite:///FILE` is the same with an absolute path.
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() || path.ends_with('/') {
            return Err(("`state` names no file", FORMS));
        }
        if path.starts_with(':') || path.contains(['?', '\0']) {
            return Err(("`state` takes the name of a file and nothing else", "a state in memory would be lost with each run"));
        }
        return match folder.join(path) {
            file if file.to_str().is_some() => Ok((State::sqlite(&file), false)),
            _ => Err(("the folder of feeds.toml has a name that is not UTF-8", "name the database by an absolute path")),
        };
    }
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "postgres" | "postgresql") => {
            let secret = url.password().is_some() || url.query_pairs().any(|(name, _)| name == "password");
            Ok((State::postgres(text, &url), secret))
        }
        _ => Err(("`state` is no database that relais knows", FORMS)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_file_lies_beside_feeds_toml() {
        let folder = Path::new("/srv/my feeds");
        for (text, url) in [
            ("sqlite:relais.db", "sqlite:/srv/my feeds/relais.db"),
            ("sqlite://relais.db", "sqlite:/srv/my feeds/relais.db"),
            ("sqlite:/var/a#b%.db", "sqlite:/var/a%23b%25.db"),
            ("sqlite:///var/été.db", "sqlite:/var/%C3%A9t%C3%A9.db"),
        ] {
            assert_eq!(read(text, folder).expect("a state").0.url(), url);
        }
        for wrong in ["sqlite:", "sqlite::memory:", "sqlite:a?mode=ro", "mysql://host/db", "relais.db", "sqlite:data/"] {
            assert!(read(wrong, folder).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_password_is_given_to_the_database_and_to_nobody_else() {
        for text in ["postgres://relais:hunter2@db:5432/relais", "postgresql://db/relais?user=relais&password=hunter2"] {
            let (state, secret) = read(text, Path::new("/")).expect("a state");
            assert!(secret && state.url().contains("hunter2"));
            assert!(!format!("{state} {state:?}").contains("hunter2"), "{state}");
        }
        assert!(!read("postgres://relais@db/relais", Path::new("/")).expect("a state").1);
    }
}
