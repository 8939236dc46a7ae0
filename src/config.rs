//! feeds.toml: read, checked as a whole and made into a [`Plan`], or into [`Problems`] that name every mistake with line and caret.
//!
//! Text becomes raw tables (`tables`, `raw`), these become the plan (`resolve`, `plan`). The only files that are opened are
//! feeds.toml, the secrets that it names, and its glossary, to see that it can be read; nothing here knows of the network or
//! the store.

mod diagnostics;
mod edit;
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

use diagnostics::Diagnostics;

pub use diagnostics::{Problem, Problems};
pub use edit::{NewSource, source_id, source_table, with_sources};
pub use plan::{Auth, Edition, Engine, Fetch, Glossary, Plan, Source};
pub use reference::{reference, schema};
pub use state::State;

/// A hundred thousand sources take less; a mistyped path to something else may not.
const MAX_FILE_BYTES: u64 = 16 * 1024 * 1024;

/// Reads feeds.toml at `path` and gives the plan, or all that is wrong with the file.
pub fn load(path: &Path) -> Result<Plan, Problems> {
    let bytes = read_bytes(path).map_err(|(message, help)| Problems::whole_file(path, message, help))?;
    match String::from_utf8(bytes) {
        Ok(text) => parse(&text, path),
        Err(error) => {
            let (message, help) = not_utf8(error.as_bytes(), error.utf8_error().valid_up_to());
            Err(Problems::whole_file(path, message, help))
        }
    }
}

/// Makes the plan of `text`, which stands in the file `path`: relative paths start from that file's folder.
pub fn parse(text: &str, path: &Path) -> Result<Plan, Problems> {
    parse_in(text, path, &|name| std::env::var_os(name))
}

/// As [`parse`], with the environment's variables passed in.
fn parse_in(text: &str, path: &Path, environment: &dyn Fn(&str) -> Option<OsString>) -> Result<Plan, Problems> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.len() as u64 > MAX_FILE_BYTES {
        let (message, help) = too_big();
        return Err(Problems::whole_file(path, message, help));
    }
    let mut diagnostics = Diagnostics::new(text, path);
    let plan = tables::parse_document(text, &mut diagnostics)
        .and_then(|document| resolve::plan(document, path, environment, &mut diagnostics));
    let (plan, warnings) = diagnostics.conclude(plan)?;
    Ok(Plan { warnings, ..plan })
}

/// The file's bytes; else what to tell the user, and what can be done.
fn read_bytes(path: &Path) -> Result<Vec<u8>, (String, String)> {
    let unreadable = |error: &std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => (
            "there is no such file".to_owned(),
            "copy the feeds.toml that comes with relais and adapt it, or name another file with `-c FILE`".to_owned(),
        ),
        std::io::ErrorKind::PermissionDenied => (
            "the file may not be read".to_owned(),
            "give the user that runs relais the right to read it, or name another file with `-c FILE`".to_owned(),
        ),
        _ => (format!("the file cannot be read: {error}"), "name the configuration with `-c FILE`".to_owned()),
    };
    let file = std::fs::File::open(path).map_err(|error| unreadable(&error))?;
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES + 4).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    // Three bytes more than the cap are a byte order mark.
    if bytes.len() as u64 > MAX_FILE_BYTES + 3 { Err(too_big()) } else { Ok(bytes) }
}

fn too_big() -> (String, String) {
    ("the file is larger than 16 MiB: that is no feeds.toml".to_owned(), "name the configuration with `-c FILE`".to_owned())
}

fn not_utf8(bytes: &[u8], valid_up_to: usize) -> (String, String) {
    let message = if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        "the file is written in UTF-16".to_owned()
    } else {
        let line = bytes[..valid_up_to].split(|byte| *byte == b'\n').count();
        format!("the file is not UTF-8: line {line} holds a byte that cannot be read")
    };
    (message, "save it as UTF-8 in your editor".to_owned())
}

#[cfg(test)]
mod tests;
