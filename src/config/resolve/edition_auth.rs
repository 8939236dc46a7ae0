//! The rules of the `auth` of an edition.

use secrecy::{ExposeSecret, SecretString};

use super::super::diagnostics::{Diagnosis, Diagnostics};
use super::super::load_context::LoadContext;
use super::super::plan::EditionAuth;
use super::super::raw;
use super::super::values::Located;
use super::rules::{USE_REFERENCE, find_secret};

/// The length of a token: shorter ones can be guessed, and longer ones do not fit into the address fields of readers.
const TOKEN: std::ops::RangeInclusive<usize> = 16..=200;
const TOKEN_HINT: &str = "a token has 16 to 200 letters, digits, `-`, `_`, `.` or `~`; `openssl rand -hex 16` prints one";
/// The most tokens of an edition: every request with one is compared with all of them.
const MAX_TOKENS: usize = 1000;

/// Checks who may read an edition. One that cannot be read is an error: the edition must not become public.
pub(super) fn edition_auth(
    table: &raw::RawEdition,
    context: &LoadContext<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<EditionAuth> {
    let at = table.auth.as_ref()?;
    if let Some(hub) = table.hub.as_ref().and_then(|hubs| hubs.0.first()) {
        let hint = "remove one of them: a hub fetches a feed as anybody does, and sends it to whoever asks";
        diagnostics.error(&hub.span, "an edition with `auth` cannot have a `hub`", hint);
    }
    let raw::RawEditionAuth { tokens, user, password } = &at.value;
    let mut auth = EditionAuth::default();
    if let Some(tokens) = tokens {
        auth.files.extend(file(tokens, context));
        auth.tokens = read(tokens, "the list of tokens", |_| true, context, diagnostics)
            .map(|text| list(text.expose_secret(), tokens, diagnostics))
            .unwrap_or_default();
    }
    match (user, password) {
        (Some(user), Some(password)) => {
            if user.value.is_empty() || user.value.contains(|c: char| c == ':' || c.is_control()) {
                diagnostics.error(&user.span, "invalid user name", "it cannot contain a colon or control characters (RFC 7617)");
            }
            auth.files.extend(file(password, context));
            let is_line = |text: &str| !text.contains(char::is_control);
            auth.login = read(password, "the password", is_line, context, diagnostics).map(|word| (user.value.clone(), word));
        }
        (None, None) if tokens.is_some() => {}
        _ => {
            let hint = "write { tokens = { file = \"…\" } } or { user = \"…\", password = { env = \"…\" } }";
            diagnostics.error(&at.span, "`auth` takes `tokens`, or a `user` with a `password`, or both", hint);
        }
    }
    Some(auth)
}

fn file(at: &Located<raw::RawSecret>, context: &LoadContext<'_>) -> Option<std::path::PathBuf> {
    if let raw::RawSecret::File(name) = &at.value { Some(context.path(name)) } else { None }
}

fn read(
    at: &Located<raw::RawSecret>,
    what: &str,
    is_valid: fn(&str) -> bool,
    context: &LoadContext<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<SecretString> {
    if matches!(at.value, raw::RawSecret::Plain(_)) {
        diagnostics.error(&at.span, format!("{what} is written in the file"), USE_REFERENCE);
        return None;
    }
    let found = find_secret(at, what, "one line without control characters", is_valid, context);
    found.map_err(|diagnosis| diagnostics.error_at(&at.span, diagnosis)).ok()
}

/// Reads the tokens of a list. A line that holds none is named by its number: it may be a secret.
fn list(text: &str, at: &Located<raw::RawSecret>, diagnostics: &mut Diagnostics<'_>) -> Vec<SecretString> {
    let mut tokens = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let token = line.split_whitespace().next().unwrap_or_default();
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~');
        if !TOKEN.contains(&token.len()) || !token.bytes().all(is_plain) {
            diagnostics
                .error_at(&at.span, Diagnosis::new(format!("line {number} of the list of tokens begins with none"), TOKEN_HINT));
            return Vec::new();
        }
        tokens.push(SecretString::from(token.to_owned()));
    }
    if tokens.is_empty() || tokens.len() > MAX_TOKENS {
        let what = if tokens.is_empty() { "holds no token" } else { "holds more than 1,000 tokens" };
        diagnostics.error(&at.span, format!("the list of tokens {what}"), TOKEN_HINT);
    }
    tokens
}
