//! The headers of a file: its media type, how long it may be cached, what a browser may do with it, and where its siblings are.

use std::fmt::Write;

use axum::http::header::{
    ACCEPT_RANGES, ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    HeaderName, LINK, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue};
use headers::{HeaderMapExt, LastModified};

use super::catalogue::{Catalogue, ListedFile};
use super::encoding::Coding;
use super::insert;
use super::version::Version;
use crate::sink::media_type;

/// A minute, as news is to be there within minutes; a cache that cannot reach the server serves what it has for a day.
const FRESH: &str = "public, max-age=60, stale-if-error=86400";
/// Of feeds: the style sheet, and nothing else, whatever their texts hold.
const FEED_POLICY: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// Pages state a policy of their own, with the hashes of their style and script; this one cannot stand there (CSP Level 3, §3.3).
const PAGE_POLICY: &str = "frame-ancestors 'none'";

/// Names the use that a browser has for a response (Fetch Metadata Request Headers §2.1).
const FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");
/// The type under which browsers show a feed with its style sheet: others they show as plain text, or save.
const SHOWN: &str = "text/xml; charset=utf-8";

/// Returns true if a file shrinks when it is encoded.
pub(super) fn is_text(name: &str) -> bool {
    let kind = media_type(name);
    kind == "image/svg+xml" || !(kind.starts_with("image/") || kind == "application/octet-stream")
}

/// Returns the headers of a file in a coding.
pub(super) fn fields(file: &ListedFile, version: &Version, coding: Coding, request: &HeaderMap) -> HeaderMap {
    let mut fields = HeaderMap::new();
    let kind = media_type(&file.name);
    let (is_page, is_feed) = (kind.starts_with("text/html"), kind.contains("+xml"));
    let is_opened = is_feed && request.get(FETCH_DEST).is_some_and(|dest| dest == "document");
    let fixed: [(HeaderName, &'static str); 8] = [
        (CONTENT_TYPE, if is_opened { SHOWN } else { kind }),
        (CACHE_CONTROL, FRESH),
        (VARY, if is_feed { "accept-encoding, sec-fetch-dest" } else { "accept-encoding" }),
        (ACCEPT_RANGES, "bytes"),
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "strict-origin-when-cross-origin"),
        (CONTENT_SECURITY_POLICY, if is_page { PAGE_POLICY } else { FEED_POLICY }),
    ];
    fields.extend(fixed.map(|(name, value)| (name, HeaderValue::from_static(value))));
    if let Some(token) = coding.token() {
        fields.insert(CONTENT_ENCODING, HeaderValue::from_static(token));
    }
    if let Some(tag) = version.entity_tag(coding) {
        fields.typed_insert(tag);
    }
    fields.typed_insert(LastModified::from(version.modified));
    fields
}

/// Adds a `Link` header: the address of the file itself, and those of its other formats and languages (RFC 8288).
pub(super) fn add_links(fields: &mut HeaderMap, file: &ListedFile, catalogue: &Catalogue, base_url: Option<&str>) {
    let Some(base_url) = base_url else { return };
    let mut links = format!("<{base_url}{}>; rel=\"self\"", file.name);
    for other in catalogue.alternates(file) {
        let kind = media_type(&other.name).split(';').next().unwrap_or_default();
        let _ = write!(links, ", <{base_url}{}>; rel=\"alternate\"; type=\"{kind}\"", other.name);
        if let Some(lang) = other.lang.as_deref() {
            let _ = write!(links, "; hreflang=\"{lang}\"");
        }
    }
    insert(fields, LINK, &links);
}
