//! Secrets are fetched from where feeds.toml says that they are. They go from here into a `SecretString` and nowhere else.

use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::raw::RawSecret;
use super::values::quoted;

/// No password or token is longer.
const MAX_BYTES: u64 = 64 * 1024;

/// What is wrong, and what to do about it.
pub(super) type Trouble = (String, String);

/// The world around feeds.toml: its folder, and the environment.
pub(super) struct LoadContext<'a> {
    /// Absolute.
    pub(super) folder: PathBuf,
    pub(super) environment: &'a dyn Fn(&str) -> Option<OsString>,
}

impl LoadContext<'_> {
    /// A path that feeds.toml names.
    pub(super) fn path(&self, text: &str) -> PathBuf {
        self.folder.join(text)
    }

    /// Fetches a secret. One that is written out is given as it stands: whether it may be is for the caller to say.
    pub(super) fn secret(&self, secret: &RawSecret) -> Result<SecretString, Trouble> {
        let value = match secret {
            RawSecret::Plain(text) => text.clone(),
            RawSecret::Env(name) => self.variable(name)?,
            RawSecret::File(name) => file(name, &self.path(name))?,
        };
        Ok(value.into())
    }

    fn variable(&self, name: &str) -> Result<String, Trouble> {
        if name.is_empty() || name.contains(['=', '\0']) {
            return Err((format!("{} is no name of a variable", quoted(name)), "write { env = \"NAME\" }".to_owned()));
        }
        let set = format!("set {name} before relais starts");
        let value = (self.environment)(name)
            .ok_or_else(|| (format!("the environment has no variable {}", quoted(name)), set.clone()))?
            .into_string()
            .map_err(|_| (format!("the variable {} is not UTF-8", quoted(name)), set.clone()))?;
        if value.trim().is_empty() { Err((format!("the variable {} is empty", quoted(name)), set)) } else { Ok(value) }
    }
}

/// Reads a file that feeds.toml calls `name`, and no more of it than a byte beyond `most`.
pub(super) fn bytes(name: &str, path: &Path, most: u64) -> Result<Vec<u8>, Trouble> {
    let shown = quoted(name);
    let read = || {
        let mut bytes = Vec::new();
        std::fs::File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().map_err(|error: std::io::Error| {
        let what = match error.kind() {
            std::io::ErrorKind::NotFound => format!("there is no file {shown}"),
            std::io::ErrorKind::PermissionDenied => format!("the file {shown} may not be read"),
            _ => format!("the file {shown} cannot be read: {error}"),
        };
        (what, "a relative name starts from the folder of feeds.toml".to_owned())
    })
}

fn file(name: &str, path: &Path) -> Result<String, Trouble> {
    let shown = quoted(name);
    let bytes = bytes(name, path, MAX_BYTES)?;
    let one_line = || "put the secret, and nothing else, into it".to_owned();
    if bytes.len() as u64 > MAX_BYTES {
        return Err((format!("the file {shown} is too large for a secret"), one_line()));
    }
    let text = String::from_utf8(bytes).map_err(|_| (format!("the file {shown} is not UTF-8"), one_line()))?;
    let text = text.trim_end();
    if text.is_empty() { Err((format!("the file {shown} is empty"), one_line())) } else { Ok(text.to_owned()) }
}
