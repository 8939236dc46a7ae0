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

/// A minute, as news is to be there within minutes; a cache that cannot reach the server serves what it has for a day.
const FRESH: &str = "public, max-age=60, stale-if-error=86400";
/// Pages have styles of their own, and pictures and sounds of the sources; nothing in them is run, sent or framed.
const POLICY: &str = "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data: https: http:; media-src https: http:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Returns the media type of a file. Others than those that relais writes are bytes.
fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("atom") => "application/atom+xml; charset=utf-8",
        Some("rss") => "application/rss+xml; charset=utf-8",
        Some("json") if is_list(name) => "application/json; charset=utf-8",
        Some("json") => "application/feed+json; charset=utf-8",
        Some("html") => "text/html; charset=utf-8",
        Some("opml") => "text/x-opml; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("xml") => "application/xml; charset=utf-8",
        Some("xsl") => "text/xsl; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("txt") => "text/plain; charset=utf-8",
        Some("eml") => "message/rfc822",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        _ => "application/octet-stream",
    }
}

fn is_list(name: &str) -> bool {
    name == "manifest.json" || name.ends_with(".ninjs.json")
}

/// Returns true if a file shrinks when it is encoded.
pub(super) fn is_text(name: &str) -> bool {
    !matches!(media_type(name), "application/octet-stream" | "image/png" | "image/x-icon")
}

/// Returns the headers of a file in a coding.
pub(super) fn fields(file: &ListedFile, version: &Version, coding: Coding) -> HeaderMap {
    let mut fields = HeaderMap::new();
    let fixed: [(HeaderName, &'static str); 8] = [
        (CONTENT_TYPE, media_type(&file.name)),
        (CACHE_CONTROL, FRESH),
        (VARY, "accept-encoding"),
        (ACCEPT_RANGES, "bytes"),
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "strict-origin-when-cross-origin"),
        (CONTENT_SECURITY_POLICY, POLICY),
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
