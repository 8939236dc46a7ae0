//! Reads feeds.toml into a [`Plan`], or reports all its [`Problems`] at once, each with its line.
//!
//! `tables` parses the text into the raw tables of `raw`; `resolve` checks these and makes the plan. The only files opened are
//! feeds.toml, the secrets that it names, and its glossary (to see that it can be read). No network, no store.

mod diagnostics;
mod edit;
mod id;
mod load_context;
mod plan;
mod raw;
mod reference;
mod resolve;
mod state;
mod tables;
mod values;

use std::ffi::OsString;
use std::io::Read;
use std::path::Path;

use diagnostics::{Diagnosis, Diagnostics};

pub use diagnostics::{Problem, Problems};
pub use edit::{NewSource, source_id, source_table, with_sources, with_translation};
pub use plan::{
    Auth, Bucket, Digest, Edition, EditionAuth, Engine, EngineModels, Fetch, Glossary, NamedEntries, Notification, Output, Plan,
    Receiver, Source, Topic,
};
pub use reference::{reference, schema};
pub use state::State;

/// The largest file that is read: more than a hundred thousand sources need, and a bound for a mistyped path.
const MAX_FILE_BYTES: u64 = 16 * 1024 * 1024;

/// Reads the file `path` and returns its plan, or everything that is wrong with it.
pub fn load(path: &Path) -> Result<Plan, Problems> {
    let bytes = read_bytes(path).map_err(|diagnosis| Problems::whole_file(path, diagnosis))?;
    match String::from_utf8(bytes) {
        Ok(text) => parse(&text, path),
        Err(error) => Err(Problems::whole_file(path, not_utf8(error.as_bytes(), error.utf8_error().valid_up_to()))),
    }
}

/// Makes the plan of `text`, the content of the file `path`. Relative paths start from the folder of that file.
pub fn parse(text: &str, path: &Path) -> Result<Plan, Problems> {
    parse_in(text, path, &|name| std::env::var_os(name))
}

/// Like [`parse`], with the environment variables passed in.
fn parse_in(text: &str, path: &Path, environment: &dyn Fn(&str) -> Option<OsString>) -> Result<Plan, Problems> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.len() as u64 > MAX_FILE_BYTES {
        return Err(Problems::whole_file(path, too_big()));
    }
    let mut diagnostics = Diagnostics::new(text, path);
    let plan = tables::parse_document(text, &mut diagnostics)
        .and_then(|document| resolve::plan(document, path, environment, &mut diagnostics));
    let (plan, warnings) = diagnostics.conclude(plan)?;
    let mut plan = Plan { warnings, ..plan };
    // Warnings also depend on the environment and on other files.
    let hash = blake3::Hasher::new().update(text.as_bytes()).update(plan.render_warnings(false).as_bytes()).finalize();
    plan.fingerprint = hash.to_hex().to_string();
    Ok(plan)
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, Diagnosis> {
    let unreadable = |error: &std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            Diagnosis::new("the configuration does not exist", "`relais init` writes one; or name another file with `-c FILE`")
        }
        std::io::ErrorKind::PermissionDenied => Diagnosis::new(
            "cannot read the configuration: permission denied",
            "let the user that runs relais read it, or name another file with `-c FILE`",
        ),
        _ => Diagnosis::new(format!("cannot read the configuration: {error}"), "name the configuration with `-c FILE`"),
    };
    let file = std::fs::File::open(path).map_err(|error| unreadable(&error))?;
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES + 4).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    // A byte order mark (three bytes) does not count.
    if bytes.len() as u64 > MAX_FILE_BYTES + 3 { Err(too_big()) } else { Ok(bytes) }
}

fn too_big() -> Diagnosis {
    Diagnosis::new("the file is larger than 16 MiB: it cannot be a feeds.toml", "name the configuration with `-c FILE`")
}

fn not_utf8(bytes: &[u8], valid_up_to: usize) -> Diagnosis {
    let message = if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        "the file is in UTF-16, not UTF-8".to_owned()
    } else {
        let line = bytes[..valid_up_to].split(|byte| *byte == b'\n').count();
        format!("the file is not UTF-8: invalid byte in line {line}")
    };
    Diagnosis::new(message, "save it as UTF-8 in your editor")
}

#[cfg(test)]
mod tests;
