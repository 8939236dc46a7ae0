//! The rules of `[serve]`.

use secrecy::SecretString;

use super::super::diagnostics::Diagnostics;
use super::super::load_context::LoadContext;
use super::super::plan::Serve;
use super::super::raw;
use super::super::values::Located;
use super::fetch::range;
use super::header;
use super::rules::{USE_REFERENCE, find_secret};
use crate::model::ListenAddress;

/// The mode of a Unix socket: for the user and group of relais, of which a reverse proxy may be a member.
const SOCKET_MODE: u32 = 0o660;

/// Checks the table.
pub(super) fn serve(raw: &raw::RawServe, context: &LoadContext<'_>, diagnostics: &mut Diagnostics<'_>) -> Serve {
    Serve {
        admin: raw.admin.as_ref().and_then(|at| admin(at, context, diagnostics)),
        secret_files: raw.admin.as_ref().and_then(|at| file(at, context)).into_iter().collect(),
        listen: raw.listen.as_ref().and_then(|at| listen(at, diagnostics)),
        socket_mode: raw.socket_mode.as_ref().map_or(SOCKET_MODE, |at| socket_mode(at, diagnostics)),
        trusted_proxies: raw.trusted_proxies.iter().filter_map(|at| range(at, diagnostics)).collect(),
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

fn file(at: &Located<raw::RawSecret>, context: &LoadContext<'_>) -> Option<std::path::PathBuf> {
    if let raw::RawSecret::File(name) = &at.value { Some(context.path(name)) } else { None }
}

fn listen(at: &Located<String>, diagnostics: &mut Diagnostics<'_>) -> Option<ListenAddress> {
    let parsed = at.value.parse();
    if parsed.is_err() {
        let hint =
            "write an address and a port, such as \"127.0.0.1:8585\", or a socket, such as \"unix:/run/relais/relais.sock\"";
        diagnostics.error(&at.span, "`listen` is no address to listen on", hint);
    }
    parsed.ok()
}

fn socket_mode(at: &Located<String>, diagnostics: &mut Diagnostics<'_>) -> u32 {
    let is_octal = (3..=4).contains(&at.value.len()) && at.value.bytes().all(|digit| (b'0'..=b'7').contains(&digit));
    let mode = u32::from_str_radix(&at.value, 8).ok().filter(|mode| is_octal && *mode <= 0o777 && *mode & 0o600 == 0o600);
    mode.unwrap_or_else(|| {
        diagnostics.error(
            &at.span,
            "`socket_mode` is no mode of a socket",
            "write octal digits that let its owner connect, such as \"0660\"",
        );
        SOCKET_MODE
    })
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
