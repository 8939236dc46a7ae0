//! `Link` headers (RFC 8288).

use reqwest::header::{HeaderMap, LINK};
use url::Url;

/// The number of links that are read from one response.
const MAX_LINKS: usize = 20;
/// The longest header that is read, in bytes.
const MAX_HEADER: usize = 8 << 10;

/// A link in the headers of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The target, absolute.
    pub url: String,
    /// The relation types in lower case, separated by spaces: `hub`, `self`, `alternate`.
    pub rel: String,
    /// The media type of the target, as declared.
    pub kind: Option<String>,
}

impl Link {
    /// True if this relation type is among them.
    pub fn has_rel(&self, rel: &str) -> bool {
        self.rel.split_ascii_whitespace().any(|own| own == rel)
    }
}

/// Returns the links of a response from `base`. Malformed ones are skipped.
pub(super) fn parse_links(headers: &HeaderMap, base: &Url) -> Vec<Link> {
    let lines = headers.get_all(LINK).iter().filter(|line| line.len() <= MAX_HEADER).filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| split(line, ',')).filter_map(|link| parse_link(link, base)).take(MAX_LINKS).collect()
}

fn parse_link(link: &str, base: &Url) -> Option<Link> {
    let (href, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
    let url = base.join(href.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let (mut rel, mut kind, mut has_anchor) = (None, None, false);
    for (name, value) in split(parameters, ';').filter_map(|parameter| parameter.split_once('=')) {
        let value = value.trim().trim_matches('"');
        match name.trim().to_ascii_lowercase().as_str() {
            // Only the first one counts (§3.3).
            "rel" if rel.is_none() => rel = Some(value.to_ascii_lowercase()),
            "type" if kind.is_none() => kind = Some(value.to_owned()),
            "anchor" => has_anchor = true,
            _ => {}
        }
    }
    // With an anchor it is a link of another resource (§3.2).
    (!has_anchor).then_some(Link { url: url.into(), rel: rel?, kind })
}

/// Splits at a character, except within `<…>` and within quotes.
fn split(text: &str, at: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut within) = (false, false);
    text.split(move |c| {
        match c {
            '"' if !within => quoted = !quoted,
            '<' if !quoted => within = true,
            '>' if !quoted => within = false,
            _ => {}
        }
        c == at && !quoted && !within
    })
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn links_are_parsed_with_quotes_commas_and_relative_targets() {
        let base = Url::parse("https://a.fr/feeds/all.xml").expect("a URL");
        let read = |line: &'static str| {
            let headers = HeaderMap::from_iter([(LINK, HeaderValue::from_static(line))]);
            parse_links(&headers, &base).into_iter().map(|link| (link.rel, link.url)).collect::<Vec<_>>()
        };
        let one = |rel: &str, url: &str| vec![(rel.to_owned(), url.to_owned())];
        assert_eq!(read("<https://hub.example/>; rel=\"hub\""), one("hub", "https://hub.example/"));
        assert_eq!(read("<all.xml?a=1,2;b>;rel=self; title=\"a, b; c\""), one("self", "https://a.fr/feeds/all.xml?a=1,2;b"));
        assert_eq!(
            read("<https://h.fr/>; rel=\"Hub alternate\", </x>; REL=self , nonsense, <ftp://a/>; rel=hub"),
            [one("hub alternate", "https://h.fr/"), one("self", "https://a.fr/x")].concat()
        );
        assert_eq!(read("<https://h.fr/>; rel=hub; anchor=\"/other\""), []);
        assert_eq!(read("<https://h.fr/>"), []);
        assert!(parse_links(&HeaderMap::new(), &base).is_empty());
    }
}
