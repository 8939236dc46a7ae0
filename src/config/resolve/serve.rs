//! The rules of `[serve]`.

use secrecy::SecretString;

use super::super::diagnostics::Diagnostics;
use super::super::load_context::LoadContext;
use super::super::plan::Serve;
use super::super::raw;
use super::super::values::Located;
use super::header;
use super::rules::{USE_REFERENCE, find_secret};

/// Checks the table.
pub(super) fn serve(raw: &raw::RawServe, context: &LoadContext<'_>, diagnostics: &mut Diagnostics<'_>) -> Serve {
    Serve {
        admin: raw.admin.as_ref().and_then(|at| admin(at, context, diagnostics)),
        base_path: raw.base_path.as_ref().map(|at| base_path(at, diagnostics)).unwrap_or_default(),
    }
}

fn admin(at: &Located<raw::RawSecret>, context: &LoadContext<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<SecretString> {
    if matches!(at.value, raw::RawSecret::Plain(_)) {
        diagnostics.error(&at.span, "the token is written in the file", USE_REFERENCE);
        return None;
    }
    match find_secret(at, "the token", header::WORD, header::is_word, context) {
        Ok(token) => Some(token),
        Err(diagnosis) => {
            diagnostics.error_at(&at.span, diagnosis);
            None
        }
    }
}

/// Returns a path without the `/` at its end: nothing for the root.
fn base_path(at: &Located<String>, diagnostics: &mut Diagnostics<'_>) -> String {
    let path = at.value.trim_end_matches('/');
    let is_part = |part: &str| {
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~');
        !matches!(part, "" | "." | "..") && part.bytes().all(is_plain)
    };
    let is_path = path.strip_prefix('/').is_some_and(|parts| parts.split('/').all(is_part));
    if !path.is_empty() && !is_path {
        let hint = "write a path of letters, digits, `-`, `_`, `.` and `~`, for example base_path = \"/news\"";
        diagnostics.error(&at.span, "`base_path` must be a path that begins with a `/`", hint);
        return String::new();
    }
    path.to_owned()
}
