//! Finds where a page sends its readers: what stands at the address of a feed often tells where the feed is now.

use url::Url;

use crate::feed::links::canonicalize_url;
use crate::html::scan::{Scanner, Tag, Token};
use crate::model::public_address;

/// The number of places of a script in which an address is looked for.
const MOST_LOOKED_AT: usize = 20;
/// The length of a short text, in bytes.
const MOST_SHORT: usize = 1_000;

/// Lists the addresses to which a page sends on at once: by `<meta http-equiv=refresh>`, or by a script.
pub(super) fn targets(head: &str, url: &str) -> Vec<String> {
    let base = Url::parse(url).ok();
    let target = |token| {
        let written = match token {
            Token::Start(tag) if tag.is("meta") => refresh(tag)?,
            Token::RawText(script) => location(script)?.to_owned(),
            _ => return None,
        };
        canonicalize_url(&written, base.as_ref())
    };
    Scanner::new(head).filter_map(target).take(MOST_LOOKED_AT).collect()
}

/// Returns the address that a page names as its own (`<link rel=canonical>`).
pub(super) fn canonical(head: &str, url: &str) -> Option<String> {
    let base = Url::parse(url).ok();
    Scanner::new(head).find_map(|token| match token {
        Token::Start(tag) if tag.is("link") => {
            let rel = tag.attribute("rel")?;
            let is_own = rel.split_ascii_whitespace().any(|rel| rel.eq_ignore_ascii_case("canonical"));
            if is_own { canonicalize_url(&tag.attribute("href")?, base.as_ref()) } else { None }
        }
        _ => None,
    })
}

/// Lists the addresses to which a page links and that look like those of feeds.
pub(super) fn named_feeds(head: &str, url: &str) -> Vec<String> {
    const ENDS: [&str; 8] = ["rss", "atom", "feed", "xml", "rdf", "feed.json", "rss2", "index.json"];
    let base = Url::parse(url).ok();
    let is_feed = |address: &String| {
        let path = address.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/').to_ascii_lowercase();
        ENDS.iter().any(|end| path.strip_suffix(end).is_some_and(|rest| rest.ends_with(['/', '.'])))
    };
    let addresses = Scanner::new(head).filter_map(|token| match token {
        Token::Start(tag) if tag.is("a") => canonicalize_url(&tag.attribute("href")?, base.as_ref()),
        _ => None,
    });
    let mut feeds: Vec<String> = Vec::new();
    for address in addresses.filter(is_feed).take(MOST_LOOKED_AT) {
        let address = public_address(&address);
        if !feeds.contains(&address) {
            feeds.push(address);
        }
    }
    feeds
}

/// Returns the only address in a short text.
pub(super) fn named_address(text: &str) -> Option<String> {
    let is_address = |word: &&str| word.starts_with("http://") || word.starts_with("https://");
    let mut words = text.get(..text.len().min(MOST_SHORT)).filter(|short| short.len() == text.len())?.split_whitespace();
    let address = words.find(is_address)?;
    canonicalize_url(address.trim_end_matches(['.', ',', ')', '"']), None).filter(|_| !words.any(|word| is_address(&word)))
}

/// Returns the address in `content="0; url=…"` (HTML §4.2.5.3).
fn refresh(meta: Tag<'_>) -> Option<String> {
    meta.attribute("http-equiv").filter(|name| name.trim().eq_ignore_ascii_case("refresh"))?;
    let content = meta.attribute("content")?;
    let (_, address) = content.split_once([';', ','])?;
    let address = address.trim();
    let address = match address.get(..3) {
        Some(word) if word.eq_ignore_ascii_case("url") => address[3..].trim_start().strip_prefix('=').unwrap_or(address),
        _ => address,
    };
    let address = address.trim().trim_matches(['"', '\'']);
    (!address.is_empty()).then(|| address.to_owned())
}

/// Returns the address in `location = "…"`, `location.href = "…"` or `location.replace("…")`.
fn location(script: &str) -> Option<&str> {
    script.match_indices("location").take(MOST_LOOKED_AT).find_map(|(at, word)| {
        let rest = &script[at + word.len()..];
        let rest = [".href", ".replace", ".assign"].iter().find_map(|call| rest.strip_prefix(call)).unwrap_or(rest).trim_start();
        let rest = rest.strip_prefix(['=', '('])?.trim_start();
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        rest[1..].split_once(quote).map(|(address, _)| address).filter(|address| !address.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn target_of_a_page_is_found_however_it_is_written() {
        for (head, target) in [
            ("<meta http-equiv='Refresh' content='0;URL=\"/new?a=1&amp;b=2\"'>", Some("https://a.fr/new?a=1&b=2")),
            ("<META content='5, https://b.fr/' http-equiv=refresh>", Some("https://b.fr/")),
            ("<meta http-equiv=refresh content=30>", None),
            ("<meta name=refresh content='0; url=/no'>", None),
            ("<script>window.location.href = '/new';</script>", Some("https://a.fr/new")),
            ("<script>var location_id = 1; document.location=\"/new\"</script>", Some("https://a.fr/new")),
            ("<script>if (location == '/x') {}</script>", None),
            ("<!-- <meta http-equiv=refresh content='0; url=/no'> -->", None),
        ] {
            assert_eq!(targets(head, "https://a.fr/rss").first().map(String::as_str), target, "{head}");
        }
    }

    #[test]
    fn canonical_address_is_that_of_the_page() {
        assert_eq!(canonical("<link rel='x Canonical' href=new>", "https://a.fr/x/rss").as_deref(), Some("https://a.fr/x/new"));
        assert_eq!(canonical("<link rel=alternate href=new>", "https://a.fr/x/rss"), None);
    }
}
