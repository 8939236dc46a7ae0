//! The rules of `[glossary]`.

use std::path::PathBuf;

use super::super::diagnostics::{Diagnosis, Diagnostics};
use super::super::load_context::{LoadContext, read_file};
use super::super::plan::Glossary;
use super::super::raw;
use super::super::values::{Located, quoted};

/// The largest glossary: room for fifty thousand terms in ten languages.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// Resolves the paths. The files are read only if something is translated: an unused glossary must not prevent publishing.
pub(super) fn glossary(
    raw: &raw::RawGlossary,
    translates: bool,
    context: &LoadContext<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> Glossary {
    let mut place = |key: &str, at: &Option<Located<String>>| -> Option<PathBuf> {
        let at = at.as_ref()?;
        if at.value.trim().is_empty() {
            diagnostics.error(&at.span, format!("`{key}` is empty"), format!("name a file, or remove `{key}`"));
            return None;
        }
        let path = context.path(&at.value);
        if let (true, Err(diagnosis)) = (translates, check_text(&at.value, &path)) {
            diagnostics.error_at(&at.span, diagnosis);
        }
        Some(path)
    };
    Glossary { file: place("file", &raw.file), keep: place("keep", &raw.keep) }
}

/// Checks that a file is readable text in UTF-8. `translate::glossary` checks its content.
pub(super) fn check_text(name: &str, path: &std::path::Path) -> Result<(), Diagnosis> {
    let bytes = read_file(name, path, MAX_BYTES)?;
    if bytes.len() as u64 > MAX_BYTES {
        let message = format!("the file {} is larger than {} MiB", quoted(name), MAX_BYTES >> 20);
        return Err(Diagnosis::new(message, "keep only the terms that your sources use"));
    }
    match std::str::from_utf8(&bytes) {
        Ok(text) if !text.contains('\0') => Ok(()),
        Ok(_) => Err(Diagnosis::new(format!("the file {} is not a text file", quoted(name)), "save it as text in UTF-8")),
        Err(error) => {
            let line = bytes[..error.valid_up_to()].split(|byte| *byte == b'\n').count();
            let message = format!("the file {} is not UTF-8: invalid byte in line {line}", quoted(name));
            Err(Diagnosis::new(message, "save it as UTF-8 in your editor"))
        }
    }
}
