//! The headers of a file: its media type, how long it may be cached, what a browser may do with it, and where its siblings are.

use std::fmt::Write;

use axum::http::header::{
    ACCEPT_RANGES, ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    HeaderName, LAST_MODIFIED, LINK, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue};

use super::catalogue::{Catalogue, ListedFile};
use super::encoding::Coding;
use super::version::Version;
use crate::sink::media_type;

/// A minute, as news is to be there within minutes; a cache that cannot reach the server serves what it has for a day.
const FRESH: &str = "public, max-age=60, stale-if-error=86400";
/// Of what not everybody may read: no cache that several people share keeps it (RFC 9111 §5.2.2.7).
const PRIVATE: &str = "private, max-age=60";
/// Of feeds: the style sheet, and nothing else, whatever their texts hold.
const FEED_POLICY: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// Pages state a policy of their own, with the hashes of their style and script; this one cannot stand there (CSP Level 3, §3.3).
const PAGE_POLICY: &str = "frame-ancestors 'none'";

/// Names the use that a browser has for a response (Fetch Metadata Request Headers §2.1).
const FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");
/// The type under which browsers show a feed with its style sheet: others they show as plain text, or save.
const SHOWN: &str = "text/xml; charset=utf-8";
/// The number of headers that a response has at most.
const HEADERS: usize = 16;

/// Returns true if a file shrinks when it is encoded.
pub(super) fn is_text(name: &str) -> bool {
    let kind = media_type(name);
    kind == "image/svg+xml" || !(kind.starts_with("image/") || kind == "application/octet-stream")
}

/// Returns the headers of a 304 for a file in a coding: those by which a cache knows and keeps what it has (RFC 9110 §15.4.5), and the one
/// without which a script of another site may not read it.
pub(super) fn validators(file: &ListedFile, version: &Version, coding: Coding, is_guarded: bool) -> HeaderMap {
    let is_feed = media_type(&file.name).contains("+xml");
    let mut fields = HeaderMap::with_capacity(HEADERS);
    let vary = match (is_feed, is_guarded) {
        (true, false) => "accept-encoding, sec-fetch-dest",
        (false, false) => "accept-encoding",
        (true, true) => "accept-encoding, authorization, sec-fetch-dest",
        (false, true) => "accept-encoding, authorization",
    };
    fields.insert(CACHE_CONTROL, HeaderValue::from_static(if is_guarded { PRIVATE } else { FRESH }));
    fields.insert(VARY, HeaderValue::from_static(vary));
    if !is_guarded {
        fields.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    }
    if let Some((_, tag)) = version.entity_tag(coding) {
        fields.insert(ETAG, tag.clone());
    }
    fields.insert(LAST_MODIFIED, version.last_modified.clone());
    fields
}

/// Adds the headers that describe the bytes of a file in a coding.
pub(super) fn describe(fields: &mut HeaderMap, file: &ListedFile, coding: Coding, request: &HeaderMap, is_guarded: bool) {
    let kind = media_type(&file.name);
    let (is_page, is_feed) = (kind.starts_with("text/html"), kind.contains("+xml"));
    let is_opened = is_feed && request.get(FETCH_DEST).is_some_and(|dest| dest == "document");
    let fixed: [(HeaderName, &'static str); 5] = [
        (CONTENT_TYPE, if is_opened { SHOWN } else { kind }),
        (ACCEPT_RANGES, "bytes"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // The address of what is guarded may hold a token.
        (REFERRER_POLICY, if is_guarded { "no-referrer" } else { "strict-origin-when-cross-origin" }),
        (CONTENT_SECURITY_POLICY, if is_page { PAGE_POLICY } else { FEED_POLICY }),
    ];
    for (name, value) in fixed {
        fields.insert(name, HeaderValue::from_static(value));
    }
    if let Some(token) = coding.token() {
        fields.insert(CONTENT_ENCODING, HeaderValue::from_static(token));
    }
}

/// Adds a `Link` header: the address of the file itself, its hubs (W3C WebSub §4), and its other formats and languages (RFC 8288). `base` is
/// the address of the output; one that is the same for every request is remembered.
pub(super) fn add_links(
    fields: &mut HeaderMap,
    (file, catalogue): (&ListedFile, &Catalogue),
    hubs: &[String],
    (base, is_fixed): (&str, bool),
) {
    let make = || HeaderValue::from_str(&links(file, catalogue, hubs, base)).ok();
    let value = if is_fixed { file.link.get_or_init(make).clone() } else { make() };
    if let Some(value) = value {
        fields.insert(LINK, value);
    }
}

fn links(file: &ListedFile, catalogue: &Catalogue, hubs: &[String], base: &str) -> String {
    let mut links = format!("<{base}{}>; rel=\"self\"", file.name);
    for hub in hubs {
        let _ = write!(links, ", <{hub}>; rel=\"hub\"");
    }
    for other in catalogue.alternates(file) {
        let kind = media_type(&other.name).split(';').next().unwrap_or_default();
        let _ = write!(links, ", <{base}{}>; rel=\"alternate\"; type=\"{kind}\"", other.name);
        if let Some(lang) = other.lang.as_deref() {
            let _ = write!(links, "; hreflang=\"{lang}\"");
        }
    }
    links
}
