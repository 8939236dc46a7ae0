//! Rules that several tables share: addresses, ranges, one-line texts, secrets.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::super::diagnostics::{Diagnosis, Diagnostics};
use super::super::load_context::LoadContext;
use super::super::raw;
use super::super::values::{Located, RawDuration, format_duration, parse_millionths, quoted};
use crate::model::Text;

/// Names that relais uses itself, in the output folder and as HTTP paths. No edition may be called so.
pub(super) const RESERVED: [&str; 11] =
    ["archive", "digest", "faults", "healthz", "index", "manifest", "metrics", "readyz", "sources", "status", "websub"];

/// The most characters of an address or a title.
const MAX_TEXT: usize = 2000;

/// The range of `every`: a minute is the shortest polite interval; 30 days.
pub(super) const EVERY: (Duration, Duration) = (Duration::from_mins(1), Duration::from_hours(30 * 24));

/// A weight of 1, in thousandths; and the range of weights.
pub(super) const DEFAULT_WEIGHT: u32 = 1000;
const WEIGHTS: std::ops::RangeInclusive<u32> = 100..=10_000;

/// The hint for a password in an address.
pub(super) const USE_AUTH: &str = "remove it; a source has auth = { user = \"…\", password = { env = \"…\" } }";

/// The hint for a secret that is written in the file.
pub(super) const USE_REFERENCE: &str = "keep it outside of the file: write { env = \"NAME\" } or { file = \"FILE\" }";

/// Parses an absolute web address without a user name and a password; `userinfo_hint` says where these belong.
pub(super) fn web_address(
    key: &str,
    at: &Located<String>,
    userinfo_hint: &str,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<Url> {
    let example = format!("for example {key} = \"https://www.example.org/…\"");
    let diagnosis = match Url::parse(at.value.trim()) {
        _ if at.value.len() > MAX_TEXT => Diagnosis::new(format!("`{key}` is longer than {MAX_TEXT} bytes"), example),
        Err(url::ParseError::RelativeUrlWithoutBase) => Diagnosis::new(format!("`{key}` is not an absolute address"), example),
        Err(error) => Diagnosis::new(format!("`{key}` is not a valid address: {error}"), example),
        Ok(url) if !matches!(url.scheme(), "http" | "https") => {
            Diagnosis::new(format!("`{key}` must start with http:// or https://"), example)
        }
        Ok(url) if url.host_str().is_none_or(str::is_empty) => Diagnosis::new(format!("`{key}` has no host"), example),
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            Diagnosis::new(format!("`{key}` holds a user name or a password"), userinfo_hint)
        }
        Ok(url) => return Some(url),
    };
    diagnostics.error_at(&at.span, diagnosis);
    None
}

/// Checks that a number is in a range, and returns it, clamped.
pub(super) fn number(key: &str, at: &Located<i64>, (min, max): (i64, i64), diagnostics: &mut Diagnostics<'_>) -> usize {
    if !(min..=max).contains(&at.value) {
        diagnostics.error(&at.span, format!("`{key}` cannot be {}", at.value), format!("from {min} to {max}"));
    }
    usize::try_from(at.value.clamp(min, max)).unwrap_or(1)
}

/// Checks the weight of a source, and returns it in thousandths.
pub(super) fn weight(at: &Located<f64>, diagnostics: &mut Diagnostics<'_>) -> u32 {
    let thousandths = parse_millionths(&at.value.to_string()).and_then(|millionths| u32::try_from(millionths / 1000).ok());
    thousandths.filter(|weight| WEIGHTS.contains(weight)).unwrap_or_else(|| {
        diagnostics.error(&at.span, format!("`weight` cannot be {}", at.value), "from 0.1 to 10");
        DEFAULT_WEIGHT
    })
}

/// Checks how much a source is preferred.
pub(super) fn prefer(at: &Located<i64>, diagnostics: &mut Diagnostics<'_>) -> i64 {
    let (min, max) = (raw::MIN_PREFER, raw::MAX_PREFER);
    if !(min..=max).contains(&at.value) {
        diagnostics.error(&at.span, format!("`prefer` cannot be {}", at.value), format!("from {min} to {max}"));
    }
    at.value.clamp(min, max)
}

/// Checks that a duration is in a range, and returns it, clamped.
pub(super) fn duration(
    key: &str,
    at: &Located<RawDuration>,
    (min, max): (Duration, Duration),
    diagnostics: &mut Diagnostics<'_>,
) -> Duration {
    let time = at.value.0;
    if !(min..=max).contains(&time) {
        let hint = format!("from {} to {}", format_duration(min), format_duration(max));
        diagnostics.error(&at.span, format!("`{key}` cannot be {}", format_duration(time)), hint);
    }
    time.clamp(min, max)
}

/// Checks that a text is one line and not blank.
pub(super) fn line(key: &str, at: &Located<String>, diagnostics: &mut Diagnostics<'_>) -> Option<Text> {
    let text = Text::new(&at.value);
    if text.is_blank() || at.value.len() > MAX_TEXT {
        let what = if text.is_blank() { "empty" } else { "too long" };
        diagnostics.error(&at.span, format!("`{key}` is {what}"), format!("write one line of text, or remove `{key}`"));
        return None;
    }
    Some(text)
}

/// Puts an id between backticks, escaped.
pub(super) fn id_in_message(id: &str) -> String {
    let quoted = quoted(id);
    format!("`{}`", &quoted[1..quoted.len() - 1])
}

/// Reads a secret and checks it; `wanted` describes what `is_valid` accepts. Reports why it cannot be used.
pub(super) fn read_secret(
    at: &Located<raw::RawSecret>,
    what: &str,
    wanted: &str,
    is_valid: impl Fn(&str) -> bool,
    context: &LoadContext<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<SecretString> {
    find_secret(at, what, wanted, is_valid, context).map_err(|diagnosis| diagnostics.error_at(&at.span, diagnosis)).ok()
}

/// Reads a secret and checks it, or returns why it cannot be used.
pub(super) fn find_secret(
    at: &Located<raw::RawSecret>,
    what: &str,
    wanted: &str,
    is_valid: impl Fn(&str) -> bool,
    context: &LoadContext<'_>,
) -> Result<SecretString, Diagnosis> {
    let secret = context.secret(&at.value)?;
    if is_valid(secret.expose_secret()) {
        return Ok(secret);
    }
    Err(Diagnosis::new(format!("{what} cannot be sent"), format!("it must be {wanted}")))
}
