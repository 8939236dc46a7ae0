//! The rules of `[glossary]`.

use std::path::PathBuf;

use super::super::diagnostics::Diagnostics;
use super::super::load_context::{self, LoadContext, Trouble};
use super::super::plan::Glossary;
use super::super::raw;
use super::super::values::{Located, quoted};

/// Fifty thousand terms in ten languages take less.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// Where the files are. That they can be read is looked at only if something is translated: a list that nobody uses keeps
/// nothing from being published.
pub(super) fn glossary(
    raw: &raw::RawGlossary,
    translates: bool,
    context: &LoadContext<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> Glossary {
    let mut place = |key: &str, at: &Option<Located<String>>| -> Option<PathBuf> {
        let at = at.as_ref()?;
        if at.value.trim().is_empty() {
            diagnostics.error(&at.span, format!("`{key}` names no file"), format!("name one, or leave `{key}` out"));
            return None;
        }
        let path = context.path(&at.value);
        if let (true, Err((message, help))) = (translates, is_text(&at.value, &path)) {
            diagnostics.error(&at.span, message, help);
        }
        Some(path)
    };
    Glossary { file: place("file", &raw.file), keep: place("keep", &raw.keep) }
}

/// Whether a file is text that can be read. What it says is for translation to judge.
fn is_text(name: &str, path: &std::path::Path) -> Result<(), Trouble> {
    let bytes = load_context::bytes(name, path, MAX_BYTES)?;
    if bytes.len() as u64 > MAX_BYTES {
        let help = "keep the terms that your sources use".to_owned();
        return Err((format!("the file {} is larger than {} MiB", quoted(name), MAX_BYTES >> 20), help));
    }
    match std::str::from_utf8(&bytes) {
        Ok(text) if !text.contains('\0') => Ok(()),
        Ok(_) => Err((format!("the file {} is no text", quoted(name)), "save it as text in UTF-8".to_owned())),
        Err(error) => {
            let line = bytes[..error.valid_up_to()].split(|byte| *byte == b'\n').count();
            let message = format!("the file {} is not UTF-8: line {line} holds a byte that cannot be read", quoted(name));
            Err((message, "save it as UTF-8 in your editor".to_owned()))
        }
    }
}
