//! Headers about caching and retries: validators, freshness, `Retry-After`, HTTP dates. Pure: no clock, no network.

use std::time::Duration;

use chrono::NaiveDateTime;
use reqwest::header::{AGE, CACHE_CONTROL, DATE, ETAG, EXPIRES, HeaderMap, HeaderName, LAST_MODIFIED, RETRY_AFTER};

use crate::model::{Time, Validators};

/// The longest validator, in bytes. Longer ones are dropped: each is stored per source and sent with every request.
const MAX_VALIDATOR: usize = 1024;

/// The longest wait that a server may ask for. A date in 2099 is a mistake and must not silence a source.
const MAX_WAIT: Duration = Duration::from_hours(24);

/// The longest `stale-if-error`. A source that fails for longer is broken, whatever its server allowed.
const MAX_STALE: Duration = Duration::from_hours(7 * 24);

/// A `Retry-After` header as the server wrote it (RFC 9110 §10.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    /// A number of seconds from now.
    Seconds(u64),
    /// An instant.
    At(Time),
}

impl RetryAfter {
    /// Parses the value of the header. Returns nothing if it is neither a number of seconds nor an HTTP date.
    pub(super) fn parse(value: &str) -> Option<Self> {
        let value = value.trim();
        if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
            return Some(Self::Seconds(value.parse().unwrap_or(u64::MAX)));
        }
        parse_http_date(value).map(Self::At)
    }

    /// Reads the header of a response.
    pub(super) fn from_headers(headers: &HeaderMap) -> Option<Self> {
        Self::parse(headers.get(RETRY_AFTER)?.to_str().ok()?)
    }

    /// Returns the time of the next request: not before `now`, and at most a day after it.
    pub fn until(self, now: Time) -> Time {
        match self {
            Self::Seconds(seconds) => now.plus(Duration::from_secs(seconds).min(MAX_WAIT)),
            Self::At(time) => time.clamp(now, now.plus(MAX_WAIT)),
        }
    }
}

/// Reads the validators of a response. They are opaque: stored byte for byte, or not at all.
pub(super) fn read_validators(headers: &HeaderMap) -> Validators {
    Validators { etag: read_validator(headers, &ETAG), last_modified: read_validator(headers, &LAST_MODIFIED) }
}

/// Returns the validators after a 304: its own where it has them, else the old ones (RFC 9111 §4.3.4).
pub(super) fn renew_validators(old: &Validators, headers: &HeaderMap) -> Validators {
    let new = read_validators(headers);
    Validators {
        etag: new.etag.or_else(|| old.etag.clone()),
        last_modified: new.last_modified.or_else(|| old.last_modified.clone()),
    }
}

/// Reads one validator. A header is bytes: one that is not UTF-8 could not be stored and sent back unchanged.
fn read_validator(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let text = std::str::from_utf8(headers.get(name)?.as_bytes()).ok()?;
    (!text.is_empty() && text.len() <= MAX_VALIDATOR).then(|| text.to_owned())
}

/// Returns the freshness lifetime of a response (RFC 9111 §4.2.1): `max-age` less its `Age`, else the time from `Date` to
/// `Expires`, at most a day. Returns nothing if the server states none, or asks for revalidation each time (`no-cache`,
/// `no-store`): then our own schedule decides.
pub(super) fn freshness_lifetime(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let mut max_age = None;
    for directive in
        headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok()).flat_map(|line| line.split(','))
    {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "no-cache" | "no-store" => return None,
            // If two differ, the shorter one is safe (§4.2.1).
            "max-age" => {
                let seconds = value.trim().trim_matches('"').parse::<u64>().ok()?;
                max_age = Some(max_age.map_or(seconds, |before: u64| before.min(seconds)));
            }
            _ => {}
        }
    }
    let lifetime = match max_age {
        Some(seconds) => {
            let age = text(AGE).and_then(|age| age.trim().parse::<u64>().ok()).unwrap_or(0);
            Duration::from_secs(seconds.saturating_sub(age))
        }
        // An `Expires` that is not a date means that it has passed (§5.3).
        None => parse_http_date(text(EXPIRES)?)?.since(parse_http_date(text(DATE)?)?),
    };
    (!lifetime.is_zero()).then_some(lifetime.min(MAX_WAIT))
}

/// Returns the time for which a response may replace a failing one (`stale-if-error`, RFC 5861 §4), at most a week. Returns
/// nothing if the server forbids it (`no-cache`, `no-store`, `must-revalidate`, RFC 9111 §5.2.2.2).
pub(super) fn stale_if_error(headers: &HeaderMap) -> Option<Duration> {
    let lines = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let mut good = None;
    for directive in lines.flat_map(|line| line.split(',')) {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "no-cache" | "no-store" | "must-revalidate" => return None,
            "stale-if-error" => good = value.trim().trim_matches('"').parse().ok().map(Duration::from_secs),
            _ => {}
        }
    }
    good.filter(|good| !good.is_zero()).map(|good| good.min(MAX_STALE))
}

/// Parses an HTTP date in its three formats (RFC 9110 §5.6.7). The day of the week is ignored: some servers get it wrong.
fn parse_http_date(text: &str) -> Option<Time> {
    let (_, dated) = text.split_once([',', ' '])?;
    let dated = dated.trim();
    let read = |form| NaiveDateTime::parse_from_str(dated, form).ok();
    let time = read("%d %b %Y %H:%M:%S GMT").or_else(|| read("%d-%b-%y %H:%M:%S GMT")).or_else(|| read("%b %e %H:%M:%S %Y"))?;
    Some(Time::from_millis(time.and_utc().timestamp_millis()))
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn at(text: &str) -> Time {
        Time::from_rfc3339(text).expect("a date")
    }

    #[test]
    fn retry_after_is_seconds_or_an_http_date() {
        let then = Some(RetryAfter::At(at("1994-11-06T08:49:37Z")));
        for (value, meaning) in [
            ("120", Some(RetryAfter::Seconds(120))),
            (" 0 ", Some(RetryAfter::Seconds(0))),
            ("99999999999999999999999", Some(RetryAfter::Seconds(u64::MAX))),
            ("Sun, 06 Nov 1994 08:49:37 GMT", then),
            ("Mon, 06 Nov 1994 08:49:37 GMT", then),
            ("Sunday, 06-Nov-94 08:49:37 GMT", then),
            ("Sun Nov  6 08:49:37 1994", then),
            ("", None),
            ("-5", None),
            ("1.5", None),
            ("soon", None),
            ("Sun, 31 Feb 2024 08:49:37 GMT", None),
            ("Sun, 06 Nov 1994 08:49:37 +0200", None),
        ] {
            assert_eq!(RetryAfter::parse(value), meaning, "{value:?}");
        }
    }

    #[test]
    fn retry_is_never_in_the_past_and_at_most_a_day_away() {
        let now = at("2026-11-23T12:00:00Z");
        assert_eq!(RetryAfter::Seconds(90).until(now), at("2026-11-23T12:01:30Z"));
        assert_eq!(RetryAfter::Seconds(u64::MAX).until(now), at("2026-11-24T12:00:00Z"));
        assert_eq!(RetryAfter::At(at("2026-11-23T18:00:00Z")).until(now), at("2026-11-23T18:00:00Z"));
        assert_eq!(RetryAfter::At(at("1994-11-06T08:49:37Z")).until(now), now);
        assert_eq!(RetryAfter::At(at("2099-01-01T00:00:00Z")).until(now), at("2026-11-24T12:00:00Z"));
    }

    #[test]
    fn freshness_comes_from_max_age_or_expires() {
        let day = 24 * 60 * 60;
        for (headers, seconds) in [
            (&[("cache-control", "max-age=600")][..], Some(600)),
            (&[("cache-control", "public, Max-Age=\"600\"")], Some(600)),
            (&[("cache-control", "max-age=600"), ("age", "240")], Some(360)),
            (&[("cache-control", "max-age=600"), ("age", "900")], None),
            (&[("cache-control", "max-age=0")], None),
            (&[("cache-control", "max-age=600, no-cache")], None),
            (&[("cache-control", "no-store")], None),
            (&[("cache-control", "max-age=600, max-age=60")], Some(60)),
            (&[("cache-control", "max-age=soon")], None),
            (&[("cache-control", "max-age=99999999999")], Some(day)),
            (&[("cache-control", "s-maxage=600, private")], None),
            (&[("expires", "Sun, 06 Nov 1994 09:49:37 GMT"), ("date", "Sun, 06 Nov 1994 08:49:37 GMT")], Some(3600)),
            (&[("expires", "Sun, 06 Nov 1994 08:49:37 GMT"), ("date", "Sun, 06 Nov 1994 09:49:37 GMT")], None),
            (&[("expires", "0"), ("date", "Sun, 06 Nov 1994 09:49:37 GMT")], None),
            (
                &[
                    ("expires", "Sun, 06 Nov 1994 09:49:37 GMT"),
                    ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
                    ("cache-control", "max-age=60"),
                ],
                Some(60),
            ),
            (&[], None),
        ] {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.append(*name, HeaderValue::from_static(value));
            }
            assert_eq!(freshness_lifetime(&map), seconds.map(Duration::from_secs), "{headers:?}");
        }
    }

    #[test]
    fn stale_if_error_is_honoured_unless_revalidation_is_required() {
        for (line, seconds) in [
            ("max-age=60, stale-if-error=600", Some(600)),
            ("Stale-If-Error=\"600\"", Some(600)),
            ("stale-if-error=600, must-revalidate", None),
            ("no-cache, stale-if-error=600", None),
            ("stale-if-error=0", None),
            ("stale-if-error=soon", None),
            ("stale-if-error=99999999", Some(7 * 24 * 3600)),
            ("max-age=60", None),
        ] {
            let headers = HeaderMap::from_iter([(CACHE_CONTROL, HeaderValue::from_static(line))]);
            assert_eq!(stale_if_error(&headers), seconds.map(Duration::from_secs), "{line}");
        }
    }

    #[test]
    fn validators_are_kept_byte_for_byte_or_dropped() {
        let mut headers = HeaderMap::new();
        headers.insert(ETAG, HeaderValue::from_static("W/\"a b-gzip\""));
        headers.insert(LAST_MODIFIED, HeaderValue::from_static("yesterday, more or less"));
        let read = read_validators(&headers);
        assert_eq!(read.etag.as_deref(), Some("W/\"a b-gzip\""));
        assert_eq!(read.last_modified.as_deref(), Some("yesterday, more or less"));

        headers.insert(ETAG, HeaderValue::from_bytes(b"\"\xe9t\xe9\"").expect("a value"));
        headers.insert(LAST_MODIFIED, HeaderValue::from_str(&"x".repeat(1025)).expect("a value"));
        assert!(read_validators(&headers).is_empty());
    }

    #[test]
    fn validators_missing_from_a_304_stay_as_they_were() {
        let old = Validators { etag: Some("\"1\"".to_owned()), last_modified: Some("then".to_owned()) };
        let mut headers = HeaderMap::new();
        assert_eq!(renew_validators(&old, &headers), old);
        headers.insert(ETAG, HeaderValue::from_static("\"2\""));
        let new = renew_validators(&old, &headers);
        assert_eq!((new.etag.as_deref(), new.last_modified.as_deref()), (Some("\"2\""), Some("then")));
    }
}
