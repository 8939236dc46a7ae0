//! The rules of `output` and `[s3]`.

use std::collections::HashMap;
use std::path::{Component, Path};
use std::time::Duration;

use secrecy::SecretString;

use super::super::diagnostics::Diagnostics;
use super::super::load_context::LoadContext;
use super::super::plan::{Bucket, Output};
use super::super::raw;
use super::super::values::{Located, quoted};
use super::header;
use super::rules::{USE_REFERENCE, duration, find_secret, web_address};

const TIMEOUT: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(10));

/// The most characters of the part of an object's name that `output` states. S3 allows 1,024 bytes for the whole name.
const MAX_PREFIX: usize = 500;

/// The variables by which the tools of AWS are told whose credentials to use, where, and what is the region.
const VARIABLES: [&str; 11] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
];

/// The variables that hold the address of the server, the first one set counts.
const ENDPOINTS: [&str; 2] = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"];

/// Checks `output`, and for a bucket `[s3]`.
pub(super) fn output(
    at: &Located<String>,
    (s3, has_s3): (&raw::RawBucket, bool),
    context: &LoadContext<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<Output> {
    if let Some(place) = at.value.strip_prefix("s3://") {
        return bucket(at, place, s3, context, diagnostics).map(|bucket| Output::Bucket(Box::new(bucket)));
    }
    if has_s3 {
        let hint = "write output = \"s3://BUCKET/PREFIX\", or remove [s3]";
        diagnostics.warn(&at.span, "[s3] has no effect: `output` is a folder", hint);
    }
    if at.value.trim().is_empty() || at.value.contains("://") || at.value.contains('\0') {
        let hint = "for example output = \"output\" or output = \"s3://bucket/prefix\"";
        diagnostics.error(&at.span, "`output` must be a folder or a bucket", hint);
    } else if is_root(&context.path(&at.value)) {
        let hint = "name a folder of its own, for example output = \"output\"";
        diagnostics.error(&at.span, "`output` is the root of the file system", hint);
    } else {
        return Some(Output::Folder(context.path(&at.value)));
    }
    None
}

/// Returns true if an absolute path leads to the root, however it is written (`/.`, `/srv/..`).
fn is_root(path: &Path) -> bool {
    let depth = path.components().fold(0_usize, |depth, component| match component {
        Component::Normal(_) => depth + 1,
        Component::ParentDir => depth.saturating_sub(1),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => depth,
    });
    depth == 0
}

fn bucket(
    at: &Located<String>,
    place: &str,
    raw: &raw::RawBucket,
    context: &LoadContext<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<Bucket> {
    let (name, prefix) = place.split_once('/').unwrap_or((place, ""));
    let prefix = prefix.trim_end_matches('/');
    if !is_bucket(name) || !is_prefix(prefix) {
        let hint = "for example \"s3://my-bucket/feeds\": lower-case letters, digits, `-` and `.` in the name of the bucket; \
                    letters, digits, `-`, `_`, `.` and `/` in the prefix";
        diagnostics.error(&at.span, format!("{} is not the address of a bucket", quoted(&at.value)), hint);
        return None;
    }
    let endpoint = endpoint(raw, context, diagnostics);
    let (key, key_error) = credentials(raw, context, diagnostics);
    if !header::is_value(&raw.cache_control.value) {
        let hint = "for example cache_control = \"max-age=300\"";
        diagnostics.error(&raw.cache_control.span, "`cache_control` cannot be sent as a header", hint);
    }
    let mut environment: HashMap<&'static str, SecretString> = HashMap::new();
    for name in VARIABLES {
        let value = (context.environment)(name).and_then(|value| value.into_string().ok());
        environment.extend(value.filter(|value| !value.trim().is_empty()).map(|value| (name, SecretString::from(value))));
    }
    Some(Bucket {
        name: name.to_owned(),
        prefix: prefix.to_owned(),
        path_style: raw.path_style.as_ref().map_or(endpoint.is_some(), |at| at.value),
        endpoint,
        region: raw.region.as_ref().and_then(|at| region(at, diagnostics)),
        key,
        key_error,
        environment,
        cache_control: raw.cache_control.value.clone(),
        timeout: duration("timeout", &raw.timeout, TIMEOUT, diagnostics),
    })
}

/// Returns true for a name of a bucket by the rules of S3, which others follow: they all make it a part of a host name or a path.
fn is_bucket(name: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
    let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = name.as_bytes();
    (3..=63).contains(&bytes.len())
        && name.bytes().all(letter)
        && edge(bytes.first())
        && edge(bytes.last())
        && !name.contains("..")
}

/// Returns true for a prefix that has one spelling in an address, and no empty part.
fn is_prefix(prefix: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let fits = |part: &str| !matches!(part, "" | "." | "..") && part.bytes().all(letter);
    prefix.len() <= MAX_PREFIX && (prefix.is_empty() || prefix.split('/').all(fits))
}

fn endpoint(raw: &raw::RawBucket, context: &LoadContext<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<String> {
    let hint = "remove it; the key is written access_key and secret_key";
    if let Some(at) = &raw.endpoint {
        let url = web_address("endpoint", at, hint, diagnostics)?;
        if url.query().is_some() || url.fragment().is_some() {
            diagnostics.error(&at.span, "`endpoint` has a query or a fragment", "remove everything from the first `?` or `#`");
            return None;
        }
        return Some(String::from(url).trim_end_matches('/').to_owned());
    }
    let value = ENDPOINTS.iter().find_map(|name| (context.environment)(name)?.into_string().ok())?;
    let value = value.trim().trim_end_matches('/').to_owned();
    (value.starts_with("http://") || value.starts_with("https://")).then_some(value)
}

fn region(at: &Located<String>, diagnostics: &mut Diagnostics<'_>) -> Option<String> {
    let is_word =
        !at.value.is_empty() && at.value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if !is_word {
        diagnostics.error(&at.span, format!("{} is not a region", quoted(&at.value)), "for example region = \"eu-west-3\"");
    }
    is_word.then(|| at.value.clone())
}

/// Reads the access key and its secret, or returns why that is not possible. That is no error of the file: the environment of a
/// command that publishes nothing need not have them.
fn credentials(
    raw: &raw::RawBucket,
    context: &LoadContext<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> (Option<(SecretString, SecretString)>, Option<String>) {
    let (Some(access), Some(secret)) = (&raw.access_key, &raw.secret_key) else {
        if let Some(one) = raw.access_key.as_ref().or(raw.secret_key.as_ref()) {
            let hint = "write both, or neither to use the environment or the role of this machine";
            diagnostics.error(&one.span, "`access_key` and `secret_key` belong together", hint);
        }
        return (None, None);
    };
    if matches!(secret.value, raw::RawSecret::Plain(_)) {
        diagnostics.error(&secret.span, "the secret key is written in the file", USE_REFERENCE);
        return (None, None);
    }
    let read = |at: &Located<raw::RawSecret>, what: &str| find_secret(at, what, header::WORD, header::is_word, context);
    let pair = read(access, "the access key").and_then(|access| Ok((access, read(secret, "the secret key")?)));
    match pair {
        Ok(pair) => (Some(pair), None),
        Err(diagnosis) => {
            let error = format!("{}; {}", diagnosis.message, diagnosis.hint);
            diagnostics.warn(&secret.span, diagnosis.message, diagnosis.hint);
            (None, Some(error))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_and_prefixes_have_one_spelling() {
        for name in ["feeds", "my-bucket.example", "123"] {
            assert!(is_bucket(name), "{name}");
        }
        for name in ["", "ab", "Feeds", "-feeds", "feeds.", "a..b", "a_b", "a b", &"a".repeat(64)] {
            assert!(!is_bucket(name), "{name}");
        }
        for prefix in ["", "feeds", "a/b.c/d_e"] {
            assert!(is_prefix(prefix), "{prefix}");
        }
        for prefix in ["/a", "a//b", "a/../b", ".", "a?b", "a%20b", "é"] {
            assert!(!is_prefix(prefix), "{prefix}");
        }
    }
}
