//! The one notion of "the same address": the page that an address leads to, however it is spelled.

use serde::{Deserialize, Serialize};

/// Names in front of a host that show the same pages for other devices.
const HOST_PREFIXES: [&str; 4] = ["www.", "m.", "mobile.", "amp."];

/// Query parameters that say where a reader came from, or how the page is to be shown. Some sites may use them for more, so they
/// are only left out of comparisons; what no site needs is removed from links before (`feed/tracking.txt`).
const IGNORED_NAMES: [&str; 8] = ["amp", "cmp", "ref", "referer", "referrer", "rss", "source", "via"];

/// Values of such parameters, whatever their name: `?from=rss`, `?output=amp`.
const IGNORED_VALUES: [&str; 4] = ["amp", "atom", "feed", "rss"];

/// A hash of an address that is equal for all spellings of it: with http or https, with or without `www.`, the default port, a slash at
/// the end, a fragment, `/amp`, and parameters in any order.
///
/// It has 64 bits of a cryptographic hash: otherwise a source could make an address of its own that counts as another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AddressKey(pub i64);

impl AddressKey {
    /// Makes the key of an absolute address, written as URL parsers write it. Returns nothing if it is not http or https, or the front
    /// page of a site: no article.
    pub fn new(address: &str) -> Option<Self> {
        let hash = blake3::hash(&comparable_address(address)?);
        hash.as_bytes().first_chunk().map(|bytes| Self(i64::from_le_bytes(*bytes)))
    }
}

/// Returns the host of an address, without what stands in front of it for other devices.
pub(super) fn comparable_host_of(address: &str) -> Option<&str> {
    let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"))?;
    Some(comparable_host(&rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())]))
}

/// Returns what the spellings of an address have in common. It runs over every entry that is new, so it only cuts.
fn comparable_address(address: &str) -> Option<Vec<u8>> {
    let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"))?;
    let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut out = Vec::with_capacity(address.len());
    out.extend(comparable_host(authority).bytes().map(|byte| byte.to_ascii_lowercase()));
    let host = out.len();
    push_path(path, &mut out);
    push_query(query, &mut out);
    if fragment.starts_with(['!', '/']) {
        // The page is built by a script, and the fragment is its path.
        out.push(b'#');
        push_part(fragment, &mut out);
    }
    (out.len() > host).then_some(out)
}

fn comparable_host(authority: &str) -> &str {
    let host = authority.rsplit('@').next().unwrap_or(authority);
    let host = host.strip_suffix(":443").or_else(|| host.strip_suffix(":80")).unwrap_or(host).trim_end_matches('.');
    let is_site = |host: &&str| host.contains('.');
    // `www.m.` exists, too.
    (0..2).fold(host, |host, _| HOST_PREFIXES.iter().find_map(|prefix| host.strip_prefix(prefix).filter(is_site)).unwrap_or(host))
}

fn push_path(path: &str, out: &mut Vec<u8>) {
    let path = path.trim_end_matches('/');
    let path = path.strip_prefix("/amp").filter(|rest| rest.starts_with('/')).unwrap_or(path);
    if let Some(start) = path.strip_suffix(".amp.html") {
        push_part(start, out);
        out.extend(b".html");
        return;
    }
    let is_page = |start: &&str| start.len() > 1;
    let start = path.strip_suffix("/amp").or_else(|| path.strip_suffix(".amp")).filter(is_page);
    push_part(start.unwrap_or(path).trim_end_matches('/'), out);
}

fn push_query(query: &str, out: &mut Vec<u8>) {
    if query.is_empty() {
        return;
    }
    let mut pairs: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty() && !is_ignored(pair)).collect();
    pairs.sort_unstable();
    for (place, pair) in pairs.into_iter().enumerate() {
        out.push(if place == 0 { b'?' } else { b'&' });
        push_part(pair, out);
    }
}

fn is_ignored(pair: &str) -> bool {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let is_in = |list: &[&str], text: &str| list.iter().any(|known| known.eq_ignore_ascii_case(text));
    is_in(&IGNORED_NAMES, name) || is_in(&IGNORED_VALUES, value)
}

/// Adds a part of an address with its percent-encoding in one form (RFC 3986 §6.2.2).
fn push_part(part: &str, out: &mut Vec<u8>) {
    let bytes = part.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        let hex = |place: usize| bytes.get(place).and_then(|digit| char::from(*digit).to_digit(16));
        let decoded = hex(at).zip(hex(at + 1)).and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
        match decoded.filter(|_| byte == b'%') {
            Some(decoded) if decoded.is_ascii_alphanumeric() || b"-._~".contains(&decoded) => {
                out.push(decoded);
                at += 2;
            }
            Some(_) => {
                out.extend([b'%', bytes[at].to_ascii_uppercase(), bytes[at + 1].to_ascii_uppercase()]);
                at += 2;
            }
            None => out.push(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn are_same(one: &str, other: &str) -> bool {
        let key = |address| AddressKey::new(address).expect("the address of an article");
        key(one) == key(other)
    }

    #[test]
    fn spellings_of_one_address_are_the_same() {
        for other in [
            "http://a.fr/2026/x",
            "https://www.a.fr/2026/x",
            "https://m.a.fr/2026/x",
            "https://www.m.a.fr/2026/x",
            "https://mobile.a.fr/2026/x",
            "https://A.FR./2026/x",
            "http://a.fr:80/2026/x",
            "http://a.fr:443/2026/x",
            "https://a.fr/2026/x/",
            "https://a.fr/2026/x//",
            "https://a.fr/2026/x?",
            "https://a.fr/2026/x#comments",
            "https://a.fr/2026/x#ens_id=1",
            "https://a.fr/2026/x?ref=accueil",
            "https://a.fr/2026/x/?REF=rss#top",
            "https://a.fr/2026/x?from=rss",
            "https://a.fr/2026/x/amp",
            "https://a.fr/2026/x/amp/",
            "https://a.fr/amp/2026/x",
            "https://amp.a.fr/2026/x",
            "https://a.fr/2026/x?amp",
            "https://a.fr/2026/x?amp=1",
            "https://a.fr/2026/x?outputType=amp",
            "https://a.fr/2026/%78",
        ] {
            assert!(are_same("https://a.fr/2026/x", other), "{other}");
        }
        for (one, other) in [
            ("https://a.fr/?p=1&lang=fr", "https://www.a.fr/?lang=fr&p=1"),
            ("https://a.fr/x.html", "https://a.fr/x.amp.html"),
            ("https://a.fr/%c3%a9t%C3%A9", "https://a.fr/%C3%A9t%c3%a9"),
            ("https://a.fr/#!/2026/x", "http://a.fr/#!/2026/x"),
        ] {
            assert!(are_same(one, other), "{one} {other}");
        }
    }

    #[test]
    fn other_addresses_are_not_the_same() {
        for (one, other) in [
            ("https://a.fr/x", "https://b.fr/x"),
            ("https://a.fr/x", "https://sport.a.fr/x"),
            ("https://a.fr/x", "https://a.fr:8080/x"),
            ("https://a.fr/x", "https://a.fr/X"),
            ("https://a.fr/x", "https://a.fr/x/y"),
            ("https://a.fr/xamp", "https://a.fr/x"),
            ("https://a.fr/amp", "https://a.fr/x"),
            ("https://a.fr/ampere", "https://a.fr/ere"),
            ("https://a.fr/x?p=1", "https://a.fr/x?p=2"),
            ("https://a.fr/x?p=1", "https://a.fr/x"),
            ("https://a.fr/x?a=1&b=2", "https://a.fr/x?a=2&b=1"),
            ("https://a.fr/x%2Fy", "https://a.fr/x/y"),
            ("https://a.fr/#!/1", "https://a.fr/#!/2"),
            ("https://m.fr/x", "https://www.fr/x"),
            ("http://[::1]/x", "http://[::2]/x"),
        ] {
            assert!(!are_same(one, other), "{one} {other}");
        }
    }

    #[test]
    fn front_page_and_other_schemes_are_no_article() {
        for address in
            ["https://a.fr/", "http://www.a.fr", "https://a.fr/?ref=rss#top", "https://a.fr//", "urn:a:1", "mailto:a@a.fr", ""]
        {
            assert_eq!(AddressKey::new(address), None, "{address}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_spelling_of_any_address_is_the_same(
            host in "[a-z]{3,8}\\.(fr|example)",
            path in "(/[a-zA-Z0-9%é._-]{1,8}){1,3}",
            query in "([a-z]{1,3}=[a-z0-9]{1,2}&){0,3}",
            prefix in "(www\\.|m\\.)?",
            end in "/{0,2}(\\?)?(#[a-z=]{0,5})?",
        ) {
            let one = format!("https://{host}{path}?{query}");
            let mut pairs: Vec<&str> = query.split('&').collect();
            pairs.reverse();
            let reversed = if query.is_empty() { end } else { format!("?{}#top", pairs.join("&")) };
            let other = format!("http://{prefix}{host}{path}{reversed}");
            proptest::prop_assert_eq!(AddressKey::new(&one), AddressKey::new(&other));
        }

        #[test]
        fn no_text_makes_it_panic(text in "(https?://)?\\PC{0,60}") {
            let _ = AddressKey::new(&text);
        }
    }
}
