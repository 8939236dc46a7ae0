//! `Link` headers (RFC 8288): what a server says of an address beside its body.

use reqwest::header::{HeaderMap, LINK};
use url::Url;

/// More links of one answer are not read.
const MOST: usize = 20;
/// A longer header is of no use to anybody.
const LONGEST: usize = 8 << 10;

/// A link of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Where it leads, absolute.
    pub url: String,
    /// What it is: `hub`, `self`, `alternate`; several with spaces between, in small letters.
    pub rel: String,
    /// The media type of what is there, as it is said.
    pub kind: Option<String>,
}

impl Link {
    /// Whether it is one of these.
    pub fn is(&self, rel: &str) -> bool {
        self.rel.split_ascii_whitespace().any(|own| own == rel)
    }
}

/// The links of an answer that came from `base`. What is malformed is passed over.
pub(super) fn links(headers: &HeaderMap, base: &Url) -> Vec<Link> {
    let lines = headers.get_all(LINK).iter().filter(|line| line.len() <= LONGEST).filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| split(line, ',')).filter_map(|link| read(link, base)).take(MOST).collect()
}

fn read(link: &str, base: &Url) -> Option<Link> {
    let (href, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
    let url = base.join(href.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let (mut rel, mut kind, mut is_elsewhere) = (None, None, false);
    for (name, value) in split(parameters, ';').filter_map(|parameter| parameter.split_once('=')) {
        let value = value.trim().trim_matches('"');
        match name.trim().to_ascii_lowercase().as_str() {
            // The first one counts (§3.3).
            "rel" if rel.is_none() => rel = Some(value.to_ascii_lowercase()),
            "type" if kind.is_none() => kind = Some(value.to_owned()),
            "anchor" => is_elsewhere = true,
            _ => {}
        }
    }
    // With an anchor it is a link of another page (§3.2).
    (!is_elsewhere).then_some(Link { url: url.into(), rel: rel?, kind })
}

/// Splits at a character, but not within `<…>` and not within quotes.
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
    fn links_are_read_as_they_are_written() {
        let base = Url::parse("https://a.fr/feeds/all.xml").expect("a URL");
        let read = |line: &'static str| {
            let headers = HeaderMap::from_iter([(LINK, HeaderValue::from_static(line))]);
            links(&headers, &base).into_iter().map(|link| (link.rel, link.url)).collect::<Vec<_>>()
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
        assert!(links(&HeaderMap::new(), &base).is_empty());
    }
}
