//! The rules of `[fetch]`.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::super::diagnostics::Diagnostics;
use super::super::load_context::LoadContext;
use super::super::plan::Fetch;
use super::super::raw;
use super::super::values::{Located, quoted};
use super::header;
use super::rules::{EVERY, duration, number};
use crate::model::Cidr;

const TIMEOUT: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(10));
const DEADLINE: (Duration, Duration) = (Duration::from_secs(10), Duration::from_hours(24));
const HOST_INTERVAL: (Duration, Duration) = (Duration::ZERO, Duration::from_mins(10));
const MIN_BYTES: u64 = 1024;
const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// Checks `[fetch]`. The default `User-Agent` names `base_url` as the contact.
pub(super) fn fetch(
    raw: &raw::RawFetch,
    base_url: Option<&str>,
    context: &LoadContext<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> Fetch {
    if !(MIN_BYTES..=MAX_BYTES).contains(&raw.max_bytes.value.0) {
        diagnostics.error(&raw.max_bytes.span, "`max_bytes` is out of range", "from 1KiB to 256MiB");
    }
    if !header::is_value(&raw.user_agent.value) {
        let hint = "write printable ASCII, for example \"relais (news@example.org)\"";
        diagnostics.error(&raw.user_agent.span, "`user_agent` cannot be sent as a header", hint);
    }
    Fetch {
        every: duration("every", &raw.every, EVERY, diagnostics),
        timeout: duration("timeout", &raw.timeout, TIMEOUT, diagnostics),
        deadline: duration("deadline", &raw.deadline, DEADLINE, diagnostics),
        concurrency: number("concurrency", &raw.concurrency, (1, raw::MAX_CONCURRENCY), diagnostics),
        per_host: number("per_host", &raw.per_host, (1, raw::MAX_PER_HOST), diagnostics),
        host_interval: duration("host_interval", &raw.host_interval, HOST_INTERVAL, diagnostics),
        max_bytes: raw.max_bytes.value.0,
        user_agent: match base_url.filter(|_| raw.user_agent.value == raw::RawFetch::default().user_agent.value) {
            Some(url) => raw.user_agent.value.replace(')', &format!("; +{url})")),
            None => raw.user_agent.value.clone(),
        },
        proxy: raw.proxy.as_ref().and_then(|at| proxy(at, context, diagnostics)),
        ca: raw.ca.as_ref().and_then(|at| {
            if at.value.trim().is_empty() {
                diagnostics.error(&at.span, "`ca` is empty", "for example ca = \"company-ca.pem\"");
                return None;
            }
            Some(context.path(&at.value))
        }),
        allow_private: raw.allow_private.iter().filter_map(|at| range(at, diagnostics)).collect(),
    }
}

pub(super) fn range(at: &Located<String>, diagnostics: &mut Diagnostics<'_>) -> Option<Cidr> {
    let range = at.value.parse().ok();
    if range.is_none() {
        let message = format!("{} is not a range of addresses", quoted(&at.value));
        diagnostics.error(&at.span, message, "write one such as \"127.0.0.1/32\" or \"fd00::/8\"");
    }
    range
}

fn proxy(at: &Located<raw::RawSecret>, context: &LoadContext<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<SecretString> {
    let secret = match context.secret(&at.value) {
        Ok(secret) => secret,
        Err(diagnosis) => {
            diagnostics.error_at(&at.span, diagnosis);
            return None;
        }
    };
    let schemes = ["http", "https", "socks5", "socks5h"];
    match Url::parse(secret.expose_secret().trim()) {
        Ok(url) if schemes.contains(&url.scheme()) && url.host_str().is_some_and(|host| !host.is_empty()) => {
            if matches!(at.value, raw::RawSecret::Plain(_)) && url.password().is_some() {
                let hint = "keep the whole address outside of the file: proxy = { env = \"NAME\" } or { file = \"FILE\" }";
                diagnostics.warn(&at.span, "`proxy` holds a password that everyone who reads this file can see", hint);
            }
            Some(SecretString::from(secret.expose_secret().trim()))
        }
        _ => {
            let hint = "write http://, https://, socks5:// or socks5h://, the host and the port";
            diagnostics.error(&at.span, "`proxy` is not the address of a proxy", hint);
            None
        }
    }
}
