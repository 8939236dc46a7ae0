//! URLs as they may appear in messages and logs: without userinfo, query and fragment, and not longer than a line.

use std::borrow::Cow;

use url::{Position, Url};

use crate::model::looks_secret;

/// The longest URL in a message, in characters: a redirect may point to one of 8 kB.
const MAX_SHOWN: usize = 200;

/// Returns a configured address without user name, password and query, for messages and logs.
pub fn redact_url(address: &str) -> String {
    Url::parse(address).map_or_else(|_| "an invalid URL".to_owned(), |url| redacted(&url))
}

/// Returns a URL without user name, password, query and fragment (keys hide there), cut to 200 characters.
pub(super) fn redacted(url: &Url) -> String {
    let mut text =
        format!("{}://{}{}", url.scheme(), host_and_port(url), shown_path(&url[Position::BeforePath..Position::AfterPath]));
    if let Some((cut, _)) = text.char_indices().nth(MAX_SHOWN) {
        text.truncate(cut);
        text.push('…');
    } else if url.query().is_some() {
        text.push_str("?…");
    }
    text
}

/// Returns a path with the parts hidden that look like a secret: some servers put the token of a subscriber there.
fn shown_path(path: &str) -> Cow<'_, str> {
    if !path.split('/').any(looks_secret) {
        return Cow::Borrowed(path);
    }
    let parts: Vec<&str> = path.split('/').map(|part| if looks_secret(part) { "…" } else { part }).collect();
    Cow::Owned(parts.join("/"))
}

/// Returns the host, with the port where that is not the default of the scheme.
pub(super) fn host_and_port(url: &Url) -> String {
    url[Position::BeforeHost..Position::AfterPort].to_owned()
}

/// Returns the key under which the requests to one host are limited ("host:port"), or nothing for an address without a host.
pub fn host_key(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    url.host_str().is_some().then(|| url_host_key(&url))
}

/// Returns [`host_key`] of a URL that has a host. The port is always in it, and the dot of an absolute name never.
pub(super) fn url_host_key(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default().trim_end_matches('.');
    format!("{host}:{}", url.port_or_known_default().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redacted_url_holds_no_userinfo_query_or_fragment() {
        for (url, text) in [
            ("https://user:hush@example.org:8443/feed?key=hush#hush", "https://example.org:8443/feed?…"),
            ("http://example.org/", "http://example.org/"),
            ("http://example.org/private/3f0c9a7be1d24586a0b7c3d1/rss", "http://example.org/private/…/rss"),
            ("http://user@[2606:4700::1]:80/a", "http://[2606:4700::1]/a"),
        ] {
            assert_eq!(redacted(&Url::parse(url).expect("a URL")), text);
        }
    }

    #[test]
    fn redacted_url_is_cut_to_its_limit() {
        let long = Url::parse(&format!("http://example.org/{}?key=hush", "é".repeat(4000))).expect("a URL");
        assert_eq!(redacted(&long).chars().count(), MAX_SHOWN + 1);
    }

    #[test]
    fn host_key_holds_the_default_port_and_no_trailing_dot() {
        assert_eq!(host_key("https://user@Example.org./feed").as_deref(), Some("example.org:443"));
        assert_eq!(host_key("http://example.org:8080/").as_deref(), Some("example.org:8080"));
        assert_eq!(host_key("mailto:a@example.org"), None);
    }
}
