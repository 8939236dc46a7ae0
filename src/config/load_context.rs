//! The surroundings of feeds.toml while it is loaded: its folder, the environment variables, and the files that it names.
//! Secrets go from here into a `SecretString` and nowhere else.

use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::diagnostics::Diagnosis;
use super::raw::RawSecret;
use super::values::quoted;

/// The longest secret in bytes.
const MAX_BYTES: u64 = 64 * 1024;

/// The folder of feeds.toml and the environment variables.
pub(super) struct LoadContext<'a> {
    /// Absolute.
    pub(super) folder: PathBuf,
    pub(super) environment: &'a dyn Fn(&str) -> Option<OsString>,
}

impl LoadContext<'_> {
    /// Returns the absolute path of a file that feeds.toml names.
    pub(super) fn path(&self, text: &str) -> PathBuf {
        self.folder.join(text)
    }

    /// Reads a secret. Returns one that is written in feeds.toml as it is: the caller decides if that is allowed.
    pub(super) fn secret(&self, secret: &RawSecret) -> Result<SecretString, Diagnosis> {
        let value = match secret {
            RawSecret::Plain(text) => text.clone(),
            RawSecret::Env(name) => self.variable(name)?,
            RawSecret::File(name) => secret_file(name, &self.path(name))?,
        };
        Ok(value.into())
    }

    fn variable(&self, name: &str) -> Result<String, Diagnosis> {
        if name.is_empty() || name.contains(['=', '\0']) {
            return Err(Diagnosis::new(format!("{} is not the name of a variable", quoted(name)), "write { env = \"NAME\" }"));
        }
        let set = format!("set {name} before relais starts");
        let value = (self.environment)(name)
            .ok_or_else(|| Diagnosis::new(format!("the environment has no variable {}", quoted(name)), set.clone()))?
            .into_string()
            .map_err(|_| Diagnosis::new(format!("the variable {} is not UTF-8", quoted(name)), set.clone()))?;
        if value.trim().is_empty() {
            return Err(Diagnosis::new(format!("the variable {} is empty", quoted(name)), set));
        }
        Ok(value)
    }
}

/// Reads at most `most` + 1 bytes of the file that feeds.toml calls `name`.
pub(super) fn read_file(name: &str, path: &Path, most: u64) -> Result<Vec<u8>, Diagnosis> {
    let shown = quoted(name);
    let read = || {
        let mut bytes = Vec::new();
        std::fs::File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().map_err(|error: std::io::Error| {
        let what = match error.kind() {
            std::io::ErrorKind::NotFound => format!("the file {shown} does not exist"),
            std::io::ErrorKind::PermissionDenied => format!("cannot read the file {shown}: permission denied"),
            _ => format!("cannot read the file {shown}: {error}"),
        };
        Diagnosis::new(what, "a relative path starts from the folder of feeds.toml")
    })
}

fn secret_file(name: &str, path: &Path) -> Result<String, Diagnosis> {
    let shown = quoted(name);
    let bytes = read_file(name, path, MAX_BYTES)?;
    let wrong = |what: &str| Diagnosis::new(format!("the file {shown} {what}"), "put the secret, and nothing else, into it");
    if bytes.len() as u64 > MAX_BYTES {
        return Err(wrong("is too large for a secret"));
    }
    let text = String::from_utf8(bytes).map_err(|_| wrong("is not UTF-8"))?;
    let text = text.trim_end();
    if text.is_empty() { Err(wrong("is empty")) } else { Ok(text.to_owned()) }
}
