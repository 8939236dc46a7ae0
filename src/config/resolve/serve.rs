//! The rules of `[serve]`.

use super::super::diagnostics::Diagnostics;
use super::super::plan::Serve;
use super::super::raw;
use super::super::values::Located;

/// Checks the table.
pub(super) fn serve(raw: &raw::RawServe, diagnostics: &mut Diagnostics<'_>) -> Serve {
    Serve { base_path: raw.base_path.as_ref().map(|at| base_path(at, diagnostics)).unwrap_or_default() }
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
